import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DomainError } from "../../service/src/errors.ts";
import { createAuthority, fetchRevocationList } from "../../service/src/sealing/authority.ts";
import { createDevelopmentTimeStamps, DEVELOPMENT_POLICY } from "../../service/src/sealing/development-time-stamps.ts";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import {
  checkedAnswer,
  isOver,
  readToken,
  timeStampRequest,
  tokenOfResponse,
} from "../../service/src/sealing/time-stamp.ts";
import { isListOf, readCertificate, readRevocationList } from "../../service/src/sealing/x509.ts";
import { missing, run } from "../helpers/tools.ts";
import { der, makeAuthorities, startTestAuthority } from "./tsa.ts";
import type { Mood } from "./tsa.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-tsa-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);
const now = () => new Date("2026-11-21T01:30:00Z");
const attime = ["-attime", String(now().getTime() / 1000 + 60)];
const content = Buffer.from("what is stamped");
const digest = createHash("sha256").update(content).digest();

function refusal(work: () => unknown): { code: string; why: unknown } {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, why: error.params.why ?? error.params.status };
    throw error;
  }
  return { code: "none", why: undefined };
}

describe.each(["P-256", "RSA-2048"] satisfies SealAlgorithm[])(
  "a token of the development authority, %s",
  (algorithm) => {
    const authorities = makeAuthorities(now, algorithm);
    const stamps = createDevelopmentTimeStamps(authorities.tsa, { now });
    const nonce = randomBytes(16);
    const answer = stamps.answer(timeStampRequest(digest, nonce));

    it("is what was asked for", () => {
      const token = checkedAnswer(answer, { digest, nonce, policy: DEVELOPMENT_POLICY });
      expect(token.genTime).toEqual(now());
      expect(token.signer.der.equals(der(authorities.tsa))).toBe(true);
      expect(token.algorithm).toBe(algorithm === "P-256" ? "sha256/ec" : "sha256/rsa");
      expect(isOver(token, content)).toBe(true);
      expect(isOver(token, Buffer.from("something else"))).toBe(false);
    });

    it.skipIf(missing("openssl"))("and its request are as openssl reads them", () => {
      writeFileSync(at("query.tsq"), timeStampRequest(digest, nonce, DEVELOPMENT_POLICY));
      writeFileSync(at("answer.tsr"), answer);
      writeFileSync(at("content"), content);
      writeFileSync(at("root.pem"), authorities.root.certificatePem);
      const query = run("openssl", ["ts", "-query", "-in", at("query.tsq"), "-text"]);
      expect(query).toContain("Hash Algorithm: sha256");
      expect(query).toContain(`Policy OID: ${DEVELOPMENT_POLICY}`);
      const verify = ["ts", "-verify", "-in", at("answer.tsr"), "-CAfile", at("root.pem"), ...attime];
      expect(run("openssl", [...verify, "-queryfile", at("query.tsq")])).toContain("Verification: OK");
      expect(run("openssl", [...verify, "-data", at("content")])).toContain("Verification: OK");
    });

    it("is refused when a byte of it changes, wherever that is", () => {
      const token = tokenOfResponse(answer);
      for (let i = 0; i < token.length; i += 7) {
        const changed = Buffer.from(token);
        changed[i]! ^= 1;
        const { code } = refusal(() => {
          const read = readToken(changed);
          // Bytes that nothing signs: of certificates' own signatures, and names of algorithms.
          if (isOver(read, content) && read.genTime.getTime() === now().getTime()) throw new DomainError("UNCHANGED");
        });
        expect(["TIME_STAMP_INVALID", "UNCHANGED"]).toContain(code);
      }
      expect(refusal(() => readToken(token.subarray(0, -1))).code).toBe("TIME_STAMP_INVALID");
      expect(refusal(() => readToken(Buffer.concat([token, Buffer.of(0)]))).code).toBe("TIME_STAMP_INVALID");
    });

    it("is refused with another digest, nonce or policy, and by a certificate that is not for time-stamping alone", () => {
      const asked = { digest, nonce };
      expect(refusal(() => checkedAnswer(answer, { ...asked, digest: randomBytes(32) })).why).toContain(
        "something else",
      );
      expect(refusal(() => checkedAnswer(answer, { ...asked, nonce: randomBytes(16) })).why).toContain("nonce");
      expect(refusal(() => checkedAnswer(answer, { ...asked, policy: "2.999.1" })).why).toContain("policy");
      const bySeal = createDevelopmentTimeStamps(authorities.seal, { now }).answer(timeStampRequest(digest, nonce));
      expect(refusal(() => checkedAnswer(bySeal, asked)).why).toContain("not for time-stamping");
      const late = createDevelopmentTimeStamps(authorities.tsa, { now: () => new Date("2040-01-01T00:00:00Z") });
      expect(refusal(() => checkedAnswer(late.answer(timeStampRequest(digest, nonce)), asked)).why).toContain(
        "not valid at",
      );
    });

    it("is not given for what is no request", () => {
      expect(refusal(() => tokenOfResponse(stamps.answer(Buffer.from("hello"))))).toEqual({
        code: "TIME_STAMP_REFUSED",
        why: 2,
      });
    });
  },
);

