import { createPublicKey, X509Certificate } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { centreKeys, consortiumKeys } from "../../scripts/stack/keys.ts";
import { sealKeyFromPem } from "../../service/src/sealing/keys.ts";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-keys-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));
const now = () => new Date("2026-03-01T00:00:00Z");
const hainan = { code: "C46010", name: "海南省住房公积金管理局" };

describe("development keys", () => {
  it("are made once, marked, and readable by their owner only", async () => {
    const consortium = await consortiumKeys(dir, now);
    const keys = await centreKeys(dir, hainan, now);
    expect(await consortiumKeys(dir, now)).toEqual(consortium);
    expect(await centreKeys(dir, hainan, now)).toEqual(keys);
    const files = fs.readdirSync(keys.dir).sort();
    expect(files.join(" ")).toBe(
      "DEVELOPMENT-KEYS anchor.key guardian.key listing.key log.pem member.pem qr.pem seal-chain.pem seal.pem status.key witness.pem",
    );
    for (const file of files) expect(fs.statSync(path.join(keys.dir, file)).mode & 0o777).toBe(0o600);
  });

  it("are registered as the service uses them", async () => {
    const keys = await centreKeys(dir, hainan, now);
    const file = (name: string) => fs.readFileSync(path.join(keys.dir, name), "utf8");
    const seal = sealKeyFromPem(file("seal.pem"), file("seal-chain.pem"));
    expect(seal.chain.length).toBe(2);
    const fingerprint = new X509Certificate(seal.chain[0]!).fingerprint256.replaceAll(":", "").toLowerCase();
    expect(Buffer.from(keys.sealFingerprint).toString("hex")).toBe(fingerprint);
    const { x } = createPublicKey(file("log.pem")).export({ format: "jwk" });
    expect(Buffer.from(keys.log).toString("base64url")).toBe(x);
    const qr = createPublicKey(file("qr.pem")).export({ format: "jwk" });
    expect(Buffer.from(keys.qr).toString("hex")).toBe(`04${hex(qr.x!)}${hex(qr.y!)}`);
    expect(new Set(Object.values(keys.accounts)).size).toBe(4);
    // They count from before they were made, for clocks that run behind.
    expect(keys.madeAt.getTime()).toBe(now().getTime() - 3_600_000);
  });
});

function hex(base64url: string): string {
  return Buffer.from(base64url, "base64url").toString("hex");
}
