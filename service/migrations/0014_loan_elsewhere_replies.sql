-- What becomes of a certificate for a loan elsewhere (异地贷款职工住房公积金缴存使用证明): the reply slip (回执) that the lending centre
-- sends back, and the freeze of the account that such a certificate may bring, as the centre's parameter had it on the day.
--
--   issued → granted → settled        the loan was granted; it was paid off
--   issued → refused                  the loan was not granted
--   issued → cancelled                the certificate was lost or returned; it is revoked in the same transaction
--   granted, refused → issued         annulled: the slip was registered by mistake
--
-- That it expired is a matter of its last day and no step: a slip that is late is still registered.

-- What holds an account frozen, each cause for itself: depositor.frozen is true while there is one.
create table depositor_freeze (
  id bigint generated always as identity primary key,
  depositor_id text collate "C" not null references depositor,
  -- imported: the account was frozen when this service first froze it, for a cause that we do not know and never end
  cause text not null constraint depositor_freeze_cause check (cause in ('imported', 'loan-elsewhere')),
  certificate_id text collate "C" references certificate,
  until text constraint depositor_freeze_until check (until in ('until_reply', 'until_settled')),
  begun_at timestamptz not null,
  ended_at timestamptz,
  -- id of the reply, or revocation
  ended_by text,
  constraint depositor_freeze_by_certificate check (
    (cause = 'loan-elsewhere') = (certificate_id is not null) and (cause = 'loan-elsewhere') = (until is not null)),
  constraint depositor_freeze_ended check ((ended_at is null) = (ended_by is null))
);
create unique index depositor_freeze_of_certificate on depositor_freeze (certificate_id) where ended_at is null;
create index depositor_freeze_now on depositor_freeze (depositor_id) where ended_at is null;

create table loan_elsewhere_reply (
  id text collate "C" primary key constraint loan_elsewhere_reply_id_form check (id ~ '^reply_[a-z0-9]{16,40}$'),
  -- the order of the steps of a certificate
  seq bigint generated always as identity,
  certificate_id text collate "C" not null references certificate,
  step text not null check (step in ('granted', 'refused', 'cancelled', 'settled', 'annulled')),
  -- granted: what the slip says of the loan; the monthly amount is that of the first month
  amount_fen bigint check (amount_fen > 0),
  term_months integer check (term_months between 1 and 600),
  from_month calendar_month,
  to_month calendar_month,
  -- A.11: 01 equal instalments, 02 equal principal
  method char(2) check (method in ('01', '02')),
  monthly_fen bigint check (monthly_fen > 0),
  -- cancelled
  reason text check (reason in ('lost', 'returned')),
  -- the day on the slip, or of the settlement
  stated_on date,
  note text not null,
  -- set by the trigger: what ends a freeze or a certificate, or undoes a step, needs a second pair of eyes
  needs_confirmation boolean not null,
  registered_by text not null,
  registered_at timestamptz not null,
  constraint loan_elsewhere_reply_terms check (
    (step = 'granted') = (num_nulls(amount_fen, term_months, from_month, to_month, method, monthly_fen) = 0)
    and (step = 'granted') = (num_nonnulls(amount_fen, term_months, from_month, to_month, method, monthly_fen) > 0)),
  constraint loan_elsewhere_reply_period check (from_month <= to_month),
  constraint loan_elsewhere_reply_reason check ((step = 'cancelled') = (reason is not null)),
  constraint loan_elsewhere_reply_day check ((step in ('granted', 'refused', 'settled')) = (stated_on is not null))
);
create index loan_elsewhere_reply_of_certificate on loan_elsewhere_reply (certificate_id, seq);

create table loan_elsewhere_reply_decision (
  reply_id text collate "C" primary key references loan_elsewhere_reply,
  confirmed boolean not null,
  note text not null,
  decided_by text not null,
  decided_at timestamptz not null
);

comment on table loan_elsewhere_reply is 'Steps of certificates for a loan elsewhere, as a clerk registered them; a step that needs confirmation counts from its decision';
comment on column loan_elsewhere_reply.amount_fen is '贷款金额 as the lending centre granted it';

create function loan_elsewhere_counts(reply loan_elsewhere_reply) returns boolean language sql stable as $$
  select not reply.needs_confirmation
    or exists (select from loan_elsewhere_reply_decision d where d.reply_id = reply.id and d.confirmed)
$$;

