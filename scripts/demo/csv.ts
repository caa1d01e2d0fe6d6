// Writing CSV: a field is quoted when it has to be.

/** The rows as CSV with this line ending. */
export function csv(header: readonly string[], rows: readonly (readonly string[])[], lineEnd: "\n" | "\r\n"): string {
  return [header, ...rows].map((row) => row.map(field).join(",") + lineEnd).join("");
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
