-- Webhooks, and one row for each receiver of a message: what secretstore-egress delivers, how often
-- it tried, and what became of it.
-- Breaking: no.
set local lock_timeout = '5s';

-- The key that secretstore-egress has.
alter table store.service_keys
    drop constraint service_keys_purpose_is_known,
    add constraint service_keys_purpose_is_known
        check (purpose in ('token-signing', 'agent-key-pepper', 'local-issuer', 'egress'));
create policy teller on store.service_keys for select to secretstore_egress using (purpose = 'egress');
grant select (key_id, purpose, state) on store.service_keys to secretstore_egress;

alter table store.outbox add column mail_box bytea;
comment on column store.outbox.mail_box is
    'What only the mail of this message may show (a single-use token), as a sealed box v1 under the '
    'egress key, purpose egress.';

create table store.webhooks (
    tenant_id uuid not null,
    webhook_id uuid not null,
    url text not null,
    description text,
    events text[] not null,
    active boolean not null,
    secret_generation bigint not null default 1,
    secret_box bytea not null,
    previous_secret_box bytea,
    previous_secret_until timestamptz,
    verified_at timestamptz,
    failures bigint not null default 0,
    rests_until timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint webhooks_pkey primary key (tenant_id, webhook_id),
    constraint webhooks_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint webhooks_url_is_https check (url like 'https://%' and char_length(url) <= 2048),
    constraint webhooks_description_has_at_most_500_characters check (char_length(description) <= 500),
    constraint webhooks_events_are_1_to_32 check (cardinality(events) between 1 and 32),
    constraint webhooks_previous_secret_ends
        check ((previous_secret_box is null) = (previous_secret_until is null))
);
comment on column store.webhooks.secret_box is
    'The signing secret as a sealed box v1 under the egress key, purpose egress.';
comment on column store.webhooks.previous_secret_box is
    'The one before, which signs beside it until previous_secret_until.';
comment on column store.webhooks.verified_at is
    'When its host was last known to be where a webhook may be; null: not yet.';
comment on column store.webhooks.rests_until is
    'It is sent nothing before this: a transfer is under way, or the last ones failed (failures).';

create table store.deliveries (
    tenant_id uuid not null,
    delivery_id uuid not null,
    message_id uuid not null,
    event_type text not null,
    webhook_id uuid,
    recipient text,
    status text not null default 'pending',
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    last_attempt_at timestamptz,
    last_status integer,
    last_error text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint deliveries_pkey primary key (tenant_id, delivery_id),
    constraint deliveries_are_of_a_message foreign key (tenant_id, message_id)
        references store.outbox (tenant_id, message_id) on delete cascade,
    constraint deliveries_go_to_a_webhook foreign key (tenant_id, webhook_id)
        references store.webhooks (tenant_id, webhook_id) on delete cascade,
    constraint deliveries_have_one_receiver check ((webhook_id is null) <> (recipient is null)),
    constraint deliveries_status_is_known check (status in ('pending', 'failed', 'delivered', 'dead')),
    constraint deliveries_open_ones_have_a_next_attempt
        check ((status in ('pending', 'failed')) = (next_attempt_at is not null)),
    constraint deliveries_closed_ones_have_an_end
        check ((status in ('delivered', 'dead')) = (finished_at is not null))
);
-- What is to be delivered: short, however much has been.
create index deliveries_open_by_webhook on store.deliveries (webhook_id, next_attempt_at)
    where next_attempt_at is not null and webhook_id is not null;
create index deliveries_open_mails on store.deliveries (next_attempt_at)
    where next_attempt_at is not null and recipient is not null;
create index deliveries_by_end on store.deliveries (finished_at) where finished_at is not null;
create index deliveries_by_message on store.deliveries (tenant_id, message_id);
create index deliveries_by_webhook on store.deliveries (tenant_id, webhook_id, created_at, delivery_id);
create index deliveries_by_time on store.deliveries (tenant_id, created_at, delivery_id);
comment on column store.deliveries.status is
    'pending: not tried yet. failed: tried, and will be again. delivered, dead: ended.';

-- What old messages are swept by.
create index outbox_by_time on store.outbox (created_at);

-- Workers have no network: where a host is they ask egress, and wait for three seconds. A row lives
-- for as long as its question.
create table store.host_checks (
    tenant_id uuid not null,
    check_id uuid not null,
    host text not null,
    verdict text,
    asked_at timestamptz not null default now(),
    constraint host_checks_pkey primary key (tenant_id, check_id),
    constraint host_checks_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint host_checks_host_has_at_most_253_characters check (char_length(host) between 1 and 253),
    constraint host_checks_verdict_is_known check (verdict in ('public', 'private', 'unresolvable'))
);
create index host_checks_waiting on store.host_checks (asked_at) where verdict is null;

