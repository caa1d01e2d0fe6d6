import { beforeAll, describe, expect, it } from "vitest";
import { auditBlacklist } from "../../service/src/blacklist/audit.ts";
import { auditRevocations } from "../../service/src/certificates/audit.ts";
import type { Pool } from "../../service/src/db.ts";
import { freshDatabase } from "../helpers/database.ts";

let pool: Pool;
beforeAll(async () => {
  ({ pool } = await freshDatabase());
});

const listing = "00".repeat(31) + "07";

describe("the auditor of the blacklist", () => {
  it("finds nothing where there is nothing", async () => {
    expect(await auditBlacklist(pool)).toEqual([]);
    expect(await auditRevocations(pool, "C46010")).toEqual([]);
  });

  it("names a confirmed case without opening, feed item and write to the chain", async () => {
    await pool.query(
      `insert into blacklist_case (id, document_type, document_number, person_name, rule, conduct, legal_basis,
         evidence_digest, starts_on, ends_on, opened_by, opened_at, confirmed_by, confirmed_at, listing_id)
       values ('case_0123456789abcdefghjk', '01', '000101199003070012', '林海棠', 'ART41_LOAN', 'x', 'y',
         decode(repeat('00', 32), 'hex'), '2026-10-01', '2031-09-30', 'staff_a', now(), 'staff_b', now(), decode($1, 'hex'))`,
      [listing],
    );
    expect((await auditBlacklist(pool)).map(({ check }) => check)).toEqual([
      "blacklist.case_has_opening",
      "blacklist.case_has_feed_item",
      "blacklist.case_was_sent",
    ]);
  });
});