describe("a token of another program", () => {
  it.skipIf(missing("openssl"))(
    "is read: openssl's own authority, SHA-512, with signing time and old ESS attribute",
    () => {
      const { root, tsa } = makeAuthorities(now, "RSA-2048");
      writeFileSync(at("tsa.pem"), tsa.certificatePem);
      writeFileSync(at("tsa-key.pem"), tsa.keyPem);
      writeFileSync(at("chain.pem"), root.certificatePem);
      writeFileSync(at("serial"), "01\n");
      const settings = `[tsa]
default_tsa = t
[t]
serial = ${at("serial")}
crypto_device = builtin
signer_cert = ${at("tsa.pem")}
certs = ${at("chain.pem")}
signer_key = ${at("tsa-key.pem")}
signer_digest = sha512
default_policy = 2.999.1
digests = sha256
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
clock_precision_digits = 3
`;
      for (const hash of ["sha1", "sha256"]) {
        writeFileSync(
          at("tsa.cnf"),
          `${settings}ess_cert_id_alg = ${hash}
`,
        );
        const nonce = randomBytes(8);
        writeFileSync(at("q.tsq"), timeStampRequest(digest, nonce));
        run("openssl", ["ts", "-reply", "-config", at("tsa.cnf"), "-queryfile", at("q.tsq"), "-out", at("a.tsr")]);
        const token = checkedAnswer(readFileSync(at("a.tsr")), { digest, nonce });
        expect(token.algorithm).toBe("sha512/rsa");
        expect(token.certificates).toHaveLength(2);
      }
    },
  );
});

describe("an authority over HTTP", () => {
  const authorities = makeAuthorities(now);

  it("answers with a checked token, or with a refusal that says what it did instead", async () => {
    const server = await startTestAuthority(authorities, now);
    const options = { url: server.url, timeoutMs: 400, development: true, random: (n: number) => randomBytes(n) };
    const authority = createAuthority(options);
    const token = await authority.ask(digest);
    expect(token.imprint.equals(digest)).toBe(true);
    const moods: [Mood, string, RegExp][] = [
      ["silent", "AUTHORITY_UNREACHABLE", /no answer in time/],
      ["500", "AUTHORITY_UNREACHABLE", /answered 500/],
      ["1 MB", "AUTHORITY_UNREACHABLE", /longer than 65536/],
      ["garbage", "TIME_STAMP_INVALID", /./],
      ["another digest", "TIME_STAMP_INVALID", /something else/],
      ["another nonce", "TIME_STAMP_INVALID", /nonce/],
    ];
    for (const [mood, code, why] of moods) {
      server.mood = mood;
      await expect(authority.ask(digest)).rejects.toMatchObject({ code, params: { why: expect.stringMatching(why) } });
    }
    server.mood = "60 kB";
    expect((await authority.ask(digest)).der.length).toBeGreaterThan(55_000);
    server.mood = "good";
    await expect(createAuthority({ ...options, development: false }).ask(digest)).rejects.toMatchObject({
      params: { why: "it is by a development authority" },
    });
    await server.kill();
    await expect(authority.ask(digest)).rejects.toMatchObject({ code: "AUTHORITY_UNREACHABLE" });
    await server.revive();
    expect((await authority.ask(digest)).der.length).toBeGreaterThan(1000);
    await server.kill();
  });

  it("hands out revocation lists, which name their issuer", async () => {
    const server = await startTestAuthority(authorities, now);
    const list = await fetchRevocationList(server.listUrls[0]!, 1000);
    expect(isListOf(list, readCertificate(der(authorities.root)))).toBe(true);
    expect(isListOf(list, readCertificate(der(authorities.intermediate)))).toBe(false);
    expect(list.nextUpdate!.getTime() - list.thisUpdate.getTime()).toBe(30 * 86_400_000 + 3_600_000);
    await expect(fetchRevocationList(server.url.replace("/tsa", "/none"), 1000)).resolves.toBeDefined();
    await server.kill();
  });

  it.skipIf(missing("openssl"))("whose lists openssl accepts, also with a certificate on them", () => {
    writeFileSync(at("root.pem"), authorities.root.certificatePem);
    writeFileSync(at("root.crl"), authorities.lists()[0]!);
    const verified = ["crl", "-inform", "DER", "-in", at("root.crl"), "-CAfile", at("root.pem"), "-noout"];
    expect(run("sh", ["-c", `openssl ${verified.join(" ")} 2>&1`])).toContain("verify OK");
    writeFileSync(
      at("ca.cnf"),
      [
        "[ca]",
        "default_ca = c",
        "[c]",
        `database = ${at("index")}`,
        "default_md = sha256",
        "default_crl_days = 3",
        "",
      ].join("\n"),
    );
    writeFileSync(at("index"), "R\t301231000000Z\t261120000000Z\tABCDEF01\tunknown\t/CN=revoked\n");
    writeFileSync(at("root-key.pem"), authorities.root.keyPem);
    const signing = ["-gencrl", "-config", at("ca.cnf"), "-cert", at("root.pem"), "-keyfile", at("root-key.pem")];
    run("openssl", ["ca", ...signing, "-out", at("revoked.pem")]);
    run("openssl", ["crl", "-in", at("revoked.pem"), "-outform", "DER", "-out", at("revoked.crl")]);
    const list = readRevocationList(readFileSync(at("revoked.crl")));
    expect([...list.revoked]).toEqual(["020500abcdef01"]);
    expect(isListOf(list, readCertificate(der(authorities.root)))).toBe(true);
  });
});
