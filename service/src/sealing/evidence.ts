// What a store must hold so that a validator needs nothing else (ETSI EN 319 142-1 §5.4.2): every certificate up to the roots,
// and for each of them but the roots the revocation list of its issuer.

import { DomainError } from "../errors.ts";
import { documentTimeStampOf } from "./additions.ts";
import type { Evidence } from "./additions.ts";
import "./refusals.ts";
import { sealCertificatesOf, signatureTimeStampOf } from "./signature-time-stamp.ts";
import { readToken } from "./time-stamp.ts";
import { isIssuedBy, isListOf, isSelfIssued, readCertificate, revocationListUrls } from "./x509.ts";
import type { CertificateFields, RevocationList } from "./x509.ts";

export interface Chains {
  /** all certificates up to their roots, each once */
  readonly certificates: readonly CertificateFields[];
  /** those of them that issued another one: their lists are needed */
  readonly issuers: readonly CertificateFields[];
  /** where the certificates themselves say that lists are */
  readonly listUrls: readonly string[];
}

/**
 * Follows certificates to their roots.
 * @param given those in a file: of the seal and of its time-stamps
 * @param known further ones, where issuers are looked for
 * @throws EVIDENCE_INCOMPLETE when an issuer is nowhere
 */
export function chainsOf(given: readonly Uint8Array[], known: readonly Uint8Array[]): Chains {
  const pool = [...given, ...known].map(readCertificate);
  const certificates: CertificateFields[] = [];
  const issuers: CertificateFields[] = [];
  const add = (list: CertificateFields[], one: CertificateFields) => {
    if (list.some(({ der }) => der.equals(one.der))) return false;
    list.push(one);
    return true;
  };
  const follow = (one: CertificateFields): void => {
    if (!add(certificates, one) || isSelfIssued(one)) return;
    const issuer = pool.find((candidate) => isIssuedBy(one, candidate));
    if (!issuer) throw new DomainError("EVIDENCE_INCOMPLETE", { what: "the certificate of an issuer" });
    add(issuers, issuer);
    follow(issuer);
  };
  for (const one of pool.slice(0, given.length)) follow(one);
  return { certificates, issuers, listUrls: [...new Set(certificates.flatMap(revocationListUrls))] };
}

/**
 * What goes into the store: all certificates, and of each issuer the newest list that it signed and that has not ended.
 * @throws EVIDENCE_INCOMPLETE when an issuer has no list
 */
export function evidenceFrom(chains: Chains, lists: readonly RevocationList[], now: Date): Evidence {
  const crls = chains.issuers.map((issuer) => {
    const [newest] = lists
      .filter((list) => list.nextUpdate === undefined || list.nextUpdate > now)
      .filter((list) => isListOf(list, issuer))
      .toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
    if (!newest) throw new DomainError("EVIDENCE_INCOMPLETE", { what: "a current revocation list" });
    return newest.der;
  });
  return { certificates: chains.certificates.map(({ der }) => der), crls, ocsps: [] };
}

/** The certificates that a file carries: of its seal, of the token on it and of its newest document time-stamp. */
export function certificatesIn(file: Buffer): Buffer[] {
  const tokens = [signatureTimeStampOf(file), documentTimeStampOf(file)?.token];
  return [...sealCertificatesOf(file), ...tokens.flatMap((token) => (token ? readToken(token).certificates : []))];
}
