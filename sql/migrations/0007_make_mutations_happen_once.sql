-- What was answered to a request that changed something, so that the same request, sent again by
-- nginx or by a client with an Idempotency-Key, gets the same answer and changes nothing.
-- Breaking: no.
set local lock_timeout = '5s';

create table store.processed_requests (
    tenant_id uuid not null,
    request_key bytea not null,
    kek_id uuid,
    answer_box bytea,
    expires_at timestamptz not null,
    constraint processed_requests_pkey primary key (tenant_id, request_key),
    constraint processed_requests_kek_is_the_tenants foreign key (tenant_id, kek_id)
        references store.tenant_keys (tenant_id, kek_id),
    constraint processed_requests_key_has_32_bytes check (octet_length(request_key) = 32),
    constraint processed_requests_answer_is_sealed check ((kek_id is null) = (answer_box is null))
);
create index processed_requests_by_expiry on store.processed_requests (expires_at);
comment on column store.processed_requests.request_key is
    'SHA-256 over what names the request: nginx''s request id, or an actor and its Idempotency-Key.';
comment on column store.processed_requests.answer_box is
    'What was answered, as a sealed box v1 under the KEK, purpose answer: it may hold a key or a value. '
    'Null for the use of a token with max_uses, which is only to be counted once.';

alter table store.processed_requests enable row level security;
alter table store.processed_requests force row level security;
create policy tenant_wall on store.processed_requests to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy operator on store.processed_requests to secretstore_maint using (true);

grant select, insert, delete on store.processed_requests to secretstore_app;
grant select, insert, delete on store.processed_requests to secretstore_maint;
