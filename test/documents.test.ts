// Documents that are made from code must say what the code says.
import { readFileSync } from "node:fs";
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { describeConfig } from "../service/src/config.ts";

describe("README.md", () => {
  it("has the table of settings that the service reads", async () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const table = /<!-- settings -->\n\n?([\s\S]*?)\n\n?<!-- \/settings -->/.exec(readme)?.[1];
    const wanted = await format(describeConfig(), { parser: "markdown", printWidth: 120 });
    expect(table?.trim()).toBe(wanted.trim());
  });
});
