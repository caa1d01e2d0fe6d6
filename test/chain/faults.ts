// Faults in pairs: what fails before it is done, and what fails after it was done, when only the answer is lost.
import { httpTransport } from "../../service/src/chain/client.ts";
import type { Transport } from "../../service/src/chain/client.ts";
import type { Pool } from "../../service/src/db.ts";

/** Fails the first request with this method: before it is carried out, or after, when its answer is lost. */
export function breakingOnce(
  url: string,
  method: string,
  done: boolean,
): { transport: Transport; happened(): boolean } {
  const send = httpTransport(url, 5_000);
  let happened = false;
  return {
    happened: () => happened,
    async transport(body) {
      if (happened || !body.includes(`"${method}"`)) return send(body);
      happened = true;
      if (done) await send(body);
      throw new Error("the connection was cut");
    },
  };
}

const statements = {
  storeSigned: /set state = 'signed', account/,
  markSent: /set sent_at =/,
  storeOutcomes: /set state = o\.state/,
};

/** A pool whose first such statement fails: before it is carried out, or after its commit. */
export function poolBreakingOnce(
  real: Pool,
  statement: keyof typeof statements,
  done: boolean,
): { pool: Pool; happened(): boolean } {
  let happened = false;
  let pending = false;
  const wrap =
    (query: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      const text = String(args[0]);
      const hit = !happened && statements[statement].test(text);
      if (hit && !done) {
        happened = true;
        throw new Error("the connection was cut");
      }
      const result = await query(...args);
      if (hit) pending = true;
      // Inside a transaction the loss that matters is that of the answer to COMMIT; outside, that of the statement.
      if (pending && (text === "commit" || (hit && statement !== "storeSigned"))) {
        pending = false;
        happened = true;
        throw new Error("the answer was lost");
      }
      return result;
    };
  const pool = new Proxy(real, {
    get(target, name) {
      if (name === "query") return wrap(target.query.bind(target) as never);
      if (name === "connect")
        return async () => {
          const client = await target.connect();
          return new Proxy(client, {
            get(inner, member) {
              if (member === "query") return wrap(inner.query.bind(inner) as never);
              const value = Reflect.get(inner, member) as unknown;
              return typeof value === "function" ? value.bind(inner) : value;
            },
          });
        };
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { pool, happened: () => happened };
}
