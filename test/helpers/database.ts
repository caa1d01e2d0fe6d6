// A fresh database for a test file, cloned from the migrated template in a few tens of milliseconds.
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { createPool } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";

/** A migrated, empty database of its own; it is dropped after the test file. */
export async function freshDatabase(options: { max?: number } = {}): Promise<{ url: string; pool: Pool }> {
  const admin = inject("postgresUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdmin(admin, async (client) => {
    // Cloning needs the template to itself for a moment; other test workers clone it too, so they take turns.
    await client.query("select pg_advisory_lock(42)");
    await client.query(`create database ${name} template template_migrated`);
  });
  const url = admin.replace(/\/postgres$/, `/${name}`);
  const pool = createPool({ url, ...(options.max ? { max: options.max } : {}) });
  afterAll(async () => {
    await pool.end();
    await asAdmin(admin, (client) => client.query(`drop database if exists ${name} with (force)`));
  });
  return { url, pool };
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
