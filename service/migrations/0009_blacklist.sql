-- The joint blacklist, first part: cases and their confirmation, the openings of listings (own and from the other centres'
-- feeds), this centre's own feed, and checks. On the chain stand only random ids, commitments and states.

create table blacklist_case (
  id text collate "C" primary key constraint blacklist_case_id_form check (id ~ '^case_[a-z0-9]{16,40}$'),
  document_type char(2) not null,
  document_number text not null,
  person_name text not null,
  rule text not null,
  conduct text not null,
  legal_basis text not null,
  evidence_digest bytea not null check (octet_length(evidence_digest) = 32),
  starts_on date not null,
  ends_on date not null,
  opened_by text not null,
  opened_at timestamptz not null,
  confirmed_by text,
  confirmed_at timestamptz,
  listing_id bytea constraint blacklist_case_listing_once unique,
  lift_reason smallint check (lift_reason between 1 and 5),
  lift_proposed_by text,
  lift_proposed_at timestamptz,
  lift_confirmed_by text,
  lift_confirmed_at timestamptz,
  constraint blacklist_case_term check (ends_on > starts_on),
  -- four eyes, whoever is connected
  constraint blacklist_case_four_eyes check (confirmed_by <> opened_by),
  constraint blacklist_case_lift_four_eyes check (lift_confirmed_by <> lift_proposed_by),
  constraint blacklist_case_confirmed check (num_nulls(confirmed_by, confirmed_at, listing_id) in (0, 3)),
  constraint blacklist_case_lift_proposed check (num_nulls(lift_reason, lift_proposed_by, lift_proposed_at) in (0, 3)),
  constraint blacklist_case_lifted check (
    num_nulls(lift_confirmed_by, lift_confirmed_at) in (0, 2)
    and (lift_confirmed_by is null or (lift_proposed_by is not null and confirmed_by is not null)))
);
create function blacklist_case_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE'
     and (new.id, new.document_type, new.document_number, new.person_name, new.rule, new.conduct, new.legal_basis, new.evidence_digest,
          new.starts_on, new.ends_on, new.opened_by, new.opened_at)
       = (old.id, old.document_type, old.document_number, old.person_name, old.rule, old.conduct, old.legal_basis, old.evidence_digest,
          old.starts_on, old.ends_on, old.opened_by, old.opened_at)
     and (old.confirmed_by is null or (new.confirmed_by, new.confirmed_at, new.listing_id) = (old.confirmed_by, old.confirmed_at, old.listing_id))
     and (old.lift_confirmed_by is null
          or (new.lift_reason, new.lift_proposed_by, new.lift_proposed_at, new.lift_confirmed_by, new.lift_confirmed_at)
            = (old.lift_reason, old.lift_proposed_by, old.lift_proposed_at, old.lift_confirmed_by, old.lift_confirmed_at)) then
    return new;
  end if;
  raise exception 'what a case says and who decided it stays' using errcode = 'CZ901';
end $$;
create trigger blacklist_case_stays before update or delete on blacklist_case for each row execute function blacklist_case_guard();
create trigger blacklist_case_no_truncate before truncate on blacklist_case for each statement execute function blacklist_case_guard();
-- One conduct is one case: a second listing of the same would bar on when the first is lifted.
create unique index blacklist_case_once on blacklist_case (document_type, document_number, rule, starts_on)
  where lift_confirmed_by is null;
create index blacklist_case_by_time on blacklist_case (opened_at desc, id);

-- What opens a listing's commitment. When the listing ends, tag, salt and terms go and the id stays, so that its state on
-- the chain, which knows no end, is not taken for an opening that is missing.
create table blacklist_opening (
  centre text not null,
  -- ids are public on the chain: what one centre's feed says under an id says nothing of another centre's listing
  listing_id bytea not null check (octet_length(listing_id) = 32),
  key_version integer not null,
  tag bytea check (octet_length(tag) = 32),
  salt bytea check (octet_length(salt) = 32),
  terms text,
  commitment bytea check (octet_length(commitment) = 32),
  ends_on date,
  received_at timestamptz not null,
  ended_at timestamptz,
  primary key (listing_id, centre),
  constraint blacklist_opening_whole check (
    case when ended_at is null then num_nulls(tag, salt, terms, commitment, ends_on) = 0 else num_nulls(tag, salt, terms) = 3 end),
  constraint blacklist_opening_commitment check (
    ended_at is not null or commitment = sha256(salt || tag || convert_to(terms, 'UTF8')))
);
create index blacklist_opening_tag on blacklist_opening (tag, key_version) where ended_at is null;
create index blacklist_opening_end on blacklist_opening (ends_on) where ended_at is null;

-- This centre's own feed: numbered without gaps in the order of commit. Items are signed when they are
-- served, so that a change of the member key leaves none behind that nobody can verify.
create table blacklist_feed_item (
  sequence bigint primary key check (sequence >= 1),
  -- canonical JSON: an opening, and when the listing has ended only its id
  item text not null,
  listing_id bytea not null,
  created_at timestamptz not null
);
create index blacklist_feed_item_listing on blacklist_feed_item (listing_id);

-- How far this centre has read the others' feeds.
create table blacklist_feed_cursor (
  centre text primary key,
  sequence bigint not null check (sequence >= 0),
  read_at timestamptz not null
);

create table blacklist_check (
  id text collate "C" primary key constraint blacklist_check_id_form check (id ~ '^chk_[a-z0-9]{16,40}$'),
  business_number text not null,
  purpose text not null,
  person_id text collate "C",
  result text not null check (result in ('clear', 'flagged', 'barred', 'unknown')),
  -- bars and flags with centre, rule and end, and what made it unknown
  detail jsonb not null,
  actor text not null,
  trace_id text not null references trace,
  checked_at timestamptz not null
);
create index blacklist_check_by_time on blacklist_check (checked_at desc, id);
create index blacklist_check_business on blacklist_check (business_number);

create function blacklist_check_guard() returns trigger language plpgsql as $$
begin
  raise exception 'checks are append-only' using errcode = 'CZ902';
end $$;
create trigger blacklist_check_append_only before update or delete on blacklist_check for each row execute function blacklist_check_guard();
create trigger blacklist_check_no_truncate before truncate on blacklist_check for each statement execute function blacklist_check_guard();
