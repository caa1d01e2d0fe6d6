import type { Queryable } from "../../db.ts";

/** Fund loans of a depositor's person, here and elsewhere. */
export interface LoansTaken {
  depositorId: string;
  /** a register of loans was imported at some time: without one nothing is known */
  registerKnown: boolean;
  /** table A.4, of the unit */
  unitState: string;
  /** all loans but voided ones; those elsewhere are the ones that reply slips tell of */
  taken: number;
  unsettled: number;
  /** sums of the contract amounts, and of what is owed here */
  amountFen: bigint;
  owedFen: bigint;
  /** a reply to a certificate of this person waits for its confirmation */
  replyPending: boolean;
}

/** Certificates for a loan elsewhere that stand open: issued or about to be, not ended, without a reply that counts. */
export interface OpenCertificate {
  id: string;
  depositorId: string;
  /** canonical JSON */
  details: string;
  /** a revocation of it waits for its confirmation */
  revocationProposed: boolean;
}

/** Locks accounts in the order of their ids, so that two wishes of one account are judged one after the other. */
export async function lockDepositors(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query("select from depositor where id = any($1) order by id for no key update", [ids]);
}

export async function loansTaken(db: Queryable, depositorIds: readonly string[]): Promise<LoansTaken[]> {
  const { rows } = await db.query<LoansTaken>(
    `select d.id as "depositorId", exists (select from import where kind = 'loans') as "registerKnown",
       u.state as "unitState", here.taken + elsewhere.taken as taken, here.unsettled + elsewhere.unsettled as unsettled,
       (here.amount_fen + elsewhere.amount_fen)::bigint as "amountFen", here.owed_fen as "owedFen",
       exists (
         select from certificate c
         where c.person_id = p.id and c.kind = 'loan-elsewhere' and loan_elsewhere_pending(c.id)
       ) as "replyPending"
     from unnest($1::text[]) as asked(id)
     join depositor d on d.id = asked.id
     join person p on p.id = d.person_id
     join unit u on u.id = d.unit_id
     cross join lateral (
       select count(*)::int as taken, (count(*) filter (where settled_on is null))::int as unsettled,
         coalesce(sum(amount_fen), 0)::bigint as amount_fen,
         coalesce(sum(l.balance_fen) filter (where settled_on is null), 0)::bigint as owed_fen
       from loan l
       where l.borrower_document_type = p.document_type and l.borrower_document_number = p.document_number
         and l.state <> '8'
     ) here
     cross join lateral (
       select count(*)::int as taken, (count(*) filter (where stands.state = 'granted'))::int as unsettled,
         coalesce(sum(granted.amount_fen), 0)::bigint as amount_fen
       from certificate c
       cross join lateral (select loan_elsewhere_state(c.id) as state) stands
       cross join lateral (
         select r.amount_fen from loan_elsewhere_reply r
         where r.certificate_id = c.id and r.step = 'granted' and loan_elsewhere_counts(r)
         order by r.seq desc limit 1
       ) granted
       where c.person_id = p.id and c.kind = 'loan-elsewhere' and stands.state in ('granted', 'settled')
     ) elsewhere`,
    [depositorIds],
  );
  return rows;
}

/** The open certificates of the depositors' persons, newest first. */
export async function openCertificates(db: Queryable, depositorIds: readonly string[]): Promise<OpenCertificate[]> {
  const { rows } = await db.query<OpenCertificate>(
    `select c.id, d.id as "depositorId", c.details, r.certificate_id is not null as "revocationProposed"
     from depositor d
     join certificate c on c.person_id = d.person_id and c.kind = 'loan-elsewhere'
     left join certificate_revocation r on r.certificate_id = c.id
     where d.id = any($1) and r.confirmed_by is null and coalesce(loan_elsewhere_state(c.id), 'issued') = 'issued'
       and not exists (select from certificate newer where newer.supersedes = c.id)
     order by c.drawn_at desc, c.status_index desc`,
    [depositorIds],
  );
  return rows;
}
