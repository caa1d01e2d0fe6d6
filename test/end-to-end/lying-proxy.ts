// A centre's service that lies: a proxy in front of the real one that hands most things on and answers some as it likes.
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { TrustList } from "../../service/src/proof/trust-list.ts";
import { checkpointAnchoredTopic, isRevokedSelector, revokedTopic } from "../../service/src/verify/chain.ts";

export interface Lies {
  /** changes the trust list in place */
  trustList?: (list: TrustList) => void;
  /** given for every receipt that is asked for */
  receipt?: unknown;
  /** root (hex) that the chain is said to hold at every size that is asked about */
  root?: { value: string; block: number };
  /** says of every certificate that it is not revoked */
  nothingRevoked?: boolean;
}

interface Call {
  id: number;
  method: string;
  params: unknown[];
}

/** @param target the honest service, which this one pretends to be */
export async function startLyingProxy(target: string, lies: Lies): Promise<{ url: string; close(): Promise<void> }> {
  const answer = async (method: string, path: string, body: string): Promise<{ status: number; text: string }> => {
    const honest = async () => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(target + path, method === "GET" ? {} : { method, headers, body });
      return { status: response.status, text: await response.text() };
    };
    if (path === "/api/v1/trust-list" && lies.trustList) {
      const list = JSON.parse((await honest()).text) as TrustList;
      lies.trustList(list);
      return { status: 200, text: JSON.stringify(list) };
    }
    if (path.startsWith("/api/v1/receipts/") && lies.receipt)
      return { status: 200, text: JSON.stringify({ receipt: lies.receipt }) };
    if (path === "/api/v1/chain") {
      const call = JSON.parse(body) as Call;
      const result = lieAbout(lies, call);
      if (result !== undefined) return { status: 200, text: JSON.stringify({ jsonrpc: "2.0", id: call.id, result }) };
    }
    return honest();
  };
  const server = http.createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { status, text } = await answer(request.method!, request.url!, Buffer.concat(chunks).toString());
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function lieAbout({ root, nothingRevoked }: Lies, { method, params }: Call): unknown {
  const asked = params[0] as { address?: string; topics?: string[]; data?: string };
  if (method === "eth_getLogs" && root && asked.topics?.[0] === checkpointAnchoredTopic)
    return [
      {
        address: asked.address,
        topics: asked.topics,
        data: `0x${root.value}`,
        blockNumber: `0x${root.block.toString(16)}`,
        logIndex: "0x0",
        removed: false,
      },
    ];
  if (!nothingRevoked) return undefined;
  if (method === "eth_call" && asked.data?.startsWith(isRevokedSelector)) return `0x${"0".repeat(64)}`;
  if (method === "eth_getLogs" && asked.topics?.[0] === revokedTopic) return [];
  return undefined;
}
