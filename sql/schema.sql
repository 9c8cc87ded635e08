--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: store; Type: SCHEMA; Schema: -; Owner: secretstore_owner
--

CREATE SCHEMA store;

ALTER SCHEMA store OWNER TO secretstore_owner;

--
-- Name: add_person(uuid, text, text, text); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.add_person(new_id uuid, new_issuer text, new_subject text, new_email text) RETURNS TABLE(user_id uuid, is_new boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    insert into store.users (user_id, issuer, subject, email)
    values (new_id, new_issuer, new_subject, new_email)
    on conflict do nothing;
    return query
        select u.user_id, u.user_id = new_id
        from store.users u
        where u.issuer = new_issuer and u.subject = new_subject;
end
$$;

ALTER FUNCTION store.add_person(new_id uuid, new_issuer text, new_subject text, new_email text) OWNER TO secretstore_owner;

--
-- Name: count_recent_tenants(); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.count_recent_tenants() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return (select count(*) from store.tenants t where t.created_at > now() - interval '1 hour');
end
$$;

ALTER FUNCTION store.count_recent_tenants() OWNER TO secretstore_owner;

--
-- Name: create_audit_partitions(date, date); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.create_audit_partitions(first date, last date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    month date := pg_catalog.date_trunc('month', first)::date;
    name text;
    made integer := 0;
begin
    if last > first + 3660 then
        raise exception 'at most ten years of partitions at once';
    end if;
    while month <= last loop
        name := 'audit_events_' || pg_catalog.to_char(month, 'YYYY_MM');
        if pg_catalog.to_regclass('store.' || name) is null then
            execute pg_catalog.format(
                'create table store.%I partition of store.audit_events for values from (%L) to (%L)',
                name, month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
            made := made + 1;
        end if;
        month := (month + interval '1 month')::date;
    end loop;
    return made;
end
$$;

ALTER FUNCTION store.create_audit_partitions(first date, last date) OWNER TO secretstore_owner;

--
-- Name: drop_audit_partitions(timestamp with time zone); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.drop_audit_partitions(older_than timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
    first_day date;
    last_month constant date := (pg_catalog.date_trunc('month', pg_catalog.now()) - interval '1 month')::date;
    name text;
    dropped integer := 0;
begin
    if older_than > pg_catalog.now() - interval '1 day' then
        raise exception 'audit events are kept for a day at least';
    end if;
    for name in
        select c.relname
        from pg_catalog.pg_inherits i
        join pg_catalog.pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'store.audit_events'::pg_catalog.regclass
          and c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
        order by 1
    loop
        first_day := pg_catalog.to_date(pg_catalog.right(name, 7), 'YYYY_MM');
        continue when first_day >= last_month
                      or (first_day + interval '1 month') at time zone 'UTC' > older_than;
        execute pg_catalog.format('drop table store.%I', name);
        delete from store.audit_counts c where c.month = first_day;
        dropped := dropped + 1;
    end loop;
    return dropped;
end
$_$;

ALTER FUNCTION store.drop_audit_partitions(older_than timestamp with time zone) OWNER TO secretstore_owner;

--
-- Name: find_agent_key(text); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.find_agent_key(wanted_public_id text) RETURNS TABLE(tenant_id uuid, agent_id uuid, name text, key_pepper_id uuid, key_mac bytea, allowed_namespaces text[], allowed_scopes text[], ip_allowlist text[], limits_version bigint, key_version bigint, active boolean, plan text, plan_version bigint, requests_per_minute integer, is_suspended boolean, rate_limit_key text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select a.tenant_id, a.agent_id, a.name, a.key_pepper_id, a.key_mac,
               a.allowed_namespaces, a.allowed_scopes, a.ip_allowlist::text[],
               a.limits_version, a.key_version, a.active, t.plan, t.plan_version,
               t.requests_per_minute, t.suspended_at is not null, t.rate_limit_key
        from store.agents a
        join store.tenants t on t.tenant_id = a.tenant_id
        where a.key_public_id = wanted_public_id;
end
$$;

ALTER FUNCTION store.find_agent_key(wanted_public_id text) OWNER TO secretstore_owner;

--
-- Name: find_invitation(bytea); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.find_invitation(wanted_digest bytea) RETURNS TABLE(tenant_id uuid, invitation_id uuid, email text, is_pending boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select i.tenant_id, i.invitation_id, i.email, i.accepted_at is null and i.expires_at > now()
        from store.invitations i
        where i.token_digest = wanted_digest;
end
$$;

ALTER FUNCTION store.find_invitation(wanted_digest bytea) OWNER TO secretstore_owner;

--
-- Name: find_memberships(text, text); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.find_memberships(wanted_issuer text, wanted_subject text) RETURNS TABLE(tenant_id uuid, user_id uuid, role text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select m.tenant_id, m.user_id, m.role
        from store.users u
        join store.members m on m.user_id = u.user_id
        where u.issuer = wanted_issuer and u.subject = wanted_subject
        order by m.created_at, m.tenant_id;
end
$$;

ALTER FUNCTION store.find_memberships(wanted_issuer text, wanted_subject text) OWNER TO secretstore_owner;

--
-- Name: find_person(text, text); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.find_person(wanted_issuer text, wanted_subject text) RETURNS TABLE(user_id uuid, tenant_id uuid, role text, plan text, plan_version bigint, requests_per_minute integer, is_suspended boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select u.user_id, m.tenant_id, m.role, t.plan, t.plan_version, t.requests_per_minute,
               t.suspended_at is not null
        from store.users u
        left join store.members m on m.user_id = u.user_id
        left join store.tenants t on t.tenant_id = m.tenant_id
        where u.issuer = wanted_issuer and u.subject = wanted_subject
        order by m.created_at, m.tenant_id;
end
$$;

ALTER FUNCTION store.find_person(wanted_issuer text, wanted_subject text) OWNER TO secretstore_owner;

--
-- Name: find_personal_token(text); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.find_personal_token(wanted_public_id text) RETURNS TABLE(tenant_id uuid, personal_token_id uuid, user_id uuid, key_pepper_id uuid, key_mac bytea, token_role text, member_role text, is_revoked boolean, has_expired boolean, was_used_lately boolean, plan text, plan_version bigint, requests_per_minute integer, is_suspended boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select p.tenant_id, p.personal_token_id, p.user_id, p.key_pepper_id, p.key_mac, p.role, m.role,
               p.revoked_at is not null, p.expires_at <= now(),
               coalesce(p.last_used_at > now() - interval '1 minute', false),
               t.plan, t.plan_version, t.requests_per_minute, t.suspended_at is not null
        from store.personal_tokens p
        join store.members m on m.tenant_id = p.tenant_id and m.user_id = p.user_id
        join store.tenants t on t.tenant_id = p.tenant_id
        where p.key_public_id = wanted_public_id;
end
$$;

ALTER FUNCTION store.find_personal_token(wanted_public_id text) OWNER TO secretstore_owner;

--
-- Name: find_tenant_of_customer(text); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.find_tenant_of_customer(wanted_customer text) RETURNS TABLE(tenant_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select c.tenant_id from store.stripe_customers c where c.customer_id = wanted_customer;
end
$$;

ALTER FUNCTION store.find_tenant_of_customer(wanted_customer text) OWNER TO secretstore_owner;

--
-- Name: find_tenants_of(uuid); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.find_tenants_of(wanted_user uuid) RETURNS TABLE(tenant_id uuid, name text, role text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select t.tenant_id, t.name, m.role
        from store.members m
        join store.tenants t on t.tenant_id = m.tenant_id
        where m.user_id = wanted_user
        order by m.created_at, m.tenant_id;
end
$$;

ALTER FUNCTION store.find_tenants_of(wanted_user uuid) OWNER TO secretstore_owner;

--
-- Name: note_plan_change(); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.note_plan_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if new.plan is distinct from old.plan
       or new.requests_per_minute is distinct from old.requests_per_minute then
        new.plan_changed_at := pg_catalog.now();
    end if;
    if new.plan is distinct from old.plan
       or new.requests_per_minute is distinct from old.requests_per_minute
       or new.suspended_at is distinct from old.suspended_at then
        new.plan_version := old.plan_version + 1;
    end if;
    return new;
end
$$;

ALTER FUNCTION store.note_plan_change() OWNER TO secretstore_owner;

--
-- Name: remove_audit_events(uuid, timestamp with time zone, bigint); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.remove_audit_events(wanted_tenant uuid, older_than timestamp with time zone, at_most bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    bound timestamptz;
    removed bigint;
begin
    if older_than > pg_catalog.now() - interval '1 day' then
        raise exception 'audit events are kept for a day at least';
    end if;
    select least(older_than, s.sealed_until) into bound
    from store.audit_seals s
    where s.tenant_id = wanted_tenant;
    if bound is null then
        return 0;
    end if;
    with doomed as (
        select e.created_at, e.seq
        from store.audit_events e
        where e.tenant_id = wanted_tenant and e.created_at < bound
        order by e.created_at, e.seq
        limit at_most
    ),
    gone as (
        delete from store.audit_events e
        using doomed d
        where e.tenant_id = wanted_tenant and e.created_at = d.created_at and e.seq = d.seq
        returning e.created_at, e.event_type
    ),
    fewer as (
        select pg_catalog.date_trunc('month', g.created_at at time zone 'UTC')::date as month,
               g.event_type, count(*) as events
        from gone g
        group by 1, 2
    ),
    uncounted as (
        delete from store.audit_counts c
        using fewer f
        where c.tenant_id = wanted_tenant and c.month = f.month and c.event_type = f.event_type
          and c.events <= f.events
    ),
    recounted as (
        update store.audit_counts c
        set events = c.events - f.events
        from fewer f
        where c.tenant_id = wanted_tenant and c.month = f.month and c.event_type = f.event_type
          and c.events > f.events
    )
    select coalesce(sum(f.events), 0)::bigint into removed from fewer f;
    return removed;
end
$$;

ALTER FUNCTION store.remove_audit_events(wanted_tenant uuid, older_than timestamp with time zone, at_most bigint) OWNER TO secretstore_owner;

--
-- Name: take_stock(); Type: FUNCTION; Schema: store; Owner: secretstore_owner
--

CREATE FUNCTION store.take_stock() RETURNS TABLE(approvals_pending bigint, outbox_waiting bigint, outbox_lag_seconds bigint, mails_open bigint, mails_dead bigint, webhook_deliveries_open bigint, webhook_deliveries_dead bigint, audit_partitions_left bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
    most constant bigint := 100000;
begin
    return query select
        (select count(*) from (select from store.approvals a
                               where a.status = 'pending' and a.expires_at > pg_catalog.now()
                               limit most) x),
        (select count(*) from (select from store.outbox o where o.expanded_at is null limit most) x),
        (select coalesce(extract(epoch from pg_catalog.now() - min(o.created_at)), 0)::bigint
         from store.outbox o where o.expanded_at is null),
        (select count(*) from (select from store.deliveries d
                               where d.next_attempt_at is not null and d.recipient is not null
                               limit most) x),
        (select count(*) from (select from store.deliveries d
                               where d.status = 'dead' and d.recipient is not null limit most) x),
        (select count(*) from (select from store.deliveries d
                               where d.next_attempt_at is not null and d.webhook_id is not null
                               limit most) x),
        (select count(*) from (select from store.deliveries d
                               where d.status = 'dead' and d.webhook_id is not null limit most) x),
        (select count(*)
         from pg_catalog.pg_inherits i
         join pg_catalog.pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'store.audit_events'::pg_catalog.regclass
           and c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
           and pg_catalog.to_date(pg_catalog.right(c.relname, 7), 'YYYY_MM') > pg_catalog.now());
end
$_$;

ALTER FUNCTION store.take_stock() OWNER TO secretstore_owner;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: agents; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.agents (
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    name text NOT NULL,
    description text,
    key_public_id text NOT NULL COLLATE pg_catalog."C",
    key_pepper_id uuid NOT NULL,
    key_mac bytea NOT NULL,
    allowed_namespaces text[] NOT NULL,
    allowed_scopes text[] NOT NULL,
    ip_allowlist inet[],
    limits_version bigint DEFAULT 1 NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_active_at timestamp with time zone,
    key_version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT agents_description_has_at_most_500_characters CHECK ((char_length(description) <= 500)),
    CONSTRAINT agents_have_1_to_32_namespaces CHECK (((cardinality(allowed_namespaces) >= 1) AND (cardinality(allowed_namespaces) <= 32))),
    CONSTRAINT agents_have_1_to_32_scopes CHECK (((cardinality(allowed_scopes) >= 1) AND (cardinality(allowed_scopes) <= 32))),
    CONSTRAINT agents_have_1_to_64_addresses CHECK (((cardinality(ip_allowlist) >= 1) AND (cardinality(ip_allowlist) <= 64))),
    CONSTRAINT agents_key_mac_has_32_bytes CHECK ((octet_length(key_mac) = 32)),
    CONSTRAINT agents_name_has_1_to_64_characters CHECK ((name ~ '^[A-Za-z0-9_ .-]{1,64}$'::text))
);

ALTER TABLE ONLY store.agents FORCE ROW LEVEL SECURITY;

ALTER TABLE store.agents OWNER TO secretstore_owner;

--
-- Name: COLUMN agents.key_mac; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.agents.key_mac IS 'HMAC-SHA-256 of the agent key under the pepper; the key itself is stored nowhere.';

--
-- Name: COLUMN agents.limits_version; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.agents.limits_version IS 'Grows with every change of what the agent may do. Tokens carry the version they were checked against.';

--
-- Name: COLUMN agents.key_version; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.agents.key_version IS 'Grows with every new key. A token that was issued under an older one is dead.';

--
-- Name: approval_decisions; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.approval_decisions (
    tenant_id uuid NOT NULL,
    approval_id uuid NOT NULL,
    event_id uuid NOT NULL,
    decision text NOT NULL,
    decided_by_type text NOT NULL,
    decided_by uuid,
    role text NOT NULL,
    signed_in_freshly boolean NOT NULL,
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT approval_decisions_are_made_by_people CHECK ((decided_by_type = ANY (ARRAY['user'::text, 'operator'::text]))),
    CONSTRAINT approval_decisions_decision_is_known CHECK ((decision = ANY (ARRAY['approved'::text, 'denied'::text]))),
    CONSTRAINT approval_decisions_of_a_user_name_it CHECK (((decided_by_type = 'user'::text) = (decided_by IS NOT NULL))),
    CONSTRAINT approval_decisions_reason_has_at_most_500_characters CHECK ((char_length(reason) <= 500)),
    CONSTRAINT approval_decisions_role_may_decide CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'approver'::text])))
);

ALTER TABLE ONLY store.approval_decisions FORCE ROW LEVEL SECURITY;

ALTER TABLE store.approval_decisions OWNER TO secretstore_owner;

--
-- Name: COLUMN approval_decisions.event_id; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.approval_decisions.event_id IS 'The audit event that records the decision.';

--
-- Name: COLUMN approval_decisions.signed_in_freshly; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.approval_decisions.signed_in_freshly IS 'Had the person signed in within the ten minutes before? Critical secrets want that.';

--
-- Name: approval_policies; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.approval_policies (
    tenant_id uuid NOT NULL,
    namespace text NOT NULL COLLATE pg_catalog."C",
    access_tier smallint NOT NULL,
    approvals smallint NOT NULL,
    delay_seconds bigint NOT NULL,
    owner_only boolean NOT NULL,
    allow_self_approval boolean NOT NULL,
    CONSTRAINT approval_policies_access_tier_is_known CHECK (((access_tier >= 0) AND (access_tier <= 2))),
    CONSTRAINT approval_policies_delay_has_at_most_12_hours CHECK (((delay_seconds >= 0) AND (delay_seconds <= 43200))),
    CONSTRAINT approval_policies_want_1_to_5_approvals CHECK (((approvals >= 1) AND (approvals <= 5)))
);

ALTER TABLE ONLY store.approval_policies FORCE ROW LEVEL SECURITY;

ALTER TABLE store.approval_policies OWNER TO secretstore_owner;

--
-- Name: COLUMN approval_policies.namespace; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.approval_policies.namespace IS '* for all namespaces.';

--
-- Name: COLUMN approval_policies.access_tier; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.approval_policies.access_tier IS '0: secrets of every tier that needs approval.';

--
-- Name: approvals; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.approvals (
    tenant_id uuid NOT NULL,
    approval_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    request_digest bytea NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    requested_scopes text[] NOT NULL,
    ttl_seconds bigint NOT NULL,
    max_uses integer,
    ip_allowlist inet[],
    reason text,
    access_tier smallint NOT NULL,
    ip_address inet NOT NULL,
    user_agent text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    granted_scopes text[],
    granted_ttl_seconds bigint,
    granted_max_uses integer,
    token_id uuid,
    collected_at timestamp with time zone,
    CONSTRAINT approvals_access_tier_needs_one CHECK (((access_tier >= 1) AND (access_tier <= 2))),
    CONSTRAINT approvals_are_collected_only_with_a_token CHECK (((collected_at IS NULL) OR (token_id IS NOT NULL))),
    CONSTRAINT approvals_give_a_token_only_where_approved CHECK (((token_id IS NULL) OR (status = 'approved'::text))),
    CONSTRAINT approvals_grant_1_to_32_scopes CHECK (((cardinality(granted_scopes) >= 1) AND (cardinality(granted_scopes) <= 32))),
    CONSTRAINT approvals_grant_no_longer_ttl CHECK (((granted_ttl_seconds >= 1) AND (granted_ttl_seconds <= ttl_seconds))),
    CONSTRAINT approvals_grant_no_more_uses CHECK (((granted_max_uses >= 1) AND ((max_uses IS NULL) OR (granted_max_uses <= max_uses)))),
    CONSTRAINT approvals_reason_has_at_most_500_characters CHECK ((char_length(reason) <= 500)),
    CONSTRAINT approvals_request_digest_has_32_bytes CHECK ((octet_length(request_digest) = 32)),
    CONSTRAINT approvals_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'denied'::text, 'expired'::text])))
);

ALTER TABLE ONLY store.approvals FORCE ROW LEVEL SECURITY;

ALTER TABLE store.approvals OWNER TO secretstore_owner;

--
-- Name: COLUMN approvals.request_digest; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.approvals.request_digest IS 'SHA-256 of the request (scopes as a set, ttl, max_uses, ip_allowlist): what exactly is approved.';

--
-- Name: COLUMN approvals.token_id; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.approvals.token_id IS 'The token that was made when it was approved. Its row goes away some time after it has expired.';

--
-- Name: COLUMN approvals.collected_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.approvals.collected_at IS 'When the agent first got that token.';

--
-- Name: audit_counts; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.audit_counts (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    event_type text NOT NULL,
    events bigint NOT NULL,
    CONSTRAINT audit_counts_events_is_positive CHECK ((events > 0))
);

ALTER TABLE ONLY store.audit_counts FORCE ROW LEVEL SECURITY;

ALTER TABLE store.audit_counts OWNER TO secretstore_owner;

--
-- Name: audit_events; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.audit_events (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    actor_type text NOT NULL,
    actor_id uuid,
    resource_type text NOT NULL,
    resource_id uuid,
    namespace text COLLATE pg_catalog."C",
    key text COLLATE pg_catalog."C",
    version bigint,
    token_id uuid,
    reason text,
    details json,
    ip_address inet,
    user_agent text,
    request_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT audit_events_actor_type_is_known CHECK ((actor_type = ANY (ARRAY['agent'::text, 'user'::text, 'operator'::text])))
)
PARTITION BY RANGE (created_at);

ALTER TABLE ONLY store.audit_events FORCE ROW LEVEL SECURITY;

ALTER TABLE store.audit_events OWNER TO secretstore_owner;

--
-- Name: COLUMN audit_events.details; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.audit_events.details IS 'Members of metadata that have no column. Never a value, a token, a key or a request body.';

--
-- Name: COLUMN audit_events.xid; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.audit_events.xid IS 'Which transaction wrote it. The order of seq is not the order of commits.';

--
-- Name: audit_events_seq_seq; Type: SEQUENCE; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.audit_events ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME store.audit_events_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: audit_seals; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.audit_seals (
    tenant_id uuid NOT NULL,
    sealed_until timestamp with time zone NOT NULL
);

ALTER TABLE ONLY store.audit_seals FORCE ROW LEVEL SECURITY;

ALTER TABLE store.audit_seals OWNER TO secretstore_owner;

--
-- Name: TABLE audit_seals; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON TABLE store.audit_seals IS 'All events of the tenant before sealed_until are counted in audit_counts. It lies so far behind the clock that no transaction from before it can still be running.';

--
-- Name: deliveries; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.deliveries (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    message_id uuid NOT NULL,
    event_type text NOT NULL,
    webhook_id uuid,
    recipient text,
    status text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    last_attempt_at timestamp with time zone,
    last_status integer,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT deliveries_closed_ones_have_an_end CHECK (((status = ANY (ARRAY['delivered'::text, 'dead'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT deliveries_have_one_receiver CHECK (((webhook_id IS NULL) <> (recipient IS NULL))),
    CONSTRAINT deliveries_open_ones_have_a_next_attempt CHECK (((status = ANY (ARRAY['pending'::text, 'failed'::text])) = (next_attempt_at IS NOT NULL))),
    CONSTRAINT deliveries_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'failed'::text, 'delivered'::text, 'dead'::text])))
);

ALTER TABLE ONLY store.deliveries FORCE ROW LEVEL SECURITY;

ALTER TABLE store.deliveries OWNER TO secretstore_owner;

--
-- Name: COLUMN deliveries.status; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.deliveries.status IS 'pending: not tried yet. failed: tried, and will be again. delivered, dead: ended.';

--
-- Name: expiry_notices; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.expiry_notices (
    tenant_id uuid NOT NULL,
    secret_id uuid NOT NULL,
    version bigint NOT NULL,
    days integer NOT NULL,
    told_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY store.expiry_notices FORCE ROW LEVEL SECURITY;

ALTER TABLE store.expiry_notices OWNER TO secretstore_owner;

--
-- Name: host_checks; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.host_checks (
    tenant_id uuid NOT NULL,
    check_id uuid NOT NULL,
    host text NOT NULL,
    verdict text,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT host_checks_host_has_at_most_253_characters CHECK (((char_length(host) >= 1) AND (char_length(host) <= 253))),
    CONSTRAINT host_checks_verdict_is_known CHECK ((verdict = ANY (ARRAY['public'::text, 'private'::text, 'unresolvable'::text])))
);

ALTER TABLE ONLY store.host_checks FORCE ROW LEVEL SECURITY;

ALTER TABLE store.host_checks OWNER TO secretstore_owner;

--
-- Name: invitations; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.invitations (
    tenant_id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    role text NOT NULL,
    token_digest bytea NOT NULL,
    invited_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    CONSTRAINT invitations_email_has_3_to_254_bytes CHECK (((octet_length(email) >= 3) AND (octet_length(email) <= 254))),
    CONSTRAINT invitations_expire_later CHECK ((expires_at > created_at)),
    CONSTRAINT invitations_role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'approver'::text, 'viewer'::text]))),
    CONSTRAINT invitations_token_digest_has_32_bytes CHECK ((octet_length(token_digest) = 32))
);

ALTER TABLE ONLY store.invitations FORCE ROW LEVEL SECURITY;

ALTER TABLE store.invitations OWNER TO secretstore_owner;

--
-- Name: COLUMN invitations.token_digest; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.invitations.token_digest IS 'SHA-256 of the invitation token, which has 256 random bits and is stored nowhere.';

--
-- Name: COLUMN invitations.accepted_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.invitations.accepted_at IS 'Kept until it expires, so that a repeated request to accept finds the answer that it got.';

--
-- Name: key_set_fetches; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.key_set_fetches (
    issuer text NOT NULL,
    next_fetch_at timestamp with time zone DEFAULT now() NOT NULL,
    attempted_at timestamp with time zone,
    refresh_wanted_at timestamp with time zone,
    failures bigint DEFAULT 0 NOT NULL,
    trouble text,
    CONSTRAINT key_set_fetches_failures_are_counted_from_0 CHECK ((failures >= 0)),
    CONSTRAINT key_set_fetches_trouble_is_a_word CHECK ((trouble ~ '^[a-z_]{1,32}$'::text))
);

ALTER TABLE ONLY store.key_set_fetches FORCE ROW LEVEL SECURITY;

ALTER TABLE store.key_set_fetches OWNER TO secretstore_owner;

--
-- Name: COLUMN key_set_fetches.refresh_wanted_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.key_set_fetches.refresh_wanted_at IS 'When a worker last met a key that it does not know; written at most once a minute.';

--
-- Name: COLUMN key_set_fetches.trouble; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.key_set_fetches.trouble IS 'Why the last attempt gave no good set, which is then the failures-th in a row. Null: it did.';

--
-- Name: key_set_notices; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.key_set_notices (
    tenant_id uuid NOT NULL,
    issuer text NOT NULL,
    told_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY store.key_set_notices FORCE ROW LEVEL SECURITY;

ALTER TABLE store.key_set_notices OWNER TO secretstore_owner;

--
-- Name: key_sets; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.key_sets (
    issuer text NOT NULL,
    key_set text NOT NULL,
    fetched_at timestamp with time zone DEFAULT now() NOT NULL,
    source text DEFAULT 'local'::text NOT NULL,
    CONSTRAINT key_sets_have_at_most_64_kib CHECK ((octet_length(key_set) <= 65536)),
    CONSTRAINT key_sets_source_is_known CHECK ((source = ANY (ARRAY['local'::text, 'fetched'::text])))
);

ALTER TABLE ONLY store.key_sets FORCE ROW LEVEL SECURITY;

ALTER TABLE store.key_sets OWNER TO secretstore_owner;

--
-- Name: COLUMN key_sets.key_set; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.key_sets.key_set IS 'JWKS (RFC 7517): public keys that sign ID tokens of this issuer.';

--
-- Name: COLUMN key_sets.source; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.key_sets.source IS 'local: of the built-in issuer, made by secretstorectl. fetched: by secretstore-egress, which sees no others.';

--
-- Name: members; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.members (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT members_role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'approver'::text, 'viewer'::text])))
);