-- Where a certificate stands: issued, granted, refused, settled or cancelled by its replies, revoked where it was revoked or
-- superseded without one; null when it is not issued yet, or of another kind.
create function loan_elsewhere_state(certificate text) returns text language sql stable as $$
  select case
    when step in ('granted', 'refused', 'settled', 'cancelled') then step
    -- One that takes its place may be drawn and not issued yet: from then on no slip belongs to it any more.
    when exists (select from certificate_revocation r where r.certificate_id = c.id and r.confirmed_by is not null)
      or exists (select from certificate newer where newer.supersedes = c.id)
    then 'revoked'
    when exists (select from certificate_issue i where i.certificate_id = c.id) then 'issued'
  end
  from certificate c
  left join lateral (
    select r.step from loan_elsewhere_reply r
    where r.certificate_id = c.id and loan_elsewhere_counts(r)
    order by r.seq desc limit 1
  ) newest on true
  where c.id = certificate and c.kind = 'loan-elsewhere'
$$;

create function loan_elsewhere_pending(certificate text) returns boolean language sql stable as $$
  select exists (
    select from loan_elsewhere_reply r
    where r.certificate_id = certificate and r.needs_confirmation
      and not exists (select from loan_elsewhere_reply_decision d where d.reply_id = r.id))
$$;

-- Freezes ---------------------------------------------------------------------------------------------------------------

create function depositor_freeze_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.ended_at is not null then
      raise exception 'a freeze begins open' using errcode = 'CZ511';
    end if;
    perform from depositor where id = new.depositor_id for no key update;
    if new.cause <> 'imported'
      and exists (select from depositor where id = new.depositor_id and frozen)
      and not exists (select from depositor_freeze where depositor_id = new.depositor_id and ended_at is null)
    then
      insert into depositor_freeze (depositor_id, cause, begun_at) values (new.depositor_id, 'imported', new.begun_at);
    end if;
    return new;
  end if;
  if tg_op = 'UPDATE' and old.ended_at is null and new.ended_at is not null
     and (new.depositor_id, new.cause, new.certificate_id, new.until, new.begun_at)
       is not distinct from (old.depositor_id, old.cause, old.certificate_id, old.until, old.begun_at) then
    return new;
  end if;
  raise exception 'a freeze ends once and stays' using errcode = 'CZ512';
end $$;
create trigger depositor_freeze_kept before insert or update or delete on depositor_freeze
  for each row execute function depositor_freeze_guard();
create trigger depositor_freeze_no_truncate before truncate on depositor_freeze
  for each statement execute function depositor_freeze_guard();

create function depositor_freeze_shows() returns trigger language plpgsql as $$
begin
  update depositor d
  set frozen = exists (select from depositor_freeze f where f.depositor_id = d.id and f.ended_at is null)
  where d.id = new.depositor_id
    and d.frozen <> exists (select from depositor_freeze f where f.depositor_id = d.id and f.ended_at is null);
  return null;
end $$;
create trigger depositor_freeze_written after insert or update on depositor_freeze
  for each row execute function depositor_freeze_shows();

-- The freeze begins when the certificate is drawn: what it states of the balance is not paid out before it is issued. The
-- drawing transaction has locked the account. The record says which freeze, because its face says so too.
create function loan_elsewhere_drawn() returns trigger language plpgsql as $$
begin
  insert into depositor_freeze (depositor_id, cause, certificate_id, until, begun_at)
  select depositor_id, 'loan-elsewhere', id, record::jsonb #>> '{fields,freeze}', drawn_at
  from drawn
  where kind = 'loan-elsewhere' and record::jsonb #>> '{fields,freeze}' <> 'none'
  order by depositor_id;
  return null;
end $$;
create trigger certificate_freezes after insert on certificate referencing new table as drawn
  for each statement execute function loan_elsewhere_drawn();

-- A certificate that is revoked or superseded freezes nothing any more, unless a loan was granted on it.
create function loan_elsewhere_revoked() returns trigger language plpgsql as $$
begin
  update depositor_freeze
  set ended_at = new.confirmed_at, ended_by = 'revocation'
  where certificate_id = new.certificate_id and ended_at is null
    and coalesce(loan_elsewhere_state(new.certificate_id), 'revoked') = 'revoked';
  return null;
end $$;
create trigger certificate_revocation_unfreezes after insert or update on certificate_revocation
  for each row when (new.confirmed_by is not null) execute function loan_elsewhere_revoked();

-- Replies ---------------------------------------------------------------------------------------------------------------

create function loan_elsewhere_kept() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'CZ501';
end $$;
create trigger loan_elsewhere_reply_append_only before update or delete on loan_elsewhere_reply
  for each row execute function loan_elsewhere_kept();
create trigger loan_elsewhere_reply_no_truncate before truncate on loan_elsewhere_reply
  for each statement execute function loan_elsewhere_kept();
create trigger loan_elsewhere_decision_append_only before update or delete on loan_elsewhere_reply_decision
  for each row execute function loan_elsewhere_kept();
