// The ledger's SQL. The posting function itself stands in service/migrations/0001_ledger.sql.
import type { Queryable } from "../db.ts";
import type { HistoryEntry, NewAccount, Posting } from "./ledger.ts";
import { refusalFromSql } from "./refusals.ts";

/** Inserts the accounts that are new; counts those that exist with other content. */
export async function insertAccounts(db: Queryable, accounts: readonly NewAccount[]) {
  const values = [
    accounts.map((account) => account.id),
    accounts.map((account) => account.kind),
    accounts.map((account) => account.owner),
    accounts.map((account) => account.normalSide),
    accounts.map((account) => account.mayGoNegative ?? false),
  ];
  const inserted = await db.query(
    `insert into account (id, kind, owner, normal_side, may_go_negative)
     select id, kind, owner, normal_side, may_go_negative
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
       as a(id, kind, owner, normal_side, may_go_negative)
     order by id collate "C"
     on conflict (id) do nothing`,
    values,
  );
  const opened = inserted.rowCount ?? 0;
  if (opened === accounts.length) return { opened, different: 0 };
  const { rows } = await db.query<{ different: number }>(
    `select count(*)::int as different
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
       as a(id, kind, owner, normal_side, may_go_negative)
     join account on account.id = a.id
     where (account.kind, account.owner, account.normal_side, account.may_go_negative)
       <> (a.kind, a.owner, a.normal_side, a.may_go_negative)`,
    values,
  );
  return { opened, different: rows[0]!.different };
}

/** Posts; returns the ids that were new. */
export async function post(db: Queryable, postings: readonly Posting[]): Promise<string[]> {
  const positions: number[] = [];
  const debits: string[] = [];
  const credits: string[] = [];
  const amounts: bigint[] = [];
  postings.forEach((posting, index) => {
    for (const transfer of posting.transfers) {
      positions.push(index + 1);
      debits.push(transfer.debit);
      credits.push(transfer.credit);
      amounts.push(transfer.amountFen);
    }
  });
  try {
    const { rows } = await db.query<{ id: string }>("select ledger_post($1, $2, $3, $4, $5, $6, $7, $8) as id", [
      postings.map((posting) => posting.id),
      postings.map((posting) => posting.kind),
      postings.map((posting) => posting.businessNumber),
      postings.map((posting) => posting.eventAt.toISOString()),
      positions,
      debits,
      credits,
      amounts,
    ]);
    return rows.map((row) => row.id);
  } catch (error) {
    throw refusalFromSql(error);
  }
}

export async function balance(db: Queryable, accountId: string): Promise<bigint | undefined> {
  const { rows } = await db.query<{ balance_fen: bigint }>("select balance_fen from account where id = $1", [
    accountId,
  ]);
  return rows[0]?.balance_fen;
}

export async function balanceAt(db: Queryable, accountId: string, entryNumber: bigint): Promise<bigint> {
  const { rows } = await db.query<{ balance_fen: bigint }>("select ledger_balance_at($1, $2) as balance_fen", [
    accountId,
    entryNumber,
  ]);
  return rows[0]!.balance_fen;
}

export async function lastEntry(db: Queryable): Promise<bigint> {
  const { rows } = await db.query<{ number: bigint }>("select coalesce(max(number), 0)::bigint as number from entry");
  return rows[0]!.number;
}

export async function history(
  db: Queryable,
  accountId: string,
  page: { atEntry?: bigint; before?: bigint; limit: number },
): Promise<HistoryEntry[]> {
  const { rows } = await db.query<HistoryEntry>(
    `select number, posting_id as "postingId", kind, business_number as "businessNumber", event_at as "eventAt",
       created_at as "createdAt", change_fen as "changeFen", balance_after_fen as "balanceAfterFen"
     from account_history
     where account_id = $1 and ($2::bigint is null or number <= $2) and ($3::bigint is null or number < $3)
     order by number desc
     limit $4`,
    [accountId, page.atEntry ?? null, page.before ?? null, page.limit],
  );
  return rows;
}