ALTER TABLE ONLY store.members FORCE ROW LEVEL SECURITY;

ALTER TABLE store.members OWNER TO secretstore_owner;

--
-- Name: outbox; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.outbox (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    event_type text NOT NULL,
    payload json NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expanded_at timestamp with time zone,
    mail_box bytea,
    CONSTRAINT outbox_event_type_has_1_to_64_characters CHECK ((event_type ~ '^[a-z_.]{1,64}$'::text)),
    CONSTRAINT outbox_payload_has_at_most_64_kib CHECK ((octet_length((payload)::text) <= 65536))
);

ALTER TABLE ONLY store.outbox FORCE ROW LEVEL SECURITY;

ALTER TABLE store.outbox OWNER TO secretstore_owner;

--
-- Name: COLUMN outbox.payload; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.outbox.payload IS 'What happened: ids, names and times. Never a value, a token or a key.';

--
-- Name: COLUMN outbox.expanded_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.outbox.expanded_at IS 'When it became deliveries, one for each receiver. Null: egress has not looked at it yet.';

--
-- Name: COLUMN outbox.mail_box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.outbox.mail_box IS 'What only the mail of this message may show (a single-use token), as a sealed box v1 under the egress key, purpose egress.';

--
-- Name: personal_tokens; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.personal_tokens (
    tenant_id uuid NOT NULL,
    personal_token_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    key_public_id text NOT NULL COLLATE pg_catalog."C",
    key_pepper_id uuid NOT NULL,
    key_mac bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT personal_tokens_key_mac_has_32_bytes CHECK ((octet_length(key_mac) = 32)),
    CONSTRAINT personal_tokens_live_90_days_at_most CHECK (((expires_at > created_at) AND (expires_at <= (created_at + '2160:00:00'::interval)))),
    CONSTRAINT personal_tokens_name_has_1_to_64_characters CHECK ((name ~ '^[A-Za-z0-9_ .-]{1,64}$'::text)),
    CONSTRAINT personal_tokens_role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'approver'::text, 'viewer'::text])))
);

