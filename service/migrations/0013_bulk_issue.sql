-- Bulk issue: one certificate of a kind for every depositor of a unit or of the centre. What there is to do is not written
-- down for each depositor: the depositors' ids are cut into ranges, and each range has a cursor. Every depositor's
-- certificate is asked for under a request key that follows from the run and the depositor, so a batch that is done again
-- after a crash finds its certificates there (certificate_request_once).
--
-- A replica takes a batch by locking a range's row until the batch is written into it: no lease has to run out after a
-- crash, and two replicas never work at one range.

create table bulk_issue (
  id text collate "C" primary key constraint bulk_issue_id_form check (id ~ '^bulk_[a-z0-9]{16,40}$'),
  kind text not null,
  -- null: all depositors of the centre
  unit_id text collate "C" references unit,
  purpose text not null,
  -- what the kind wants to know beside the depositor, the same for all, as canonical JSON
  details text,
  -- depositors when it was asked for; what the plan found stands in the ranges
  expected bigint not null check (expected >= 0),
  requested_by text not null,
  request_key text not null,
  request_digest bytea not null check (octet_length(request_digest) = 32),
  requested_at timestamptz not null,
  -- who wants it to run now: whoever asked for it, or whoever resumed it
  proposed_by text not null,
  confirmed_by text,
  confirmed_at timestamptz,
  state text not null constraint bulk_issue_state check (state in ('proposed', 'running', 'done', 'cancelled')),
  planned_at timestamptz,
  cancelled_by text,
  cancelled_at timestamptz,
  ended_at timestamptz,
  constraint bulk_issue_request_once unique (requested_by, request_key),
  constraint bulk_issue_confirmed check ((confirmed_by is null) = (confirmed_at is null)),
  -- four eyes for the whole centre, whoever is connected
  constraint bulk_issue_four_eyes check (confirmed_by <> proposed_by and confirmed_by <> requested_by),
  constraint bulk_issue_of_the_centre_is_confirmed
    check (unit_id is not null or state in ('proposed', 'cancelled') or confirmed_by is not null),
  constraint bulk_issue_ended check ((state = 'done') = (ended_at is not null)),
  constraint bulk_issue_cancelled check ((state = 'cancelled') = (cancelled_at is not null) and (cancelled_at is null) = (cancelled_by is null))
);
create index bulk_issue_by_time on bulk_issue (requested_at desc, id desc);
create index bulk_issue_running on bulk_issue (requested_at) where state = 'running';

create table bulk_issue_range (
  bulk_issue_id text collate "C" not null references bulk_issue,
  number integer not null check (number >= 0),
  first_id text collate "C" not null,
  last_id text collate "C" not null,
  -- the last depositor who was looked at
  cursor_id text collate "C",
  -- depositors as planned; once it is finished, those whom it met
  size bigint not null check (size >= 0),
  issued bigint not null default 0 check (issued >= 0),
  refused bigint not null default 0 check (refused >= 0),
  finished_at timestamptz,
  primary key (bulk_issue_id, number),
  constraint bulk_issue_range_order check (first_id <= last_id and cursor_id between first_id and last_id),
  constraint bulk_issue_range_finished check (finished_at is null or size = issued + refused)
) with (fillfactor = 50); -- its rows are written again and again
create index bulk_issue_range_open on bulk_issue_range (bulk_issue_id, number) where finished_at is null;

-- Whom the kind's rules refuse: kept with the code, so that somebody can see to each of them.
create table bulk_issue_refusal (
  bulk_issue_id text collate "C" not null references bulk_issue,
  depositor_id text collate "C" not null references depositor,
  code text not null constraint bulk_issue_refusal_code check (code ~ '^[A-Z][A-Z0-9_]*$'),
  params jsonb not null,
  refused_at timestamptz not null,
  primary key (bulk_issue_id, depositor_id)
);

-- How fast it went, for the chart and the expected end: one row for each five seconds in which something was done.
create table bulk_issue_pace (
  bulk_issue_id text collate "C" not null references bulk_issue,
  at timestamptz not null,
  done bigint not null check (done >= 0),
  primary key (bulk_issue_id, at)
) with (fillfactor = 50);

comment on table bulk_issue is 'Runs that issue a certificate to every depositor of a unit or of the centre';
comment on table bulk_issue_range is 'Ranges of depositor ids of a run, each with its cursor and its counts';
