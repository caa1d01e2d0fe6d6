// Forms from what a kind asks for, and what is sent of what was typed.
import { describe, expect, it } from "vitest";
import type { CertificateKind, DetailSchema } from "../../verifier-web/src/api/types.ts";
import { certificateKinds } from "../../service/src/certificates/kinds/all.ts";
import { detailFields, readDetails } from "../../verifier-web/src/details.ts";

const kind = (properties: Record<string, DetailSchema>, required: string[] = []): CertificateKind => ({
  code: "any",
  title: { zh: "", en: "" },
  subject: "depositor",
  purpose: "",
  details: { properties, required },
});
const month = { type: "string", pattern: "^(19|20)\\d{2}-(0[1-9]|1[0-2])$" };

describe("fields", () => {
  it.each([
    [month, "month"],
    [{ type: "string", format: "date" }, "date"],
    [{ type: "string", pattern: "^[^\\p{C}\\s][^\\p{C}]*$" }, "text"],
    [{ type: "string", pattern: "^C[0-9]{5}$" }, "text"],
    [{ type: "integer", minimum: 1 }, "number"],
    [{ type: "boolean" }, "check"],
    [{ enum: ["a", "b"] }, "choice"],
    [{ anyOf: [{ const: 1 }, { const: 2 }] }, "choice"],
  ] as const)("for %j are of the kind %s", (schema, input) => {
    expect(detailFields(kind({ it: schema as DetailSchema }))).toMatchObject([{ name: "it", input, required: false }]);
  });

  it("are none for what no field can hold, and empty for a kind that asks for nothing", () => {
    expect(detailFields(kind({ it: { type: "array" } }))).toBeNull();
    expect(detailFields({ ...kind({}), details: null })).toEqual([]);
  });

  it.each(certificateKinds.map((one) => [one.code, one] as const))("can be made for %s", (_, one) => {
    const asJson = JSON.parse(JSON.stringify({ ...one, details: one.details ?? null })) as CertificateKind;
    expect(detailFields(asJson)).not.toBeNull();
  });
});

describe("what is sent", () => {
  const fields = detailFields(
    kind(
      {
        from: month,
        city: { type: "string", minLength: 2 },
        copies: { type: "integer", minimum: 1, maximum: 9 },
        all: { type: "boolean" },
        way: { enum: [1, 2] },
      },
      ["city"],
    ),
  )!;
  it("leaves out what is optional and empty, and keeps each type", () => {
    expect(readDetails(fields, { city: " 太原 ", copies: "3", all: true, way: "2" })).toEqual({
      details: { city: "太原", copies: 3, all: true, way: 2 },
      faults: {},
    });
  });
  it("names what is missing and what is wrong", () => {
    expect(readDetails(fields, { from: "2026-13", copies: "10" }).faults).toEqual({
      from: "wrong",
      city: "missing",
      copies: "wrong",
    });
    expect(readDetails(fields, { city: "并" }).faults).toEqual({ city: "wrong" });
  });
});
