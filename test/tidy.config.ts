// The tidy test reads files and needs no database: `npm run check` runs it without the set-up of the other tests.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: { include: ["test/tidy.test.ts"] },
});
