// Files at every level, as we build them, before other people's programs and both of our verifiers.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { documentTimeStampOf, openDocumentTimeStamp, storeOf } from "../../service/src/sealing/additions.ts";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import {
  attachTimeStamp,
  cmsOf,
  sealContents,
  signatureTimeStampOf,
  signatureValueOf,
} from "../../service/src/sealing/signature-time-stamp.ts";
import { readSealedFile } from "../../service/src/verify/pdf.ts";
import { missing } from "../helpers/tools.ts";
import { expectAccepted, opensslStamp } from "./judges.ts";
import { makeLevels } from "./levels.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-levels-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);
const now = () => new Date("2026-11-21T01:30:00Z");

describe.each(["P-256", "RSA-2048", "RSA-3072"] satisfies SealAlgorithm[])("a file sealed with %s", (algorithm) => {
  const { root, token, files, sealed, store } = makeLevels(algorithm, now);
  const names = Object.keys(files) as (keyof typeof files)[];

  it("grows by nothing but what each level adds behind it", () => {
    const { start, end } = sealContents(files["B-B"]);
    for (const [i, byte] of files["B-B"].entries())
      if ((i < start || i >= end) && files["B-T"][i] !== byte) throw new Error(`byte ${i} changed`);
    expect(files["B-T"].length).toBe(files["B-B"].length);
    expect(files["B-LT"].subarray(0, files["B-T"].length).equals(files["B-T"])).toBe(true);
    expect(files["B-LTA"].subarray(0, files["B-LT"].length).equals(files["B-LT"])).toBe(true);
    expect(files.renewed.subarray(0, files["B-LTA"].length).equals(files["B-LTA"])).toBe(true);
    expect(signatureValueOf(files.renewed).equals(signatureValueOf(files["B-B"]))).toBe(true);
    expect(signatureTimeStampOf(files["B-B"])).toBeUndefined();
    expect(signatureTimeStampOf(files.renewed)!.equals(token)).toBe(true);
    expect(createHash("sha256").update(signatureValueOf(files.renewed)).digest().equals(sealed.signatureDigest)).toBe(
      true,
    );
  });

  it("stores every certificate and list once, also when its time-stamp is renewed", () => {
    const evidence = storeOf(files["B-LT"]);
    expect(evidence.certificates).toHaveLength(4);
    expect(evidence.crls).toHaveLength(2);
    expect(storeOf(files.renewed).certificates).toHaveLength(4);
    const again = storeOf(
      store(
        files["B-LT"],
        [...evidence.crls].map((crl) => Buffer.from(crl)),
      ),
    );
    expect(again.crls).toHaveLength(2);
  });

  it("is what our verifier reads", async () => {
    for (const name of names) {
      const read = await readSealedFile(files[name]);
      expect(read).toBeDefined();
    }
    const { token: stamp, digest } = documentTimeStampOf(files.renewed)!;
    expect(stamp.includes(digest)).toBe(true);
  });

  it.skipIf(missing("qpdf", "pdfsig", "certutil", "openssl"))("is accepted by qpdf, pdfsig and openssl", () => {
    for (const name of names) expectAccepted(at(algorithm), name, files[name], root, now);
  });

  it.skipIf(missing("openssl"))("has time-stamps that openssl refuses over anything else", () => {
    const { token: stamp } = documentTimeStampOf(files.renewed)!;
    expect(() => opensslStamp(at(algorithm), stamp, randomBytes(32), root, now)).toThrow(/imprint/);
  });
});

describe("a token that is too large", () => {
  const { files, ask } = makeLevels("P-256", now);

  it("is refused with both sizes, for the seal as for the document", () => {
    const { start, end } = sealContents(files["B-B"]);
    const room = (end - start) / 2;
    const large = Buffer.concat([Buffer.from([0x30, 0x82, 0xea, 0x60]), Buffer.alloc(60_000)]);
    const needed = expect.any(Number) as number;
    expect(() => attachTimeStamp(files["B-B"], large)).toThrow(
      expect.objectContaining({ code: "TIME_STAMP_TOO_LARGE", params: { needed, room } }),
    );
    const open = openDocumentTimeStamp(files["B-LT"], 1000);
    const token = ask(open.digest);
    expect(() => open.finish(token)).toThrow(
      expect.objectContaining({ code: "TIME_STAMP_TOO_LARGE", params: { needed: token.length, room: 1000 } }),
    );
  });

  it("is taken when it fits to the byte", () => {
    const { start, end } = sealContents(files["B-B"]);
    const before = cmsOf(files["B-B"]).length;
    const zeros = (end - start) / 2 - before;
    const fits = (length: number) => {
      const token = Buffer.concat([Buffer.from([0x30, 0x82, length >> 8, length & 0xff]), Buffer.alloc(length)]);
      try {
        return cmsOf(attachTimeStamp(files["B-B"], token)).length === before + zeros;
      } catch {
        return undefined;
      }
    };
    const longest = Array.from({ length: 60 }, (_, i) => zeros - i).find((length) => fits(length) !== undefined)!;
    expect(fits(longest)).toBe(true);
    expect(fits(longest + 1)).toBeUndefined();
  });
});
