// Two centres for the blacklist's tests: one lists and serves its feed over HTTP, one reads it. What the chain has is written
// down as the mirror does.
import { createHash, randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { syntheticIdNumber } from "../../scripts/demo/persons.ts";
import { encodeLift, encodeList } from "../../service/src/chain/blacklist.ts";
import type { LiftReason } from "../../service/src/chain/blacklist.ts";
import { mirrorAge } from "../../service/src/chain/mirror.ts";
import { enqueueWrite } from "../../service/src/chain/outbox.ts";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import type { Blacklist } from "../../service/src/blacklist/blacklist.ts";
import { confirmCase, openCase } from "../../service/src/blacklist/case.ts";
import type { NewCase } from "../../service/src/blacklist/case.ts";
import { checkPerson } from "../../service/src/blacklist/check.ts";
import type { CheckAnswer } from "../../service/src/blacklist/check.ts";
import { blacklistRoutes } from "../../service/src/blacklist/routes.ts";
import type { BlacklistContext } from "../../service/src/blacklist/routes.ts";
import type { Domain } from "../../service/src/app.ts";
import type { TrustList } from "../../service/src/proof/trust-list.ts";
import { buildTestApp } from "../app/harness.ts";
import { freshDatabase } from "../helpers/database.ts";
import { member, peersOf, trustListOf } from "../helpers/members.ts";
import type { Member } from "../helpers/members.ts";

export const start = new Date("2026-11-22T02:00:00Z");
export const tagSecret = createHash("sha256").update("tag key of the tests").digest();
export const idNumber = (n: number) => syntheticIdNumber(1, "19850101", n);

export interface Clock {
  now: Date;
}

export function blacklistOf(own: Member, pool: Pool, list: TrustList, clock: Clock): Blacklist {
  const now = () => clock.now;
  const random = (length: number) => randomBytes(length);
  const to = list.contracts.blacklist;
  const key = (id: Uint8Array) => Buffer.from(id).toString("hex");
  return {
    pool,
    centre: own.code,
    tagKey: { version: 1, secret: tagSecret },
    memberKey: own.memberKey,
    peers: peersOf(own, pool, list, now),
    traces: { centre: own.code, now, random },
    submit: {
      list: (tx, id, commitment) =>
        enqueueWrite(tx, { lane: "listing", key: `list/${key(id)}`, to, data: encodeList(id, commitment) }),
      lift: (tx, id, reason) =>
        enqueueWrite(tx, { lane: "listing", key: `lift/${key(id)}`, to, data: encodeLift(id, reason as LiftReason) }),
    },
    mirrorAge: async (db) => (await mirrorAge(db, now())) ?? null,
    oldestMirror: 600,
    now,
    random,
  };
}

/** The mirror stands at the chain's head now. */
export async function atHead(pool: Pool, now: Date): Promise<void> {
  await pool.query(
    `insert into chain_cursor (chain_id, registry, start_block, number, at_head_at) values (1, $1, 0, -1, $2)
     on conflict (only_one) do update set at_head_at = excluded.at_head_at`,
    [Buffer.alloc(20), now],
  );
}

let block = 100;
/** An event of the Blacklist contract, written down as the mirror does. */
export async function event(
  pool: Pool,
  name: "Listed" | "Suspended" | "Resumed" | "Lifted",
  listing: { centre: string; id: Uint8Array; commitment?: Uint8Array },
): Promise<void> {
  const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;
  block++;
  await pool.query("insert into chain_block (number, hash, time) values ($1, $2, $3)", [block, randomBytes(32), start]);
  await pool.query(
    `insert into chain_event (block_number, log_index, transaction_hash, address, contract, name, centre, args)
     values ($1, 0, $2, $3, 'Blacklist', $4, $5, $6)`,
    [
      block,
      randomBytes(32),
      Buffer.alloc(20, 4),
      name,
      listing.centre,
      {
        id: hex(listing.id),
        ...(listing.commitment ? { commitment: hex(listing.commitment) } : {}),
        ...(name === "Lifted" ? { reason: "2" } : {}),
      },
    ],
  );
}

export interface World {
  clock: Clock;
  list: TrustList;
  members: [Member, Member, Member];
  /** Hainan lists, Taiyuan reads */
  hainan: Blacklist;
  taiyuan: Blacklist;
}

export async function makeWorld(): Promise<World> {
  const clock = { now: start };
  const members: World["members"] = [member("C46010"), member("C14010"), member("C63010")];
  const list = trustListOf(members);
  // The third has no service of its own: tests that need it say what it answers.
  list.centres[2]!.removed = true;
  const [a, b] = [await freshDatabase({ max: 6 }), await freshDatabase({ max: 6 })];
  const hainan = blacklistOf(members[0], a.pool, list, clock);
  const taiyuan = blacklistOf(members[1], b.pool, list, clock);
  for (const { pool } of [a, b]) await atHead(pool, start);
  const { app } = await buildTestApp(a.pool, [blacklistRoutes as unknown as Domain], {
    context: {
      now: () => clock.now,
      blacklist: hainan,
      centreName: (code: string) => code,
    } as Partial<BlacklistContext>,
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  afterAll(() => app.close());
  list.centres[0]!.serviceUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { clock, list, members, hainan, taiyuan };
}

export const newCase = (n: number, changes: Partial<NewCase> = {}): NewCase => ({
  document: { type: "01", number: idNumber(n) },
  personName: `测试${n}`,
  rule: "ART41_WITHDRAWAL",
  conduct: "以虚假租赁合同骗提",
  legalBasis: "条例第四十一条",
  evidenceDigest: createHash("sha256").update("evidence").digest(),
  startsOn: "2026-11-01",
  openedBy: "staff_clerk",
  ...changes,
});

/** Opens and confirms a case. */
export async function listPerson(blacklist: Blacklist, n: number, changes: Partial<NewCase> = {}) {
  const id = await openCase(blacklist, newCase(n, changes));
  await confirmCase(blacklist, id, "staff_checker");
  const { rows } = await blacklist.pool.query<{ listing_id: Buffer }>(
    "select listing_id from blacklist_case where id = $1",
    [id],
  );
  const listing = await openingOf(blacklist.pool, rows[0]!.listing_id, blacklist.centre);
  return { caseId: id, id: rows[0]!.listing_id, centre: blacklist.centre, commitment: listing!.commitment };
}

export interface OpeningRow {
  tag: Buffer | null;
  salt: Buffer | null;
  terms: string | null;
  commitment: Buffer;
  ended_at: Date | null;
}
export async function openingOf(pool: Pool, id: Uint8Array, centre: string): Promise<OpeningRow | undefined> {
  const { rows } = await pool.query<OpeningRow>(
    "select tag, salt, terms, commitment, ended_at from blacklist_opening where listing_id = $1 and centre = $2",
    [id, centre],
  );
  return rows[0];
}

let business = 0;
export const check = (blacklist: Blacklist, n: number): Promise<CheckAnswer> =>
  transaction(blacklist.pool, (tx) =>
    checkPerson(blacklist, tx, {
      document: { type: "01", number: idNumber(n) },
      businessNumber: `TQ${++business}`,
      purpose: "withdrawal.rent",
      actor: "staff_clerk",
    }),
  );
