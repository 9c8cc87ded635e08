-- Secrets that were deleted long ago go for good, with all their versions; maintenance removes those,
-- and can remove no other. Nothing is removed here, and the workers of before need nothing of this.
-- Writers of secrets wait while the index is built: a look at each row of store.secrets.
-- Breaking: no.
set local lock_timeout = '5s';

-- The oldest first. Begins with the time and not with the tenant: see secrets_live_by_name.
create index secrets_deleted_by_time on store.secrets (deleted_at, tenant_id, secret_id)
    where deleted_at is not null;

-- Restrictive: whatever else is granted, no statement of maintenance removes a secret that lives, or
-- that was deleted within the last day, or a version of one.
create policy deleted_before on store.secrets as restrictive for delete to secretstore_maint
    using (deleted_at < now() - interval '24 hours');
create policy deleted_before on store.secret_versions as restrictive for delete to secretstore_maint
    using (exists (select
                   from store.secrets s
                   where s.tenant_id = secret_versions.tenant_id and s.secret_id = secret_versions.secret_id
                     and s.deleted_at < now() - interval '24 hours'));

-- Nor does it make a live secret a deleted one, or give a version to another secret. Replacing KEKs
-- is all that it changes.
revoke update on store.secrets, store.secret_versions from secretstore_maint;
grant update (kek_id, dek_box) on store.secret_versions to secretstore_maint;
