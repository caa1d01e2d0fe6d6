// Demonstration data through the real import: the files are written to a folder and taken over like anyone's.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { invariant } from "../../service/src/errors.ts";
import { idMaker } from "../../service/src/collection/ids.ts";
import { importFiles } from "../../service/src/collection/import/import.ts";
import type { ImportReport, Progress } from "../../service/src/collection/import/import.ts";
import { reportLines } from "../../service/src/collection/import/report.ts";
import { dayInChina } from "../../service/src/collection/month.ts";
import { setParameters } from "../../service/src/parameters/parameter.ts";
import { demonstrationParameters } from "./centres.ts";
import { demonstrationSizes, generateFiles } from "./generate.ts";
import type { DemonstrationSize } from "./generate.ts";

export { demonstrationPersons } from "./persons.ts";

export interface DemonstrationOptions {
  size?: keyof typeof demonstrationSizes | DemonstrationSize;
  /** where the files are written, to be looked at or imported again */
  folder: string;
  now?: () => Date;
  onProgress?: (progress: Progress) => void;
}

/**
 * Sets the parameters of a demonstration centre and imports its generated files, unless its database has them already.
 * A second call changes nothing and returns undefined.
 */
export async function makeDemonstrationData(
  pool: Pool,
  centreCode: string,
  options: DemonstrationOptions,
): Promise<ImportReport | undefined> {
  await transaction(pool, (tx) => setParameters(tx, demonstrationParameters(centreCode)));
  // Files of another month would differ: what a database was given on its first day stays.
  const { rowCount } = await pool.query("select from import limit 1");
  if (rowCount) return undefined;

  const size = options.size ?? "full";
  const now = options.now ?? (() => new Date());
  const files = generateFiles(
    centreCode,
    typeof size === "string" ? demonstrationSizes[size] : size,
    dayInChina(now()),
  );
  fs.mkdirSync(options.folder, { recursive: true });
  for (const file of files) fs.writeFileSync(path.join(options.folder, file.name), file.content);
  const report = await importFiles({
    pool,
    centreCode,
    files: files.map(({ name }) => ({ name, open: () => fs.createReadStream(path.join(options.folder, name)) })),
    now,
    newId: idMaker(randomBytes),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  invariant(report.imported, `demonstration data is wrong:\n${reportLines(report, "masked").slice(0, 20).join("\n")}`);
  return report;
}
