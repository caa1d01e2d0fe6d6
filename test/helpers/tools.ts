// Programs that some tests ask for a second opinion. A developer without them skips those tests and is told so; the build
// server (CI=true) must have them, so that nothing is silently unchecked.

import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";

const PACKAGES: Readonly<Record<string, string>> = {
  certutil: "libnss3-tools",
  openssl: "openssl",
  pdfsig: "poppler-utils",
  pdftoppm: "poppler-utils",
  pdftotext: "poppler-utils",
  qpdf: "qpdf",
};

/**
 * Whether a test that needs these programs has to be skipped: `it.skipIf(missing("qpdf"))(…)`. Prints what is missing.
 * @throws when CI is true and a program is missing
 */
export function missing(...programs: string[]): boolean {
  const absent = programs.filter((program) => !isInstalled(program));
  if (absent.length === 0) return false;
  const packages = [...new Set(absent.map((program) => PACKAGES[program] ?? program))].join(", ");
  const message = `${absent.join(", ")} not found (install ${packages})`;
  if (process.env.CI === "true") throw new Error(message);
  console.warn(`tests skipped: ${message}`);
  return true;
}

/** Runs a program and returns what it prints; its errors are printed with it. @throws when it fails */
export function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
}
