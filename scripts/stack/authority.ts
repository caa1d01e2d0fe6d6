// The development authority: a time-stamping authority for all centres and the revocation lists of the development root and of
// its intermediate, over HTTP as real ones are. What it signs says DEVELOPMENT on its face, and a production start refuses it.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { createDevelopmentRevocationList } from "../../service/src/sealing/development-authority.ts";
import { createDevelopmentTimeStamps } from "../../service/src/sealing/development-time-stamps.ts";
import type { AuthorityKeys } from "./keys.ts";

export interface DevelopmentAuthority {
  port: number;
  /** where time-stamps are asked for */
  timeStampUrl: string;
  /** where the revocation lists are */
  listUrls: string[];
  /** Takes no more requests and ends those under way. */
  stop(): Promise<void>;
}

const largestRequest = 4096;
/** A list is made anew when it is this old, in milliseconds: long before it ends. */
const listAgeMs = 3_600_000;

/** Serves on this port of the loopback address, or on a free one when it is taken or not given. */
export async function startAuthority(options: {
  keys: AuthorityKeys;
  port?: number;
  now: () => Date;
}): Promise<DevelopmentAuthority> {
  const { keys, now } = options;
  const stamps = createDevelopmentTimeStamps(keys.timeStamps, { now });
  const lists = new Map(
    Object.entries({ "/root.crl": keys.root, "/intermediate.crl": keys.intermediate }).map(([path, issuer]) => {
      let made: { at: number; der: Buffer } | undefined;
      const current = () => {
        const at = now().getTime();
        if (!made || at - made.at > listAgeMs) made = { at, der: createDevelopmentRevocationList(issuer, { now }) };
        return made.der;
      };
      return [path, current];
    }),
  );

  const server = http.createServer((request, response) => {
    const list = request.method === "GET" ? lists.get(request.url ?? "") : undefined;
    const answer = (status: number, type: string, body: Uint8Array | string) =>
      response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
    if (list) return answer(200, "application/pkix-crl", list());
    if (request.method !== "POST" || request.url !== "/tsa")
      return answer(404, "text/plain", "DEVELOPMENT authority\n");
    const parts: Buffer[] = [];
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
      if (length <= largestRequest) parts.push(part);
    });
    request.on("end", () => {
      if (length > largestRequest) return answer(413, "text/plain", "too large\n");
      return answer(200, "application/timestamp-reply", stamps.answer(Buffer.concat(parts)));
    });
  });
  const port = await listen(server, options.port ?? 0).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    return listen(server, 0);
  });
  const origin = `http://127.0.0.1:${port}`;
  return {
    port,
    timeStampUrl: `${origin}/tsa`,
    listUrls: [...lists.keys()].map((path) => `${origin}${path}`),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: http.Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
