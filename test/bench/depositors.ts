// A centre with many depositors for the benchmarks: generated files through the real import, and years of remittances beside.
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { idMaker } from "../../service/src/collection/ids.ts";
import { importFiles } from "../../service/src/collection/import/import.ts";
import type { ImportReport } from "../../service/src/collection/import/import.ts";
import { setParameters } from "../../service/src/parameters/parameter.ts";
import { demonstrationParameters } from "../../scripts/demo/centres.ts";
import { generateFiles } from "../../scripts/demo/generate.ts";
import { centre, now } from "./certificates.ts";

export interface BenchFile {
  name: string;
  content: Buffer;
}

/** Units and depositors as files of a real centre, the same for the same count. */
export function depositorFiles(count: number): BenchFile[] {
  const size = { units: Math.max(10, Math.ceil(count / 50)), depositors: count, months: 1 };
  return generateFiles(centre.code, size, "2026-11-21").filter(({ name }) => /^(units|depositors)\.csv$/.test(name));
}

/** Sets the centre's parameters: the import checks against them. */
export function prepareImport(pool: Pool): Promise<void> {
  return transaction(pool, async (tx) => {
    await setParameters(tx, demonstrationParameters(centre.code));
  });
}

/** Imports files as `npm run import` does. @throws when a row is refused */
export async function importAll(pool: Pool, files: readonly BenchFile[]): Promise<ImportReport> {
  const report = await importFiles({
    pool,
    centreCode: centre.code,
    files: files.map(({ name, content }) => ({ name, open: () => Readable.from(slices(content)) })),
    now: () => now,
    newId: idMaker(randomBytes),
  });
  if (!report.imported) throw new Error(`the benchmark's own files are refused: ${JSON.stringify(report.problems[0])}`);
  return report;
}

/** As a file comes from the disk. */
function* slices(content: Buffer): Generator<Buffer> {
  for (let from = 0; from < content.length; from += 65_536) yield content.subarray(from, from + 65_536);
}

/**
 * Fills a database with depositors who each have 24 months of remittance lines. The lines are written in one statement and
 * without postings: issuing reads lines and balances, and the balances come from the import.
 */
export async function fillDepositors(pool: Pool, count: number, progress: (line: string) => void): Promise<void> {
  await prepareImport(pool);
  progress(`preparing ${count} depositors`);
  await importAll(pool, depositorFiles(count));
  progress("preparing 24 months of remittance lines");
  await transaction(pool, async (tx) => {
    await tx.query(`
      insert into remittance_line (remittance_id, depositor_id, month, kind, base_fen, unit_fen, person_fen)
      select 'rem_' || to_char(month, 'YYYYMM') || replace(d.unit_id, 'unit_', ''), d.id, month, '01', d.base_fen,
        d.unit_month_fen, d.person_month_fen
      from generate_series(date '2024-11-01', date '2026-10-01', interval '1 month') as month
      cross join depositor d
      order by month, d.id`);
    await tx.query("update depositor set paid_to_month = '2026-10-01', first_month = '2024-11-01'");
  });
}
