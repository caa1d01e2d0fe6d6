// Form fields from what a kind asks for (JSON Schema), and from what was typed back to what is sent.
import type { CertificateKind, DetailSchema } from "./api/types.ts";

export interface DetailField {
  name: string;
  input: "month" | "date" | "number" | "choice" | "check" | "text";
  required: boolean;
  options: (string | number)[];
  schema: DetailSchema;
}

/** @returns null when the kind asks for something that no field of this page can hold */
export function detailFields(kind: CertificateKind): DetailField[] | null {
  const required = kind.details?.required ?? [];
  const fields = Object.entries(kind.details?.properties ?? {}).map(([name, schema]): DetailField | null => {
    const input = inputOf(schema);
    return input && { name, input, required: required.includes(name), options: optionsOf(schema), schema };
  });
  return fields.every((field) => field !== null) ? fields : null;
}

function optionsOf({ enum: values, anyOf }: DetailSchema): (string | number)[] {
  return values ?? anyOf?.flatMap((one) => (one.const === undefined ? [] : [one.const])) ?? [];
}

function inputOf(schema: DetailSchema): DetailField["input"] | null {
  if (optionsOf(schema).length > 0) return "choice";
  if (schema.type === "boolean") return "check";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type !== "string") return null;
  if (schema.format === "date") return "date";
  return schema.pattern && isMonthPattern(schema.pattern) ? "month" : "text";
}

/** A pattern that takes a month and nothing that a month is not. */
function isMonthPattern(pattern: string): boolean {
  const form = new RegExp(pattern, "u");
  return form.test("2026-01") && !form.test("2026-13") && !form.test("2026-01-01") && !form.test("海口");
}

export type Typed = Record<string, string | boolean>;

/** What is sent of what was typed, and which fields are missing or wrong. */
export function readDetails(fields: readonly DetailField[], typed: Typed) {
  const details: Record<string, string | number | boolean> = {};
  const faults: Record<string, "missing" | "wrong"> = {};
  for (const { name, input, required, options, schema } of fields) {
    const raw = typed[name];
    if (input === "check") {
      if (raw === true || required) details[name] = raw === true;
      continue;
    }
    const text = String(raw ?? "")
      .normalize("NFC")
      .trim();
    if (text === "") {
      if (required) faults[name] = "missing";
    } else if (input === "number") {
      const value = Number(text);
      if (Number.isFinite(value) && value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity))
        details[name] = value;
      else faults[name] = "wrong";
    } else if (input === "choice") details[name] = options.find((option) => String(option) === text) ?? text;
    else if (fits(schema, text)) details[name] = text;
    else faults[name] = "wrong";
  }
  return { details, faults };
}

function fits({ pattern, minLength = 0, maxLength = Infinity }: DetailSchema, text: string): boolean {
  const length = [...text].length;
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern, "u").test(text));
}
