-- What people are to be told of, written in the transaction in which it happens and told by
-- secretstore-egress, which has the network and no key to any secret.
-- Breaking: no.
set local lock_timeout = '5s';

grant usage on schema store to secretstore_egress;

create table store.outbox (
    tenant_id uuid not null,
    message_id uuid not null,
    event_type text not null,
    payload json not null,
    created_at timestamptz not null default now(),
    expanded_at timestamptz,
    constraint outbox_pkey primary key (tenant_id, message_id),
    constraint outbox_messages_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint outbox_event_type_has_1_to_64_characters check (event_type ~ '^[a-z_.]{1,64}$'),
    constraint outbox_payload_has_at_most_64_kib check (octet_length(payload::text) <= 65536)
);
-- What egress has not looked at yet: always a short index.
create index outbox_waiting on store.outbox (created_at) where expanded_at is null;
comment on column store.outbox.payload is
    'What happened: ids, names and times. Never a value, a token or a key.';
comment on column store.outbox.expanded_at is
    'When it became deliveries, one for each receiver. Null: egress has not looked at it yet.';

alter table store.outbox enable row level security;
alter table store.outbox force row level security;
create policy tenant_wall on store.outbox to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy teller on store.outbox to secretstore_egress using (true);
create policy operator on store.outbox to secretstore_maint using (true);
create policy looker on store.outbox for select to secretstore_readonly using (true);

grant insert on store.outbox to secretstore_app;
grant select, insert, update (expanded_at) on store.outbox to secretstore_egress;
grant select, insert, delete on store.outbox to secretstore_maint;
grant select on store.outbox to secretstore_readonly;
