-- The chain: what this centre writes to it (the outbox) and what it has read from it (the mirror).
--
-- Outbox. A domain puts a write here in its own transaction; the sender of the lane gives it a nonce, signs it, stores
-- the bytes and only then sends them. A write's life:
--
--   queued -> signed -> mined -> final
--                          \--> failed    it is in a block and reverted; the lane goes on
--
-- A chain that forgot a write, or moved it to another block, sets it back to signed: the same bytes are sent again.
-- Rules kept here, whoever is connected: what a write says never changes; an account uses a nonce once, and the bytes
-- signed for it never change; nothing is removed.
--
-- Mirror. chain_event holds every event of our contracts, chain_block the blocks they stand in, chain_cursor how far we
-- have read. All three move in one transaction. What is so now (centres, keys, anchors, revocations, listings) is a view
-- over the events, so undoing a re-organised block is deleting it.
--
-- SQLSTATEs raised here:
--   CZC01  a change of what a write says or of what was signed, or the removal of a write

create table chain_write (
  id bigint generated always as identity primary key,
  lane text not null constraint chain_write_lane check (lane in ('anchor', 'status', 'listing')),
  key text collate "C" not null constraint chain_write_key_once unique
    constraint chain_write_key_form check (length(key) between 1 and 200),
  contract bytea not null constraint chain_write_contract check (length(contract) = 20),
  data bytea not null constraint chain_write_data check (length(data) >= 4),
  gas_limit bigint not null constraint chain_write_gas_limit check (gas_limit >= 21000),
  enqueued_at timestamptz not null default now(),
  state text not null default 'queued'
    constraint chain_write_state check (state in ('queued', 'signed', 'mined', 'final', 'failed')),
  account bytea constraint chain_write_account check (length(account) = 20),
  nonce bigint constraint chain_write_nonce check (nonce >= 0),
  signed_transaction bytea,
  transaction_hash bytea constraint chain_write_transaction_hash check (length(transaction_hash) = 32),
  signed_at timestamptz,
  sent_at timestamptz,
  block_number bigint,
  block_hash bytea constraint chain_write_block_hash check (length(block_hash) = 32),
  reverted boolean,
  error text,
  constraint chain_write_nonce_once unique (account, nonce),
  constraint chain_write_signed_whole check (
    (state = 'queued') = (nonce is null)
    and num_nulls(account, nonce, signed_transaction, transaction_hash, signed_at) in (0, 5)
    and (nonce is not null or sent_at is null)),
  constraint chain_write_mined_whole check (
    (state in ('mined', 'final', 'failed')) = (block_number is not null)
    and num_nulls(block_number, block_hash, reverted) in (0, 3)),
  constraint chain_write_outcome check (
    (state <> 'failed' or reverted) and (state <> 'final' or not reverted))
);

create index chain_write_queued on chain_write (lane, id) where state = 'queued';
create index chain_write_open on chain_write (lane, nonce) where state in ('signed', 'mined');
create index chain_write_failed on chain_write (lane, id) where state = 'failed';
create index chain_write_block on chain_write (block_number) where block_number is not null;

comment on table chain_write is 'The outbox: everything this centre writes to the chain';
comment on column chain_write.lane is 'Which of the centre''s sending accounts: one account, one order of nonces';
comment on column chain_write.key is 'Made by the caller; the same key again is the same write';
comment on column chain_write.contract is 'Address of the contract that is called';
comment on column chain_write.data is 'ABI-encoded call';
comment on column chain_write.signed_transaction is 'Stored before it is sent, so that only these bytes are ever sent for this nonce';
comment on column chain_write.sent_at is 'When the node was last given the bytes; null: never, or to be given again';
comment on column chain_write.block_number is 'Block that holds it, as last asked';
comment on column chain_write.error is 'Decoded error of the contract when reverted';

create function chain_write_guard() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' then
    raise exception 'a write to the chain is never removed' using errcode = 'CZC01';
  end if;
  if (new.id, new.lane, new.key, new.contract, new.data, new.gas_limit)
    is distinct from (old.id, old.lane, old.key, old.contract, old.data, old.gas_limit) then
    raise exception 'what a write says does not change' using errcode = 'CZC01', detail = old.id::text;
  end if;
  if new.account is not distinct from old.account and new.nonce is not distinct from old.nonce
    and (new.signed_transaction, new.transaction_hash) is distinct from (old.signed_transaction, old.transaction_hash) then
    raise exception 'what was signed for a nonce does not change' using errcode = 'CZC01', detail = old.id::text;
  end if;
  return new;
end $$;

create trigger chain_write_guard before update or delete on chain_write
for each row execute function chain_write_guard();
create trigger chain_write_guard_truncate before truncate on chain_write
for each statement execute function chain_write_guard();

-- The mirror -----------------------------------------------------------------------------------------------------------

create table chain_cursor (
  only_one boolean primary key default true constraint chain_cursor_only_one check (only_one),
  chain_id bigint not null,
  registry bytea not null constraint chain_cursor_registry check (length(registry) = 20),
  start_block bigint not null constraint chain_cursor_start_block check (start_block >= 0),
  number bigint not null,
  hash bytea constraint chain_cursor_hash check (length(hash) = 32),
  time timestamptz,
  head bigint,
  at_head_at timestamptz,
  constraint chain_cursor_read check (
    number >= start_block - 1 and num_nulls(hash, time) in (0, 2) and (hash is not null or number = start_block - 1))
);

