// What goes into the stores of files: certificates and revocation lists, the same for many files. They are kept once in the
// database, lists are fetched again when they are too old, and one go over many files asks for each of them once.
import { createHash } from "node:crypto";
import type { Pool } from "../db.ts";
import { invariant } from "../errors.ts";
import type { Evidence } from "../sealing/additions.ts";
import { certificatesIn, chainsOf, evidenceFrom } from "../sealing/evidence.ts";
import type { Blob } from "../sealing/packing.ts";
import { sealCertificatesOf } from "../sealing/signature-time-stamp.ts";
import { readRevocationList } from "../sealing/x509.ts";
import type { RevocationList } from "../sealing/x509.ts";
import * as store from "./levels-store.ts";

export interface EvidenceSource {
  /** certificates of roots and issuers that files do not carry, DER */
  certificates: readonly Uint8Array[];
  /** where revocation lists are; those that the certificates name, if empty */
  listUrls: readonly string[];
  fetchList: (url: string) => Promise<RevocationList>;
  /** a list that was fetched longer ago than this, in milliseconds, is fetched again */
  listMaxAgeMs: number;
}

export interface EvidenceCollector {
  /**
   * What the store of this file needs now, kept in the database.
   * @param ofStamp the certificates of its one time-stamp, if it was made a moment ago; else they are read from the file
   * @throws EVIDENCE_INCOMPLETE, AUTHORITY_UNREACHABLE, REVOCATION_LIST_INVALID
   */
  evidenceFor(file: Buffer, ofStamp?: readonly Buffer[]): Promise<{ evidence: Evidence; blobs: Blob[] }>;
  /** Keeps DER in the database, each once, and names it for packing. */
  keep(kind: "certificate" | "crl", ders: readonly Uint8Array[]): Promise<Blob[]>;
}

/** For one go over many files: what it has found once it does not look for again. */
export function collectEvidence(pool: Pool, source: EvidenceSource, now: () => Date): EvidenceCollector {
  const kept = new Map<string, Promise<Blob[]>>();
  const found = new Map<string, Promise<{ evidence: Evidence; blobs: Blob[] }>>();
  const lists = new Map<string, Promise<RevocationList>>();

  return { evidenceFor, keep };

  function evidenceFor(file: Buffer, ofStamp?: readonly Buffer[]) {
    const certificates = ofStamp ? [...sealCertificatesOf(file), ...ofStamp] : certificatesIn(file);
    return once(found, keyOf(certificates), async () => {
      const chains = chainsOf(certificates, source.certificates);
      const urls = source.listUrls.length > 0 ? source.listUrls : chains.listUrls;
      const current = await Promise.all(urls.map((url) => once(lists, url, () => currentList(url))));
      const evidence = evidenceFrom(chains, current, now());
      const blobs = [...(await keep("certificate", evidence.certificates)), ...(await keep("crl", evidence.crls))];
      return { evidence, blobs };
    });
  }

  function keep(kind: "certificate" | "crl", ders: readonly Uint8Array[]) {
    return once(kept, keyOf(ders), async () => {
      const ids = await store.keepEvidence(
        pool,
        ders.map((der) => ({ kind, der, at: now() })),
      );
      invariant(ids.length === ders.length, "evidence that was kept is there");
      return ders.map((bytes, i) => ({ id: ids[i]!, bytes }));
    });
  }

  /** The list of an address: the one that is kept, or a new one when that is too old. */
  async function currentList(url: string): Promise<RevocationList> {
    const last = await store.newestList(pool, url);
    const isUsable = last && (last.nextUpdate === null || last.nextUpdate > now());
    if (isUsable && now().getTime() - last.fetchedAt.getTime() < source.listMaxAgeMs)
      return readRevocationList(last.der);
    try {
      const list = await source.fetchList(url);
      const next = list.nextUpdate;
      const row = { kind: "crl" as const, der: list.der, url, at: now() };
      await store.keepEvidence(pool, [next ? { ...row, nextUpdate: next } : row]);
      return list;
    } catch (error) {
      // An older list that has not ended says what is to be said as well.
      if (isUsable) return readRevocationList(last.der);
      throw error;
    }
  }
}

function once<T>(memory: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let value = memory.get(key);
  if (!value) memory.set(key, (value = make()));
  return value;
}

function keyOf(ders: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const der of ders) hash.update(createHash("sha256").update(der).digest());
  return hash.digest("hex");
}
