-- Roles and the database. Run once per cluster as its superuser, harmless when repeated:
--     sudo -u postgres psql -d postgres -f roles.sql
-- Nobody has a password: peer authentication maps operating system users to these roles, and certificates
-- with those users' names where PostgreSQL is on another host.
--
--   secretstore_owner     owns every object; nobody logs in as it
--   secretstore_migrator  applies migrations (secretstorectl db migrate)
--   secretstore_app       workers: one tenant at a time, by row-level security
--   secretstore_reader    workers' read batches: only the columns that the read statement needs
--   secretstore_egress    secretstore-egress: what people are told, and key sets; no sealed value
--   secretstore_billing   the pool of billing: plans and what Stripe tells; no secret, no agent
--   secretstore_maint     the operator's command and its timers
--   secretstore_readonly  people who look: never a sealed box, never a key's MAC
--   secretstore_backup    copies everything and changes nothing (secretstorectl backup)
\set ON_ERROR_STOP on

do $$
declare
    role_name text;
begin
    foreach role_name in array array['owner', 'migrator', 'app', 'reader', 'egress', 'billing', 'maint', 'readonly', 'backup'] loop
        role_name := 'secretstore_' || role_name;
        if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
            execute pg_catalog.format('create role %I nosuperuser nocreatedb nocreaterole noinherit', role_name);
        end if;
    end loop;
end
$$;

alter role secretstore_owner nologin;
alter role secretstore_migrator login;
alter role secretstore_app login;
alter role secretstore_reader login;
alter role secretstore_egress login;
alter role secretstore_billing login;
alter role secretstore_maint login;
alter role secretstore_readonly login;
-- What it copies is sealed; who has the root key too can open it.
alter role secretstore_backup login bypassrls inherit;
grant pg_read_all_data to secretstore_backup;
grant secretstore_owner to secretstore_migrator;
-- Which workers hold which root key stands in the names of their connections.
grant pg_read_all_stats to secretstore_maint;

-- Nothing is found by a search path that somebody else can write to.
alter role secretstore_migrator set search_path = '';
alter role secretstore_app set search_path = '';
alter role secretstore_reader set search_path = '';
alter role secretstore_egress set search_path = '';
alter role secretstore_billing set search_path = '';
alter role secretstore_maint set search_path = '';
alter role secretstore_backup set search_path = '';
alter role secretstore_readonly set search_path = store;

-- The answer must not leave before the audit record is safe.
alter role secretstore_app set synchronous_commit = on;
alter role secretstore_reader set synchronous_commit = on;
alter role secretstore_billing set synchronous_commit = on;

-- Collation C: paths are compared byte by byte (contract: no normalisation), and indexes on them
-- don't depend on the version of a locale library.
select 'create database secretstore owner secretstore_owner encoding ''UTF8'' locale ''C'' template template0'
where not exists (select from pg_catalog.pg_database where datname = 'secretstore') \gexec

revoke all on database secretstore from public;
grant connect on database secretstore
    to secretstore_migrator, secretstore_app, secretstore_reader, secretstore_egress, secretstore_billing,
       secretstore_maint, secretstore_readonly, secretstore_backup;
