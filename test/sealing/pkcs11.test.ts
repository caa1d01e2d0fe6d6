// A seal key on a real token: SoftHSM2, a software device behind the same interface as the hardware ones.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../service/src/config.ts";
import { createSealer } from "../../service/src/sealing/seal.ts";
import { sealKeyFromPkcs11 } from "../../service/src/sealing/pkcs11.ts";
import type { Pkcs11Key } from "../../service/src/sealing/pkcs11.ts";
import { createDevelopmentRoot, createDevelopmentSeal } from "../../service/src/sealing/development-authority.ts";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import { missing, run } from "../helpers/tools.ts";
import { depositTemplate, draw, file as fileOf, PROFILE, SIGNED_AT } from "../pdf/sample.ts";

const library = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"].find((file) =>
  fs.existsSync(file),
);

/** Why the tests cannot run here, if they cannot. */
function whyNot(): string | undefined {
  if (!library) return "SoftHSM2 not found (install softhsm2)";
  try {
    createRequire(new URL("../../service/src/sealing/pkcs11.ts", import.meta.url)).resolve("pkcs11js");
    return undefined;
  } catch {
    return "pkcs11js not found (npm install --prefix service --no-save --no-package-lock pkcs11js@2.1.7)";
  }
}
const why = whyNot();
if (why) console.warn(`tests skipped: ${why}`);

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-softhsm-"));
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));
const at = (name: string) => path.join(dir, name);
const pin = "240513";
const root = createDevelopmentRoot({ now: () => SIGNED_AT });

describe.skipIf(why !== undefined)("a seal key on a token", () => {
  beforeAll(() => {
    fs.mkdirSync(at("tokens"));
    fs.writeFileSync(at("softhsm2.conf"), `directories.tokendir = ${at("tokens")}\nlog.level = ERROR\n`);
    process.env.SOFTHSM2_CONF = at("softhsm2.conf");
    softhsm("--init-token", "--free", "--label", "cunzheng", "--pin", pin, "--so-pin", "0000");
  });

  /** Puts a new key on the token. @returns where it is, and its certificates */
  function imported(algorithm: SealAlgorithm, label: string): { place: Pkcs11Key; certificates: string } {
    const seal = createDevelopmentSeal(root, "海南省住房公积金管理局", { now: () => SIGNED_AT, algorithm });
    fs.writeFileSync(at("key.pem"), seal.keyPem);
    softhsm("--import", at("key.pem"), "--token", "cunzheng", "--label", label, "--id", idOf(label), "--pin", pin);
    return {
      place: { module: library!, token: "cunzheng", key: label, pin },
      certificates: `${root.certificatePem}\n${seal.certificatePem}`,
    };
  }

  // First: once a process is signed in at a token, the token asks it for no PIN.
  it("is refused with a wrong PIN, which no message repeats", async () => {
    const { place, certificates } = imported("P-256", "locked");
    const refused = await sealKeyFromPkcs11({ ...place, pin: "999999" }, certificates).catch((error: Error) => error);
    expect(String((refused as Error).message)).toMatch(/PIN_INCORRECT/);
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain("999999");
  });

  it.each<SealAlgorithm>(["P-256", "RSA-2048", "RSA-3072"])(
    "seals with %s as a key in a file does",
    async (algorithm) => {
      const { place, certificates } = imported(algorithm, `seal ${algorithm}`);
      const held = await sealKeyFromPkcs11(place, certificates);
      expect(held.chain).toHaveLength(1);
      const template = await depositTemplate(PROFILE);
      const pdf = fileOf(template, createSealer(held), draw(template));
      held.close();
      if (missing("pdfsig", "certutil")) return;
      fs.writeFileSync(at("sealed.pdf"), pdf);
      expect(run("pdfsig", ["-nocert", at("sealed.pdf")])).toContain("Signature is Valid");
    },
  );

  it("goes on when the device has forgotten the session", async () => {
    const { place, certificates } = imported("P-256", "forgetful");
    const held = await sealKeyFromPkcs11(place, certificates);
    const other = await sealKeyFromPkcs11(place, certificates);
    held.close(); // what a restarted device does to its sessions
    expect(held.sign(Buffer.from("still there"))).toBeInstanceOf(Buffer);
    other.close();
  });

  it("is refused when key, certificate or token are not the right ones", async () => {
    const { place, certificates } = imported("P-256", "good");
    const foreign = imported("P-256", "foreign").certificates;
    await expect(sealKeyFromPkcs11(place, foreign)).rejects.toThrow(/no certificate belongs/);
    await expect(sealKeyFromPkcs11({ ...place, key: "none" }, certificates)).rejects.toThrow(/no private keys none/);
    await expect(sealKeyFromPkcs11({ ...place, token: "none" }, certificates)).rejects.toThrow(/no token none/);
  });
});

describe("the settings of a seal key on a device", () => {
  it("are all asked for at once", () => {
    const told = (() => {
      try {
        readConfig({ SEAL_PKCS11_MODULE: "/nowhere/lib.so", SEAL_KEY_FILE: "/nowhere/seal.pem" });
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    })();
    for (const name of ["SEAL_KEY_FILE", "SEAL_PKCS11_TOKEN", "SEAL_PKCS11_KEY", "SEAL_PASSWORD", "SEAL_PKCS11_MODULE"])
      expect(told).toContain(name);
  });
});

function softhsm(...args: string[]): void {
  execFileSync("softhsm2-util", args, { stdio: "pipe", env: { ...process.env, SOFTHSM2_CONF: at("softhsm2.conf") } });
}

const idOf = (label: string) => Buffer.from(label).toString("hex").slice(0, 32);
