// Before any test: one embedded Postgres for the whole run, and a template database with all migrations.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { createPool, migrate } from "../../service/src/db.ts";
import { startPostgres } from "../../scripts/stack/postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** address of the server's maintenance database */
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-test-"));
  fs.chmodSync(dir, 0o755);
  // Unit tests ask what the SQL does, not what survives a power cut: the kill tests use a durable server of their own.
  const postgres = await startPostgres({
    dir,
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
  });
  await postgres.createDatabase("template_migrated");
  const pool = createPool({ url: postgres.url("template_migrated"), max: 1 });
  await migrate(pool);
  await pool.end();
  project.provide("postgresUrl", postgres.url("postgres"));
  return async () => {
    await postgres.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  };
}
