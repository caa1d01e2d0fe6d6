import type { Queryable } from "../db.ts";

export type ReplyStep = "granted" | "refused" | "cancelled" | "settled" | "annulled";

/** What a slip says of a loan that was granted. */
export interface GrantedLoan {
  amountFen: bigint;
  termMonths: number;
  /** YYYY-MM */
  fromMonth: string;
  toMonth: string;
  /** A.11 还款方式: 01 equal instalments, 02 equal principal */
  method: "01" | "02";
  /** 月还本息, of the first month */
  monthlyFen: bigint;
}

export interface ReplyRow {
  id: string;
  certificateId: string;
  step: ReplyStep;
  /** of a granted loan, else null */
  loan: GrantedLoan | null;
  reason: "lost" | "returned" | null;
  /** the day on the slip, or of the settlement, YYYY-MM-DD */
  statedOn: string | null;
  note: string;
  needsConfirmation: boolean;
  registeredBy: string;
  registeredAt: Date;
  /** null while it waits, and for a reply that needs none */
  decision: { confirmed: boolean; note: string; decidedBy: string; decidedAt: Date } | null;
}

export type NewReply = Omit<ReplyRow, "needsConfirmation" | "decision">;

/** Where a certificate stands by its replies; expired is a matter of its last day, and not known here. */
export type StoredState = "issued" | "granted" | "refused" | "settled" | "cancelled" | "revoked";

export interface CertificateStand {
  id: string;
  statusIndex: number;
  /** the day of issue on its face, YYYY-MM-DD */
  issuedOn: string;
  validUntil: string;
  /** on another certificate of the person a loan was granted, and is not settled */
  grantedOnAnother: boolean;
  /** null: drawn and not issued yet */
  state: StoredState | null;
  /** why it was revoked, as on the chain, or is about to be superseded; else null */
  revocationReason: number | null;
  pending: boolean;
  freeze: { until: "until_reply" | "until_settled"; begunAt: Date } | null;
}

/** Locks a certificate and all accounts of its person, so that steps, and the drawing of another certificate, come one after the other. */
export async function lockCertificate(db: Queryable, id: string): Promise<void> {
  await db.query("select from certificate where id = $1 for no key update", [id]);
  await db.query(
    `select from depositor
     where person_id = (select person_id from certificate where id = $1 and kind = 'loan-elsewhere')
     order by id for no key update`,
    [id],
  );
}

/** How a certificate for a loan elsewhere stands, or undefined when it is none. */
export async function standOf(db: Queryable, certificateId: string): Promise<CertificateStand | undefined> {
  const { rows } = await db.query(
    `select c.id, c.status_index, c.valid_until, loan_elsewhere_state(c.id) as state, loan_elsewhere_pending(c.id) as pending,
       case when r.reason is null and exists (select from certificate newer where newer.supersedes = c.id) then 3
         else r.reason end as reason,
       f.until, f.begun_at, to_char(c.drawn_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD') as issued_on,
       exists (
         select from certificate other
         where other.person_id = c.person_id and other.kind = c.kind and other.id <> c.id
           and loan_elsewhere_state(other.id) = 'granted'
       ) as granted_on_another
     from certificate c
     left join certificate_revocation r on r.certificate_id = c.id and r.confirmed_by is not null
     left join depositor_freeze f on f.certificate_id = c.id and f.ended_at is null
     where c.id = $1 and c.kind = 'loan-elsewhere'`,
    [certificateId],
  );
  const [row] = rows;
  return (
    row && {
      id: row.id,
      statusIndex: Number(row.status_index),
      issuedOn: row.issued_on,
      validUntil: row.valid_until,
      grantedOnAnother: row.granted_on_another,
      state: row.state,
      revocationReason: row.reason,
      pending: row.pending,
      freeze: row.until && { until: row.until, begunAt: row.begun_at },
    }
  );
}

export async function insertReply(db: Queryable, row: NewReply): Promise<void> {
  const { loan } = row;
  await db.query(
    `insert into loan_elsewhere_reply (id, certificate_id, step, amount_fen, term_months, from_month, to_month, method,
       monthly_fen, reason, stated_on, note, registered_by, registered_at)
     values ($1, $2, $3, $4, $5, $6::date, $7::date, $8, $9, $10, $11, $12, $13, $14)`,
    [
      row.id,
      row.certificateId,
      row.step,
      loan?.amountFen ?? null,
      loan?.termMonths ?? null,
      loan ? `${loan.fromMonth}-01` : null,
      loan ? `${loan.toMonth}-01` : null,
      loan?.method ?? null,
      loan?.monthlyFen ?? null,
      row.reason,
      row.statedOn,
      row.note,
      row.registeredBy,
      row.registeredAt,
    ],
  );
}