-- Of which versions people have been told that they expire, and how many days ahead.
create table store.expiry_notices (
    tenant_id uuid not null,
    secret_id uuid not null,
    version bigint not null,
    days integer not null,
    told_at timestamptz not null default now(),
    constraint expiry_notices_pkey primary key (tenant_id, secret_id, version, days),
    constraint expiry_notices_are_of_a_secret foreign key (tenant_id, secret_id)
        references store.secrets (tenant_id, secret_id) on delete cascade
);
create index expiry_notices_by_time on store.expiry_notices (told_at);
-- Secrets that expire at all are few.
create index secrets_by_expiry on store.secrets (expires_at) where expires_at is not null and deleted_at is null;

-- When people were last told that an agent is refused again and again.
create table store.refusal_notices (
    tenant_id uuid not null,
    agent_id uuid not null,
    told_at timestamptz not null default now(),
    constraint refusal_notices_pkey primary key (tenant_id, agent_id),
    constraint refusal_notices_are_of_an_agent foreign key (tenant_id, agent_id)
        references store.agents (tenant_id, agent_id) on delete cascade
);
-- Refusals of the last minutes. No read is in it: reads pay nothing for it.
create index audit_events_refused on store.audit_events (created_at)
    where actor_type = 'agent'
      and event_type in ('secret.read.denied', 'secret.write.denied', 'token.denied', 'auth.failed');

alter table store.webhooks enable row level security;
alter table store.webhooks force row level security;
alter table store.deliveries enable row level security;
alter table store.deliveries force row level security;
alter table store.host_checks enable row level security;
alter table store.host_checks force row level security;
alter table store.expiry_notices enable row level security;
alter table store.expiry_notices force row level security;
alter table store.refusal_notices enable row level security;
alter table store.refusal_notices force row level security;

create policy tenant_wall on store.webhooks to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.deliveries to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.host_checks to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
-- Egress delivers for all tenants; every join carries the tenant of the message.
create policy teller on store.webhooks to secretstore_egress using (true);
create policy teller on store.deliveries to secretstore_egress using (true);
create policy teller on store.host_checks to secretstore_egress using (true);
create policy teller on store.refusal_notices to secretstore_egress using (true);
create policy teller on store.tenants for select to secretstore_egress using (true);
create policy teller on store.members for select to secretstore_egress using (true);
create policy teller on store.users for select to secretstore_egress using (true);
create policy teller on store.agents for select to secretstore_egress using (true);
create policy teller on store.audit_events for select to secretstore_egress using (true);
create policy operator on store.webhooks to secretstore_maint using (true);
create policy operator on store.deliveries to secretstore_maint using (true);
create policy operator on store.host_checks to secretstore_maint using (true);
create policy operator on store.expiry_notices to secretstore_maint using (true);
create policy operator on store.refusal_notices to secretstore_maint using (true);
create policy looker on store.webhooks for select to secretstore_readonly using (true);
create policy looker on store.deliveries for select to secretstore_readonly using (true);

grant select, insert, update, delete on store.webhooks to secretstore_app;
grant select, insert, update on store.deliveries to secretstore_app;
grant select, insert, delete on store.host_checks to secretstore_app;

grant select, update (verified_at, failures, rests_until) on store.webhooks to secretstore_egress;
grant select, insert, update on store.deliveries to secretstore_egress;
grant select, update (verdict) on store.host_checks to secretstore_egress;
grant select, insert, update on store.refusal_notices to secretstore_egress;
grant select (tenant_id, name, notify_approval_requests, notify_security_alerts) on store.tenants
    to secretstore_egress;
grant select (tenant_id, user_id, role) on store.members to secretstore_egress;
grant select (user_id, email) on store.users to secretstore_egress;
grant select (tenant_id, agent_id, name) on store.agents to secretstore_egress;
grant select (tenant_id, event_type, actor_type, actor_id, reason, created_at) on store.audit_events
    to secretstore_egress;

grant select on store.webhooks to secretstore_maint;
grant select, insert, delete on store.deliveries to secretstore_maint;
grant select, delete on store.host_checks to secretstore_maint;
grant select, insert, delete on store.expiry_notices to secretstore_maint;
grant select, delete on store.refusal_notices to secretstore_maint;

-- Never a box.
revoke select on store.outbox from secretstore_readonly;
grant select (tenant_id, message_id, event_type, payload, created_at, expanded_at) on store.outbox
    to secretstore_readonly;
grant select (tenant_id, webhook_id, url, description, events, active, verified_at, created_at, updated_at)
    on store.webhooks to secretstore_readonly;
grant select on store.deliveries to secretstore_readonly;