ALTER TABLE ONLY store.personal_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE store.personal_tokens OWNER TO secretstore_owner;

--
-- Name: COLUMN personal_tokens.role; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.personal_tokens.role IS 'The most that it may do; never more than what its holder may do at that moment.';

--
-- Name: COLUMN personal_tokens.key_mac; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.personal_tokens.key_mac IS 'HMAC-SHA-256 of the token under the pepper; the token itself is stored nowhere.';

--
-- Name: COLUMN personal_tokens.last_used_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.personal_tokens.last_used_at IS 'To the minute: not every use is a write.';

--
-- Name: processed_requests; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.processed_requests (
    tenant_id uuid NOT NULL,
    request_key bytea NOT NULL,
    kek_id uuid,
    answer_box bytea,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT processed_requests_answer_is_sealed CHECK (((kek_id IS NULL) = (answer_box IS NULL))),
    CONSTRAINT processed_requests_key_has_32_bytes CHECK ((octet_length(request_key) = 32))
);

ALTER TABLE ONLY store.processed_requests FORCE ROW LEVEL SECURITY;

ALTER TABLE store.processed_requests OWNER TO secretstore_owner;

--
-- Name: COLUMN processed_requests.request_key; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.processed_requests.request_key IS 'SHA-256 over what names the request: nginx''s request id, or an actor and its Idempotency-Key.';

--
-- Name: COLUMN processed_requests.answer_box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.processed_requests.answer_box IS 'What was answered, as a sealed box v1 under the KEK, purpose answer: it may hold a key or a value. Null for the use of a token with max_uses, which is only to be counted once.';

--
-- Name: refusal_notices; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.refusal_notices (
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    told_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY store.refusal_notices FORCE ROW LEVEL SECURITY;

ALTER TABLE store.refusal_notices OWNER TO secretstore_owner;

--
-- Name: root_keys; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.root_keys (
    root_key_id uuid NOT NULL,
    check_value bytea NOT NULL,
    registered_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT root_keys_check_value_has_32_bytes CHECK ((octet_length(check_value) = 32))
);

ALTER TABLE ONLY store.root_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE store.root_keys OWNER TO secretstore_owner;

--
-- Name: COLUMN root_keys.check_value; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.root_keys.check_value IS 'HMAC under the root key; recognises a wrong one at start. The root key itself is never in the database.';

--
-- Name: schema_migrations; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.schema_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    breaking boolean NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE store.schema_migrations OWNER TO secretstore_owner;

--
-- Name: secret_versions; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.secret_versions (
    tenant_id uuid NOT NULL,
    secret_id uuid NOT NULL,
    version bigint NOT NULL,
    kek_id uuid NOT NULL,
    access_tier smallint NOT NULL,
    expires_at timestamp with time zone,
    dek_box bytea NOT NULL,
    value_box bytea NOT NULL,
    created_by_type text NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT secret_versions_access_tier_is_known CHECK (((access_tier >= 0) AND (access_tier <= 2))),
    CONSTRAINT secret_versions_version_is_positive CHECK ((version > 0))
);

ALTER TABLE ONLY store.secret_versions FORCE ROW LEVEL SECURITY;

ALTER TABLE store.secret_versions OWNER TO secretstore_owner;

--
-- Name: COLUMN secret_versions.access_tier; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.secret_versions.access_tier IS 'As it was when this version was stored; bound into dek_box together with expires_at.';

--
-- Name: COLUMN secret_versions.dek_box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.secret_versions.dek_box IS 'The DEK as a sealed box v1 under the KEK, purpose dek.';

--
-- Name: COLUMN secret_versions.value_box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.secret_versions.value_box IS 'The value as a sealed box v1 under the DEK, purpose value.';

--
-- Name: secrets; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.secrets (
    tenant_id uuid NOT NULL,
    secret_id uuid NOT NULL,
    namespace text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    path text GENERATED ALWAYS AS (((namespace || '/'::text) || key)) STORED COLLATE pg_catalog."C",
    secret_type text NOT NULL,
    access_tier smallint NOT NULL,
    metadata json,
    current_version bigint NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT secrets_access_tier_is_known CHECK (((access_tier >= 0) AND (access_tier <= 2))),
    CONSTRAINT secrets_current_version_is_positive CHECK ((current_version > 0)),
    CONSTRAINT secrets_metadata_has_at_most_8_kib CHECK ((octet_length((metadata)::text) <= 8192)),
    CONSTRAINT secrets_path_follows_the_grammar CHECK (((((octet_length(namespace) + octet_length(key)) + 1) <= 512) AND (namespace ~ '^[A-Za-z0-9._~@-]{1,128}(/[A-Za-z0-9._~@-]{1,128}){0,15}$'::text) AND (key ~ '^[A-Za-z0-9._~@-]{1,128}$'::text))),
    CONSTRAINT secrets_type_is_known CHECK ((secret_type = ANY (ARRAY['api_key'::text, 'oauth_token'::text, 'db_credential'::text, 'ssh_key'::text, 'certificate'::text, 'custom'::text])))
);

ALTER TABLE ONLY store.secrets FORCE ROW LEVEL SECURITY;

ALTER TABLE store.secrets OWNER TO secretstore_owner;

--
-- Name: service_keys; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.service_keys (
    key_id uuid NOT NULL,
    purpose text NOT NULL,
    generation bigint NOT NULL,
    state text NOT NULL,
    box bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    root_key_id uuid GENERATED ALWAYS AS (
CASE
    WHEN (octet_length(box) >= 98) THEN (encode(substr(box, 3, 16), 'hex'::text))::uuid
    ELSE NULL::uuid
END) STORED,
    CONSTRAINT service_keys_are_wiped_when_retired CHECK (((state = 'retired'::text) = (box = '\x'::bytea))),
    CONSTRAINT service_keys_generation_is_positive CHECK ((generation > 0)),
    CONSTRAINT service_keys_purpose_is_known CHECK ((purpose = ANY (ARRAY['token-signing'::text, 'agent-key-pepper'::text, 'local-issuer'::text, 'egress'::text]))),
    CONSTRAINT service_keys_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'verify_only'::text, 'retired'::text])))
);

ALTER TABLE ONLY store.service_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE store.service_keys OWNER TO secretstore_owner;

--
-- Name: COLUMN service_keys.box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.service_keys.box IS 'Sealed box v1 under the root key, purpose svc.';

--
-- Name: stripe_customers; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.stripe_customers (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT stripe_customers_id_is_stripes CHECK ((customer_id ~ '^[0-9A-Za-z_]{1,255}$'::text))
);

ALTER TABLE ONLY store.stripe_customers FORCE ROW LEVEL SECURITY;

ALTER TABLE store.stripe_customers OWNER TO secretstore_owner;

--
-- Name: TABLE stripe_customers; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON TABLE store.stripe_customers IS 'Written once and never changed: an event of a customer concerns this tenant and no other, whatever stands in it.';

--
-- Name: stripe_events; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.stripe_events (
    tenant_id uuid NOT NULL,
    event_id text NOT NULL COLLATE pg_catalog."C",
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT stripe_events_id_is_stripes CHECK ((event_id ~ '^[0-9A-Za-z_]{1,255}$'::text))
);

ALTER TABLE ONLY store.stripe_events FORCE ROW LEVEL SECURITY;

ALTER TABLE store.stripe_events OWNER TO secretstore_owner;

--
-- Name: stripe_subscriptions; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.stripe_subscriptions (
    tenant_id uuid NOT NULL,
    subscription_id text NOT NULL COLLATE pg_catalog."C",
    customer_id text NOT NULL COLLATE pg_catalog."C",
    plan text NOT NULL,
    status text NOT NULL,
    told_at timestamp with time zone NOT NULL,
    told_rank bigint NOT NULL,
    failed_at timestamp with time zone,
    CONSTRAINT stripe_subscriptions_id_is_stripes CHECK ((subscription_id ~ '^[0-9A-Za-z_]{1,255}$'::text)),
    CONSTRAINT stripe_subscriptions_plan_is_known CHECK ((plan = ANY (ARRAY['free'::text, 'pro'::text, 'enterprise'::text]))),
    CONSTRAINT stripe_subscriptions_status_is_a_word CHECK ((status ~ '^[a-z_]{0,64}$'::text))
);

ALTER TABLE ONLY store.stripe_subscriptions FORCE ROW LEVEL SECURITY;

ALTER TABLE store.stripe_subscriptions OWNER TO secretstore_owner;

--
-- Name: COLUMN stripe_subscriptions.status; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.stripe_subscriptions.status IS 'Stripe''s word. Empty where nothing is known but that a payment failed.';

--
-- Name: COLUMN stripe_subscriptions.told_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.stripe_subscriptions.told_at IS 'When Stripe made the event that this row is by. An older event, whenever it comes, changes nothing; of one second, told_rank decides.';

--
-- Name: COLUMN stripe_subscriptions.failed_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.stripe_subscriptions.failed_at IS 'When the newest payment failed; of no meaning where told_at is not older.';

--
-- Name: tenant_keys; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.tenant_keys (
    tenant_id uuid NOT NULL,
    kek_id uuid NOT NULL,
    generation bigint NOT NULL,
    state text NOT NULL,
    box bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    replaced_at timestamp with time zone,
    root_key_id uuid GENERATED ALWAYS AS (
CASE
    WHEN (octet_length(box) >= 98) THEN (encode(substr(box, 3, 16), 'hex'::text))::uuid
    ELSE NULL::uuid
END) STORED,
    CONSTRAINT tenant_keys_are_wiped_when_destroyed CHECK (((state = 'destroyed'::text) = (box = '\x'::bytea))),
    CONSTRAINT tenant_keys_state_is_known CHECK ((state = ANY (ARRAY['active'::text, 'decrypt_only'::text, 'destroyed'::text])))
);

ALTER TABLE ONLY store.tenant_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE store.tenant_keys OWNER TO secretstore_owner;

--
-- Name: COLUMN tenant_keys.box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tenant_keys.box IS 'The KEK as a sealed box v1 under the root key, purpose kek.';

--
-- Name: COLUMN tenant_keys.replaced_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tenant_keys.replaced_at IS 'When another KEK became the active one. What this one sealed is re-wrapped; then it is destroyed.';

--
-- Name: COLUMN tenant_keys.root_key_id; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tenant_keys.root_key_id IS 'As the box names it (bytes 2 to 17).';

