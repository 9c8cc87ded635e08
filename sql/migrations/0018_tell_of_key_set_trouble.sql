-- Tenants whose people sign in with an issuer that gives no keys are told of it.
-- Breaking: no.
set local lock_timeout = '5s';

-- When a tenant was last told of this issuer.
create table store.key_set_notices (
    tenant_id uuid not null,
    issuer text not null,
    told_at timestamptz not null default now(),
    constraint key_set_notices_pkey primary key (tenant_id, issuer),
    constraint key_set_notices_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint key_set_notices_are_of_an_issuer foreign key (issuer)
        references store.key_set_fetches (issuer) on delete cascade
);

alter table store.key_set_notices enable row level security;
alter table store.key_set_notices force row level security;
create policy teller on store.key_set_notices to secretstore_egress using (true);
create policy operator on store.key_set_notices for select to secretstore_maint using (true);

grant select, insert, update on store.key_set_notices to secretstore_egress;
grant select on store.key_set_notices to secretstore_maint;
grant select (issuer) on store.users to secretstore_egress;
