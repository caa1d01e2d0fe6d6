// The auditor of the blacklist: cases, openings, feed, checks and the chain say the same. It changes nothing.
import type { Queryable } from "../db.ts";
import type { Finding } from "../finding.ts";
import { runChecks } from "../ledger/audit.ts";

const checks: Record<string, string> = {
  "blacklist.case_has_opening": `
    select c.id as subject, 'is confirmed and has no opening' as detail
    from blacklist_case c
    where c.listing_id is not null and not exists (select from blacklist_opening o where o.listing_id = c.listing_id)`,
  "blacklist.case_has_feed_item": `
    select c.id as subject, 'is confirmed and not in the feed' as detail
    from blacklist_case c
    where c.listing_id is not null and not exists (select from blacklist_feed_item f where f.listing_id = c.listing_id)`,
  "blacklist.case_was_sent": `
    select c.id as subject, 'is confirmed and was never given to the chain' as detail
    from blacklist_case c
    where c.listing_id is not null
      and not exists (select from chain_write w where w.key = 'list/' || encode(c.listing_id, 'hex'))`,
  "blacklist.lift_was_sent": `
    select c.id as subject, 'is lifted and the chain was never told' as detail
    from blacklist_case c
    where c.lift_confirmed_by is not null
      and not exists (select from chain_write w where w.key = 'lift/' || encode(c.listing_id, 'hex'))`,
  "blacklist.sent_is_mirrored": `
    select w.id::text as subject, 'is final on the chain and not in the mirror' as detail
    from chain_write w
    where w.key like 'list/%' and w.state = 'final' and w.block_number <= (select number from chain_cursor)
      and not exists (select from mirror_listing m where encode(m.id, 'hex') = substr(w.key, 6))`,
  "blacklist.commitment_agrees": `
    select encode(o.listing_id, 'hex') as subject, 'its opening does not open what the chain has' as detail
    from blacklist_opening o join mirror_listing m on m.id = o.listing_id and m.centre = o.centre
    where o.ended_at is null and m.commitment <> o.commitment`,
  "blacklist.check_is_traced": `
    select c.id as subject, 'says ' || c.result || ', its trace ' || coalesce(t.record::jsonb #>> '{facts,result}', 'nothing') as detail
    from blacklist_check c left join trace t on t.id = c.trace_id
    where c.result is distinct from t.record::jsonb #>> '{facts,result}'`,
  "blacklist.trace_leaf_logged": `
    select t.id as subject, 'its leaf in the log is another one' as detail
    from trace t left join log_leaf l on l.id = t.leaf_id
    where l.digest is distinct from sha256(convert_to(t.leaf, 'UTF8'))`,
};

/** Every disagreement between cases, openings, feed, checks, traces and the mirror. */
export function auditBlacklist(db: Queryable): Promise<Finding[]> {
  return runChecks(db, checks);
}