create trigger loan_elsewhere_decision_no_truncate before truncate on loan_elsewhere_reply_decision
  for each statement execute function loan_elsewhere_kept();

create function loan_elsewhere_may(state text, step text) returns boolean language sql immutable as $$
  select coalesce(case step
    when 'settled' then state = 'granted'
    when 'annulled' then state in ('granted', 'refused')
    else state = 'issued'
  end, false)
$$;

-- Steps of a certificate come one after the other, and not while another one of the same account is drawn, which asks what
-- was granted before. What is read after this lock is what holds.
create function loan_elsewhere_lock(certificate_id text) returns void language plpgsql as $$
begin
  perform from certificate c where c.id = loan_elsewhere_lock.certificate_id for no key update;
  perform from depositor d
  where d.id = (select c.depositor_id from certificate c where c.id = loan_elsewhere_lock.certificate_id)
  for no key update;
end $$;

create function loan_elsewhere_reply_guard() returns trigger language plpgsql as $$
begin
  perform loan_elsewhere_lock(new.certificate_id);
  if loan_elsewhere_pending(new.certificate_id) then
    raise exception 'a reply waits for its confirmation' using errcode = 'CZ513';
  end if;
  if not loan_elsewhere_may(loan_elsewhere_state(new.certificate_id), new.step) then
    raise exception 'this step does not follow from where the certificate stands' using errcode = 'CZ514';
  end if;
  new.needs_confirmation := new.step in ('cancelled', 'annulled') or exists (
    select from depositor_freeze f
    where f.certificate_id = new.certificate_id and f.ended_at is null
      and (new.step <> 'granted' or f.until = 'until_reply'));
  return new;
end $$;
create trigger loan_elsewhere_reply_follows before insert on loan_elsewhere_reply
  for each row execute function loan_elsewhere_reply_guard();

create function loan_elsewhere_decision_guard() returns trigger language plpgsql as $$
declare
  reply loan_elsewhere_reply;
  state text;
begin
  select * into reply from loan_elsewhere_reply where id = new.reply_id;
  perform loan_elsewhere_lock(reply.certificate_id);
  if not reply.needs_confirmation then
    raise exception 'this reply needs no confirmation' using errcode = 'CZ515';
  end if;
  if new.confirmed then
    if new.decided_by = reply.registered_by then
      raise exception 'nobody confirms what they registered' using errcode = 'CZ516';
    end if;
    state := loan_elsewhere_state(reply.certificate_id);
    -- A cancelled certificate is revoked, in the same transaction at the latest.
    if not (case reply.step when 'cancelled' then state = 'revoked' else loan_elsewhere_may(state, reply.step) end) then
      raise exception 'this step does not follow from where the certificate stands' using errcode = 'CZ514';
    end if;
  end if;
  return new;
end $$;
create trigger loan_elsewhere_decision_follows before insert on loan_elsewhere_reply_decision
  for each row execute function loan_elsewhere_decision_guard();

-- What a step does to the freeze, once it counts.
create function loan_elsewhere_takes_effect(reply loan_elsewhere_reply, at timestamptz) returns void language plpgsql as $$
begin
  if reply.step = 'annulled' and loan_elsewhere_state(reply.certificate_id) = 'issued' then
    -- The certificate is out again, as its face says: with its freeze.
    insert into depositor_freeze (depositor_id, cause, certificate_id, until, begun_at)
    select depositor_id, 'loan-elsewhere', id, record::jsonb #>> '{fields,freeze}', at
    from certificate c
    where id = reply.certificate_id and record::jsonb #>> '{fields,freeze}' <> 'none'
      and not exists (select from depositor_freeze f where f.certificate_id = c.id and f.ended_at is null);
  else
    update depositor_freeze f
    set ended_at = at, ended_by = reply.id
    where f.certificate_id = reply.certificate_id and f.ended_at is null
      and (reply.step <> 'granted' or f.until = 'until_reply');
  end if;
end $$;

create function loan_elsewhere_reply_written() returns trigger language plpgsql as $$
begin
  if not new.needs_confirmation then
    perform loan_elsewhere_takes_effect(new, new.registered_at);
  end if;
  return null;
end $$;
create trigger loan_elsewhere_reply_counts after insert on loan_elsewhere_reply
  for each row execute function loan_elsewhere_reply_written();

create function loan_elsewhere_decision_written() returns trigger language plpgsql as $$
declare
  reply loan_elsewhere_reply;
begin
  if new.confirmed then
    select * into reply from loan_elsewhere_reply where id = new.reply_id;
    perform loan_elsewhere_takes_effect(reply, new.decided_at);
  end if;
  return null;
end $$;
create trigger loan_elsewhere_decision_counts after insert on loan_elsewhere_reply_decision
  for each row execute function loan_elsewhere_decision_written();
