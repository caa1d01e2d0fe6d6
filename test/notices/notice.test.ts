import { randomBytes } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { transaction } from "../../service/src/db.ts";
import { createChannel } from "../../service/src/notices/channel.ts";
import { deliverNotices, maskPhone, sendNotice } from "../../service/src/notices/notice.ts";
import { noticeRoutes } from "../../service/src/notices/routes.ts";
import { buildTestApp, testConfig } from "../app/harness.ts";
import { freshDatabase } from "../helpers/database.ts";

describe("a message", async () => {
  const { pool } = await freshDatabase();
  const clock = { now: new Date("2026-11-22T08:00:00Z") };
  const now = () => clock.now;
  const later = (ms: number) => (clock.now = new Date(clock.now.getTime() + ms));
  const received: { id: string; to: string; text: string; authorization: string | undefined }[] = [];
  let answer = 200;
  let dropAnswer = false;
  const gateway = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({
        ...JSON.parse(Buffer.concat(chunks).toString("utf8")),
        authorization: request.headers.authorization,
      });
      if (dropAnswer) request.socket.destroy();
      else response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
  afterAll(() => new Promise((resolve) => gateway.close(resolve)));
  const sms = {
    provider: "gateway" as const,
    gatewayUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/send`,
    gatewayToken: "t0ken",
  };
  const channel = createChannel(testConfig({ sms }))!;
  const context = (provider: "gateway" | "development" | "none") => ({
    provider,
    now,
    random: (n: number) => randomBytes(n),
  });
  const send = (provider: "gateway" | "development" | "none" = "gateway", recipient: string | null = "13800000001") =>
    transaction(pool, (tx) =>
      sendNotice(
        tx,
        { purpose: "sign_in_code", personId: null, recipient, text: "code 123456", validSeconds: 300 },
        context(provider),
      ),
    );
  const row = async (id: string) =>
    (await pool.query("select state, text, recipient, recipient_masked, attempts from notice where id = $1", [id]))
      .rows[0];

  it("is delivered once with its id, and its text is forgotten then", async () => {
    const id = await send();
    expect(await deliverNotices(pool, channel, now)).toBe(1);
    expect(await deliverNotices(pool, channel, now)).toBe(0);
    expect(received).toEqual([{ id, to: "13800000001", text: "code 123456", authorization: "Bearer t0ken" }]);
    expect(await row(id)).toEqual({
      state: "delivered",
      text: null,
      recipient: null,
      recipient_masked: "138****0001",
      attempts: 1,
    });
  });

  it("exists only if the transaction that wrote it does", async () => {
    await expect(
      transaction(pool, async (tx) => {
        await sendNotice(
          tx,
          { purpose: "x_y", personId: null, recipient: "13800000001", text: "t", validSeconds: 60 },
          context("gateway"),
        );
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await deliverNotices(pool, channel, now)).toBe(0);
  });

  it("is tried again when the gateway fails: not taken, or taken and the answer lost; then with the same id", async () => {
    for (const failure of ["refused", "answer lost"]) {
      received.length = 0;
      answer = failure === "refused" ? 500 : 200;
      dropAnswer = failure === "answer lost";
      const id = await send();
      expect(await deliverNotices(pool, channel, now)).toBe(0);
      expect(await row(id)).toMatchObject({ state: "waiting", attempts: 1 });
      answer = 200;
      dropAnswer = false;
      expect(await deliverNotices(pool, channel, now)).toBe(0);
      later(4000);
      expect(await deliverNotices(pool, channel, now)).toBe(1);
      expect(received.map((message) => message.id)).toEqual([id, id]);
    }
  });

  it("is sent by the next sender after a crash between claim and answer", async () => {
    const id = await send();
    const crashed = { keepsText: false, send: () => new Promise<void>(() => undefined) };
    void deliverNotices(pool, crashed, now);
    for (let attempts = 0; attempts === 0;) attempts = (await row(id)).attempts;
    expect(await deliverNotices(pool, channel, now)).toBe(0);
    later(30_000);
    expect(await deliverNotices(pool, channel, now)).toBe(1);
    expect(await row(id)).toMatchObject({ state: "delivered", attempts: 2 });
  });

  it("is given up after five attempts, or when it is too late, and its text forgotten", async () => {
    answer = 500;
    const [failed, expired] = [await send(), await send()];
    await pool.query("update notice set expires_at = $2 where id = $1", [
      failed,
      new Date(clock.now.getTime() + 3_600_000),
    ]);
    for (let i = 0; i < 8; i++) {
      await deliverNotices(pool, channel, now);
      later(70_000);
    }
    answer = 200;
    expect(await row(failed)).toMatchObject({ state: "failed", text: null, recipient: null, attempts: 5 });
    expect((await row(expired)).text).toBeNull();
    const late = await send();
    later(300_000);
    expect(await deliverNotices(pool, channel, now)).toBe(0);
    expect(await row(late)).toMatchObject({ state: "expired", text: null, recipient: null });
  });

  it("to nobody, or with nothing to send it by, is withheld without its text", async () => {
    expect(await row(await send("gateway", null))).toMatchObject({ state: "withheld", text: null });
    expect(await row(await send("none"))).toMatchObject({
      state: "withheld",
      text: null,
      recipient_masked: "138****0001",
    });
  });

  it("of the development channel is shown until it expires, with the number masked", async () => {
    const { app, clock: appClock } = await buildTestApp(pool, [noticeRoutes]);
    const id = await send("development");
    const shown = async () => {
      appClock.now = clock.now;
      return (await app.inject("/api/v1/development/messages")).json().items as {
        id: string;
        recipient: string;
        text: string;
      }[];
    };
    expect((await shown())[0]).toMatchObject({ id, recipient: "138****0001", text: "code 123456" });
    await deliverNotices(pool, createChannel(testConfig())!, now);
    expect((await shown())[0]).toMatchObject({ id, text: "code 123456" });
    later(300_000);
    expect(await shown()).toEqual([]);
    await deliverNotices(pool, createChannel(testConfig())!, now);
    expect(await row(id)).toMatchObject({ state: "delivered", text: null, recipient: null });
    await app.close();
  });

  it("is never shown in production, nor with another channel", async () => {
    for (const config of [{ environment: "production" as const }, { sms }]) {
      const { app } = await buildTestApp(pool, [noticeRoutes], { config });
      expect((await app.inject("/api/v1/development/messages")).statusCode).toBe(404);
      await app.close();
    }
    expect(() => createChannel(testConfig({ environment: "production" }))).toThrow("refused in production");
    expect(createChannel(testConfig({ sms: { ...sms, provider: "none" } }))).toBeUndefined();
  });

  it("masks numbers of any length", () => {
    expect(["13812345678", "+8613812345678", "62791234", "1"].map(maskPhone)).toEqual([
      "138****5678",
      "+86****5678",
      "****34",
      "****1",
    ]);
  });
});
