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

/** A certificate for a loan elsewhere that nothing has ended, whatever its slip said, and also when it expired. */
export interface StandingCertificate {
  id: string;
  depositorId: string;
  addressee: string;
  addresseeCode: string | null;
  /** a revocation of it waits for its confirmation */
  revocationProposed: boolean;
}

/** A certificate that stands although a newer one of the same person was issued. */
export interface Older {
  id: string;
  newer: string;
  /** whom the older and the newer one are for */
  was: { addressee: string; addresseeCode: string | null };
  is: { addressee: string; addresseeCode: string | null };
}

/**
 * Locks all accounts of the accounts' persons in the order of their ids, so that two wishes of one person are judged one
 * after the other.
 */
export async function lockDepositors(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query(
    `select from depositor
     where person_id in (select person_id from depositor where id = any($1)) order by id for no key update`,
    [ids],
  );
}

/** The members of the consortium as far as the registry was read, this centre among them; none before that. */
export async function members(db: Queryable): Promise<{ code: string; name: string }[]> {
  const { rows } = await db.query<{ code: string; name: string }>(
    "select code, name from mirror_centre where not removed order by code",
  );
  return rows;
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

/** The standing certificates of the depositors' persons, newest first, also those that are drawn and not issued yet. */
export async function standingCertificates(
  db: Queryable,
  depositorIds: readonly string[],
): Promise<StandingCertificate[]> {
  const { rows } = await db.query<StandingCertificate>(
    `select c.id, d.id as "depositorId", c.record::jsonb #>> '{fields,addressee}' as addressee,
       c.record::jsonb #>> '{fields,addresseeCode}' as "addresseeCode", r.certificate_id is not null as "revocationProposed"
     from depositor d
     join certificate c on c.person_id = d.person_id and c.kind = 'loan-elsewhere'
     left join certificate_revocation r on r.certificate_id = c.id
     where d.id = any($1) and r.confirmed_by is null
       and not exists (select from certificate newer where newer.supersedes = c.id)
     order by c.drawn_at desc, c.status_index desc`,
    [depositorIds],
  );
  return rows;
}

/** What else stands of the persons of newly issued certificates; one on which a loan is owed is left out. */
export async function olderThan(db: Queryable, newerIds: readonly string[]): Promise<Older[]> {
  const { rows } = await db.query<Older>(
    `select c.id, n.id as newer, c.record::jsonb -> 'fields' as was, n.record::jsonb -> 'fields' as is
     from certificate n
     join certificate c on c.person_id = n.person_id and c.kind = n.kind and c.status_index < n.status_index
     where n.id = any($1) and n.kind = 'loan-elsewhere' and loan_elsewhere_state(c.id) <> 'granted'
       and not exists (select from certificate_revocation r where r.certificate_id = c.id)
       and not exists (select from certificate newer where newer.supersedes = c.id)`,
    [newerIds],
  );
  return rows;
}