--
-- Name: tenants; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    plan text NOT NULL,
    subscription_status text DEFAULT 'none'::text NOT NULL,
    rate_limit_key text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    notify_approval_requests boolean DEFAULT true NOT NULL,
    notify_security_alerts boolean DEFAULT true NOT NULL,
    approval_policies_version bigint DEFAULT 0 NOT NULL,
    plan_version bigint DEFAULT 1 NOT NULL,
    plan_changed_at timestamp with time zone,
    requests_per_minute integer,
    suspended_at timestamp with time zone,
    CONSTRAINT tenants_name_has_1_to_200_characters CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT tenants_only_enterprise_has_its_own_number CHECK (((requests_per_minute IS NULL) OR (plan = 'enterprise'::text))),
    CONSTRAINT tenants_plan_is_known CHECK ((plan = ANY (ARRAY['free'::text, 'pro'::text, 'enterprise'::text]))),
    CONSTRAINT tenants_rate_limit_key_has_24_characters CHECK ((rate_limit_key ~ '^[0-9A-Za-z]{24}$'::text)),
    CONSTRAINT tenants_requests_per_minute_has_a_range CHECK (((requests_per_minute >= 0) AND (requests_per_minute <= 5000000)))
);

ALTER TABLE ONLY store.tenants FORCE ROW LEVEL SECURITY;

ALTER TABLE store.tenants OWNER TO secretstore_owner;

--
-- Name: COLUMN tenants.rate_limit_key; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tenants.rate_limit_key IS 'Stands in the readable part of every token, so that nginx can shed load per tenant. Not secret.';

--
-- Name: COLUMN tenants.plan_version; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tenants.plan_version IS 'Grows with every change of the plan. Requests are judged again where it is not the one they were judged by.';

--
-- Name: COLUMN tenants.requests_per_minute; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tenants.requests_per_minute IS 'Instead of the number of the plan; 0 is no limit.';

--
-- Name: COLUMN tenants.suspended_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tenants.suspended_at IS 'Since then nobody of this tenant is served. Part of what plan_version counts.';

--
-- Name: token_patterns; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.token_patterns (
    tenant_id uuid NOT NULL,
    literal_prefix text NOT NULL COLLATE pg_catalog."C",
    token_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    like_pattern text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE ONLY store.token_patterns FORCE ROW LEVEL SECURITY;

ALTER TABLE store.token_patterns OWNER TO secretstore_owner;

--
-- Name: TABLE token_patterns; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON TABLE store.token_patterns IS 'No foreign key to tokens: it would want an index of its own. Whoever deletes a token deletes these.';

--
-- Name: COLUMN token_patterns.literal_prefix; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.token_patterns.literal_prefix IS 'What stands before the first star.';

--
-- Name: COLUMN token_patterns.like_pattern; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.token_patterns.like_pattern IS 'The pattern for LIKE: * as %, all else literal.';

--
-- Name: tokens; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.tokens (
    tenant_id uuid NOT NULL,
    token_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    signing_key_id uuid NOT NULL,
    plan_hint text NOT NULL,
    token_epoch bigint NOT NULL,
    agent_limits_version bigint NOT NULL,
    scopes text[] NOT NULL,
    access_tier smallint DEFAULT 0 NOT NULL,
    max_uses integer,
    uses integer DEFAULT 0 NOT NULL,
    ip_allowlist inet[],
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    agent_key_version bigint DEFAULT 1 NOT NULL,
    request_digest bytea,
    request_id text,
    CONSTRAINT tokens_access_tier_is_known CHECK (((access_tier >= 0) AND (access_tier <= 2))),
    CONSTRAINT tokens_expire_after_issue CHECK ((expires_at > issued_at)),
    CONSTRAINT tokens_have_1_to_32_scopes CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 32))),
    CONSTRAINT tokens_max_uses_is_1_to_a_million CHECK (((max_uses >= 1) AND (max_uses <= 1000000))),
    CONSTRAINT tokens_request_digest_has_32_bytes CHECK ((octet_length(request_digest) = 32)),
    CONSTRAINT tokens_uses_stay_within_max_uses CHECK (((uses >= 0) AND ((max_uses IS NULL) OR (uses <= max_uses))))
);

ALTER TABLE ONLY store.tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE store.tokens OWNER TO secretstore_owner;

--
-- Name: TABLE tokens; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON TABLE store.tokens IS 'Everything that is signed into a token, so that it can be signed again and need not be stored.';

--
-- Name: COLUMN tokens.request_digest; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.tokens.request_digest IS 'SHA-256 of what was asked for (scopes as a set, ttl, max_uses, ip_allowlist).';

--
-- Name: users; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.users (
    user_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    email text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_subject_has_1_to_128_bytes CHECK (((octet_length(subject) >= 1) AND (octet_length(subject) <= 128)))
);

ALTER TABLE ONLY store.users FORCE ROW LEVEL SECURITY;

ALTER TABLE store.users OWNER TO secretstore_owner;

--
-- Name: webhooks; Type: TABLE; Schema: store; Owner: secretstore_owner
--

CREATE TABLE store.webhooks (
    tenant_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    url text NOT NULL,
    description text,
    events text[] NOT NULL,
    active boolean NOT NULL,
    secret_generation bigint DEFAULT 1 NOT NULL,
    secret_box bytea NOT NULL,
    previous_secret_box bytea,
    previous_secret_until timestamp with time zone,
    verified_at timestamp with time zone,
    failures bigint DEFAULT 0 NOT NULL,
    rests_until timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhooks_description_has_at_most_500_characters CHECK ((char_length(description) <= 500)),
    CONSTRAINT webhooks_events_are_1_to_32 CHECK (((cardinality(events) >= 1) AND (cardinality(events) <= 32))),
    CONSTRAINT webhooks_previous_secret_ends CHECK (((previous_secret_box IS NULL) = (previous_secret_until IS NULL))),
    CONSTRAINT webhooks_url_is_https CHECK (((url ~~ 'https://%'::text) AND (char_length(url) <= 2048)))
);

ALTER TABLE ONLY store.webhooks FORCE ROW LEVEL SECURITY;

ALTER TABLE store.webhooks OWNER TO secretstore_owner;

--
-- Name: COLUMN webhooks.secret_box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.webhooks.secret_box IS 'The signing secret as a sealed box v1 under the egress key, purpose egress.';

--
-- Name: COLUMN webhooks.previous_secret_box; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.webhooks.previous_secret_box IS 'The one before, which signs beside it until previous_secret_until.';

--
-- Name: COLUMN webhooks.verified_at; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.webhooks.verified_at IS 'When its host was last known to be where a webhook may be; null: not yet.';

--
-- Name: COLUMN webhooks.rests_until; Type: COMMENT; Schema: store; Owner: secretstore_owner
--

COMMENT ON COLUMN store.webhooks.rests_until IS 'It is sent nothing before this: a transfer is under way, or the last ones failed (failures).';

--
-- Name: agents agents_key_public_id_is_unique; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.agents
    ADD CONSTRAINT agents_key_public_id_is_unique UNIQUE (key_public_id);

--
-- Name: agents agents_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (tenant_id, agent_id);

--
-- Name: approval_decisions approval_decisions_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.approval_decisions
    ADD CONSTRAINT approval_decisions_pkey PRIMARY KEY (tenant_id, approval_id, event_id);

--
-- Name: approval_policies approval_policies_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.approval_policies
    ADD CONSTRAINT approval_policies_pkey PRIMARY KEY (tenant_id, namespace, access_tier);

--
-- Name: approvals approvals_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (tenant_id, approval_id);

--
-- Name: audit_counts audit_counts_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.audit_counts
    ADD CONSTRAINT audit_counts_pkey PRIMARY KEY (tenant_id, month, event_type);

--
-- Name: audit_events audit_events_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (tenant_id, created_at, seq);

--
-- Name: audit_seals audit_seals_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.audit_seals
    ADD CONSTRAINT audit_seals_pkey PRIMARY KEY (tenant_id);

--
-- Name: deliveries deliveries_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (tenant_id, delivery_id);

--
-- Name: expiry_notices expiry_notices_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.expiry_notices
    ADD CONSTRAINT expiry_notices_pkey PRIMARY KEY (tenant_id, secret_id, version, days);

--
-- Name: host_checks host_checks_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.host_checks
    ADD CONSTRAINT host_checks_pkey PRIMARY KEY (tenant_id, check_id);

--
-- Name: invitations invitations_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (tenant_id, invitation_id);

--
-- Name: invitations invitations_token_digest_is_unique; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.invitations
    ADD CONSTRAINT invitations_token_digest_is_unique UNIQUE (token_digest);

--
-- Name: key_set_fetches key_set_fetches_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.key_set_fetches
    ADD CONSTRAINT key_set_fetches_pkey PRIMARY KEY (issuer);

--
-- Name: key_set_notices key_set_notices_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.key_set_notices
    ADD CONSTRAINT key_set_notices_pkey PRIMARY KEY (tenant_id, issuer);

--
-- Name: key_sets key_sets_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.key_sets
    ADD CONSTRAINT key_sets_pkey PRIMARY KEY (issuer);

--
-- Name: members members_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (tenant_id, user_id);

--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, message_id);

--
-- Name: personal_tokens personal_tokens_key_public_id_is_unique; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.personal_tokens
    ADD CONSTRAINT personal_tokens_key_public_id_is_unique UNIQUE (key_public_id);

--
-- Name: personal_tokens personal_tokens_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.personal_tokens
    ADD CONSTRAINT personal_tokens_pkey PRIMARY KEY (tenant_id, personal_token_id);

--
-- Name: processed_requests processed_requests_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.processed_requests
    ADD CONSTRAINT processed_requests_pkey PRIMARY KEY (tenant_id, request_key);

--
-- Name: refusal_notices refusal_notices_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.refusal_notices
    ADD CONSTRAINT refusal_notices_pkey PRIMARY KEY (tenant_id, agent_id);

--
-- Name: root_keys root_keys_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.root_keys
    ADD CONSTRAINT root_keys_pkey PRIMARY KEY (root_key_id);

--
-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (number);

--
-- Name: secret_versions secret_versions_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.secret_versions
    ADD CONSTRAINT secret_versions_pkey PRIMARY KEY (tenant_id, secret_id, version);

--
-- Name: secrets secrets_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.secrets
    ADD CONSTRAINT secrets_pkey PRIMARY KEY (tenant_id, secret_id);

--
-- Name: service_keys service_keys_generation_is_unique_per_purpose; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.service_keys
    ADD CONSTRAINT service_keys_generation_is_unique_per_purpose UNIQUE (purpose, generation);

--
-- Name: service_keys service_keys_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.service_keys
    ADD CONSTRAINT service_keys_pkey PRIMARY KEY (key_id);

--
-- Name: stripe_customers stripe_customers_are_of_one_tenant_each; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.stripe_customers
    ADD CONSTRAINT stripe_customers_are_of_one_tenant_each UNIQUE (customer_id);

--
-- Name: stripe_customers stripe_customers_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.stripe_customers
    ADD CONSTRAINT stripe_customers_pkey PRIMARY KEY (tenant_id, customer_id);

--
-- Name: stripe_events stripe_events_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.stripe_events
    ADD CONSTRAINT stripe_events_pkey PRIMARY KEY (tenant_id, event_id);

--
-- Name: stripe_subscriptions stripe_subscriptions_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.stripe_subscriptions
    ADD CONSTRAINT stripe_subscriptions_pkey PRIMARY KEY (tenant_id, subscription_id);

--
-- Name: tenant_keys tenant_keys_generation_is_unique; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tenant_keys
    ADD CONSTRAINT tenant_keys_generation_is_unique UNIQUE (tenant_id, generation);

--
-- Name: tenant_keys tenant_keys_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tenant_keys
    ADD CONSTRAINT tenant_keys_pkey PRIMARY KEY (tenant_id, kek_id);

--
-- Name: tenants tenants_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

--
-- Name: tenants tenants_rate_limit_key_is_unique; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tenants
    ADD CONSTRAINT tenants_rate_limit_key_is_unique UNIQUE (rate_limit_key);

--
-- Name: token_patterns token_patterns_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.token_patterns
    ADD CONSTRAINT token_patterns_pkey PRIMARY KEY (tenant_id, literal_prefix, token_id, ordinal);

--
-- Name: tokens tokens_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (tenant_id, token_id);

--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (user_id);

--
-- Name: users users_subject_is_unique_per_issuer; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.users
    ADD CONSTRAINT users_subject_is_unique_per_issuer UNIQUE (issuer, subject);

--
-- Name: webhooks webhooks_pkey; Type: CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (tenant_id, webhook_id);

--
-- Name: approval_decisions_one_approval_each; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE UNIQUE INDEX approval_decisions_one_approval_each ON store.approval_decisions USING btree (tenant_id, approval_id, decided_by_type, decided_by) NULLS NOT DISTINCT WHERE (decision = 'approved'::text);

