// How the log is read (C2SP tlog-tiles) and how other logs are witnessed (C2SP tlog-witness).
import type { AppContext } from "../app.ts";
import { DomainError } from "../errors.ts";
import type { App } from "../http.ts";
import type { Log } from "./log.ts";
import { noteAt } from "./log.ts";
import * as store from "./store.ts";
import { hashLength, tileKey, tileWidth } from "./tiles.ts";
import { addCheckpoint } from "./witness.ts";
import type { Witness } from "./witness.ts";
import { witnessedNote } from "./witness-store.ts";

/** `x001/x234/067` in the path of a tile: groups of three digits, all but the last with an x before them, none to spare. */
function tileNumber(text: string): number | undefined {
  if (!/^(?:x[0-9]{3}\/){0,4}[0-9]{3}$/.test(text) || text.startsWith("x000/")) return undefined;
  return Number(text.replaceAll(/[x/]/g, ""));
}

const epochForm = /^[1-9][0-9]{0,8}$/;

export interface LogContext extends AppContext {
  centreLog: Log;
  witness: Witness;
}

export async function logRoutes(app: App, { centreLog: log, witness }: LogContext): Promise<void> {
  app.addContentTypeParser("text/plain", { parseAs: "string", bodyLimit: 64 * 1024 }, (_request, body, done) =>
    done(null, body),
  );

  app.get<{ Params: { epoch: string } }>(
    "/log/:epoch/checkpoint",
    { schema: { hide: true } },
    async (request, reply) => {
      const { epoch } = request.params;
      const checkpoint = epochForm.test(epoch) && (await store.newestCheckpoint(log.pool, Number(epoch)));
      if (!checkpoint) throw new DomainError("NOT_FOUND");
      return reply
        .type("text/plain; charset=utf-8")
        .header("Cache-Control", "no-cache")
        .send(await noteAt(log, log.pool, checkpoint));
    },
  );

  app.get<{ Params: { epoch: string; level: string; "*": string } }>(
    "/log/:epoch/tile/:level/*",
    { schema: { hide: true } },
    async (request, reply) => {
      const { epoch, level } = request.params;
      const match = /^(.*?)(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(request.params["*"]);
      const index = tileNumber(match?.[1] ?? "");
      const width = match?.[2] === undefined ? tileWidth : Number(match[2]);
      if (
        !/^[0-6]$/.test(level) ||
        !epochForm.test(epoch) ||
        index === undefined ||
        match?.[2] === "256" ||
        width > tileWidth
      )
        throw new DomainError("NOT_FOUND");
      const id = { level: Number(level), index };
      const hashes = (await store.readTiles(log.pool, Number(epoch), [id])).get(tileKey(id.level, id.index));
      if (!hashes || hashes.length < width * hashLength) throw new DomainError("NOT_FOUND");
      return reply
        .type("application/octet-stream")
        .header("Cache-Control", "public, max-age=31536000, immutable")
        .send(hashes.subarray(0, width * hashLength));
    },
  );

  // The newest note of another log that this centre cosigned, with that log's own signature: when an answer of ours makes a
  // log stop, it can show why.
  app.get<{ Params: { centre: string; epoch: string } }>(
    "/log/witness/:centre/:epoch",
    { schema: { hide: true } },
    async (request, reply) => {
      const { centre, epoch } = request.params;
      const note = await witnessedNote(witness.pool, `cunzheng/${centre}/${epoch}`);
      if (note === undefined) throw new DomainError("NOT_FOUND");
      return reply.type("text/plain; charset=utf-8").header("Cache-Control", "no-cache").send(note);
    },
  );

  app.post<{ Body: string }>(
    "/log/witness/add-checkpoint",
    { bodyLimit: 64 * 1024, config: { anyOrigin: true }, schema: { hide: true } },
    async (request, reply) => {
      const answer = await addCheckpoint(witness, typeof request.body === "string" ? request.body : "");
      const type = answer.status === 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8";
      return reply.status(answer.status).type(type).send(answer.body);
    },
  );
}
