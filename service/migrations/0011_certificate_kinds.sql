-- Certificates of every kind: about a depositor's account, a loan or a unit's account, and in place of an earlier one.

alter table certificate alter column person_id drop not null;
alter table certificate add column loan_id text collate "C" references loan;
alter table certificate add column unit_id text collate "C" references unit;
-- What the wish told beside its subject, as canonical JSON; null when the kind asks for nothing.
alter table certificate add column details text;
-- The certificate that this one takes the place of: it is revoked as superseded in the transaction that issues this one.
alter table certificate add column supersedes text collate "C" references certificate;

alter table certificate add constraint certificate_one_subject check (num_nonnulls(depositor_id, loan_id, unit_id) = 1);
alter table certificate add constraint certificate_of_a_unit_is_nobodys check (unit_id is null or person_id is null);
alter table certificate add constraint certificate_supersedes_another check (supersedes <> id);

create index certificate_of_depositor on certificate (depositor_id, kind, drawn_at desc) where depositor_id is not null;
create index certificate_of_loan on certificate (loan_id, drawn_at desc) where loan_id is not null;
create index certificate_of_unit on certificate (unit_id, drawn_at desc) where unit_id is not null;
create unique index certificate_superseded_once on certificate (supersedes) where supersedes is not null;

comment on column certificate.person_id is 'Whose it is: null for a unit''s, and for a borrower whom the register of persons does not know';
