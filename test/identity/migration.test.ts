import { describe, expect, it } from "vitest";
import { freshDatabase } from "../helpers/database.ts";

describe("the identity and notices schema", async () => {
  const { pool } = await freshDatabase();

  it("makes one pepper of its own, and keeps sign-in events as they were written", async () => {
    const { rows } = await pool.query("select length(pepper) as length from sign_in_pepper");
    expect(rows).toEqual([{ length: 32 }]);
    await expect(pool.query("delete from sign_in_event")).rejects.toMatchObject({ code: "CZ020" });
    await expect(pool.query("truncate sign_in_event")).rejects.toMatchObject({ code: "CZ020" });
  });

  it("refuses a settled message that still carries its text", async () => {
    const insert = (channel: string, state: string) =>
      pool.query(
        `insert into notice (id, channel, purpose, recipient, text, state, next_at, created_at, expires_at, settled_at)
         values ('ntc_' || md5($1 || $2), $1, 'sign_in_code', '13800000000', 'text', $2, now(), now(), now(), now())`,
        [channel, state],
      );
    await expect(insert("sms", "delivered")).rejects.toMatchObject({ constraint: "notice_text_only_while_needed" });
    await expect(insert("development", "expired")).rejects.toMatchObject({
      constraint: "notice_text_only_while_needed",
    });
    await insert("development", "delivered");
  });
});
