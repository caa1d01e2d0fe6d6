import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpSources } from "../../service/src/verify/http-sources.ts";

let url = "";
const server = http.createServer((request, response) => {
  const json = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const path = request.url ?? "";
  if (path.endsWith("/trust-list")) json(200, { block: 1 });
  else if (path.endsWith("/by-seal/aa")) json(200, { receipt: { index: 1 } });
  else if (path.endsWith("/by-seal/bb")) json(404, { code: "RECEIPT_NOT_FOUND" });
  else if (path.endsWith("/by-seal/cc")) json(404, { code: "NOT_FOUND" });
  else if (path.endsWith("/by-seal/dd")) response.writeHead(404).end("<html>");
  else if (path.endsWith("/by-seal/ee")) response.writeHead(302, { location: "/api/v1/receipts/by-seal/aa" }).end();
  else if (path.endsWith("/by-seal/ff")) json(200, {});
  else if (path.endsWith("/by-seal/10")) json(200, { receipt: { index: 1 }, level: "B-LTA" });
  else if (path.endsWith("/by-seal/11")) json(200, { receipt: { index: 1 }, level: "B-X" });
  else if (path.endsWith("/by-seal/12")) json(200, { receipt: { index: 1 }, level: "B-B", more: 1 });
  else if (path.endsWith("/by-token/00")) response.writeHead(200).end(Buffer.alloc(5_000_000, 0x20));
  else if (path.endsWith("/by-token/01")) response.writeHead(200).write("{");
  else if (path.endsWith("/by-token/02")) response.destroy();
  else {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      if (method === "bad") json(200, { jsonrpc: "2.0", id, error: { code: 1 } });
      else json(200, { jsonrpc: "2.0", id, result: method });
    });
  }
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const sources = httpSources([], { timeoutMs: 500 });

describe("sources over HTTP", () => {
  it("give what the centre answers", async () => {
    expect(await sources.trustList(url)).toEqual({ block: 1 });
    expect(await sources.receiptBySeal(url, "aa")).toEqual({ index: 1 });
    const calls = ["a", "b"].map((method) => ({ method, params: [] }));
    expect(await sources.chain(url, calls)).toEqual(["a", "b"]);
  });

  it("take only the centre's own word for it that there is no receipt", async () => {
    expect(await sources.receiptBySeal(url, "bb")).toBeNull();
    for (const other of ["cc", "dd", "ff"])
      await expect(sources.receiptBySeal(url, other)).rejects.toBeInstanceOf(Error);
  });

  it("take a receipt with or without one of the four levels, and no other answer", async () => {
    expect(await sources.receiptBySeal(url, "10")).toEqual({ index: 1 });
    for (const other of ["11", "12"]) await expect(sources.receiptBySeal(url, other)).rejects.toBeInstanceOf(Error);
  });

  it("follow no redirect", async () => {
    await expect(sources.receiptBySeal(url, "ee")).rejects.toBeInstanceOf(Error);
  });

  it("give up on what is endless, too long, broken off, refused or not http", async () => {
    for (const token of ["00", "01", "02"])
      await expect(sources.receiptByToken(url, token)).rejects.toBeInstanceOf(Error);
    await expect(sources.chain(url, [{ method: "bad", params: [] }])).rejects.toBeInstanceOf(Error);
    await expect(sources.trustList("file:///etc")).rejects.toBeInstanceOf(Error);
    await expect(sources.trustList("http://127.0.0.1:1")).rejects.toBeInstanceOf(Error);
  });
});
