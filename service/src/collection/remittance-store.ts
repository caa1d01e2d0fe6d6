import type { Transaction } from "../db.ts";
import { firstDay } from "./month.ts";
import { postingId, remittanceId, totalFen } from "./remittance.ts";
import type { Remittance } from "./remittance.ts";

export async function insertRemittances(tx: Transaction, remittances: readonly Remittance[]): Promise<void> {
  await tx.query(
    `insert into remittance
       (id, unit_id, month, kind, business_number, depositor_count, amount_fen, event_at, posting_id)
     select id, unit_id, month, '01', business_number, depositor_count, amount_fen, event_at, posting_id
     from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::int[], $6::bigint[], $7::timestamptz[], $8::text[])
       as r(id, unit_id, month, business_number, depositor_count, amount_fen, event_at, posting_id)`,
    [
      remittances.map((remittance) => remittanceId(remittance.unitId, remittance.month)),
      remittances.map((remittance) => remittance.unitId),
      remittances.map((remittance) => firstDay(remittance.month)),
      remittances.map((remittance) => remittance.businessNumber),
      remittances.map((remittance) => remittance.lines.length),
      remittances.map(totalFen),
      remittances.map((remittance) => remittance.eventAt.toISOString()),
      remittances.map(postingId),
    ],
  );
}

export async function insertLines(tx: Transaction, remittances: readonly Remittance[]): Promise<void> {
  const lines = remittances.flatMap((remittance) =>
    remittance.lines.map((line) => ({
      remittanceId: remittanceId(remittance.unitId, remittance.month),
      month: firstDay(remittance.month),
      ...line,
    })),
  );
  await tx.query(
    `insert into remittance_line (remittance_id, depositor_id, month, kind, base_fen, unit_fen, person_fen)
     select remittance_id, depositor_id, month, '01', base_fen, unit_fen, person_fen
     from unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[])
       as l(remittance_id, depositor_id, month, base_fen, unit_fen, person_fen)`,
    [
      lines.map((line) => line.remittanceId),
      lines.map((line) => line.depositorId),
      lines.map((line) => line.month),
      lines.map((line) => line.baseFen),
      lines.map((line) => line.unitFen),
      lines.map((line) => line.personFen),
    ],
  );
}

/** Moves the months paid to of units forward, never back. Those of depositors follow from the lines, in the database. */
export async function movePaidTo(tx: Transaction, remittances: readonly Remittance[]): Promise<void> {
  const units = new Map<string, string>();
  for (const { unitId, month } of remittances) if (month > (units.get(unitId) ?? "")) units.set(unitId, month);
  await tx.query(
    `update unit set paid_to_month = greatest(unit.paid_to_month, u.month)
     from unnest($1::text[], $2::date[]) as u(id, month)
     where unit.id = u.id and (unit.paid_to_month is null or unit.paid_to_month < u.month)`,
    [[...units.keys()], [...units.values()].map(firstDay)],
  );
}