comment on table chain_cursor is 'How far the mirror has read: everything up to and with block "number"';
comment on column chain_cursor.start_block is 'First block that can hold an event of ours';
comment on column chain_cursor.number is 'start_block - 1 while nothing is read; hash and time are null then';
comment on column chain_cursor.head is 'The chain''s head when last asked';
comment on column chain_cursor.at_head_at is 'When the mirror last stood at the head (less the confirmations): what it knows is as old as this';

create table chain_block (
  number bigint primary key,
  hash bytea not null constraint chain_block_hash check (length(hash) = 32),
  time timestamptz not null
);

comment on table chain_block is 'The blocks that hold events of ours';

create table chain_event (
  block_number bigint not null constraint chain_event_block references chain_block on delete cascade,
  log_index integer not null,
  transaction_hash bytea not null constraint chain_event_transaction_hash check (length(transaction_hash) = 32),
  address bytea not null constraint chain_event_address check (length(address) = 20),
  contract text not null,
  name text not null,
  centre text collate "C" constraint chain_event_centre check (centre ~ '^C[0-9]{5}$'),
  args jsonb not null,
  primary key (block_number, log_index)
);

create function chain_bytes(hex text) returns bytea
language sql immutable strict parallel safe
as $$ select decode(substr(hex, 3), 'hex') $$;

comment on function chain_bytes(text) is 'Bytes of an argument of an event';

create index chain_event_registry on chain_event (name, centre) where contract = 'CentreRegistry';
create index chain_event_anchor on chain_event (centre, ((args ->> 'epoch')::bigint), ((args ->> 'size')::numeric))
  where name = 'CheckpointAnchored';
create index chain_event_status on chain_event (centre, ((args ->> 'index')::numeric), block_number, log_index)
  where contract = 'CertificateStatus' and name in ('Revoked', 'Reinstated');
create index chain_event_listed on chain_event (centre, block_number, log_index)
  where contract = 'Blacklist' and name = 'Listed';
create index chain_event_listing on chain_event (chain_bytes(args ->> 'id'), block_number, log_index)
  where contract = 'Blacklist' and name in ('Listed', 'Suspended', 'Resumed', 'Lifted');

comment on table chain_event is 'Every event of the registry and of the contracts it names, from the block in which it names them';
comment on column chain_event.contract is 'Name under which the registry has it: CentreRegistry, CheckpointAnchor, CertificateStatus, Blacklist';
comment on column chain_event.centre is 'Code of the centre that the event is about; null when there is none, or when it is not a code';
comment on column chain_event.args is 'Arguments by name: whole numbers as decimal texts, bytes and addresses as 0x and lower-case hex';

-- A short ASCII text from 32 bytes, left-aligned and filled with zeros (kinds of keys, names of contracts); null when it
-- is not such a text.
create function chain_word_text(hex text) returns text
language sql immutable strict parallel safe
as $$
  select case when hex ~ '^0x([2-7][0-9a-f]){1,32}(00)*$' and length(hex) = 66
    then convert_from(decode(regexp_replace(substr(hex, 3), '(00)+$', ''), 'hex'), 'SQL_ASCII') end
$$;

-- What the registry calls its contracts now.
create view mirror_contract as
select distinct on (name) name, address, block_number
from (
  select chain_word_text(args ->> 'name') as name, chain_bytes(args ->> 'account') as address, block_number, log_index
  from chain_event where contract = 'CentreRegistry' and name = 'ContractSet'
) as named
where name is not null
order by name, block_number desc, log_index desc;

create view mirror_centre as
with latest as (
  select distinct on (centre, subject) centre, subject, name, args, block_number
  from (
    select centre, name, args, block_number, log_index,
      unnest(case name
        when 'CentreAdmitted' then array['admitted', 'service_url', 'accounts']
        when 'ServiceUrlSet' then array['service_url']
        when 'AccountsSet' then array['accounts']
        when 'LogEpochSet' then array['log_epoch']
        when 'CentreRemovedEvent' then array['removed']
        when 'CentrePausedEvent' then array['paused']
        when 'CentreUnpaused' then array['paused'] end) as subject
    from chain_event where contract = 'CentreRegistry' and centre is not null
  ) as told
  order by centre, subject, block_number desc, log_index desc
)
select admitted.centre as code,
  admitted.args ->> 'name' as name,
  admitted.args ->> 'creditCode' as credit_code,
  service_url.args ->> 'serviceUrl' as service_url,
  chain_bytes(accounts.args -> 'accounts' ->> 'anchorer') as anchorer,
  chain_bytes(accounts.args -> 'accounts' ->> 'statusWriter') as status_writer,
  chain_bytes(accounts.args -> 'accounts' ->> 'lister') as lister,
  chain_bytes(accounts.args -> 'accounts' ->> 'guardian') as guardian,
  coalesce((log_epoch.args ->> 'epoch')::bigint, 1) as log_epoch,
  coalesce(paused.name = 'CentrePausedEvent', false) as paused,
  removed.centre is not null as removed,
  admitted_block.time as admitted_at,
  removed_block.time as removed_at
