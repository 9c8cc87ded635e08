-- What is known of Stripe: which customers a tenant is there, what it has bought, and which events
-- were applied. A pool of workers of its own, with the network and without the root key, writes it,
-- under a role that sees neither secrets nor agents. Before it roles.sql is run again, for that role.
-- Breaking: no.
set local lock_timeout = '5s';

create table store.stripe_customers (
    tenant_id uuid not null,
    customer_id text collate "C" not null,
    created_at timestamptz not null default now(),
    constraint stripe_customers_pkey primary key (tenant_id, customer_id),
    constraint stripe_customers_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint stripe_customers_are_of_one_tenant_each unique (customer_id),
    constraint stripe_customers_id_is_stripes check (customer_id ~ '^[0-9A-Za-z_]{1,255}$')
);
comment on table store.stripe_customers is
    'Written once and never changed: an event of a customer concerns this tenant and no other, whatever stands in it.';

create table store.stripe_subscriptions (
    tenant_id uuid not null,
    subscription_id text collate "C" not null,
    customer_id text collate "C" not null,
    plan text not null,
    status text not null,
    told_at timestamptz not null,
    told_rank bigint not null,
    failed_at timestamptz,
    constraint stripe_subscriptions_pkey primary key (tenant_id, subscription_id),
    constraint stripe_subscriptions_are_of_a_customer_of_the_tenant foreign key (tenant_id, customer_id)
        references store.stripe_customers (tenant_id, customer_id),
    constraint stripe_subscriptions_id_is_stripes check (subscription_id ~ '^[0-9A-Za-z_]{1,255}$'),
    constraint stripe_subscriptions_plan_is_known check (plan in ('free', 'pro', 'enterprise')),
    constraint stripe_subscriptions_status_is_a_word check (status ~ '^[a-z_]{0,64}$')
);
comment on column store.stripe_subscriptions.status is
    'Stripe''s word. Empty where nothing is known but that a payment failed.';
comment on column store.stripe_subscriptions.told_at is
    'When Stripe made the event that this row is by. An older event, whenever it comes, changes nothing; '
    'of one second, told_rank decides.';
comment on column store.stripe_subscriptions.failed_at is
    'When the newest payment failed; of no meaning where told_at is not older.';

create table store.stripe_events (
    tenant_id uuid not null,
    event_id text collate "C" not null,
    received_at timestamptz not null default now(),
    constraint stripe_events_pkey primary key (tenant_id, event_id),
    constraint stripe_events_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint stripe_events_id_is_stripes check (event_id ~ '^[0-9A-Za-z_]{1,255}$')
);
create index stripe_events_by_time on store.stripe_events (received_at);

alter table store.stripe_customers enable row level security;
alter table store.stripe_customers force row level security;
alter table store.stripe_subscriptions enable row level security;
alter table store.stripe_subscriptions force row level security;
alter table store.stripe_events enable row level security;
alter table store.stripe_events force row level security;

create policy billing_wall on store.stripe_customers to secretstore_billing
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy billing_wall on store.stripe_subscriptions to secretstore_billing
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy billing_wall on store.stripe_events to secretstore_billing
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy billing_wall on store.tenants to secretstore_billing
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy billing_wall on store.processed_requests to secretstore_billing
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
-- Whoever takes over the program with the network can't make the log say anything else.
create policy billing_wall on store.audit_events for insert to secretstore_billing
    with check (tenant_id = (select current_setting('secretstore.tenant')::uuid)
                and (event_type = 'auth.failed' or event_type like 'billing.%'));
create policy asked_by_billing on store.key_sets for select to secretstore_billing using (true);
create policy asked_by_billing on store.key_set_fetches to secretstore_billing using (true);
create policy operator on store.stripe_customers for select to secretstore_maint using (true);
create policy operator on store.stripe_subscriptions for select to secretstore_maint using (true);
create policy operator on store.stripe_events to secretstore_maint using (true);
create policy looker on store.stripe_customers for select to secretstore_readonly using (true);
create policy looker on store.stripe_subscriptions for select to secretstore_readonly using (true);
create policy looker on store.stripe_events for select to secretstore_readonly using (true);
-- For the function below alone; nobody logs in as the owner.
create policy definer on store.stripe_customers for select to secretstore_owner using (true);

grant usage on schema store to secretstore_billing;
grant select, insert on store.stripe_customers, store.stripe_events to secretstore_billing;
grant select, insert, update (plan, status, told_at, told_rank, failed_at)
    on store.stripe_subscriptions to secretstore_billing;
grant select (tenant_id, plan, plan_version, requests_per_minute, subscription_status),
      update (plan, requests_per_minute, subscription_status) on store.tenants to secretstore_billing;
-- A request is known again without its answer: that is Stripe's to give again.
grant select (tenant_id, request_key, expires_at), insert (tenant_id, request_key, expires_at),
      update (expires_at) on store.processed_requests to secretstore_billing;
grant insert on store.audit_events to secretstore_billing;
grant select on store.key_sets, store.schema_migrations to secretstore_billing;
grant select, update (refresh_wanted_at) on store.key_set_fetches to secretstore_billing;
grant execute on function store.find_person(text, text) to secretstore_billing;
grant select on store.stripe_customers, store.stripe_subscriptions, store.stripe_events
    to secretstore_maint, secretstore_readonly;
grant delete on store.stripe_events to secretstore_maint;

-- Stripe names its customer and no tenant. This function is the way around the wall: it tells whose
-- customer exactly this is, and nothing else.
create function store.find_tenant_of_customer(wanted_customer text)
    returns table (tenant_id uuid)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select c.tenant_id from store.stripe_customers c where c.customer_id = wanted_customer;
end
$$;
revoke all on function store.find_tenant_of_customer(text) from public;
grant execute on function store.find_tenant_of_customer(text) to secretstore_billing;
