import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Domain } from "../../service/src/app.ts";
import type { Pool } from "../../service/src/db.ts";
import { sequence } from "../../service/src/log/log.ts";
import type { Log } from "../../service/src/log/log.ts";
import { logRoutes } from "../../service/src/log/routes.ts";
import type { LogContext } from "../../service/src/log/routes.ts";
import { readerOver, tileKey } from "../../service/src/log/tiles.ts";
import { collectCosignature } from "../../service/src/log/witness.ts";
import type { Witness } from "../../service/src/log/witness.ts";
import { equal } from "../../service/src/proof/bytes.ts";
import { readCheckpoint, signedByLog } from "../../service/src/proof/checkpoint.ts";
import { rootOf } from "../../service/src/proof/tree.ts";
import { buildTestApp } from "../app/harness.ts";
import { freshDatabase } from "../helpers/database.ts";
import { append, digests, ed25519, makeLog, naiveRoot, start } from "./world.ts";

let pool: Pool;
let log: Log;
let app: App;
let other: Log;
const witnessKey = ed25519();

beforeAll(async () => {
  ({ pool } = await freshDatabase());
  log = await makeLog(pool);
  other = await makeLog((await freshDatabase()).pool, "C14010");
  const witness: Witness = {
    pool,
    centre: "C46010",
    ...witnessKey,
    now: () => start,
    logKeys: async (origin) => (origin === "cunzheng/C14010/1" ? [other.publicKey] : []),
  };
  ({ app } = await buildTestApp(pool, [logRoutes as unknown as Domain], {
    context: { centreLog: log, witness } as Partial<LogContext>,
  }));
  await append(pool, digests(0, 300));
});
afterAll(() => app.close());

const get = (path: string) => app.inject({ url: `/log/${path}` });

describe("the log over HTTP", () => {
  it("shows nothing before it is closed and signed", async () => {
    expect((await get("1/checkpoint")).json().code).toBe("NOT_FOUND");
    expect((await get("1/tile/0/000")).json().code).toBe("NOT_FOUND");
  });

  it("serves its newest checkpoint, never from a cache", async () => {
    await sequence(log);
    const answer = await get("1/checkpoint");
    expect([answer.statusCode, answer.headers["content-type"], answer.headers["cache-control"]]).toEqual([
      200,
      "text/plain; charset=utf-8",
      "no-cache",
    ]);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
    const checkpoint = readCheckpoint(answer.body);
    expect(checkpoint.size).toBe(300);
    expect(await signedByLog(checkpoint, log.publicKey)).toBe(true);
  });

  it("serves tiles from which anybody computes the root again", async () => {
    const tiles = new Map<string, Uint8Array>();
    for (const [path, key] of [
      ["0/000", tileKey(0, 0)],
      ["0/001.p/44", tileKey(0, 1)],
      ["1/000.p/1", tileKey(1, 0)],
    ] as const) {
      const answer = await get(`1/tile/${path}`);
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "application/octet-stream"]);
      expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      tiles.set(key, answer.rawPayload);
    }
    const root = rootOf(
      300,
      readerOver((level, index) => tiles.get(tileKey(level, index))),
    );
    expect(equal(root, naiveRoot(digests(0, 300)))).toBe(true);
  });

  it("keeps a partial tile what it was when it has grown", async () => {
    const before = (await get("1/tile/0/001.p/44")).rawPayload;
    await append(pool, digests(300, 10));
    await sequence(log);
    expect((await get("1/tile/0/001.p/44")).rawPayload.equals(before)).toBe(true);
    expect((await get("1/tile/0/001.p/54")).rawPayload.subarray(0, before.length).equals(before)).toBe(true);
  });

  it("has no tile under another name, of another width or of another epoch", async () => {
    for (const path of [
      "1/tile/0/001",
      "1/tile/0/001.p/55",
      "1/tile/0/001.p/0",
      "1/tile/0/000.p/256",
      "1/tile/0/000.p/257",
      "1/tile/0/000.p/01",
      "1/tile/0/0",
      "1/tile/0/x000/000",
      "1/tile/0/x001/000",
      "1/tile/0/999",
      "1/tile/7/000",
      "1/tile/entries/000",
      "1/tile/-1/000",
      "2/tile/0/000",
      "01/tile/0/000",
      "99999999999999/tile/0/000",
      "1/tile/0/x999/x999/x999/x999/999",
      "1/tile/0/..%2f000",
      "0/checkpoint",
      "2/checkpoint",
      "1e0/checkpoint",
      "99999999999999/checkpoint",
      "1.0/checkpoint",
    ]) {
      const answer = await get(path);
      expect([path, answer.statusCode, answer.json().code]).toEqual([path, 404, "NOT_FOUND"]);
    }
  });
});

describe("the witness over HTTP", () => {
  it("cosigns for another centre, from any place and without a session, and shows what it has cosigned", async () => {
    await app.listen({ port: 0, host: "127.0.0.1" });
    const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    const ask = async (body: string) => {
      const answer = await fetch(`${origin}/log/witness/add-checkpoint`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body,
      });
      return { status: answer.status, body: await answer.text() };
    };
    await append(other.pool, digests(0, 3));
    await sequence(other);
    expect((await get("witness/C14010/1")).json().code).toBe("NOT_FOUND");
    const witness = { centre: "C46010", keys: [witnessKey.publicKey] };
    expect(await collectCosignature(other, witness, ask)).toBe(3);
    expect(readCheckpoint((await get("witness/C14010/1")).body)).toMatchObject({
      origin: "cunzheng/C14010/1",
      size: 3,
    });
    const stale = await app.inject({
      method: "POST",
      url: "/log/witness/add-checkpoint",
      headers: { "content-type": "text/plain" },
      payload: `old 0\n\n${(await get("witness/C14010/1")).body}`,
    });
    expect([stale.statusCode, stale.headers["content-type"], stale.body]).toEqual([409, "text/x.tlog.size", "3\n"]);
    for (const [payload, status] of [
      ["", 400],
      ["old 0\n\nnonsense", 400],
      ["x".repeat(70_000), 413],
    ] as const)
      expect(
        (
          await app.inject({
            method: "POST",
            url: "/log/witness/add-checkpoint",
            headers: { "content-type": "text/plain" },
            payload,
          })
        ).statusCode,
      ).toBe(status);
  });
});
