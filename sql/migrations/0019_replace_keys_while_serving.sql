-- Keys are replaced while workers serve: which root key sealed a box is a column, so that the
-- database itself keeps a root key that is still needed and refuses boxes under one that is gone.
-- Breaking: no.
set local lock_timeout = '5s';

alter table store.tenant_keys
    add column replaced_at timestamptz,
    add column root_key_id uuid generated always as
        (case when octet_length(box) >= 98 then encode(substr(box, 3, 16), 'hex')::uuid end) stored,
    add constraint tenant_keys_root_key_is_known foreign key (root_key_id)
        references store.root_keys (root_key_id),
    add constraint tenant_keys_are_wiped_when_destroyed check ((state = 'destroyed') = (box = ''));
comment on column store.tenant_keys.root_key_id is 'As the box names it (bytes 2 to 17).';
comment on column store.tenant_keys.replaced_at is
    'When another KEK became the active one. What this one sealed is re-wrapped; then it is destroyed.';

alter table store.service_keys
    add column root_key_id uuid generated always as
        (case when octet_length(box) >= 98 then encode(substr(box, 3, 16), 'hex')::uuid end) stored,
    add constraint service_keys_root_key_is_known foreign key (root_key_id)
        references store.root_keys (root_key_id),
    add constraint service_keys_are_wiped_when_retired check ((state = 'retired') = (box = ''));

create index tenant_keys_by_root_key on store.tenant_keys (root_key_id, tenant_id, kek_id);

grant delete on store.root_keys to secretstore_maint;
grant update on store.processed_requests to secretstore_maint;
-- A key comes under a new pepper when it is used. Who has no pepper can make no MAC that is worth anything.
grant update (key_pepper_id, key_mac) on store.personal_tokens to secretstore_app;
