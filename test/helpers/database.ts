// A fresh database for a test, cloned from the migrated template in a few tens of milliseconds.
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { createPool } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";

const opened: { name: string; pool: Pool }[] = [];

// Registered while the test file is read: vitest drops what is registered inside a hook or a test.
afterAll(async () => {
  const admin = inject("postgresUrl");
  for (const { name, pool } of opened.splice(0)) {
    if (!pool.ended) await pool.end();
    await asAdmin(admin, (client) => client.query(`drop database if exists ${name} with (force)`));
  }
});

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
  opened.push({ name, pool });
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
