// A centre that issues: real ledger, real form, real seal, real log.
import { qrKeyId } from "../../service/src/proof/qr-summary.ts";
import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { auditCertificates } from "../../service/src/certificates/audit.ts";
import { keepTemplates } from "../../service/src/certificates/certificate.ts";
import type { Certificates, Wish } from "../../service/src/certificates/certificate.ts";
import { encodeRevoke } from "../../service/src/chain/certificate-status.ts";
import { enqueueWrite } from "../../service/src/chain/outbox.ts";
import type { SubmitRevocation } from "../../service/src/certificates/standing.ts";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import type { Log } from "../../service/src/log/log.ts";
import { audit } from "../../service/src/ledger/ledger.ts";
import { freshDatabase } from "../helpers/database.ts";
import { makeLog, sound, start } from "../log/world.ts";
import { authority, depositTemplate, PROFILE } from "../pdf/sample.ts";
import { openDepositors } from "../withdrawals/world.ts";

export { start };

export const submitRevocation: SubmitRevocation = (tx, statusIndex, reason) =>
  enqueueWrite(tx, {
    lane: "status",
    key: `revoke/${statusIndex}`,
    to: `0x${"03".repeat(20)}`,
    data: encodeRevoke([BigInt(statusIndex)], reason),
  });

export interface CentreWorld {
  certificates: Certificates;
  log: Log;
  clock: { now: Date };
}

export async function makeCentre(persons: number): Promise<CentreWorld> {
  const { pool } = await freshDatabase({ max: 8 });
  const clock = { now: start };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const certificates: Certificates = {
    pool,
    centre: { code: "C46010", creditCode: "12460000000000000C" },
    typeCode: "11100000000013338W999",
    publicUrl: "https://gjj.example.cn",
    kinds: new Map([[depositKind.code, { kind: depositKind, template: await depositTemplate(PROFILE) }]]),
    sealer: authority().sealer,
    qrKey: privateKey,
    qrKeyId: qrKeyId(Uint8Array.from(spki.subarray(-65))),
    now: () => clock.now,
    random: (length) => randomBytes(length),
    submitRevocation,
  };
  await keepTemplates(certificates);
  await openDepositors(
    pool,
    Array.from({ length: persons }, (_, i) => i + 1),
    123_456n,
  );
  return { certificates, log: await makeLog(pool, "C46010", clock), clock };
}

export const wish = (n: number, changes: Partial<Wish> = {}): Wish => ({
  kind: "deposit",
  subjectId: `dep_${n}`,
  purpose: "核验本人住房公积金缴存情况",
  requestedBy: `pers_${n}`,
  requestKey: randomBytes(16).toString("hex"),
  ...changes,
});

/** All auditors, with everything drawn also issued. */
export async function allSound({ certificates, log, clock }: CentreWorld): Promise<void> {
  const { pool } = certificates;
  expect(await auditCertificates(pool, new Date(clock.now.getTime() + 1))).toEqual([]);
  expect(await audit(pool)).toEqual([]);
  await sound(log);
}