--
-- Name: approval_decisions_one_denial; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE UNIQUE INDEX approval_decisions_one_denial ON store.approval_decisions USING btree (tenant_id, approval_id) WHERE (decision = 'denied'::text);

--
-- Name: approvals_by_request; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX approvals_by_request ON store.approvals USING btree (request_digest, tenant_id, agent_id, approval_id);

--
-- Name: approvals_one_pending_per_request; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE UNIQUE INDEX approvals_one_pending_per_request ON store.approvals USING btree (tenant_id, agent_id, request_digest) WHERE (status = 'pending'::text);

--
-- Name: approvals_pending_by_expiry; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX approvals_pending_by_expiry ON store.approvals USING btree (expires_at) WHERE (status = 'pending'::text);

--
-- Name: audit_events_by_path; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX audit_events_by_path ON ONLY store.audit_events USING btree (tenant_id, namespace, key, created_at, seq);

--
-- Name: audit_events_by_type; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX audit_events_by_type ON ONLY store.audit_events USING btree (tenant_id, event_type, created_at, seq) WHERE (event_type <> 'secret.read'::text);

--
-- Name: audit_events_refused; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX audit_events_refused ON ONLY store.audit_events USING btree (created_at) WHERE ((actor_type = 'agent'::text) AND (event_type = ANY (ARRAY['secret.read.denied'::text, 'secret.write.denied'::text, 'token.denied'::text, 'auth.failed'::text])));

--
-- Name: deliveries_by_end; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX deliveries_by_end ON store.deliveries USING btree (finished_at) WHERE (finished_at IS NOT NULL);

--
-- Name: deliveries_by_message; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX deliveries_by_message ON store.deliveries USING btree (tenant_id, message_id);

--
-- Name: deliveries_by_time; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX deliveries_by_time ON store.deliveries USING btree (tenant_id, created_at, delivery_id);

--
-- Name: deliveries_by_webhook; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX deliveries_by_webhook ON store.deliveries USING btree (tenant_id, webhook_id, created_at, delivery_id);

--
-- Name: deliveries_dead; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX deliveries_dead ON store.deliveries USING btree (finished_at) WHERE (status = 'dead'::text);

--
-- Name: deliveries_open_by_webhook; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX deliveries_open_by_webhook ON store.deliveries USING btree (webhook_id, next_attempt_at) WHERE ((next_attempt_at IS NOT NULL) AND (webhook_id IS NOT NULL));

--
-- Name: deliveries_open_mails; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX deliveries_open_mails ON store.deliveries USING btree (next_attempt_at) WHERE ((next_attempt_at IS NOT NULL) AND (recipient IS NOT NULL));

--
-- Name: expiry_notices_by_time; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX expiry_notices_by_time ON store.expiry_notices USING btree (told_at);

--
-- Name: host_checks_waiting; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX host_checks_waiting ON store.host_checks USING btree (asked_at) WHERE (verdict IS NULL);

--
-- Name: invitations_by_expiry; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX invitations_by_expiry ON store.invitations USING btree (expires_at);

--
-- Name: invitations_one_pending_per_address; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE UNIQUE INDEX invitations_one_pending_per_address ON store.invitations USING btree (tenant_id, email) WHERE (accepted_at IS NULL);

--
-- Name: members_by_user; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX members_by_user ON store.members USING btree (user_id);

--
-- Name: outbox_by_time; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX outbox_by_time ON store.outbox USING btree (created_at);

--
-- Name: outbox_waiting; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX outbox_waiting ON store.outbox USING btree (created_at) WHERE (expanded_at IS NULL);

--
-- Name: personal_tokens_by_expiry; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX personal_tokens_by_expiry ON store.personal_tokens USING btree (expires_at);

--
-- Name: personal_tokens_of_a_member; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX personal_tokens_of_a_member ON store.personal_tokens USING btree (tenant_id, user_id, personal_token_id);

--
-- Name: processed_requests_by_expiry; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX processed_requests_by_expiry ON store.processed_requests USING btree (expires_at);

--
-- Name: secrets_by_expiry; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX secrets_by_expiry ON store.secrets USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (deleted_at IS NULL));

--
-- Name: secrets_deleted_by_time; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX secrets_deleted_by_time ON store.secrets USING btree (deleted_at, tenant_id, secret_id) WHERE (deleted_at IS NOT NULL);

--
-- Name: secrets_live_by_name; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE UNIQUE INDEX secrets_live_by_name ON store.secrets USING btree (tenant_id, namespace, key) WHERE (deleted_at IS NULL);

--
-- Name: secrets_live_needing_approval; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX secrets_live_needing_approval ON store.secrets USING btree (tenant_id, access_tier, path) WHERE ((deleted_at IS NULL) AND (access_tier > 0));

--
-- Name: service_keys_one_active_per_purpose; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE UNIQUE INDEX service_keys_one_active_per_purpose ON store.service_keys USING btree (purpose) WHERE (state = 'active'::text);

--
-- Name: stripe_events_by_time; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX stripe_events_by_time ON store.stripe_events USING btree (received_at);

--
-- Name: tenant_keys_by_root_key; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX tenant_keys_by_root_key ON store.tenant_keys USING btree (root_key_id, tenant_id, kek_id);

--
-- Name: tenant_keys_one_active; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE UNIQUE INDEX tenant_keys_one_active ON store.tenant_keys USING btree (tenant_id) WHERE (state = 'active'::text);

--
-- Name: tenants_by_creation; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX tenants_by_creation ON store.tenants USING btree (created_at);

--
-- Name: tokens_by_expiry; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX tokens_by_expiry ON store.tokens USING btree (expires_at);

--
-- Name: tokens_by_request; Type: INDEX; Schema: store; Owner: secretstore_owner
--

CREATE INDEX tokens_by_request ON store.tokens USING btree (request_digest, tenant_id, agent_id, issued_at);

--
-- Name: tenants tenants_note_plan_change; Type: TRIGGER; Schema: store; Owner: secretstore_owner
--

CREATE TRIGGER tenants_note_plan_change BEFORE UPDATE ON store.tenants FOR EACH ROW EXECUTE FUNCTION store.note_plan_change();

--
-- Name: agents agents_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.agents
    ADD CONSTRAINT agents_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: agents agents_key_pepper_is_known; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.agents
    ADD CONSTRAINT agents_key_pepper_is_known FOREIGN KEY (key_pepper_id) REFERENCES store.service_keys(key_id);

--
-- Name: approval_decisions approval_decisions_belong_to_an_approval; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.approval_decisions
    ADD CONSTRAINT approval_decisions_belong_to_an_approval FOREIGN KEY (tenant_id, approval_id) REFERENCES store.approvals(tenant_id, approval_id);

--
-- Name: approval_policies approval_policies_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.approval_policies
    ADD CONSTRAINT approval_policies_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: approvals approvals_belong_to_an_agent; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.approvals
    ADD CONSTRAINT approvals_belong_to_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES store.agents(tenant_id, agent_id);

--
-- Name: audit_counts audit_counts_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.audit_counts
    ADD CONSTRAINT audit_counts_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: audit_seals audit_seals_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.audit_seals
    ADD CONSTRAINT audit_seals_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: deliveries deliveries_are_of_a_message; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.deliveries
    ADD CONSTRAINT deliveries_are_of_a_message FOREIGN KEY (tenant_id, message_id) REFERENCES store.outbox(tenant_id, message_id) ON DELETE CASCADE;

--
-- Name: deliveries deliveries_go_to_a_webhook; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.deliveries
    ADD CONSTRAINT deliveries_go_to_a_webhook FOREIGN KEY (tenant_id, webhook_id) REFERENCES store.webhooks(tenant_id, webhook_id) ON DELETE CASCADE;

--
-- Name: expiry_notices expiry_notices_are_of_a_secret; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.expiry_notices
    ADD CONSTRAINT expiry_notices_are_of_a_secret FOREIGN KEY (tenant_id, secret_id) REFERENCES store.secrets(tenant_id, secret_id) ON DELETE CASCADE;

--
-- Name: host_checks host_checks_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.host_checks
    ADD CONSTRAINT host_checks_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: invitations invitations_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.invitations
    ADD CONSTRAINT invitations_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: key_set_notices key_set_notices_are_of_an_issuer; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.key_set_notices
    ADD CONSTRAINT key_set_notices_are_of_an_issuer FOREIGN KEY (issuer) REFERENCES store.key_set_fetches(issuer) ON DELETE CASCADE;

--
-- Name: key_set_notices key_set_notices_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.key_set_notices
    ADD CONSTRAINT key_set_notices_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: members members_are_users; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.members
    ADD CONSTRAINT members_are_users FOREIGN KEY (user_id) REFERENCES store.users(user_id);

--
-- Name: members members_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.members
    ADD CONSTRAINT members_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: outbox outbox_messages_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.outbox
    ADD CONSTRAINT outbox_messages_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: personal_tokens personal_tokens_belong_to_a_member; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.personal_tokens
    ADD CONSTRAINT personal_tokens_belong_to_a_member FOREIGN KEY (tenant_id, user_id) REFERENCES store.members(tenant_id, user_id) ON DELETE CASCADE;

--
-- Name: personal_tokens personal_tokens_key_pepper_is_known; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.personal_tokens
    ADD CONSTRAINT personal_tokens_key_pepper_is_known FOREIGN KEY (key_pepper_id) REFERENCES store.service_keys(key_id);

--
-- Name: processed_requests processed_requests_kek_is_the_tenants; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.processed_requests
    ADD CONSTRAINT processed_requests_kek_is_the_tenants FOREIGN KEY (tenant_id, kek_id) REFERENCES store.tenant_keys(tenant_id, kek_id);

--
-- Name: refusal_notices refusal_notices_are_of_an_agent; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.refusal_notices
    ADD CONSTRAINT refusal_notices_are_of_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES store.agents(tenant_id, agent_id) ON DELETE CASCADE;

--
-- Name: secret_versions secret_versions_belong_to_a_secret; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.secret_versions
    ADD CONSTRAINT secret_versions_belong_to_a_secret FOREIGN KEY (tenant_id, secret_id) REFERENCES store.secrets(tenant_id, secret_id);

--
-- Name: secret_versions secret_versions_kek_is_the_tenants; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.secret_versions
    ADD CONSTRAINT secret_versions_kek_is_the_tenants FOREIGN KEY (tenant_id, kek_id) REFERENCES store.tenant_keys(tenant_id, kek_id);

--
-- Name: secrets secrets_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.secrets
    ADD CONSTRAINT secrets_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: service_keys service_keys_root_key_is_known; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.service_keys
    ADD CONSTRAINT service_keys_root_key_is_known FOREIGN KEY (root_key_id) REFERENCES store.root_keys(root_key_id);

--
-- Name: stripe_customers stripe_customers_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.stripe_customers
    ADD CONSTRAINT stripe_customers_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: stripe_events stripe_events_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.stripe_events
    ADD CONSTRAINT stripe_events_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: stripe_subscriptions stripe_subscriptions_are_of_a_customer_of_the_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.stripe_subscriptions
    ADD CONSTRAINT stripe_subscriptions_are_of_a_customer_of_the_tenant FOREIGN KEY (tenant_id, customer_id) REFERENCES store.stripe_customers(tenant_id, customer_id);

--
-- Name: tenant_keys tenant_keys_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tenant_keys
    ADD CONSTRAINT tenant_keys_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: tenant_keys tenant_keys_root_key_is_known; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tenant_keys
    ADD CONSTRAINT tenant_keys_root_key_is_known FOREIGN KEY (root_key_id) REFERENCES store.root_keys(root_key_id);

--
-- Name: token_patterns token_patterns_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.token_patterns
    ADD CONSTRAINT token_patterns_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: tokens tokens_belong_to_an_agent; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tokens
    ADD CONSTRAINT tokens_belong_to_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES store.agents(tenant_id, agent_id);

--
-- Name: tokens tokens_signing_key_is_known; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.tokens
    ADD CONSTRAINT tokens_signing_key_is_known FOREIGN KEY (signing_key_id) REFERENCES store.service_keys(key_id);

--
-- Name: webhooks webhooks_belong_to_a_tenant; Type: FK CONSTRAINT; Schema: store; Owner: secretstore_owner
--

ALTER TABLE ONLY store.webhooks
    ADD CONSTRAINT webhooks_belong_to_a_tenant FOREIGN KEY (tenant_id) REFERENCES store.tenants(tenant_id);

--
-- Name: agents; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.agents ENABLE ROW LEVEL SECURITY;

--
-- Name: approval_decisions; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.approval_decisions ENABLE ROW LEVEL SECURITY;

--
-- Name: approval_policies; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.approval_policies ENABLE ROW LEVEL SECURITY;

--
-- Name: approvals; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.approvals ENABLE ROW LEVEL SECURITY;

--
-- Name: key_set_fetches asked_by_billing; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY asked_by_billing ON store.key_set_fetches TO secretstore_billing USING (true);

