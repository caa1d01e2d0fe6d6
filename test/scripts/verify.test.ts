// The program itself: over real sockets, with files that are none, and its exit codes.
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../scripts/verify.ts";
import { readRecorded } from "../../scripts/verify/recorded.ts";

const vectors = fileURLToPath(new URL("../vectors", import.meta.url));
const absent = !fs.existsSync(path.join(vectors, "genuine", "answers.json"));
if (absent) console.warn("tests skipped: there is no test/vectors/genuine");

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-verify-"));
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

async function verify(...args: string[]): Promise<{ exit: number; text: string }> {
  let text = "";
  const exit = await run(args, (more) => (text += more));
  return { exit, text };
}

describe.skipIf(absent)("npm run verify", () => {
  const servers: http.Server[] = [];
  const urls: string[] = [];
  /** per centre: another answer than the recorded one */
  const instead = new Map<number, (request: http.IncomingMessage, response: http.ServerResponse) => boolean>();
  const file = path.join(vectors, "genuine", "certificate.pdf");
  const asOf = ["--as-of", "2026-11-23T10:00:00+08:00"];
  const centres = () => urls.slice(0, 3).flatMap((url) => ["--centre", url]);

  beforeAll(async () => {
    for (let index = 0; index < 4; index++) {
      const server = http.createServer((request, response) => void serve(index, request, response));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      servers.push(server);
      urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
    let answers = fs.readFileSync(path.join(vectors, "genuine", "answers.json"), "utf8");
    ["c46010", "c14010", "c63010", "c37170"].forEach((code, index) => {
      answers = answers.replaceAll(`https://${code}.example`, urls[index]!);
    });
    fs.writeFileSync(path.join(dir, "answers.json"), answers);
  });
  afterAll(() => servers.forEach((server) => server.close()));

  async function serve(index: number, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (instead.get(index)?.(request, response)) return;
    let body = "";
    for await (const part of request) body += String(part);
    const { transport } = readRecorded(dir);
    const reply = await transport(request.method as "GET" | "POST", `${urls[index]}${request.url}`, body);
    response.writeHead(reply.status, { "content-type": reply.contentType }).end(reply.body);
  }

  it("verifies a file over HTTP", async () => {
    const { exit, text } = await verify(file, ...centres(), ...asOf);
    expect(text).toContain("真实有效");
    expect(text).toContain("海南省住房公积金管理局 (C46010)");
    expect(exit).toBe(0);
  });

  it("verifies a file and its code together, and tells when they are two certificates", async () => {
    const qr = fs.readFileSync(path.join(vectors, "qr-genuine", "qr.txt"), "utf8").trim();
    const { exit, text } = await verify(file, "--qr", qr, ...centres(), ...asOf, "--json");
    expect(JSON.parse(text)).toMatchObject({
      sameCertificate: true,
      results: [{ headline: "genuine" }, { headline: "genuine" }],
    });
    expect(exit).toBe(0);
  });

  it("follows no redirect, and takes another 404 than ours for an outage", async () => {
    for (const answer of [
      (response: http.ServerResponse) => response.writeHead(302, { location: `${urls[1]}/api/v1/trust-list` }).end(),
      (response: http.ServerResponse) => response.writeHead(404, { "content-type": "text/html" }).end("<h1>404</h1>"),
      (response: http.ServerResponse) =>
        response.writeHead(404, { "content-type": "application/problem+json" }).end('{"code":"NOT_FOUND"}'),
      (response: http.ServerResponse) =>
        response.writeHead(200, { "content-type": "application/json" }).end('{"receipt":null}'),
      (response: http.ServerResponse) => response.destroy(),
    ]) {
      instead.set(0, (request, response) => {
        if (!request.url!.includes("/receipts/")) return false;
        answer(response);
        return true;
      });
      const { exit, text } = await verify(file, ...centres(), ...asOf, "--json");
      expect(JSON.parse(text).steps[2]).toMatchObject({
        step: "receipt",
        outcome: "unknown",
        code: "issuer-unreachable",
      });
      expect(exit).toBe(3);
    }
    const receipt = path.join(dir, "receipt.json");
    fs.writeFileSync(
      receipt,
      JSON.stringify({
        receipt: Object.values(
          Object.values(JSON.parse(fs.readFileSync(path.join(dir, "answers.json"), "utf8")).receipts)[0] as object,
        )[0],
      }),
    );
    expect((await verify(file, "--receipt", receipt, ...centres(), ...asOf)).exit).toBe(0);
    instead.clear();
  });

  it("takes the level beside a receipt as it is, and another member or level for an outage", async () => {
    const answer = async (more: object) => {
      instead.set(0, (request, response) => {
        if (!request.url!.includes("/receipts/")) return false;
        void readRecorded(dir)
          .transport("GET", `${urls[0]}${request.url}`)
          .then((reply) =>
            response
              .writeHead(reply.status, { "content-type": reply.contentType })
              .end(JSON.stringify({ ...(JSON.parse(reply.body) as object), ...more })),
          );
        return true;
      });
      return (await verify(file, ...centres(), ...asOf)).exit;
    };
    expect(await answer({ level: "B-LTA" })).toBe(0);
    expect(await answer({ level: "B-X" })).toBe(3);
    expect(await answer({ more: 1 })).toBe(3);
    instead.clear();
  });

  it("looks everywhere when the receipt names a block that a node does not have", async () => {
    for (const index of [0, 1, 2, 3]) {
      instead.set(index, (request, response) => {
        if (request.url !== "/api/v1/chain") return false;
        void (async () => {
          let body = "";
          for await (const part of request) body += String(part);
          const call = JSON.parse(body);
          const near = call.method === "eth_getLogs" && call.params[0].fromBlock !== "0x0";
          const { transport } = readRecorded(dir);
          const reply = near
            ? JSON.stringify({ jsonrpc: "2.0", id: call.id, error: { code: -32000, message: "no such block" } })
            : (await transport("POST", `${urls[index]}/api/v1/chain`, body)).body;
          response.writeHead(200, { "content-type": "application/json" }).end(reply);
        })();
        return true;
      });
    }
    expect((await verify(file, ...centres(), ...asOf)).exit).toBe(0);
    instead.clear();
  });

  it("has a verdict for whatever stands at a path, and the worst exit code", async () => {
    const write = (name: string, bytes: Uint8Array | string) => {
      fs.writeFileSync(path.join(dir, name), bytes);
      return path.join(dir, name);
    };
    const big = write("big.pdf", "%PDF-1.7\n");
    fs.truncateSync(big, 21 * 1024 * 1024);
    const files = [file, write("empty.pdf", ""), write("text.pdf", "text"), big, path.join(dir, "absent.pdf"), dir];
    const { exit, text } = await verify(...files, ...centres(), ...asOf);
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(files.length);
    ["genuine  ", "file-empty", "not-a-pdf", "file-too-big", "file-unreadable", "file-unreadable"].forEach(
      (code, index) => expect(lines[index]).toContain(code),
    );
    expect(exit).toBe(1);
    expect((await verify(file, path.join(dir, "absent.pdf"), ...centres(), ...asOf)).exit).toBe(3);
  });

  it("shows the level and the time-stamps, each with its time and whether its authority is trusted", async () => {
    const report = async (id: string) => (await verify("--vector", path.join(vectors, id))).text;
    const raised = await report("level-b-lta");
    expect(raised).toMatch(/级别 level: B-LTA\n/);
    expect(raised).toMatch(/签名时间戳 time-stamp on the seal: 2026-11-21 09:30:\d\d \+08:00, .* 可信 trusted\n/);
    expect(raised).toMatch(/文档时间戳 time-stamp on the file: 2026-11-21 09:30:\d\d \+08:00, .* 可信 trusted\n/);
    expect(await report("time-stamp-unknown-authority")).toContain("不作依据 not trusted");
    expect(await report("genuine")).toMatch(/级别 level: B-B\n$/);
    // Of a forgery the time-stamps are still shown, with who vouches for them.
    expect(await report("time-stamp-after-distrust")).toContain("可信 trusted");
    const { text } = await verify("--vector", path.join(vectors, "level-b-t"), "--json");
    expect(JSON.parse(text)).toMatchObject({
      facts: { level: "B-T", timeStamps: [{ kind: "signature", trusted: true }] },
    });
  });

  it("runs vectors", async () => {
    const folder = (id: string) => path.join(vectors, id);
    expect((await verify("--vector", folder("genuine"))).exit).toBe(0);
    expect((await verify("--vector", folder("expired"))).exit).toBe(2);
    expect((await verify("--vector", folder("qr-altered"), "--vector", folder("not-anchored"))).exit).toBe(1);
    expect((await verify("--vector", folder("qr-genuine"))).text).toContain("123456.78");
    expect((await verify("--vector", folder("qr-altered"))).text).not.toContain("123456");
  });

  it.each([
    ["nothing", []],
    ["one centre", [file, "--centre", "https://a.example"]],
    ["one centre twice", [file, "--centre", "https://a.example", "--centre", "https://a.example/"]],
    ["an address with a path", [file, "--centre", "https://a.example/x", "--centre", "https://b.example"]],
    ["a time that is none", [file, "--as-of", "yesterday"]],
    ["an unknown option", [file, "--trust-me"]],
    ["no stack", [file, "--data", path.join(dir, "no-stack")]],
    ["a receipt that is none", [file, "--receipt", file]],
  ])("says how it is used: %s", async (_, args) => {
    await expect(run(args, () => {})).rejects.toMatchObject({ name: "Usage" });
  });
});
