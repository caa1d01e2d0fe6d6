// Databases of the benchmark's own Postgres. What is costly to fill is filled once, as a template that is keyed by the
// schema and by a version of what is in it; each sample gets a clone.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { Client } from "pg";
import { createPool, migrate } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";

const migrations = new URL("../../service/migrations/", import.meta.url);

/** Changes with every migration: data of an older schema is made anew. */
function schemaVersion(): string {
  const hash = createHash("sha256");
  for (const name of fs.readdirSync(migrations).sort())
    if (name.endsWith(".sql")) hash.update(fs.readFileSync(new URL(name, migrations)));
  return hash.digest("hex").slice(0, 8);
}

async function filledTables(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "select format('%I', relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  );
  const filled: string[] = [];
  for (const { name } of rows) if ((await pool.query(`select from ${name} limit 1`)).rowCount === 1) filled.push(name);
  return filled;
}

export interface Databases {
  /**
   * A template with this content, filled once and kept. Templates of the same name in older versions are dropped.
   * @param version what is in it, for example its size; other content is another version
   * @returns the database's name, for `clone`
   */
  template(name: string, version: string, fill: (pool: Pool) => Promise<void>): Promise<string>;
  /** a fresh copy of a template */
  clone(template: string): Promise<{ url: string; drop(): Promise<void> }>;
  close(): Promise<void>;
}

export async function openDatabases(databaseUrl: (database: string) => string): Promise<Databases> {
  const admin = new Client({ connectionString: databaseUrl("postgres") });
  await admin.connect();
  const names = async (prefix: string) =>
    (
      await admin.query<{ name: string }>("select datname as name from pg_database where starts_with(datname, $1)", [
        prefix,
      ])
    ).rows.map(({ name }) => name);
  const drop = (name: string) => admin.query(`drop database if exists ${name} with (force)`);
  // What an interrupted run left.
  for (const name of await names("bench_run_")) await drop(name);
  let clones = 0;

  return {
    async template(name, version, fill) {
      const database = `bench_${name}_${version}_${schemaVersion()}`;
      const found = await names(`bench_${name}_`);
      for (const other of found) if (other !== database) await drop(other);
      if (found.includes(database)) return database;
      // Filled under another name: one that was cut off in the middle is not taken for a whole one.
      const partial = `bench_run_fill_${name}`;
      await admin.query(`create database ${partial}`);
      const pool = createPool({ url: databaseUrl(partial), max: 2, name: "bench" });
      try {
        await migrate(pool);
        await fill(pool);
        // Not those that are empty: a plan for a table that is known to be empty reads all of it, and stays when it fills.
        for (const name of await filledTables(pool)) await pool.query(`vacuum analyze ${name}`);
      } finally {
        await pool.end();
      }
      await admin.query(`alter database ${partial} rename to ${database}`);
      return database;
    },
    async clone(template) {
      const name = `bench_run_${process.pid}_${clones++}`;
      await admin.query(`create database ${name} template ${template}`);
      // The copy itself is written out now, and not while a sample is timed.
      await admin.query("checkpoint");
      return {
        url: databaseUrl(name),
        async drop() {
          await drop(name);
        },
      };
    },
    close: () => admin.end(),
  };
}