--
-- Name: key_sets asked_by_billing; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY asked_by_billing ON store.key_sets FOR SELECT TO secretstore_billing USING (true);

--
-- Name: audit_counts; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.audit_counts ENABLE ROW LEVEL SECURITY;

--
-- Name: audit_events; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.audit_events ENABLE ROW LEVEL SECURITY;

--
-- Name: audit_seals; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.audit_seals ENABLE ROW LEVEL SECURITY;

--
-- Name: agents batch; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY batch ON store.agents FOR SELECT TO secretstore_reader USING (true);

--
-- Name: audit_events batch; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY batch ON store.audit_events FOR INSERT TO secretstore_reader WITH CHECK (true);

--
-- Name: secret_versions batch; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY batch ON store.secret_versions FOR SELECT TO secretstore_reader USING (true);

--
-- Name: secrets batch; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY batch ON store.secrets FOR SELECT TO secretstore_reader USING (true);

--
-- Name: tenants batch; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY batch ON store.tenants FOR SELECT TO secretstore_reader USING (true);

--
-- Name: tokens batch; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY batch ON store.tokens FOR SELECT TO secretstore_reader USING (true);

--
-- Name: audit_events billing_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY billing_wall ON store.audit_events FOR INSERT TO secretstore_billing WITH CHECK (((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)) AND ((event_type = 'auth.failed'::text) OR (event_type ~~ 'billing.%'::text))));

--
-- Name: processed_requests billing_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY billing_wall ON store.processed_requests TO secretstore_billing USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: stripe_customers billing_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY billing_wall ON store.stripe_customers TO secretstore_billing USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: stripe_events billing_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY billing_wall ON store.stripe_events TO secretstore_billing USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: stripe_subscriptions billing_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY billing_wall ON store.stripe_subscriptions TO secretstore_billing USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: tenants billing_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY billing_wall ON store.tenants TO secretstore_billing USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: agents definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.agents FOR SELECT TO secretstore_owner USING (true);

--
-- Name: approvals definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.approvals FOR SELECT TO secretstore_owner USING (true);

--
-- Name: audit_counts definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.audit_counts TO secretstore_owner USING (true);

--
-- Name: audit_events definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.audit_events TO secretstore_owner USING (true);

--
-- Name: audit_seals definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.audit_seals FOR SELECT TO secretstore_owner USING (true);

--
-- Name: deliveries definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.deliveries FOR SELECT TO secretstore_owner USING (true);

--
-- Name: invitations definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.invitations FOR SELECT TO secretstore_owner USING (true);

--
-- Name: members definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.members FOR SELECT TO secretstore_owner USING (true);

--
-- Name: outbox definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.outbox FOR SELECT TO secretstore_owner USING (true);

--
-- Name: personal_tokens definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.personal_tokens FOR SELECT TO secretstore_owner USING (true);

--
-- Name: stripe_customers definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.stripe_customers FOR SELECT TO secretstore_owner USING (true);

--
-- Name: tenants definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.tenants FOR SELECT TO secretstore_owner USING (true);

--
-- Name: users definer; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer ON store.users FOR SELECT TO secretstore_owner USING (true);

--
-- Name: users definer_adds; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY definer_adds ON store.users FOR INSERT TO secretstore_owner WITH CHECK (true);

--
-- Name: secret_versions deleted_before; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY deleted_before ON store.secret_versions AS RESTRICTIVE FOR DELETE TO secretstore_maint USING ((EXISTS ( SELECT
   FROM store.secrets s
  WHERE ((s.tenant_id = secret_versions.tenant_id) AND (s.secret_id = secret_versions.secret_id) AND (s.deleted_at < (now() - '24:00:00'::interval))))));

--
-- Name: secrets deleted_before; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY deleted_before ON store.secrets AS RESTRICTIVE FOR DELETE TO secretstore_maint USING ((deleted_at < (now() - '24:00:00'::interval)));

--
-- Name: deliveries; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.deliveries ENABLE ROW LEVEL SECURITY;

--
-- Name: expiry_notices; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.expiry_notices ENABLE ROW LEVEL SECURITY;

--
-- Name: users fellow_members; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY fellow_members ON store.users FOR SELECT TO secretstore_app USING ((EXISTS ( SELECT
   FROM store.members m
  WHERE (m.user_id = users.user_id))));

--
-- Name: key_set_fetches fetcher; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY fetcher ON store.key_set_fetches TO secretstore_egress USING (true);

--
-- Name: key_sets fetcher; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY fetcher ON store.key_sets TO secretstore_egress USING ((source = 'fetched'::text)) WITH CHECK ((source = 'fetched'::text));

--
-- Name: host_checks; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.host_checks ENABLE ROW LEVEL SECURITY;

--
-- Name: invitations; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.invitations ENABLE ROW LEVEL SECURITY;

--
-- Name: key_set_fetches; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.key_set_fetches ENABLE ROW LEVEL SECURITY;

--
-- Name: key_set_notices; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.key_set_notices ENABLE ROW LEVEL SECURITY;

--
-- Name: key_sets; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.key_sets ENABLE ROW LEVEL SECURITY;

--
-- Name: agents looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.agents FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: approval_decisions looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.approval_decisions FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: approval_policies looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.approval_policies FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: approvals looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.approvals FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: audit_counts looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.audit_counts FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: audit_events looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.audit_events FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: audit_seals looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.audit_seals FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: deliveries looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.deliveries FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: invitations looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.invitations FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: key_set_fetches looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.key_set_fetches FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: members looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.members FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: outbox looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.outbox FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: personal_tokens looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.personal_tokens FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: secret_versions looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.secret_versions FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: secrets looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.secrets FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: stripe_customers looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.stripe_customers FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: stripe_events looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.stripe_events FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: stripe_subscriptions looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.stripe_subscriptions FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: tenants looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.tenants FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: token_patterns looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.token_patterns FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: tokens looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.tokens FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: users looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.users FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: webhooks looker; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY looker ON store.webhooks FOR SELECT TO secretstore_readonly USING (true);

--
-- Name: members; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.members ENABLE ROW LEVEL SECURITY;

--
-- Name: tenants newcomers_begin_free; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY newcomers_begin_free ON store.tenants AS RESTRICTIVE FOR INSERT TO secretstore_app WITH CHECK ((plan = 'free'::text));

--
-- Name: agents operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.agents TO secretstore_maint USING (true);

--
-- Name: approvals operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.approvals TO secretstore_maint USING (true);

--
-- Name: audit_counts operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.audit_counts TO secretstore_maint USING (true);

--
-- Name: audit_events operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.audit_events TO secretstore_maint USING (true);

--
-- Name: audit_seals operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.audit_seals TO secretstore_maint USING (true);

--
-- Name: deliveries operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.deliveries TO secretstore_maint USING (true);

--
-- Name: expiry_notices operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.expiry_notices TO secretstore_maint USING (true);

--
-- Name: host_checks operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.host_checks TO secretstore_maint USING (true);

--
-- Name: invitations operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.invitations TO secretstore_maint USING (true);

--
-- Name: key_set_fetches operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.key_set_fetches TO secretstore_maint USING (true);

--
-- Name: key_set_notices operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.key_set_notices FOR SELECT TO secretstore_maint USING (true);

--
-- Name: key_sets operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.key_sets TO secretstore_maint USING (true);

--
-- Name: members operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.members TO secretstore_maint USING (true);

--
-- Name: outbox operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.outbox TO secretstore_maint USING (true);

--
-- Name: personal_tokens operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.personal_tokens TO secretstore_maint USING (true);

--
-- Name: processed_requests operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.processed_requests TO secretstore_maint USING (true);

--
-- Name: refusal_notices operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.refusal_notices TO secretstore_maint USING (true);

--
-- Name: root_keys operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.root_keys TO secretstore_maint USING (true);

--
-- Name: secret_versions operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.secret_versions TO secretstore_maint USING (true);

--
-- Name: secrets operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.secrets TO secretstore_maint USING (true);

--
-- Name: service_keys operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.service_keys TO secretstore_maint USING (true);

--
-- Name: stripe_customers operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.stripe_customers FOR SELECT TO secretstore_maint USING (true);

--
-- Name: stripe_events operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.stripe_events TO secretstore_maint USING (true);

--
-- Name: stripe_subscriptions operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.stripe_subscriptions FOR SELECT TO secretstore_maint USING (true);

--
-- Name: tenant_keys operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.tenant_keys TO secretstore_maint USING (true);

--
-- Name: tenants operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.tenants TO secretstore_maint USING (true);

--
-- Name: token_patterns operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.token_patterns TO secretstore_maint USING (true);

--
-- Name: tokens operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.tokens TO secretstore_maint USING (true);

--
-- Name: users operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.users TO secretstore_maint USING (true);

--
-- Name: webhooks operator; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY operator ON store.webhooks TO secretstore_maint USING (true);

--
-- Name: outbox; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.outbox ENABLE ROW LEVEL SECURITY;

--
-- Name: personal_tokens; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.personal_tokens ENABLE ROW LEVEL SECURITY;

--
-- Name: processed_requests; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.processed_requests ENABLE ROW LEVEL SECURITY;

--
-- Name: refusal_notices; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.refusal_notices ENABLE ROW LEVEL SECURITY;

--
-- Name: root_keys; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.root_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: secret_versions; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.secret_versions ENABLE ROW LEVEL SECURITY;

--
-- Name: secrets; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.secrets ENABLE ROW LEVEL SECURITY;

--
-- Name: service_keys; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.service_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: key_set_fetches service_wide; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY service_wide ON store.key_set_fetches TO secretstore_app USING (true);

--
-- Name: key_sets service_wide; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY service_wide ON store.key_sets FOR SELECT TO secretstore_app USING (true);

--
-- Name: root_keys service_wide; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY service_wide ON store.root_keys FOR SELECT TO secretstore_app USING (true);

--
-- Name: service_keys service_wide; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY service_wide ON store.service_keys FOR SELECT TO secretstore_app USING (true);

--
-- Name: stripe_customers; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.stripe_customers ENABLE ROW LEVEL SECURITY;

--
-- Name: stripe_events; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.stripe_events ENABLE ROW LEVEL SECURITY;

--
-- Name: stripe_subscriptions; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.stripe_subscriptions ENABLE ROW LEVEL SECURITY;

--
-- Name: agents teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.agents FOR SELECT TO secretstore_egress USING (true);

--
-- Name: audit_events teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.audit_events FOR SELECT TO secretstore_egress USING (true);

--
-- Name: deliveries teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.deliveries TO secretstore_egress USING (true);

--
-- Name: host_checks teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.host_checks TO secretstore_egress USING (true);

--
-- Name: key_set_notices teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.key_set_notices TO secretstore_egress USING (true);

--
-- Name: members teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.members FOR SELECT TO secretstore_egress USING (true);

--
-- Name: outbox teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.outbox TO secretstore_egress USING (true);

--
-- Name: refusal_notices teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.refusal_notices TO secretstore_egress USING (true);

--
-- Name: service_keys teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.service_keys FOR SELECT TO secretstore_egress USING ((purpose = 'egress'::text));

--
-- Name: tenants teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.tenants FOR SELECT TO secretstore_egress USING (true);

--
-- Name: users teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.users FOR SELECT TO secretstore_egress USING (true);

--
-- Name: webhooks teller; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY teller ON store.webhooks TO secretstore_egress USING (true);

--
-- Name: tenant_keys; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.tenant_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: agents tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.agents TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: approval_decisions tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.approval_decisions TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: approval_policies tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.approval_policies TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: approvals tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.approvals TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: audit_counts tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.audit_counts TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: audit_events tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.audit_events TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: audit_seals tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.audit_seals TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: deliveries tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.deliveries TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: host_checks tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.host_checks TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: invitations tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.invitations TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: members tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.members TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: outbox tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.outbox TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: personal_tokens tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.personal_tokens TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: processed_requests tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.processed_requests TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: secret_versions tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.secret_versions TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: secrets tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.secrets TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: tenant_keys tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.tenant_keys TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: tenants tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.tenants TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: token_patterns tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.token_patterns TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: tokens tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.tokens TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: webhooks tenant_wall; Type: POLICY; Schema: store; Owner: secretstore_owner
--

CREATE POLICY tenant_wall ON store.webhooks TO secretstore_app USING ((tenant_id = ( SELECT (current_setting('secretstore.tenant'::text))::uuid AS current_setting)));

--
-- Name: tenants; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.tenants ENABLE ROW LEVEL SECURITY;

--
-- Name: token_patterns; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.token_patterns ENABLE ROW LEVEL SECURITY;

--
-- Name: tokens; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.tokens ENABLE ROW LEVEL SECURITY;

