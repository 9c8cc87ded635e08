-- Key sets of identity providers, fetched by secretstore-egress, and when each is fetched next.
-- Breaking: no. The release before reads and writes key_sets as it did, and only local ones.
set local lock_timeout = '5s';

alter table store.key_sets
    add column source text not null default 'local',
    add constraint key_sets_source_is_known check (source in ('local', 'fetched'));
comment on column store.key_sets.source is
    'local: of the built-in issuer, made by secretstorectl. fetched: by secretstore-egress, which sees no others.';

create table store.key_set_fetches (
    issuer text not null,
    next_fetch_at timestamptz not null default now(),
    attempted_at timestamptz,
    refresh_wanted_at timestamptz,
    failures bigint not null default 0,
    trouble text,
    constraint key_set_fetches_pkey primary key (issuer),
    constraint key_set_fetches_failures_are_counted_from_0 check (failures >= 0),
    constraint key_set_fetches_trouble_is_a_word check (trouble ~ '^[a-z_]{1,32}$')
);
comment on column store.key_set_fetches.refresh_wanted_at is
    'When a worker last met a key that it does not know; written at most once a minute.';
comment on column store.key_set_fetches.trouble is
    'Why the last attempt gave no good set, which is then the failures-th in a row. Null: it did.';

alter table store.key_set_fetches enable row level security;
alter table store.key_set_fetches force row level security;
create policy service_wide on store.key_set_fetches to secretstore_app using (true);
create policy fetcher on store.key_set_fetches to secretstore_egress using (true);
create policy operator on store.key_set_fetches to secretstore_maint using (true);
create policy looker on store.key_set_fetches for select to secretstore_readonly using (true);
-- Whoever takes over the program with the network can't replace the keys of the built-in issuer.
create policy fetcher on store.key_sets to secretstore_egress
    using (source = 'fetched') with check (source = 'fetched');

grant select, update (refresh_wanted_at) on store.key_set_fetches to secretstore_app;
grant select, insert, update on store.key_set_fetches, store.key_sets to secretstore_egress;
grant select on store.schema_migrations to secretstore_egress;
grant select on store.key_set_fetches to secretstore_maint, secretstore_readonly;
