// From what a person or an officer types to a wish: the number must be that of an account, a loan or a unit which they may ask about.
import { Value } from "typebox/value";
import { depositorsOf, findUnit, loansOf, personOf } from "../collection/register.ts";
import type { Pool } from "../db.ts";
import { DomainError } from "../errors.ts";
import { Line, Type } from "../http.ts";
import type { Static } from "../http.ts";
import type { Certificates, Wish } from "./certificate.ts";
import { certificateKinds } from "./kinds/all.ts";
import type { CertificateKind } from "./kinds/kind.ts";
import { kindOf } from "./record.ts";

export const AskSchema = {
  kind: Type.Union(certificateKinds.map(({ code }) => Type.Literal(code))),
  grzh: Type.Optional(
    Type.String({ minLength: 1, maxLength: 20, description: "GRZH 个人账号, of a depositor's kinds" }),
  ),
  dkzh: Type.Optional(Type.String({ minLength: 1, maxLength: 30, description: "DKZH 贷款账号, of a loan's kinds" })),
  dwzh: Type.Optional(Type.String({ minLength: 1, maxLength: 20, description: "DWZH 单位账号, of a unit's kinds" })),
  purpose: Type.Optional(Line(40)),
  details: Type.Optional(Type.Unknown({ description: "what the kind asks for: see /api/v1/certificate-kinds" })),
  replaces: Type.Optional(
    Type.String({
      pattern: "^cert_[a-z0-9]{16,40}$",
      description:
        "an earlier certificate of the same kind and number, which ends as superseded when this one is issued",
    }),
  ),
};
const Ask = Type.Object(AskSchema);
export type Ask = Static<typeof Ask>;

/** What a certificate kind wants to know, for the forms of pages and programs. */
export function kindJson({ code, title, subject, purpose, details }: CertificateKind) {
  return { code, title, subject, purpose, details: details ?? null };
}

/**
 * The wish behind what was typed.
 * @param who the person whose accounts and loans may be asked about; none for a unit's certificate, which officers ask for
 * @throws CERTIFICATE_KIND_UNKNOWN, INVALID_REQUEST, DEPOSITOR_NOT_FOUND, LOAN_NOT_FOUND, UNIT_NOT_FOUND
 */
export async function wishOf(
  certificates: Certificates,
  ask: Ask,
  who: { personId?: string; requestedBy: string; requestKey: string },
): Promise<Wish> {
  const { kind } = kindOf(certificates, ask.kind);
  const { requestedBy, requestKey } = who;
  const wish: Wish = {
    kind: kind.code,
    subjectId: await subjectOf(certificates.pool, kind, ask, who.personId),
    purpose: ask.purpose ?? kind.purpose,
    requestedBy,
    requestKey,
  };
  if (ask.replaces !== undefined) wish.supersedes = ask.replaces;
  if (kind.details) {
    const details = ask.details ?? {};
    const [fault] = Value.Errors(kind.details, details);
    if (fault) throw invalid(`body/details${fault.instancePath}`, fault.message);
    wish.details = details;
  } else if (ask.details !== undefined)
    throw invalid("body/details", "is not asked for by this kind (该证明不需要此项)");
  return wish;
}

async function subjectOf(pool: Pool, kind: CertificateKind, ask: Ask, personId: string | undefined): Promise<string> {
  const number = ask[NUMBERS[kind.subject]];
  if (number === undefined) throw invalid(`body/${NUMBERS[kind.subject]}`, "is missing (缺少)");
  if (kind.subject === "unit") {
    if (personId !== undefined) throw new DomainError("NOT_ALLOWED");
    const unit = await findUnit(pool, number);
    if (!unit) throw new DomainError("UNIT_NOT_FOUND");
    return unit.id;
  }
  if (personId === undefined) throw invalid("body/personId", "is missing (缺少)");
  if (kind.subject === "depositor") {
    const depositor = (await depositorsOf(pool, personId)).find(({ accountNumber }) => accountNumber === number);
    if (!depositor) throw new DomainError("DEPOSITOR_NOT_FOUND");
    return depositor.id;
  }
  const person = await personOf(pool, personId);
  const loan = person && (await loansOf(pool, person))?.find(({ accountNumber }) => accountNumber === number);
  if (!loan) throw new DomainError("LOAN_NOT_FOUND");
  return loan.id;
}

const NUMBERS = { depositor: "grzh", loan: "dkzh", unit: "dwzh" } as const;

function invalid(where: string, why: string): DomainError {
  return new DomainError("INVALID_REQUEST", { where, why });
}
