// Faults in pairs: a statement that fails before it is carried out, and one that is carried out and whose answer is lost.
import type { Pool } from "../../service/src/db.ts";

/**
 * A pool whose first statement that matches fails: `done` says whether it was carried out before. With "commit" as the
 * pattern that is the two ways in which a transaction can end badly.
 */
export function failingOnce(real: Pool, pattern: RegExp, done: boolean): { pool: Pool; happened: () => boolean } {
  let happened = false;
  const wrap =
    (query: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      const given = args[0] as unknown as string | { text: string };
      const hit = !happened && pattern.test(typeof given === "string" ? given : given.text);
      if (hit) happened = true;
      if (hit && !done) throw new Error("the connection was cut");
      const result = await query(...args);
      if (hit) throw new Error("the answer was lost");
      return result;
    };
  const withQuery = <T extends object>(target: T, more: Record<PropertyKey, unknown> = {}): T =>
    new Proxy(target, {
      get(inner, name) {
        if (name in more) return more[name];
        const value = Reflect.get(inner, name) as unknown;
        if (name === "query") return wrap((value as (...args: never[]) => Promise<unknown>).bind(inner));
        return typeof value === "function" ? value.bind(inner) : value;
      },
    });
  const pool = withQuery(real, { connect: async () => withQuery(await real.connect()) });
  return { pool, happened: () => happened };
}
