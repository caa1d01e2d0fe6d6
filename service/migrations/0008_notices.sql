-- Notices: messages to persons, written in the transaction that has something to say, delivered afterwards.

create table notice (
  id text collate "C" primary key constraint notice_id_form check (id ~ '^ntc_[A-Za-z0-9]{1,40}$'),
  channel text not null constraint notice_channel check (channel in ('sms', 'development', 'none')),
  purpose text not null constraint notice_purpose check (purpose ~ '^[a-z][a-z_]{1,39}$'),
  person_id text collate "C" constraint notice_person references person,
  recipient text,
  recipient_masked text,
  text text,
  state text not null constraint notice_state check (state in ('waiting', 'delivered', 'failed', 'expired', 'withheld')),
  attempts integer not null default 0 constraint notice_attempts check (attempts >= 0),
  next_at timestamptz not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  settled_at timestamptz,
  last_error text,
  -- A real message is kept only while it has to be sent; the development channel shows it until it expires.
  constraint notice_text_only_while_needed check (
    (text is null and recipient is null) or state = 'waiting' or (channel = 'development' and state = 'delivered')
  ),
  constraint notice_waiting_has_text check (state <> 'waiting' or (text is not null and recipient is not null)),
  constraint notice_settled check ((state = 'waiting') = (settled_at is null))
);

create index notice_waiting on notice (next_at) where state = 'waiting';
create index notice_with_text on notice (expires_at) where text is not null;
create index notice_created on notice (created_at);

comment on table notice is 'Outbox of messages. Delivered at least once: the gateway gets the id and drops repeats';
comment on column notice.state is 'waiting; delivered; failed (given up); expired (too late to send); withheld (nobody to send to)';
comment on column notice.next_at is 'Not tried before; while a sender holds the message it lies ahead, so that a crash only delays it';
comment on column notice.recipient_masked is 'What staff may see, for example 138****0001';
