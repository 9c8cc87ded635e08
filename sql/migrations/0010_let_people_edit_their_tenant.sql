-- What GET and PATCH /me show and change.
-- Breaking: no.
set local lock_timeout = '5s';

alter table store.tenants
    add column notify_approval_requests boolean not null default true,
    add column notify_security_alerts boolean not null default true;

grant update (name, notify_approval_requests, notify_security_alerts) on store.tenants to secretstore_app;
