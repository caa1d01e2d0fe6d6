-- The centre's one append-only log (FORMAT.md §5): leaves wait here, get their place, and never change again.

-- One row an epoch; the newest is the one in use. `size` is the number of leaves that have a place: it moves only in the
-- transaction that also writes the checkpoint, which is the commit point of the log.
create table log_epoch (
  epoch integer primary key check (epoch >= 1),
  size bigint not null default 0 check (size >= 0),
  -- why the log stopped, when the chain or a witness knows more than this database does; null while it runs
  stopped_because text,
  stopped_at timestamptz,
  check ((stopped_because is null) = (stopped_at is null))
);

create function log_epoch_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.epoch = old.epoch and new.size >= old.size then
    return new;
  end if;
  raise exception 'the log only grows' using errcode = 'CZ305';
end $$;
create trigger log_epoch_only_grows before update or delete on log_epoch for each row execute function log_epoch_guard();
create trigger log_epoch_no_truncate before truncate on log_epoch for each statement execute function log_epoch_guard();

-- A domain inserts its leaf in its own transaction. `id` is the handle; `leaf_index` the place, given once by the log.
create table log_leaf (
  id bigint generated always as identity primary key,
  digest bytea not null check (octet_length(digest) = 32),
  epoch integer references log_epoch,
  leaf_index bigint check (leaf_index >= 0),
  created_at timestamptz not null default now(),
  check ((epoch is null) = (leaf_index is null))
);
create unique index log_leaf_place on log_leaf (epoch, leaf_index) where leaf_index is not null;
create index log_leaf_pending on log_leaf (id) where leaf_index is null;

create function log_leaf_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.leaf_index is null and new.leaf_index is not null
     and new.id = old.id and new.digest = old.digest and new.created_at = old.created_at then
    return new;
  end if;
  raise exception 'leaves of the log are append-only' using errcode = 'CZ301';
end $$;
create trigger log_leaf_append_only before update or delete on log_leaf for each row execute function log_leaf_guard();
create trigger log_leaf_no_truncate before truncate on log_leaf for each statement execute function log_leaf_guard();

-- Hash tiles (C2SP tlog-tiles): up to 256 hashes of 32 bytes; a full tile never changes.
create table log_tile (
  epoch integer not null references log_epoch,
  level integer not null check (level between 0 and 6),
  tile_index bigint not null check (tile_index >= 0),
  hashes bytea not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
  primary key (epoch, level, tile_index)
);
alter table log_tile alter column hashes set storage external;

create function log_tile_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.epoch = old.epoch and new.level = old.level and new.tile_index = old.tile_index
     and octet_length(new.hashes) >= octet_length(old.hashes)
     and substring(new.hashes from 1 for octet_length(old.hashes)) = old.hashes then
    return new;
  end if;
  raise exception 'hash tiles only grow' using errcode = 'CZ302';
end $$;
create trigger log_tile_only_grows before update or delete on log_tile for each row execute function log_tile_guard();
create trigger log_tile_no_truncate before truncate on log_tile for each statement execute function log_tile_guard();

-- closed: committed here. submitted: given to the outbox. anchored: seen on the chain. outdated: a later one was sent instead.
create table log_checkpoint (
  epoch integer not null references log_epoch,
  size bigint not null check (size >= 1),
  root bytea not null check (octet_length(root) = 32),
  closed_at timestamptz not null,
  -- the log's own signature line; written after the commit, never before
  signature_line text,
  state text not null default 'closed' check (state in ('closed', 'submitted', 'anchored', 'outdated')),
  -- the last write to the chain, when it was asked for, and how many there were: one that reverted is followed by another
  chain_write_id bigint,
  submitted_at timestamptz,
  attempts integer not null default 0,
  -- where it stands on the chain; the contract too, since a later version of it has another address
  anchor_contract text,
  transaction_hash text,
  block_number bigint,
  block_hash text,
  block_time timestamptz,
  primary key (epoch, size),
  check (state <> 'submitted' or (chain_write_id is not null and submitted_at is not null)),
  check (num_nulls(anchor_contract, transaction_hash, block_number, block_hash, block_time) = case state when 'anchored' then 0 else 5 end)
);
-- The steps that come every other second look only at these, however many checkpoints there are.
create index log_checkpoint_unsigned on log_checkpoint (epoch, size) where signature_line is null;
create index log_checkpoint_open on log_checkpoint (epoch, size) where state in ('closed', 'submitted');
create index log_checkpoint_anchored on log_checkpoint (epoch, size) where state = 'anchored';
create index log_checkpoint_block on log_checkpoint (block_number) where state = 'anchored';

