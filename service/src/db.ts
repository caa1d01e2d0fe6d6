// Postgres: the pool, transactions and migrations. SQL itself lives in the stores and in service/migrations.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";
import { invariant } from "./errors.ts";

/** What a store needs to ask a question: a pool or the client of a running transaction. */
export type Queryable = Pick<pg.ClientBase, "query">;
/** The client of a running transaction. */
export type Transaction = pg.PoolClient;
export type Pool = pg.Pool;

// Whole numbers of 64 bits are bigint in code: fen never pass through a float.
const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === pg.types.builtins.INT8 && format !== "binary") return BigInt as never;
    // A calendar day is a string YYYY-MM-DD: a Date would shift it by the time zone.
    if (oid === pg.types.builtins.DATE) return ((text: string) => text) as never;
    return pg.types.getTypeParser(oid, format as "text");
  },
};

export interface PoolOptions {
  url: string;
  max?: number;
  /** shown in pg_stat_activity */
  name?: string;
  onError?: (error: Error) => void;
}

/** A pool of connections. Connections lost while idle are reported to `onError` and replaced at the next use. */
export function createPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? 10,
    application_name: options.name ?? "cunzheng",
    types: typeParsers,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    options: "-c timezone=UTC -c statement_timeout=120000 -c idle_in_transaction_session_timeout=60000",
  });
  // Without a handler a stopped server would end the process with an uncaught error.
  pool.on("error", (error) => options.onError?.(error));
  return pool;
}

export interface TransactionOptions {
  isolation?: "read committed" | "repeatable read" | "serializable";
  readOnly?: boolean;
}

/**
 * Runs `work` in one transaction. Serialization failures and deadlocks are tried again up to five times, so `work` must
 * do nothing outside the database. When the answer to COMMIT is lost, the error says so: the caller asks, never assumes.
 */
export async function transaction<T>(
  pool: Pool,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const mode = `isolation level ${options.isolation ?? "read committed"}${options.readOnly ? " read only" : ""}`;
  for (let attempt = 1; ; attempt++) {
    const client = await pool.connect();
    let broken: Error | undefined;
    // A server that stops while we hold the client emits here; the running query fails with the same cause.
    const onError = (error: Error) => (broken = error);
    client.on("error", onError);
    try {
      await client.query(`begin ${mode}`);
      const result = await work(client);
      await client.query("commit");
      return result;
    } catch (error) {
      await client.query("rollback").catch((rollbackError: Error) => (broken = rollbackError));
      if (!(isRetryable(error) && attempt < 5)) throw error;
    } finally {
      client.off("error", onError);
      client.release(broken);
    }
  }
}

function isRetryable(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === "40001" || code === "40P01";
}

/**
 * Many values as one parameter: their bytes one after the other, and where each begins (from 1, as SQL counts) and how long it
 * is. An array of bytea or of long texts goes over as escaped text, which costs both ends more than the rest of an insert;
 * `substring($n from f for l)` takes the values out again.
 */
export function packed(values: readonly Uint8Array[]): { bytes: Buffer; from: number[]; length: number[] } {
  let at = 1;
  const from = values.map((value) => (at += value.length) - value.length);
  return { bytes: Buffer.concat(values), from, length: values.map((value) => value.length) };
}

/** True for "this row is there already" on the named constraint (or any, when none is named). */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const e = error as { code?: unknown; constraint?: unknown };
  return e?.code === "23505" && (constraint === undefined || e.constraint === constraint);
}

const migrationsFolder = new URL("../migrations/", import.meta.url);

/**
 * Brings the database to the newest schema: every file of service/migrations once, in the order of its number, each in
 * its own transaction. Replicas that start together wait for each other. A second call changes nothing.
 * @throws when a file that was applied has been edited since, or is missing: migrations go forward only
 */
export async function migrate(pool: Pool, folder: URL = migrationsFolder): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort();
  const applied: string[] = [];
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock(hashtext('cunzheng.migrate'))");
    await client.query(
      "create table if not exists schema_migration (name text primary key, sha256 bytea not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ name: string; sha256: Buffer }>("select name, sha256 from schema_migration");
    const known = new Map(rows.map((row) => [row.name, row.sha256]));
    for (const name of known.keys()) invariant(files.includes(name), `migration ${name} was applied and is missing`);
    for (const name of files) {
      const sql = await readFile(new URL(name, folder), "utf8");
      const digest = createHash("sha256").update(sql).digest();
      const before = known.get(name);
      if (before) {
        invariant(before.equals(digest), `migration ${name} was edited after it was applied`);
        continue;
      }
      await client.query("begin");
      try {
        await client.query(sql);
        await client.query("insert into schema_migration (name, sha256) values ($1, $2)", [name, digest]);
        await client.query("commit");
      } catch (error) {
        await client.query("rollback");
        throw new Error(`migration ${name} failed`, { cause: error });
      }
      applied.push(name);
    }
  } finally {
    await client.query("select pg_advisory_unlock(hashtext('cunzheng.migrate'))").catch(() => undefined);
    client.release();
  }
  return applied;
}
