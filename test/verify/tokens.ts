// An independent maker of time-stamp tokens (RFC 3161) for tests; can do wrong on request.
import { createHash } from "node:crypto";
import { p256 } from "./keys.ts";
import {
  der,
  ecSigner,
  extension,
  integer,
  keyUsage,
  makeCertificate,
  nameOf,
  notAnAuthority,
  nothing,
  octets,
  oid,
  seq,
  set,
} from "./maker.ts";
import type { Bytes, CertificateOptions, Signer } from "./maker.ts";

const hashNames = {
  sha1: "1.3.14.3.2.26",
  sha256: "2.16.840.1.101.3.4.2.1",
  sha384: "2.16.840.1.101.3.4.2.2",
  sha512: "2.16.840.1.101.3.4.2.3",
};
type HashName = keyof typeof hashNames;

const digest = (hash: HashName, bytes: Bytes) => createHash(hash).update(bytes).digest();

export const timeStamping = "1.3.6.1.5.5.7.3.8";
export const purpose = (critical: boolean, ...ids: string[]) => extension("2.5.29.37", critical, seq(...ids.map(oid)));

export interface Authority {
  signer: Signer;
  certificate: Buffer;
  name: string;
}

/** A time-stamping authority with a key from a seed. */
export function makeAuthority(seed: string, options: CertificateOptions & { signer?: Signer } = {}): Authority {
  const signer = options.signer ?? ecSigner(p256(`time-stamps ${seed}`));
  const name = `time-stamps ${seed}`;
  const extensions = [keyUsage(), notAnAuthority, purpose(true, timeStamping)];
  return { signer, name, certificate: makeCertificate(signer, { name, extensions, ...options }) };
}

export interface TokenOptions {
  authority: Authority;
  /** as GeneralizedTime writes it */
  genTime?: string;
  /** digest of the imprint, and of everything else */
  imprintHash?: HashName;
  hash?: HashName;
  /** parameters of the digest algorithms */
  parameters?: Bytes[];
  version?: number;
  /** members of TSTInfo after genTime */
  optional?: Bytes[];
  attributes?: (usual: Buffer[]) => Buffer[];
  signature?: (good: Bytes) => Bytes;
  algorithm?: Bytes;
  /** certificates in the token */
  carried?: Bytes[];
  /** the certificate that the attribute names, by SHA-1 if so */
  named?: Bytes;
  namedBySha1?: boolean;
  unsigned?: Bytes;
  twoSigners?: boolean;
  imprint?: Bytes;
  lists?: Bytes;
}

/** A token over some bytes. */
export function makeToken(over: Bytes, options: TokenOptions): Buffer {
  const { authority, genTime = "20261121013005Z", imprintHash = "sha256", hash = "sha256" } = options;
  const { parameters = [], carried = [authority.certificate], named = authority.certificate } = options;
  const algorithm = (name: HashName) => seq(oid(hashNames[name]), ...parameters);
  const info = seq(
    der(2, Buffer.of(options.version ?? 1)),
    oid("1.2.3.4.1"),
    seq(algorithm(imprintHash), octets(options.imprint ?? digest(imprintHash, over))),
    integer(Buffer.of(0x51, 9)),
    der(0x18, Buffer.from(genTime)),
    ...(options.optional ?? []),
  );
  const identifier = hash === "sha256" ? [] : [algorithm(hash)];
  const usual = [
    seq(oid("1.2.840.113549.1.9.3"), set(oid("1.2.840.113549.1.9.16.1.4"))),
    seq(oid("1.2.840.113549.1.9.4"), set(octets(digest(hash, info)))),
    options.namedBySha1
      ? seq(oid("1.2.840.113549.1.9.16.2.12"), set(seq(seq(seq(octets(digest("sha1", named)))))))
      : seq(oid("1.2.840.113549.1.9.16.2.47"), set(seq(seq(seq(...identifier, octets(digest(hash, named))))))),
  ];
  const attributes = (options.attributes?.(usual) ?? usual).sort(Buffer.compare);
  const good = authority.signer.sign(set(...attributes));
  const signer = seq(
    der(2, Buffer.of(1)),
    seq(nameOf(authority.name), integer(Buffer.of(0x41, 7))),
    algorithm(hash),
    der(0xa0, ...attributes),
    options.algorithm ?? authority.signer.algorithm,
    octets(options.signature?.(good) ?? good),
    ...(options.unsigned ? [der(0xa1, options.unsigned)] : []),
  );
  const data = seq(
    der(2, Buffer.of(3)),
    set(algorithm(hash)),
    seq(oid("1.2.840.113549.1.9.16.1.4"), der(0xa0, octets(info))),
    der(0xa0, ...carried),
    ...(options.lists ? [der(0xa1, options.lists)] : []),
    set(signer, ...(options.twoSigners ? [signer] : [])),
  );
  return seq(oid("1.2.840.113549.1.7.2"), der(0xa0, data));
}

/** The unsigned attribute that makes a seal B-T. */
export const tokenAttribute = (...tokens: Bytes[]) => seq(oid("1.2.840.113549.1.9.16.2.14"), set(...tokens));
export const nullParameters = [nothing];
