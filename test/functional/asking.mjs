// A tenant with an agent that asks for what needs approval, and what people and the agent do then.
import { unique } from './claim.mjs';

export class Asking {
    // `makes`: who creates the agent; the owner unless it says otherwise.
    static async start(stack, { tier = 'sensitive', makes, agent = {} } = {}) {
        const tenant = await stack.newTenant();
        const asking = new Asking(stack, tenant);
        asking.agent = await asking.newAgent(agent, makes);
        asking.path = await asking.newSecret(tier);
        return asking;
    }

    constructor(stack, tenant) {
        this.stack = stack;
        this.tenant = tenant;
        this.http = stack.client;
        this.asked = 0;
    }

    // An agent whose creator is nobody of the tenant unless `makes` names somebody: so that the
    // owner of a test may approve what it asks for, alone or not.
    async newAgent(body = {}, makes = undefined) {
        const agent = await this.tenant.newAgent(body);
        await this.stack.psql(
            `update store.agents set created_by = ${makes ? `'${makes}'` : 'null'}
             where tenant_id = '${this.tenant.id}' and agent_id = '${agent.id}'`,
        );
        return agent;
    }

    // The path of a new secret.
    async newSecret(tier = 'sensitive', namespace = unique('asking')) {
        const path = `${namespace}/KEY`;
        await this.tenant.putSecret(path, { value: `value-of-${tier}`, access_tier: tier });
        return path;
    }

    // A request of its own: no two are the same. { id, body, send() }: send() asks the same again.
    async ask(body = {}, agent = this.agent) {
        const request = {
            scopes: [`secrets:read:${this.path}`],
            ttl: 3600 + ++this.asked,
            ...body,
        };
        const send = (more) =>
            this.http.post('/v1/tokens', { token: agent.key, body: request, ...more });
        const answer = (await send()).expect(200);
        if (!answer.requires_approval) throw new Error('the test wants an approval');
        return { id: answer.approval_id, body: request, send };
    }

    show(id, token = this.tenant.userToken) {
        return this.http.get(`/v1/approvals/${id}`, { token });
    }

    approve(id, body = undefined, token = this.tenant.userToken, more = {}) {
        return this.http.post(`/v1/approvals/${id}/approve`, { token, body, ...more });
    }

    deny(id, body = undefined, token = this.tenant.userToken) {
        return this.http.post(`/v1/approvals/${id}/deny`, { token, body });
    }

    poll(id, agent = this.agent) {
        return this.http.get(`/v1/approvals/agent/${id}`, { token: agent.key });
    }

    read(token, path = this.path) {
        return this.http.get(`/v1/secrets/${path}`, { token });
    }

    putPolicies(policies, more = {}) {
        return this.tenant.call('PUT', '/v1/approval-policies', { body: { policies, ...more } });
    }

    // Somebody who can write to the database.
    alter(id, set) {
        return this.stack.psql(
            `update store.approvals set ${set}
             where tenant_id = '${this.tenant.id}' and approval_id = '${id}'`,
        );
    }

    // As if the request had been made `seconds` earlier.
    age(id, seconds) {
        const interval = `interval '${seconds} seconds'`;
        return this.alter(
            id,
            `created_at = created_at - ${interval}, expires_at = expires_at - ${interval},
             decided_at = decided_at - ${interval}`,
        );
    }

    // Types, actors, reasons and details of the events of an approval, oldest first.
    events(id) {
        return this.stack.rows(
            `select event_type as type, actor_type as by, actor_id, reason, details, token_id
             from store.audit_events
             where tenant_id = '${this.tenant.id}'
               and (resource_id = '${id}' or details ->> 'approval_id' = '${id}')
             order by seq`,
        );
    }

    // What people are told of an approval, oldest first.
    messages(id) {
        return this.stack.rows(
            `select event_type as type, payload from store.outbox
             where tenant_id = '${this.tenant.id}' and payload ->> 'approval_id' = '${id}'
             order by message_id`,
        );
    }

    tokens() {
        return this.stack.rows(
            `select token_id as id, access_tier as tier, scopes, max_uses, request_digest as digest,
                    extract(epoch from expires_at - issued_at)::int as lives
             from store.tokens where tenant_id = '${this.tenant.id}' order by token_id`,
        );
    }
}
