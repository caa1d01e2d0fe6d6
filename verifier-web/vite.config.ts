import path from "node:path";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";
import { fonts } from "./build/fonts.ts";
import { pages } from "./build/pages.ts";

const here = import.meta.dirname;
const service = path.join(here, "../service/src");

export default defineConfig({
  root: here,
  base: "/",
  plugins: [
    vue(),
    pages(),
    fonts(path.join(here, "src"), path.join(service, "verify/messages.ts"), path.join(service, "proof/figures.ts")),
  ],
  define: {
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  build: {
    outDir: path.join(here, "../dist/web"),
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows no data: addresses for scripts and styles, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // We say how much the pages weigh in the tests, gzipped, instead of warning here.
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://localhost:8801", "/log": "http://localhost:8801" } },
});
