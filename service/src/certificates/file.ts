// A certificate's file, for the holder and for officers.
import { transaction } from "../db.ts";
import type { Pool } from "../db.ts";
import type { Actor } from "../identity/access.ts";
import { writeTrace } from "../traces/trace.ts";
import type { Traces } from "../traces/trace.ts";
import * as store from "./store.ts";
import type { CertificateView } from "./store.ts";

/**
 * The sealed file, the same bytes each time; undefined while it is not issued. It shows everything about the person: the
 * holder's own look is nobody's business, an officer's is traced, or there is no answer.
 */
export async function fileFor(
  pool: Pool,
  traces: Traces,
  certificate: CertificateView,
  actor: Actor,
): Promise<Buffer | undefined> {
  if (actor.kind === "person") return store.file(pool, certificate.id);
  return transaction(pool, async (tx) => {
    const file = await store.file(tx, certificate.id);
    if (file)
      await writeTrace(traces, tx, {
        kind: "certificate-file",
        actor: actor.staffId,
        ...(certificate.personId === null ? {} : { personId: certificate.personId }),
        facts: { serial: certificate.serial },
      });
    return file;
  });
}