--
-- Name: users; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.users ENABLE ROW LEVEL SECURITY;

--
-- Name: webhooks; Type: ROW SECURITY; Schema: store; Owner: secretstore_owner
--

ALTER TABLE store.webhooks ENABLE ROW LEVEL SECURITY;

--
-- Name: SCHEMA store; Type: ACL; Schema: -; Owner: secretstore_owner
--

GRANT USAGE ON SCHEMA store TO secretstore_app;
GRANT USAGE ON SCHEMA store TO secretstore_maint;
GRANT USAGE ON SCHEMA store TO secretstore_reader;
GRANT USAGE ON SCHEMA store TO secretstore_readonly;
GRANT USAGE ON SCHEMA store TO secretstore_egress;
GRANT USAGE ON SCHEMA store TO secretstore_billing;

--
-- Name: FUNCTION add_person(new_id uuid, new_issuer text, new_subject text, new_email text); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.add_person(new_id uuid, new_issuer text, new_subject text, new_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION store.add_person(new_id uuid, new_issuer text, new_subject text, new_email text) TO secretstore_app;

--
-- Name: FUNCTION count_recent_tenants(); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.count_recent_tenants() FROM PUBLIC;
GRANT ALL ON FUNCTION store.count_recent_tenants() TO secretstore_app;

--
-- Name: FUNCTION create_audit_partitions(first date, last date); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.create_audit_partitions(first date, last date) FROM PUBLIC;
GRANT ALL ON FUNCTION store.create_audit_partitions(first date, last date) TO secretstore_maint;

--
-- Name: FUNCTION drop_audit_partitions(older_than timestamp with time zone); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.drop_audit_partitions(older_than timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION store.drop_audit_partitions(older_than timestamp with time zone) TO secretstore_maint;

--
-- Name: FUNCTION find_agent_key(wanted_public_id text); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.find_agent_key(wanted_public_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION store.find_agent_key(wanted_public_id text) TO secretstore_app;

--
-- Name: FUNCTION find_invitation(wanted_digest bytea); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.find_invitation(wanted_digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION store.find_invitation(wanted_digest bytea) TO secretstore_app;

--
-- Name: FUNCTION find_memberships(wanted_issuer text, wanted_subject text); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.find_memberships(wanted_issuer text, wanted_subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION store.find_memberships(wanted_issuer text, wanted_subject text) TO secretstore_app;

--
-- Name: FUNCTION find_person(wanted_issuer text, wanted_subject text); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.find_person(wanted_issuer text, wanted_subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION store.find_person(wanted_issuer text, wanted_subject text) TO secretstore_app;
GRANT ALL ON FUNCTION store.find_person(wanted_issuer text, wanted_subject text) TO secretstore_billing;

--
-- Name: FUNCTION find_personal_token(wanted_public_id text); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.find_personal_token(wanted_public_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION store.find_personal_token(wanted_public_id text) TO secretstore_app;

--
-- Name: FUNCTION find_tenant_of_customer(wanted_customer text); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.find_tenant_of_customer(wanted_customer text) FROM PUBLIC;
GRANT ALL ON FUNCTION store.find_tenant_of_customer(wanted_customer text) TO secretstore_billing;

--
-- Name: FUNCTION find_tenants_of(wanted_user uuid); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.find_tenants_of(wanted_user uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION store.find_tenants_of(wanted_user uuid) TO secretstore_app;

--
-- Name: FUNCTION note_plan_change(); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.note_plan_change() FROM PUBLIC;

--
-- Name: FUNCTION remove_audit_events(wanted_tenant uuid, older_than timestamp with time zone, at_most bigint); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.remove_audit_events(wanted_tenant uuid, older_than timestamp with time zone, at_most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION store.remove_audit_events(wanted_tenant uuid, older_than timestamp with time zone, at_most bigint) TO secretstore_maint;

--
-- Name: FUNCTION take_stock(); Type: ACL; Schema: store; Owner: secretstore_owner
--

REVOKE ALL ON FUNCTION store.take_stock() FROM PUBLIC;
GRANT ALL ON FUNCTION store.take_stock() TO secretstore_app;
GRANT ALL ON FUNCTION store.take_stock() TO secretstore_maint;

--
-- Name: TABLE agents; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE store.agents TO secretstore_app;
GRANT SELECT,UPDATE ON TABLE store.agents TO secretstore_maint;

--
-- Name: COLUMN agents.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.agents TO secretstore_reader;
GRANT SELECT(tenant_id) ON TABLE store.agents TO secretstore_readonly;
GRANT SELECT(tenant_id) ON TABLE store.agents TO secretstore_egress;

--
-- Name: COLUMN agents.agent_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(agent_id) ON TABLE store.agents TO secretstore_reader;
GRANT SELECT(agent_id) ON TABLE store.agents TO secretstore_readonly;
GRANT SELECT(agent_id) ON TABLE store.agents TO secretstore_egress;

--
-- Name: COLUMN agents.name; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(name) ON TABLE store.agents TO secretstore_readonly;
GRANT SELECT(name) ON TABLE store.agents TO secretstore_egress;

--
-- Name: COLUMN agents.description; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(description) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.key_public_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(key_public_id) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.allowed_namespaces; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(allowed_namespaces) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.allowed_scopes; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(allowed_scopes) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.ip_allowlist; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(ip_allowlist) ON TABLE store.agents TO secretstore_reader;
GRANT SELECT(ip_allowlist) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.limits_version; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(limits_version) ON TABLE store.agents TO secretstore_reader;
GRANT SELECT(limits_version) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.active; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(active) ON TABLE store.agents TO secretstore_reader;
GRANT SELECT(active) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.created_by; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_by) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.last_active_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(last_active_at) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: COLUMN agents.key_version; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(key_version) ON TABLE store.agents TO secretstore_reader;
GRANT SELECT(key_version) ON TABLE store.agents TO secretstore_readonly;

--
-- Name: TABLE approval_decisions; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.approval_decisions TO secretstore_app;
GRANT SELECT ON TABLE store.approval_decisions TO secretstore_readonly;

--
-- Name: TABLE approval_policies; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,DELETE ON TABLE store.approval_policies TO secretstore_app;
GRANT SELECT ON TABLE store.approval_policies TO secretstore_readonly;

--
-- Name: TABLE approvals; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE store.approvals TO secretstore_app;
GRANT SELECT,UPDATE ON TABLE store.approvals TO secretstore_maint;
GRANT SELECT ON TABLE store.approvals TO secretstore_readonly;

--
-- Name: TABLE audit_counts; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.audit_counts TO secretstore_app;
GRANT SELECT ON TABLE store.audit_counts TO secretstore_readonly;
GRANT SELECT,INSERT,UPDATE ON TABLE store.audit_counts TO secretstore_maint;

--
-- Name: TABLE audit_events; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.audit_events TO secretstore_app;
GRANT INSERT ON TABLE store.audit_events TO secretstore_reader;
GRANT SELECT,INSERT ON TABLE store.audit_events TO secretstore_maint;
GRANT SELECT ON TABLE store.audit_events TO secretstore_readonly;
GRANT INSERT ON TABLE store.audit_events TO secretstore_billing;

--
-- Name: COLUMN audit_events.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.audit_events TO secretstore_egress;

--
-- Name: COLUMN audit_events.event_type; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(event_type) ON TABLE store.audit_events TO secretstore_egress;

--
-- Name: COLUMN audit_events.actor_type; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(actor_type) ON TABLE store.audit_events TO secretstore_egress;

--
-- Name: COLUMN audit_events.actor_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(actor_id) ON TABLE store.audit_events TO secretstore_egress;

--
-- Name: COLUMN audit_events.reason; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(reason) ON TABLE store.audit_events TO secretstore_egress;

--
-- Name: COLUMN audit_events.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.audit_events TO secretstore_egress;

--
-- Name: TABLE audit_seals; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.audit_seals TO secretstore_app;
GRANT SELECT ON TABLE store.audit_seals TO secretstore_readonly;
GRANT SELECT,INSERT,UPDATE ON TABLE store.audit_seals TO secretstore_maint;

--
-- Name: TABLE deliveries; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE store.deliveries TO secretstore_app;
GRANT SELECT,INSERT,UPDATE ON TABLE store.deliveries TO secretstore_egress;
GRANT SELECT,INSERT,DELETE ON TABLE store.deliveries TO secretstore_maint;
GRANT SELECT ON TABLE store.deliveries TO secretstore_readonly;

--
-- Name: TABLE expiry_notices; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,DELETE ON TABLE store.expiry_notices TO secretstore_maint;

--
-- Name: TABLE host_checks; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,DELETE ON TABLE store.host_checks TO secretstore_app;
GRANT SELECT ON TABLE store.host_checks TO secretstore_egress;
GRANT SELECT,DELETE ON TABLE store.host_checks TO secretstore_maint;

--
-- Name: COLUMN host_checks.verdict; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(verdict) ON TABLE store.host_checks TO secretstore_egress;

--
-- Name: TABLE invitations; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE store.invitations TO secretstore_app;
GRANT SELECT,DELETE ON TABLE store.invitations TO secretstore_maint;

--
-- Name: COLUMN invitations.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: COLUMN invitations.invitation_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(invitation_id) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: COLUMN invitations.email; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(email) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: COLUMN invitations.role; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(role) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: COLUMN invitations.invited_by; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(invited_by) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: COLUMN invitations.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: COLUMN invitations.expires_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(expires_at) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: COLUMN invitations.accepted_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(accepted_at) ON TABLE store.invitations TO secretstore_readonly;

--
-- Name: TABLE key_set_fetches; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.key_set_fetches TO secretstore_app;
GRANT SELECT,INSERT,UPDATE ON TABLE store.key_set_fetches TO secretstore_egress;
GRANT SELECT ON TABLE store.key_set_fetches TO secretstore_maint;
GRANT SELECT ON TABLE store.key_set_fetches TO secretstore_readonly;
GRANT SELECT ON TABLE store.key_set_fetches TO secretstore_billing;

--
-- Name: COLUMN key_set_fetches.refresh_wanted_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(refresh_wanted_at) ON TABLE store.key_set_fetches TO secretstore_app;
GRANT UPDATE(refresh_wanted_at) ON TABLE store.key_set_fetches TO secretstore_billing;

--
-- Name: TABLE key_set_notices; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE store.key_set_notices TO secretstore_egress;
GRANT SELECT ON TABLE store.key_set_notices TO secretstore_maint;

--
-- Name: TABLE key_sets; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.key_sets TO secretstore_app;
GRANT SELECT,INSERT,UPDATE ON TABLE store.key_sets TO secretstore_maint;
GRANT SELECT,INSERT,UPDATE ON TABLE store.key_sets TO secretstore_egress;
GRANT SELECT ON TABLE store.key_sets TO secretstore_billing;

--
-- Name: TABLE members; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,DELETE ON TABLE store.members TO secretstore_app;
GRANT SELECT ON TABLE store.members TO secretstore_readonly;
GRANT SELECT,INSERT,UPDATE ON TABLE store.members TO secretstore_maint;

--
-- Name: COLUMN members.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(tenant_id) ON TABLE store.members TO secretstore_app;
GRANT SELECT(tenant_id) ON TABLE store.members TO secretstore_egress;

--
-- Name: COLUMN members.user_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(user_id) ON TABLE store.members TO secretstore_app;
GRANT SELECT(user_id) ON TABLE store.members TO secretstore_egress;

--
-- Name: COLUMN members.role; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(role),UPDATE(role) ON TABLE store.members TO secretstore_app;
GRANT SELECT(role) ON TABLE store.members TO secretstore_egress;

--
-- Name: TABLE outbox; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT ON TABLE store.outbox TO secretstore_app;
GRANT SELECT,INSERT ON TABLE store.outbox TO secretstore_egress;
GRANT SELECT,INSERT,DELETE ON TABLE store.outbox TO secretstore_maint;

--
-- Name: COLUMN outbox.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.outbox TO secretstore_readonly;

--
-- Name: COLUMN outbox.message_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(message_id) ON TABLE store.outbox TO secretstore_readonly;

--
-- Name: COLUMN outbox.event_type; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(event_type) ON TABLE store.outbox TO secretstore_readonly;

--
-- Name: COLUMN outbox.payload; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(payload) ON TABLE store.outbox TO secretstore_readonly;

--
-- Name: COLUMN outbox.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.outbox TO secretstore_readonly;

--
-- Name: COLUMN outbox.expanded_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(expanded_at) ON TABLE store.outbox TO secretstore_egress;
GRANT SELECT(expanded_at) ON TABLE store.outbox TO secretstore_readonly;

--
-- Name: TABLE personal_tokens; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.personal_tokens TO secretstore_app;
GRANT SELECT,DELETE ON TABLE store.personal_tokens TO secretstore_maint;

--
-- Name: COLUMN personal_tokens.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.personal_token_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(personal_token_id) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.user_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(user_id) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.name; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(name) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.role; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(role) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.key_public_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(key_public_id) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.key_pepper_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(key_pepper_id) ON TABLE store.personal_tokens TO secretstore_app;

--
-- Name: COLUMN personal_tokens.key_mac; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(key_mac) ON TABLE store.personal_tokens TO secretstore_app;

--
-- Name: COLUMN personal_tokens.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.expires_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(expires_at) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.last_used_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(last_used_at) ON TABLE store.personal_tokens TO secretstore_app;
GRANT SELECT(last_used_at) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: COLUMN personal_tokens.revoked_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(revoked_at) ON TABLE store.personal_tokens TO secretstore_app;
GRANT SELECT(revoked_at) ON TABLE store.personal_tokens TO secretstore_readonly;

--
-- Name: TABLE processed_requests; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,DELETE ON TABLE store.processed_requests TO secretstore_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE store.processed_requests TO secretstore_maint;

--
-- Name: COLUMN processed_requests.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE store.processed_requests TO secretstore_billing;

--
-- Name: COLUMN processed_requests.request_key; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(request_key),INSERT(request_key) ON TABLE store.processed_requests TO secretstore_billing;

--
-- Name: COLUMN processed_requests.expires_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(expires_at),INSERT(expires_at),UPDATE(expires_at) ON TABLE store.processed_requests TO secretstore_billing;

--
-- Name: TABLE refusal_notices; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE store.refusal_notices TO secretstore_egress;
GRANT SELECT,DELETE ON TABLE store.refusal_notices TO secretstore_maint;

--
-- Name: TABLE root_keys; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.root_keys TO secretstore_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE store.root_keys TO secretstore_maint;

--
-- Name: TABLE schema_migrations; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.schema_migrations TO secretstore_app;
GRANT SELECT ON TABLE store.schema_migrations TO secretstore_maint;
GRANT SELECT ON TABLE store.schema_migrations TO secretstore_egress;
GRANT SELECT ON TABLE store.schema_migrations TO secretstore_billing;

--
-- Name: TABLE secret_versions; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.secret_versions TO secretstore_app;
GRANT SELECT,DELETE ON TABLE store.secret_versions TO secretstore_maint;

--
-- Name: COLUMN secret_versions.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.secret_versions TO secretstore_reader;
GRANT SELECT(tenant_id) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: COLUMN secret_versions.secret_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(secret_id) ON TABLE store.secret_versions TO secretstore_reader;
GRANT SELECT(secret_id) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: COLUMN secret_versions.version; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(version) ON TABLE store.secret_versions TO secretstore_reader;
GRANT SELECT(version) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: COLUMN secret_versions.kek_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(kek_id) ON TABLE store.secret_versions TO secretstore_reader;
GRANT SELECT(kek_id) ON TABLE store.secret_versions TO secretstore_readonly;
GRANT UPDATE(kek_id) ON TABLE store.secret_versions TO secretstore_maint;

--
-- Name: COLUMN secret_versions.access_tier; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(access_tier) ON TABLE store.secret_versions TO secretstore_reader;
GRANT SELECT(access_tier) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: COLUMN secret_versions.expires_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(expires_at) ON TABLE store.secret_versions TO secretstore_reader;
GRANT SELECT(expires_at) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: COLUMN secret_versions.dek_box; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(dek_box) ON TABLE store.secret_versions TO secretstore_reader;
GRANT UPDATE(dek_box) ON TABLE store.secret_versions TO secretstore_maint;

--
-- Name: COLUMN secret_versions.value_box; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(value_box) ON TABLE store.secret_versions TO secretstore_reader;

--
-- Name: COLUMN secret_versions.created_by_type; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_by_type) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: COLUMN secret_versions.created_by; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_by) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: COLUMN secret_versions.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.secret_versions TO secretstore_reader;
GRANT SELECT(created_at) ON TABLE store.secret_versions TO secretstore_readonly;

--
-- Name: TABLE secrets; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE store.secrets TO secretstore_app;
GRANT SELECT,DELETE ON TABLE store.secrets TO secretstore_maint;
GRANT SELECT ON TABLE store.secrets TO secretstore_readonly;

--
-- Name: COLUMN secrets.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.secret_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(secret_id) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.namespace; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(namespace) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.key; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(key) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.path; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(path) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.secret_type; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(secret_type) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.access_tier; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(access_tier) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.metadata; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(metadata) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.current_version; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(current_version) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.expires_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(expires_at) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.updated_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(updated_at) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: COLUMN secrets.deleted_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(deleted_at) ON TABLE store.secrets TO secretstore_reader;

--
-- Name: TABLE service_keys; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.service_keys TO secretstore_app;
GRANT SELECT,INSERT,UPDATE ON TABLE store.service_keys TO secretstore_maint;

--
-- Name: COLUMN service_keys.key_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(key_id) ON TABLE store.service_keys TO secretstore_egress;

--
-- Name: COLUMN service_keys.purpose; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(purpose) ON TABLE store.service_keys TO secretstore_egress;

--
-- Name: COLUMN service_keys.state; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(state) ON TABLE store.service_keys TO secretstore_egress;

--
-- Name: TABLE stripe_customers; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.stripe_customers TO secretstore_billing;
GRANT SELECT ON TABLE store.stripe_customers TO secretstore_maint;
GRANT SELECT ON TABLE store.stripe_customers TO secretstore_readonly;

--
-- Name: TABLE stripe_events; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.stripe_events TO secretstore_billing;
GRANT SELECT,DELETE ON TABLE store.stripe_events TO secretstore_maint;
GRANT SELECT ON TABLE store.stripe_events TO secretstore_readonly;

--
-- Name: TABLE stripe_subscriptions; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.stripe_subscriptions TO secretstore_billing;
GRANT SELECT ON TABLE store.stripe_subscriptions TO secretstore_maint;
GRANT SELECT ON TABLE store.stripe_subscriptions TO secretstore_readonly;

--
-- Name: COLUMN stripe_subscriptions.plan; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(plan) ON TABLE store.stripe_subscriptions TO secretstore_billing;

--
-- Name: COLUMN stripe_subscriptions.status; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(status) ON TABLE store.stripe_subscriptions TO secretstore_billing;

--
-- Name: COLUMN stripe_subscriptions.told_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(told_at) ON TABLE store.stripe_subscriptions TO secretstore_billing;

--
-- Name: COLUMN stripe_subscriptions.told_rank; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(told_rank) ON TABLE store.stripe_subscriptions TO secretstore_billing;

--
-- Name: COLUMN stripe_subscriptions.failed_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(failed_at) ON TABLE store.stripe_subscriptions TO secretstore_billing;

--
-- Name: TABLE tenant_keys; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.tenant_keys TO secretstore_app;
GRANT SELECT,INSERT,UPDATE ON TABLE store.tenant_keys TO secretstore_maint;

--
-- Name: COLUMN tenant_keys.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(tenant_id) ON TABLE store.tenant_keys TO secretstore_app;

--
-- Name: COLUMN tenant_keys.kek_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(kek_id) ON TABLE store.tenant_keys TO secretstore_app;

--
-- Name: COLUMN tenant_keys.generation; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(generation) ON TABLE store.tenant_keys TO secretstore_app;

--
-- Name: COLUMN tenant_keys.state; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(state) ON TABLE store.tenant_keys TO secretstore_app;

--
-- Name: COLUMN tenant_keys.box; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(box) ON TABLE store.tenant_keys TO secretstore_app;

--
-- Name: TABLE tenants; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.tenants TO secretstore_app;
GRANT SELECT ON TABLE store.tenants TO secretstore_readonly;
GRANT SELECT,INSERT,UPDATE ON TABLE store.tenants TO secretstore_maint;

--
-- Name: COLUMN tenants.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(tenant_id) ON TABLE store.tenants TO secretstore_app;
GRANT SELECT(tenant_id) ON TABLE store.tenants TO secretstore_egress;
GRANT SELECT(tenant_id) ON TABLE store.tenants TO secretstore_reader;
GRANT SELECT(tenant_id) ON TABLE store.tenants TO secretstore_billing;

--
-- Name: COLUMN tenants.name; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(name),UPDATE(name) ON TABLE store.tenants TO secretstore_app;
GRANT SELECT(name) ON TABLE store.tenants TO secretstore_egress;

--
-- Name: COLUMN tenants.plan; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(plan) ON TABLE store.tenants TO secretstore_app;
GRANT SELECT(plan),UPDATE(plan) ON TABLE store.tenants TO secretstore_billing;

--
-- Name: COLUMN tenants.subscription_status; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(subscription_status),UPDATE(subscription_status) ON TABLE store.tenants TO secretstore_billing;

--
-- Name: COLUMN tenants.rate_limit_key; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT INSERT(rate_limit_key) ON TABLE store.tenants TO secretstore_app;

--
-- Name: COLUMN tenants.notify_approval_requests; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(notify_approval_requests) ON TABLE store.tenants TO secretstore_app;
GRANT SELECT(notify_approval_requests) ON TABLE store.tenants TO secretstore_egress;

--
-- Name: COLUMN tenants.notify_security_alerts; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(notify_security_alerts) ON TABLE store.tenants TO secretstore_app;
GRANT SELECT(notify_security_alerts) ON TABLE store.tenants TO secretstore_egress;

--
-- Name: COLUMN tenants.approval_policies_version; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(approval_policies_version) ON TABLE store.tenants TO secretstore_app;

--
-- Name: COLUMN tenants.plan_version; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(plan_version) ON TABLE store.tenants TO secretstore_reader;
GRANT SELECT(plan_version) ON TABLE store.tenants TO secretstore_billing;

--
-- Name: COLUMN tenants.requests_per_minute; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(requests_per_minute),UPDATE(requests_per_minute) ON TABLE store.tenants TO secretstore_billing;

--
-- Name: COLUMN tenants.suspended_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(suspended_at) ON TABLE store.tenants TO secretstore_maint;
GRANT SELECT(suspended_at) ON TABLE store.tenants TO secretstore_billing;

--
-- Name: TABLE token_patterns; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT ON TABLE store.token_patterns TO secretstore_app;
GRANT SELECT,DELETE ON TABLE store.token_patterns TO secretstore_maint;
GRANT SELECT ON TABLE store.token_patterns TO secretstore_readonly;

--
-- Name: TABLE tokens; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE store.tokens TO secretstore_app;
GRANT SELECT,DELETE,UPDATE ON TABLE store.tokens TO secretstore_maint;
GRANT SELECT ON TABLE store.tokens TO secretstore_readonly;

--
-- Name: COLUMN tokens.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.tokens TO secretstore_reader;

--
-- Name: COLUMN tokens.token_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(token_id) ON TABLE store.tokens TO secretstore_reader;

--
-- Name: COLUMN tokens.agent_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(agent_id) ON TABLE store.tokens TO secretstore_reader;

--
-- Name: COLUMN tokens.expires_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(expires_at) ON TABLE store.tokens TO secretstore_reader;

--
-- Name: COLUMN tokens.revoked_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(revoked_at) ON TABLE store.tokens TO secretstore_reader;

--
-- Name: COLUMN tokens.agent_key_version; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(agent_key_version) ON TABLE store.tokens TO secretstore_reader;

--
-- Name: TABLE users; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT ON TABLE store.users TO secretstore_app;
GRANT SELECT ON TABLE store.users TO secretstore_readonly;
GRANT SELECT,INSERT,UPDATE ON TABLE store.users TO secretstore_maint;

--
-- Name: COLUMN users.user_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(user_id) ON TABLE store.users TO secretstore_egress;

--
-- Name: COLUMN users.issuer; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(issuer) ON TABLE store.users TO secretstore_egress;

--
-- Name: COLUMN users.email; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(email) ON TABLE store.users TO secretstore_egress;

--
-- Name: TABLE webhooks; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE store.webhooks TO secretstore_app;
GRANT SELECT ON TABLE store.webhooks TO secretstore_egress;
GRANT SELECT ON TABLE store.webhooks TO secretstore_maint;

--
-- Name: COLUMN webhooks.tenant_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(tenant_id) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.webhook_id; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(webhook_id) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.url; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(url) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.description; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(description) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.events; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(events) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.active; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(active) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.verified_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(verified_at) ON TABLE store.webhooks TO secretstore_egress;
GRANT SELECT(verified_at) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.failures; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(failures) ON TABLE store.webhooks TO secretstore_egress;

--
-- Name: COLUMN webhooks.rests_until; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT UPDATE(rests_until) ON TABLE store.webhooks TO secretstore_egress;

--
-- Name: COLUMN webhooks.created_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(created_at) ON TABLE store.webhooks TO secretstore_readonly;

--
-- Name: COLUMN webhooks.updated_at; Type: ACL; Schema: store; Owner: secretstore_owner
--

GRANT SELECT(updated_at) ON TABLE store.webhooks TO secretstore_readonly;

--
-- PostgreSQL database dump complete
--