create function log_checkpoint_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.epoch = old.epoch and new.size = old.size and new.root = old.root
     and new.closed_at = old.closed_at and (old.signature_line is null or new.signature_line = old.signature_line) then
    return new;
  end if;
  raise exception 'a checkpoint keeps its size, root and signature for good' using errcode = 'CZ303';
end $$;
create trigger log_checkpoint_stays before update or delete on log_checkpoint for each row execute function log_checkpoint_guard();
create trigger log_checkpoint_no_truncate before truncate on log_checkpoint for each statement execute function log_checkpoint_guard();

-- What the other centres, as witnesses, have cosigned of this log.
create table log_cosignature (
  epoch integer not null,
  size bigint not null,
  witness text not null,
  line text not null,
  cosigned_at timestamptz not null,
  primary key (epoch, size, witness),
  foreign key (epoch, size) references log_checkpoint
);
create index log_cosignature_newest on log_cosignature (epoch, witness, size desc);

create function log_evidence_guard() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'CZ306';
end $$;
create trigger log_cosignature_append_only before update or delete on log_cosignature for each row execute function log_evidence_guard();
create trigger log_cosignature_no_truncate before truncate on log_cosignature for each statement execute function log_evidence_guard();

-- What this centre, as a witness, has seen and cosigned of the other logs: the newest size only ever grows.
create table witnessed_log (
  origin text primary key,
  centre text not null,
  size bigint not null check (size >= 1),
  root bytea not null check (octet_length(root) = 32),
  note text not null,
  cosigned_at timestamptz not null
);

create function witnessed_log_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.origin = old.origin and (new.size > old.size or (new.size = old.size and new.root = old.root)) then
    return new;
  end if;
  raise exception 'a witness never goes back' using errcode = 'CZ304';
end $$;
create trigger witnessed_log_only_grows before update or delete on witnessed_log for each row execute function witnessed_log_guard();

-- Evidence against a log, kept for good: two notes that it signed itself. Anybody may send a note again, and with any
-- proof, so each checkpoint stands here once, and only a fork is proof:
--   fork       two roots of one size: they cannot both be true
--   unproven   a larger checkpoint that came with a proof that does not hold. By itself this says nothing, for the proof
--              may be the sender's; it is settled when the checkpoint is cosigned after all
create table witness_alarm (
  id bigint generated always as identity primary key,
  origin text not null,
  kind text not null check (kind in ('fork', 'unproven')),
  found_at timestamptz not null,
  known_note text not null,
  given_note text not null,
  given_size bigint not null,
  given_root bytea not null check (octet_length(given_root) = 32),
  settled_at timestamptz,
  check (kind = 'unproven' or settled_at is null),
  unique (origin, kind, given_size, given_root)
);

create function witness_alarm_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.settled_at is null
     and (new.id, new.origin, new.kind, new.found_at, new.known_note, new.given_note, new.given_size, new.given_root)
       = (old.id, old.origin, old.kind, old.found_at, old.known_note, old.given_note, old.given_size, old.given_root) then
    return new;
  end if;
  raise exception 'an alarm stays' using errcode = 'CZ306';
end $$;
create trigger witness_alarm_stays before update or delete on witness_alarm for each row execute function witness_alarm_guard();
create trigger witness_alarm_no_truncate before truncate on witness_alarm for each statement execute function witness_alarm_guard();
