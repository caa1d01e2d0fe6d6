import http from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { SignJWT, UnsecuredJWT, decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { askPeer, memberOf, otherCentres, textOf } from "../../service/src/peers/peer.ts";
import type { Peers } from "../../service/src/peers/peer.ts";
import type { TrustList } from "../../service/src/proof/trust-list.ts";
import { freshDatabase } from "../helpers/database.ts";
import { member, peersOf, trustListOf } from "../helpers/members.ts";

const clock = { now: new Date("2026-11-22T02:00:00Z") };
const [asker, asked, third] = [member("C46010"), member("C14010"), member("C63010")] as const;
const path = "/api/v1/members/blacklist/feed?after=3";
let list: TrustList;
let from: Peers;
let to: Peers;
/** what the last request to the asked centre looked like */
let seen: { authorization: string | undefined; method: string; path: string; body?: string };
let answer: (response: http.ServerResponse) => void;
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part: Buffer) => (body += part.toString("utf8")));
  request.on("end", () => {
    seen = {
      authorization: request.headers.authorization,
      method: request.method!,
      path: request.url!,
      ...(body ? { body } : {}),
    };
    answer(response);
  });
});

beforeAll(async () => {
  const { pool } = await freshDatabase();
  list = trustListOf([asker, asked, third]);
  from = peersOf(asker, pool, list, () => clock.now);
  to = peersOf(asked, pool, list, () => clock.now);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

beforeEach(() => {
  list = Object.assign(list, trustListOf([asker, asked, third]));
  list.centres[1]!.serviceUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answer = (response) => response.end("{}");
});

const send = (request: Parameters<typeof askPeer>[2] = { method: "GET", path }) =>
  askPeer(from, list.centres[1]!, request);
const refused = (request: Parameters<typeof memberOf>[1]) =>
  expect(memberOf(to, request)).rejects.toMatchObject({ code: "MEMBER_NOT_RECOGNISED" });
const at = () => Math.floor(clock.now.getTime() / 1000);
const emptyBody = createHash("sha256").digest("base64url");

/** A token as a member makes it, with whatever a test changes. */
function token(changes: Record<string, unknown> = {}, key = asker.memberKey): Promise<string> {
  const claims = {
    iss: asker.code,
    aud: asked.code,
    iat: at(),
    exp: at() + 60,
    htm: "GET",
    htu: path,
    body: emptyBody,
    jti: String(Math.random()),
    ...changes,
  };
  return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA" }).sign(key);
}
const withToken = async (made: Promise<string> | string) => ({
  authorization: `Cunzheng-Member ${await made}`,
  method: "GET",
  path,
});

describe("a signed request", () => {
  it("says who sent it, once", async () => {
    await send();
    expect(await memberOf(to, seen)).toBe("C46010");
    await refused(seen);
  });

  it("is accepted once even when it comes ten times at the same moment", async () => {
    await send();
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => memberOf(to, seen)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("covers its body", async () => {
    await send({ method: "POST", path, body: '{"a":1}' });
    await refused({ ...seen, body: '{"a":2}' });
    await refused({ ...seen, body: undefined as never });
    expect(await memberOf(to, seen)).toBe("C46010");
  });

  it("covers its method and its path with the query", async () => {
    await send();
    await refused({ ...seen, method: "POST" });
    await refused({ ...seen, path: "/api/v1/members/blacklist/feed?after=4" });
    await refused({ ...seen, path: "/api/v1/members/blacklist/feed" });
    expect(await memberOf(to, seen)).toBe("C46010");
  });

  it("is meant for one centre", async () => {
    await send();
    const elsewhere = { ...to, centre: third.code };
    await expect(memberOf(elsewhere, seen)).rejects.toMatchObject({ code: "MEMBER_NOT_RECOGNISED" });
    await refused(await withToken(token({ aud: third.code })));
  });

  it("is good for a minute and the drift of two clocks", async () => {
    await refused(await withToken(token({ iat: at() - 80, exp: at() - 20 })));
    await refused(await withToken(token({ iat: at() + 30, exp: at() + 90 })));
    expect(await memberOf(to, await withToken(token({ iat: at() - 65, exp: at() - 5 })))).toBe("C46010");
    // A longer life would outlast our memory of it.
    await refused(await withToken(token({ exp: at() + 86_400 })));
    await refused(await withToken(token({ exp: 1e15 })));
  });

  it("stays refused the second time for as long as it could be accepted", async () => {
    await send();
    await memberOf(to, seen);
    const before = clock.now;
    for (const seconds of [1, 30, 59, 69]) {
      clock.now = new Date(before.getTime() + seconds * 1000);
      await refused(seen);
    }
    clock.now = new Date(before.getTime() + 3_600_000);
    await send();
    await memberOf(to, seen);
    const { rows } = await to.pool.query("select token_id from member_request");
    expect(rows).toEqual([{ token_id: decodeJwt(seen.authorization!.split(" ")[1]!).jti }]);
  });

  it("is refused without a signature, or with somebody else's", async () => {
    const claims = {
      iss: asker.code,
      aud: asked.code,
      iat: at(),
      exp: at() + 60,
      htm: "GET",
      htu: path,
      body: emptyBody,
      jti: "x",
    };
    await refused(await withToken(new UnsecuredJWT(claims).encode()));
    await refused(await withToken(token({}, third.memberKey)));
    await refused(await withToken(token({ iss: third.code })));
    const secret = new TextEncoder().encode(asker.publicKey);
    await refused(await withToken(new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret)));
  });

  it("is refused from nobody, from ourselves and from who is no member any more", async () => {
    await refused(await withToken(token({ iss: "C99999" })));
    await refused(await withToken(token({ iss: asked.code }, asked.memberKey)));
    await send();
    list.centres[0]!.removed = true;
    await refused(seen);
    expect((await otherCentres(to)).map(({ code }) => code)).toEqual(["C63010"]);
  });

  it("is refused by a key that is not begun, retired or distrusted", async () => {
    const key = list.centres[0]!.keys[0]!;
    for (const dates of [{ from: at() + 1 }, { until: at() }, { distrustedSince: at() - 1 }]) {
      Object.assign(key, { from: 0, until: 0, distrustedSince: 0 }, dates);
      await refused(await withToken(token()));
    }
    Object.assign(key, { from: at(), until: at() + 1, distrustedSince: 0 });
    expect(await memberOf(to, await withToken(token()))).toBe("C46010");
  });

  it("is refused when a claim is missing or of another kind", async () => {
    for (const missing of ["jti", "exp", "iat", "htm", "htu", "body", "iss", "aud"])
      await refused(await withToken(token({ [missing]: undefined })));
    await refused(await withToken(token({ jti: 7 })));
    await refused(await withToken(token({ jti: { a: 1 } })));
    await refused(await withToken(token({ htu: [path] })));
    for (const authorization of [
      undefined,
      "",
      "Bearer x",
      "Cunzheng-Member ",
      "Cunzheng-Member a.b.c",
      `Cunzheng-Member ${"x".repeat(5000)}`,
    ])
      await refused({ authorization, method: "GET", path });
  });
});

describe("asking a peer", () => {
  it("follows no redirect, and an outage has its cause", async () => {
    answer = (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    await expect(send()).rejects.toThrow("fetch failed");
    list.centres[1]!.serviceUrl = "http://127.0.0.1:1";
    await expect(send()).rejects.toMatchObject({ cause: expect.anything() as unknown });
  });

  it("takes in no more than it can bear", async () => {
    answer = (response) => response.end("x".repeat(10_000));
    expect(await textOf(await send(), 10_000)).toHaveLength(10_000);
    await expect(textOf(await send(), 9_999)).rejects.toThrow("an answer of more than 9999 bytes");
  });
});