export async function insertDecision(
  db: Queryable,
  row: { replyId: string; confirmed: boolean; note: string; decidedBy: string; decidedAt: Date },
): Promise<void> {
  await db.query(
    `insert into loan_elsewhere_reply_decision (reply_id, confirmed, note, decided_by, decided_at) values ($1, $2, $3, $4, $5)`,
    [row.replyId, row.confirmed, row.note, row.decidedBy, row.decidedAt],
  );
}

const columns = `r.id, r.certificate_id, r.step, r.amount_fen, r.term_months, to_char(r.from_month, 'YYYY-MM') as from_month,
  to_char(r.to_month, 'YYYY-MM') as to_month, r.method, r.monthly_fen, r.reason, r.stated_on, r.note,
  r.needs_confirmation, r.registered_by, r.registered_at, d.confirmed, d.note as decision_note, d.decided_by, d.decided_at`;

/** The replies of a certificate in the order of their registration. */
export async function repliesOf(db: Queryable, certificateId: string): Promise<ReplyRow[]> {
  const { rows } = await db.query(
    `select ${columns}
     from loan_elsewhere_reply r
     left join loan_elsewhere_reply_decision d on d.reply_id = r.id
     where r.certificate_id = $1 order by r.seq`,
    [certificateId],
  );
  return rows.map(toRow);
}

/** Replies that wait for their confirmation, the oldest first, each with the number of its certificate. */
export async function waiting(db: Queryable, limit: number): Promise<(ReplyRow & { serial: string })[]> {
  const { rows } = await db.query(
    `select ${columns}, c.serial
     from loan_elsewhere_reply r
     join certificate c on c.id = r.certificate_id
     left join loan_elsewhere_reply_decision d on d.reply_id = r.id
     where r.needs_confirmation and d.reply_id is null order by r.seq limit $1`,
    [limit],
  );
  return rows.map((row) => ({ ...toRow(row), serial: row.serial as string }));
}

function toRow(row: Record<string, unknown>): ReplyRow {
  return {
    id: row.id as string,
    certificateId: row.certificate_id as string,
    step: row.step as ReplyStep,
    loan:
      row.step === "granted"
        ? {
            amountFen: row.amount_fen as bigint,
            termMonths: row.term_months as number,
            fromMonth: row.from_month as string,
            toMonth: row.to_month as string,
            method: row.method as GrantedLoan["method"],
            monthlyFen: row.monthly_fen as bigint,
          }
        : null,
    reason: row.reason as ReplyRow["reason"],
    statedOn: row.stated_on as string | null,
    note: row.note as string,
    needsConfirmation: row.needs_confirmation as boolean,
    registeredBy: row.registered_by as string,
    registeredAt: row.registered_at as Date,
    decision:
      row.confirmed === null
        ? null
        : {
            confirmed: row.confirmed as boolean,
            note: row.decision_note as string,
            decidedBy: row.decided_by as string,
            decidedAt: row.decided_at as Date,
          },
  };
}

/** Where replies, freezes, accounts and revocations do not say the same. */
export async function replyFaults(db: Queryable): Promise<{ check: string; subject: string; detail: string }[]> {
  const { rows } = await db.query<{ check: string; subject: string; detail: string }>(
    `select 'certificate.freeze_shows_on_account' as check, d.id as subject, 'is frozen by a certificate and not shown so' as detail
     from depositor_freeze f join depositor d on d.id = f.depositor_id
     where f.ended_at is null and not d.frozen
     union all
     select 'certificate.ended_freezes_nothing', c.id, 'still freezes its account'
     from depositor_freeze f join certificate c on c.id = f.certificate_id
     where f.ended_at is null
       and (loan_elsewhere_state(c.id) in ('refused', 'settled', 'cancelled', 'revoked')
         or (loan_elsewhere_state(c.id) = 'granted' and f.until = 'until_reply'))
     union all
     select 'certificate.cancelled_is_revoked', c.id, 'is cancelled and not revoked'
     from certificate c
     where c.kind = 'loan-elsewhere' and loan_elsewhere_state(c.id) = 'cancelled'
       and not exists (select from certificate_revocation r where r.certificate_id = c.id and r.confirmed_by is not null)`,
  );
  return rows;
}
