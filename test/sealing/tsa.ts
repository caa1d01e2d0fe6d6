// A time-stamping authority that does to us what real ones do: answers, answers late, nothing, garbage, too much, or a token
// over something else. It is a real HTTP server with real tokens; only its mood is ours.
import { randomBytes, X509Certificate } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import {
  createDevelopmentIntermediate,
  createDevelopmentRevocationList,
  createDevelopmentRoot,
  createDevelopmentSeal,
  createDevelopmentTimeStampAuthority,
} from "../../service/src/sealing/development-authority.ts";
import type { Credential, SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import { createDevelopmentTimeStamps } from "../../service/src/sealing/development-time-stamps.ts";
import { sealKeyFromPem } from "../../service/src/sealing/keys.ts";
import { createSealer } from "../../service/src/sealing/seal.ts";
import { timeStampRequest } from "../../service/src/sealing/time-stamp.ts";
import { CENTRE } from "../pdf/sample.ts";

export const der = ({ certificatePem }: Pick<Credential, "certificatePem">): Buffer =>
  new X509Certificate(certificatePem).raw;

/** Root, intermediate, seal and time-stamping authority, and a sealer. */
export function makeAuthorities(now: () => Date, algorithm: SealAlgorithm = "P-256", years?: number) {
  const root = createDevelopmentRoot({ now });
  const intermediate = createDevelopmentIntermediate(root, { now });
  const seal = createDevelopmentSeal(intermediate, CENTRE, { now, algorithm });
  const tsa = createDevelopmentTimeStampAuthority(root, { now, algorithm, ...(years ? { years } : {}) });
  const chain = [intermediate, seal].map(({ certificatePem }) => certificatePem).join("\n");
  const lists = () => [root, intermediate].map((issuer) => createDevelopmentRevocationList(issuer, { now }));
  return { root, intermediate, seal, tsa, lists, sealer: createSealer(sealKeyFromPem(seal.keyPem, chain)) };
}

export type Mood = "good" | "silent" | "garbage" | "60 kB" | "1 MB" | "another digest" | "another nonce" | "500";

export interface TestAuthority {
  url: string;
  listUrls: string[];
  mood: Mood;
  /** answers with this key from now on */
  use(tsa: Credential): void;
  /** requests for time-stamps, and for lists */
  asked: { stamps: number; lists: number };
  /** refuses connections, as one that was killed; or takes them again */
  kill(): Promise<void>;
  revive(): Promise<void>;
}

export async function startTestAuthority(
  { intermediate, tsa, lists }: ReturnType<typeof makeAuthorities>,
  now: () => Date,
): Promise<TestAuthority> {
  let stamps = createDevelopmentTimeStamps(tsa, { now });
  // Seven certificates of some 8 kB: a token that is good, and 60 kB long.
  const heavy = () =>
    Array.from({ length: 7 }, () => der(createDevelopmentSeal(intermediate, "X".repeat(4_000), { now })));
  const server = http.createServer((request, response) => {
    const send = (body: Buffer, status = 200) => response.writeHead(status).end(body);
    if (request.method === "GET") {
      state.asked.lists++;
      return send(lists()[request.url === "/root.crl" ? 0 : 1]!);
    }
    state.asked.stamps++;
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const query = Buffer.concat(parts);
      if (state.mood === "silent") return;
      if (state.mood === "garbage") return send(randomBytes(900));
      if (state.mood === "1 MB") return send(Buffer.alloc(1 << 20, 0x30));
      if (state.mood === "500") return send(Buffer.from("sorry"), 500);
      if (state.mood === "60 kB") return send(createDevelopmentTimeStamps(tsa, { now, chain: heavy() }).answer(query));
      if (state.mood === "another digest") return send(stamps.answer(replaceDigest(query)));
      if (state.mood === "another nonce")
        return send(stamps.answer(timeStampRequest(digestIn(query), randomBytes(16))));
      return send(stamps.answer(query));
    });
  });
  const listen = (port: number) =>
    new Promise<number>((resolve) =>
      server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
    );
  const port = await listen(0);
  const origin = `http://127.0.0.1:${port}`;
  const state: TestAuthority = {
    url: `${origin}/tsa`,
    listUrls: [`${origin}/root.crl`, `${origin}/intermediate.crl`],
    mood: "good",
    asked: { stamps: 0, lists: 0 },
    use: (other) => void (stamps = createDevelopmentTimeStamps(other, { now })),
    kill: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    revive: async () => void (await listen(port)),
  };
  return state;
}

/** The request's digest is the OCTET STRING of 32 bytes: 04 20. */
const digestAt = (query: Buffer): number => query.indexOf(Buffer.from([0x04, 0x20])) + 2;
const digestIn = (query: Buffer): Buffer => query.subarray(digestAt(query), digestAt(query) + 32);

function replaceDigest(query: Buffer): Buffer {
  const other = Buffer.from(query);
  randomBytes(32).copy(other, digestAt(query));
  return other;
}
