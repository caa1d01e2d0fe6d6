// A certificate's file, for the holder and for officers.
import { transaction } from "../db.ts";
import type { Pool } from "../db.ts";
import type { Actor } from "../identity/access.ts";
import { writeTrace } from "../traces/trace.ts";
import type { Traces } from "../traces/trace.ts";
import { fileAtLevel } from "./level-file.ts";
import type { Level, LevelFile } from "./level-file.ts";
import type { CertificateView } from "./store.ts";

/**
 * The sealed file at a level, the same bytes each time; undefined while it is not issued or has not reached that level. It
 * shows everything about the person: the holder's own look is nobody's business, an officer's is traced, or there is no answer.
 * @param level the highest that is stored if not given
 */
export async function fileFor(
  pool: Pool,
  traces: Traces,
  certificate: CertificateView,
  actor: Actor,
  level?: Level,
): Promise<LevelFile | undefined> {
  const found = await fileAtLevel(pool, certificate.id, level);
  if (found && actor.kind !== "person")
    await transaction(pool, (tx) =>
      writeTrace(traces, tx, {
        kind: "certificate-file",
        actor: actor.staffId,
        ...(certificate.personId === null ? {} : { personId: certificate.personId }),
        facts: { serial: certificate.serial },
      }),
    );
  return found;
}
