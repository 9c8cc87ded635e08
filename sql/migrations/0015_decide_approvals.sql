-- People decide requests of agents: by which rules, who decided what, and the token that came of it.
-- Breaking: no. Workers of the release before go on asking; they know nothing of decisions.
set local lock_timeout = '5s';

-- What approvers left of a request, where that is less than was asked for; and what came of it.
alter table store.approvals
    add column granted_scopes text[],
    add column granted_ttl_seconds bigint,
    add column granted_max_uses integer,
    add column token_id uuid,
    add column collected_at timestamptz,
    add constraint approvals_grant_1_to_32_scopes check (cardinality(granted_scopes) between 1 and 32),
    add constraint approvals_grant_no_longer_ttl check (granted_ttl_seconds between 1 and ttl_seconds),
    add constraint approvals_grant_no_more_uses
        check (granted_max_uses >= 1 and (max_uses is null or granted_max_uses <= max_uses)),
    add constraint approvals_give_a_token_only_where_approved check (token_id is null or status = 'approved'),
    add constraint approvals_are_collected_only_with_a_token check (collected_at is null or token_id is not null);
comment on column store.approvals.token_id is
    'The token that was made when it was approved. Its row goes away some time after it has expired.';
comment on column store.approvals.collected_at is 'When the agent first got that token.';

-- Not tenant first, as tokens_by_request: the newest approval of a request.
create index approvals_by_request on store.approvals (request_digest, tenant_id, agent_id, approval_id);
create index approvals_pending_by_expiry on store.approvals (expires_at) where status = 'pending';

create table store.approval_decisions (
    tenant_id uuid not null,
    approval_id uuid not null,
    event_id uuid not null,
    decision text not null,
    decided_by_type text not null,
    decided_by uuid,
    role text not null,
    signed_in_freshly boolean not null,
    reason text,
    created_at timestamptz not null default now(),
    constraint approval_decisions_pkey primary key (tenant_id, approval_id, event_id),
    constraint approval_decisions_belong_to_an_approval foreign key (tenant_id, approval_id)
        references store.approvals (tenant_id, approval_id),
    constraint approval_decisions_decision_is_known check (decision in ('approved', 'denied')),
    constraint approval_decisions_are_made_by_people check (decided_by_type in ('user', 'operator')),
    constraint approval_decisions_of_a_user_name_it check ((decided_by_type = 'user') = (decided_by is not null)),
    constraint approval_decisions_role_may_decide check (role in ('owner', 'admin', 'approver')),
    constraint approval_decisions_reason_has_at_most_500_characters check (char_length(reason) <= 500)
);
-- Two approvals are of two people, whatever races.
create unique index approval_decisions_one_approval_each
    on store.approval_decisions (tenant_id, approval_id, decided_by_type, decided_by) nulls not distinct
    where decision = 'approved';
-- One denial ends a request.
create unique index approval_decisions_one_denial
    on store.approval_decisions (tenant_id, approval_id) where decision = 'denied';
comment on column store.approval_decisions.event_id is 'The audit event that records the decision.';
comment on column store.approval_decisions.signed_in_freshly is
    'Had the person signed in within the ten minutes before? Critical secrets want that.';

-- What a tenant asks for beyond its tiers, for the secrets in and below a namespace.
create table store.approval_policies (
    tenant_id uuid not null,
    namespace text collate "C" not null,
    access_tier smallint not null,
    approvals smallint not null,
    delay_seconds bigint not null,
    owner_only boolean not null,
    allow_self_approval boolean not null,
    constraint approval_policies_pkey primary key (tenant_id, namespace, access_tier),
    constraint approval_policies_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint approval_policies_access_tier_is_known check (access_tier between 0 and 2),
    constraint approval_policies_want_1_to_5_approvals check (approvals between 1 and 5),
    constraint approval_policies_delay_has_at_most_12_hours check (delay_seconds between 0 and 43200)
);
comment on column store.approval_policies.namespace is '* for all namespaces.';
comment on column store.approval_policies.access_tier is '0: secrets of every tier that needs approval.';

-- The policies of a tenant are one document: whoever replaces it says which one he has seen.
alter table store.tenants
    add column approval_policies_version bigint not null default 0;

alter table store.approval_decisions enable row level security;
alter table store.approval_decisions force row level security;
alter table store.approval_policies enable row level security;
alter table store.approval_policies force row level security;
create policy tenant_wall on store.approval_decisions to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.approval_policies to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy looker on store.approval_decisions for select to secretstore_readonly using (true);
create policy looker on store.approval_policies for select to secretstore_readonly using (true);

grant select, insert on store.approval_decisions to secretstore_app;
grant select, insert, delete on store.approval_policies to secretstore_app;
grant update (approval_policies_version) on store.tenants to secretstore_app;
grant select on store.approval_decisions, store.approval_policies to secretstore_readonly;
