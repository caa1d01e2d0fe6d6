// Writes the addresses of all pages beside index.html, for the service that answers 404 for every other one.
import type { Plugin } from "vite";
import { paths } from "../src/paths.ts";

export function pages(): Plugin {
  return {
    name: "pages",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "pages.json", source: JSON.stringify(Object.keys(paths)) });
    },
  };
}