from latest as admitted
join chain_block as admitted_block on admitted_block.number = admitted.block_number
join latest as service_url on service_url.centre = admitted.centre and service_url.subject = 'service_url'
join latest as accounts on accounts.centre = admitted.centre and accounts.subject = 'accounts'
left join latest as log_epoch on log_epoch.centre = admitted.centre and log_epoch.subject = 'log_epoch'
left join latest as paused on paused.centre = admitted.centre and paused.subject = 'paused'
left join latest as removed on removed.centre = admitted.centre and removed.subject = 'removed'
left join chain_block as removed_block on removed_block.number = removed.block_number
where admitted.subject = 'admitted';

comment on view mirror_centre is 'The centres as the registry''s events leave them';

-- Times of keys are seconds since 1970, as the registry has them; valid_until and distrusted_since are 0 while open.
create view mirror_key as
with told as (
  select centre, name, args ->> 'kind' as kind, args ->> 'value' as value, args, block_number, log_index
  from chain_event
  where contract = 'CentreRegistry' and centre is not null
    and name in ('KeyAdded', 'KeyEnded', 'KeyDistrusted', 'KeyRetrusted')
),
ended as (
  select distinct on (centre, kind, value) centre, kind, value, (args ->> 'until')::numeric as until
  from told where name = 'KeyEnded' order by centre, kind, value, block_number desc, log_index desc
),
distrusted as (
  select distinct on (centre, kind, value) centre, kind, value, coalesce((args ->> 'since')::numeric, 0) as since
  from told where name in ('KeyDistrusted', 'KeyRetrusted')
  order by centre, kind, value, block_number desc, log_index desc
)
select added.centre, chain_word_text(added.kind) as kind, chain_bytes(added.value) as value,
  (added.args ->> 'from')::numeric as valid_from,
  coalesce(ended.until, (added.args ->> 'until')::numeric) as valid_until,
  coalesce(distrusted.since, 0) as distrusted_since,
  added.block_number, added.log_index
from told as added
left join ended using (centre, kind, value)
left join distrusted using (centre, kind, value)
where added.name = 'KeyAdded';

comment on view mirror_key is 'The centres'' dated keys as the registry''s events leave them';

create view mirror_anchor as
select e.centre, (e.args ->> 'epoch')::bigint as epoch, (e.args ->> 'size')::numeric as size,
  chain_bytes(e.args ->> 'root') as root,
  e.address as contract, e.transaction_hash, e.block_number, e.log_index, b.hash as block_hash, b.time as block_time
from chain_event e
join chain_block b on b.number = e.block_number
where e.name = 'CheckpointAnchored' and e.contract = 'CheckpointAnchor' and e.centre is not null;

comment on view mirror_anchor is 'Every checkpoint on the chain; ask with centre, epoch and size';

-- The last word on a status index is the event with the highest place; it is revoked when that is Revoked.
create view mirror_revocation as
select e.centre, (e.args ->> 'index')::numeric as index, (e.args ->> 'reason')::smallint as reason,
  to_timestamp((e.args ->> 'time')::numeric::double precision) as revoked_at,
  e.address as contract, e.transaction_hash, e.block_number, e.log_index
from chain_event e
where e.contract = 'CertificateStatus' and e.name = 'Revoked' and e.centre is not null
  and not exists (
    select from chain_event later
    where later.contract = 'CertificateStatus' and later.name in ('Revoked', 'Reinstated')
      and later.centre = e.centre and (later.args ->> 'index')::numeric = (e.args ->> 'index')::numeric
      and (later.block_number, later.log_index) > (e.block_number, e.log_index));

comment on view mirror_revocation is 'What is revoked now; ask with centre and index';

create view mirror_listing as
select listed.centre, chain_bytes(listed.args ->> 'id') as id, chain_bytes(listed.args ->> 'commitment') as commitment,
  case last.name when 'Lifted' then 'lifted' when 'Suspended' then 'suspended' else 'listed' end as state,
  (last.args ->> 'reason')::smallint as lift_reason,
  listed_block.time as listed_at, changed_block.time as changed_at,
  listed.address as contract, listed.transaction_hash, listed.block_number, listed.log_index,
  last.block_number as changed_block_number
from chain_event listed
join chain_block listed_block on listed_block.number = listed.block_number
cross join lateral (
  select name, args, block_number from chain_event e
  where e.contract = 'Blacklist' and e.name in ('Listed', 'Suspended', 'Resumed', 'Lifted')
    and chain_bytes(e.args ->> 'id') = chain_bytes(listed.args ->> 'id') and e.address = listed.address
  order by e.block_number desc, e.log_index desc limit 1
) as last
join chain_block changed_block on changed_block.number = last.block_number
where listed.contract = 'Blacklist' and listed.name = 'Listed' and listed.centre is not null;

comment on view mirror_listing is 'Every listing with its state now: listed, suspended or lifted; ask with id, or with centre';
