// What pages and programs see of a certificate.
import { invariant } from "../errors.ts";
import type { Static } from "../http.ts";
import { Type } from "../http.ts";
import { maskName, maskNumber } from "../proof/qr-summary.ts";
import type { CompiledKind } from "./certificate.ts";
import type { CertificateRecordJson } from "./record.ts";
import { standingOf } from "./standing.ts";
import type { CertificateView } from "./store.ts";

export const CertificateSchema = Type.Object(
  {
    id: Type.String(),
    serial: Type.String({ description: "证照标识" }),
    kind: Type.String(),
    kindName: Type.String(),
    issuedAt: Type.String({ description: "RFC 3339 with +08:00" }),
    validUntil: Type.String({ description: "last day, YYYY-MM-DD" }),
    state: Type.Union([
      Type.Literal("drawn"),
      Type.Literal("issued"),
      Type.Literal("logged"),
      Type.Literal("anchored"),
    ]),
    standing: Type.Union([
      Type.Literal("valid"),
      Type.Literal("revoked"),
      Type.Literal("superseded"),
      Type.Literal("expired"),
    ]),
    reason: Type.Union([Type.Integer(), Type.Null()]),
    since: Type.Union([Type.String(), Type.Null()]),
    holder: Type.Object({
      name: Type.String({ description: "masked" }),
      documentNumber: Type.String({ description: "masked" }),
    }),
    revocation: Type.Union([
      Type.Object({ reason: Type.Integer(), proposedBy: Type.String(), confirmed: Type.Boolean() }),
      Type.Null(),
    ]),
  },
  { $id: "Certificate" },
);
export type CertificateJson = Static<typeof CertificateSchema>;

function holderOf(compiled: CompiledKind | undefined, { fields, kind }: CertificateRecordJson) {
  invariant(compiled, `kind ${kind} is issued and not known`);
  const { name, number } = compiled.kind.holder(fields);
  return { name: maskName(name), documentNumber: maskNumber(number) };
}

/** @param anchored whether the receipt's checkpoint is on the chain */
export function certificateJson(
  certificate: CertificateView,
  kinds: ReadonlyMap<string, CompiledKind>,
  now: Date,
  anchored: boolean,
): CertificateJson {
  const record = JSON.parse(certificate.record) as CertificateRecordJson;
  const standing = standingOf(certificate, now);
  const { revocation } = certificate;
  return {
    id: certificate.id,
    serial: certificate.serial,
    kind: certificate.kind,
    kindName: kinds.get(certificate.kind)?.kind.title.zh ?? certificate.kind,
    issuedAt: record.issuedAt,
    validUntil: certificate.validUntil,
    state:
      certificate.issuedAt === null
        ? "drawn"
        : anchored
          ? "anchored"
          : certificate.leafIndex === null
            ? "issued"
            : "logged",
    standing: standing.standing,
    reason: standing.reason ?? null,
    since: standing.since ?? null,
    holder: holderOf(kinds.get(certificate.kind), record),
    revocation: revocation && {
      reason: revocation.reason,
      proposedBy: revocation.proposedBy,
      confirmed: revocation.confirmedAt !== null,
    },
  };
}
