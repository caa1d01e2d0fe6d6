// Development keys, made on the first start. They lie in plain files beside a marker, DEVELOPMENT-KEYS, by which the
// service's configuration knows them and refuses them in production. A real centre's keys come out of the key ceremony.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { computeAddress } from "ethers";
import type { Credential } from "../../service/src/sealing/development-authority.ts";
import {
  createDevelopmentIntermediate,
  createDevelopmentRoot,
  createDevelopmentSeal,
  createDevelopmentTimeStampAuthority,
} from "../../service/src/sealing/development-authority.ts";

export const developmentMarker = "DEVELOPMENT-KEYS";
const markerText = "Made by npm start for demonstration and development. Never use these keys for anything real.\n";

/** What the consortium's registry holds of a centre's keys. */
export interface PublicKeys {
  /** folder of the key files */
  dir: string;
  /** addresses of the four accounts */
  accounts: { anchorer: string; statusWriter: string; lister: string; guardian: string };
  /** Ed25519, 32 bytes each */
  log: Uint8Array;
  witness: Uint8Array;
  member: Uint8Array;
  /** P-256, uncompressed point, 65 bytes */
  qr: Uint8Array;
  /** SHA-256 of the seal certificate's DER */
  sealFingerprint: Uint8Array;
  /** when the keys were made: from when they count */
  madeAt: Date;
}

export interface ConsortiumKeys {
  /** private key (0x hex) of the account that deploys the contracts and, until the vote takes over, owns the registry */
  deployer: string;
  /** file with the certificate of the development root, PEM */
  rootFile: string;
  /** file with the members' shared tag key, 32 bytes in hexadecimal */
  tagFile: string;
}

/**
 * The consortium's development keys in `<dir>/consortium`, made on the first call; later calls read them. A folder appears
 * whole or not at all, so a call cut off in the middle leaves nothing that a later one would take for keys.
 */
export async function consortiumKeys(dir: string, now: () => Date): Promise<ConsortiumKeys> {
  const folder = path.join(dir, "consortium");
  await makeFolder(folder, async () => {
    const root = await createDevelopmentRoot({ now });
    const intermediate = await createDevelopmentIntermediate(root, { now });
    return {
      "deployer.key": privateKeyHex(),
      // The blacklist's tag key, which all members hold while tags are made by a keyed hash.
      "tag.key": `${randomBytes(32).toString("hex")}\n`,
      "root.pem": root.certificatePem,
      "root-key.pem": root.keyPem,
      "intermediate.pem": intermediate.certificatePem,
      "intermediate-key.pem": intermediate.keyPem,
    };
  });
  return {
    deployer: read(folder, "deployer.key").trim(),
    rootFile: path.join(folder, "root.pem"),
    tagFile: path.join(folder, "tag.key"),
  };
}

/** What the development authority answers with: its own key, and the authorities whose revocation lists it hands out. */
export interface AuthorityKeys {
  timeStamps: Credential;
  /** SHA-256 of the time-stamping certificate's DER */
  timeStampFingerprint: Uint8Array;
  /** from when it counts */
  madeAt: Date;
  root: Credential;
  intermediate: Credential;
}

/**
 * The keys of the development authority in `<dir>/authority`, made on the first call under the consortium's development root,
 * also in a folder of an earlier version (see `consortiumKeys`).
 */
export async function authorityKeys(dir: string, now: () => Date): Promise<AuthorityKeys> {
  const folder = path.join(dir, "authority");
  const of = (place: string, name: string): Credential => ({
    keyPem: read(place, `${name}-key.pem`),
    certificatePem: read(place, `${name}.pem`),
  });
  const consortium = path.join(dir, "consortium");
  const root = of(consortium, "root");
  await makeFolder(folder, async () => {
    const made = createDevelopmentTimeStampAuthority(root, { now });
    return { "time-stamps.pem": made.certificatePem, "time-stamps-key.pem": made.keyPem };
  });
  const certificate = new X509Certificate(read(folder, "time-stamps.pem"));
  return {
    timeStamps: of(folder, "time-stamps"),
    timeStampFingerprint: createHash("sha256").update(certificate.raw).digest(),
    madeAt: certificate.validFromDate,
    root,
    intermediate: of(consortium, "intermediate"),
  };
}

/** The development keys of one centre in `<dir>/<code>`, made on the first call (see `consortiumKeys`). */
export async function centreKeys(
  dir: string,
  centre: { code: string; name: string },
  now: () => Date,
): Promise<PublicKeys> {
  const folder = path.join(dir, centre.code);
  const consortium = path.join(dir, "consortium");
  await makeFolder(folder, async () => {
    const intermediate = {
      keyPem: read(consortium, "intermediate-key.pem"),
      certificatePem: read(consortium, "intermediate.pem"),
    };
    const seal = await createDevelopmentSeal(intermediate, centre.name, { now });
    return {
      "log.pem": ed25519(),
      "witness.pem": ed25519(),
      "member.pem": ed25519(),
      "qr.pem": generateKeyPairSync("ec", {
        namedCurve: "P-256",
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      }).privateKey,
      "seal.pem": seal.keyPem,
      "seal-chain.pem": `${seal.certificatePem.trim()}\n${intermediate.certificatePem.trim()}\n`,
      "anchor.key": privateKeyHex(),
      "status.key": privateKeyHex(),
      "listing.key": privateKeyHex(),
      "guardian.key": privateKeyHex(),
    };
  });
  const address = (file: string) => computeAddress(read(folder, file).trim());
  return {
    dir: folder,
    accounts: {
      anchorer: address("anchor.key"),
      statusWriter: address("status.key"),
      lister: address("listing.key"),
      guardian: address("guardian.key"),
    },
    log: rawPublicKey(read(folder, "log.pem"), 32),
    witness: rawPublicKey(read(folder, "witness.pem"), 32),
    member: rawPublicKey(read(folder, "member.pem"), 32),
    qr: rawPublicKey(read(folder, "qr.pem"), 65),
    // The first certificate of the chain is the seal's own.
    sealFingerprint: createHash("sha256")
      .update(new X509Certificate(read(folder, "seal-chain.pem")).raw)
      .digest(),
    // Certificates count from an hour before, for clocks that run behind; so do the keys.
    madeAt: new X509Certificate(read(folder, "seal-chain.pem")).validFromDate,
  };
}

async function makeFolder(folder: string, make: () => Promise<Record<string, string>>): Promise<void> {
  if (fs.existsSync(folder)) return;
  const partial = `${folder}.new`;
  fs.rmSync(partial, { recursive: true, force: true });
  fs.mkdirSync(partial, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries({ ...(await make()), [developmentMarker]: markerText }))
    fs.writeFileSync(path.join(partial, name), content, { mode: 0o600 });
  fs.renameSync(partial, folder);
}

function read(folder: string, name: string): string {
  return fs.readFileSync(path.join(folder, name), "utf8");
}

function ed25519(): string {
  return generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;
}

/** A secp256k1 private key. The chance of a number beyond the curve's order is 2^-128; computeAddress would refuse it. */
function privateKeyHex(): string {
  return `0x${randomBytes(32).toString("hex")}\n`;
}

/** The key's own bytes: they end its SubjectPublicKeyInfo, for Ed25519 (RFC 8410) as for EC points (RFC 5480). */
function rawPublicKey(privateKeyPem: string, length: number): Uint8Array {
  const spki = createPublicKey(createPrivateKey(privateKeyPem)).export({ type: "spki", format: "der" });
  return spki.subarray(-length);
}
