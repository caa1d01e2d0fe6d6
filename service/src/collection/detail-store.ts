import type { Queryable } from "../db.ts";
import { invariant } from "../errors.ts";
import type { AccountDetail, AccountEntry } from "./detail.ts";

export type Holder = Omit<AccountDetail, "entries">;

export async function holders(db: Queryable, depositorIds: readonly string[]): Promise<Holder[]> {
  const { rows } = await db.query<Holder>({
    name: "account-holders",
    text: `
      select d.id as "depositorId", p.id as "personId", p.name as "personName", p.document_type as "documentType",
        p.document_number as "documentNumber", p.phone, d.account_number as "accountNumber", d.state, d.frozen,
        d.opened_on as "openedOn",
        (d.created_at at time zone 'Asia/Shanghai')::date as "registeredOn",
        a.balance_fen as "balanceFen", a.last_entry as "entryNumber", a.id as "ledgerAccountId"
      from unnest($1::text[]) with ordinality as asked(id, ord)
      join depositor d on d.id = asked.id
      join person p on p.id = d.person_id
      join account a on a.id = d.ledger_account_id
      order by asked.ord`,
    values: [depositorIds],
  });
  return rows;
}

interface EntryRow extends Omit<AccountEntry, "remittance"> {
  depositorId: string;
  remittanceKind: string | null;
  month: string;
  unitFen: bigint;
  personFen: bigint;
  unitName: string;
  unitNumber: string;
}

/** The entries of these accounts up to the named ones, oldest first, by depositor id. */
export async function entries(db: Queryable, of: readonly Holder[]): Promise<Map<string, AccountEntry[]>> {
  const { rows } = await db.query<EntryRow>({
    name: "account-entries",
    text: `
      select asked.depositor_id as "depositorId", h.number, (h.event_at at time zone 'Asia/Shanghai')::date as day, h.kind,
        h.change_fen as "changeFen", h.balance_after_fen as "balanceFen", r.kind as "remittanceKind", l.month::date as month,
        l.unit_fen as "unitFen", l.person_fen as "personFen", u.name as "unitName", u.account_number as "unitNumber"
      from unnest($1::text[], $2::text[], $3::bigint[]) as asked(depositor_id, account_id, last_entry)
      join account_history h on h.account_id = asked.account_id and h.number <= asked.last_entry
      left join remittance r on r.posting_id = h.posting_id
      left join remittance_line l on l.remittance_id = r.id and l.depositor_id = asked.depositor_id
      left join unit u on u.id = r.unit_id
      order by h.number`,
    values: [of.map((one) => one.depositorId), of.map((one) => one.ledgerAccountId), of.map((one) => one.entryNumber)],
  });
  const byDepositor = new Map<string, AccountEntry[]>();
  for (const { depositorId, ...row } of rows) {
    const own = byDepositor.get(depositorId) ?? [];
    byDepositor.set(depositorId, own);
    own.push(entryOf(row));
  }
  return byDepositor;
}

function entryOf(row: Omit<EntryRow, "depositorId">): AccountEntry {
  const { remittanceKind, month, unitFen, personFen, unitName, unitNumber, ...entry } = row;
  if (remittanceKind === null) return { ...entry, remittance: null };
  invariant(unitFen + personFen === entry.changeFen, "a remittance's line is what the ledger posted");
  return {
    ...entry,
    remittance: { kind: remittanceKind, month: month.slice(0, 7), unitFen, personFen, unitName, unitNumber },
  };
}
