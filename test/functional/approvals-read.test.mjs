// What people and the asking agent see of approvals: contract.md §5. Decisions are made by SQL
// here; those that people make are the subject of approvals.
import {
    anything,
    assert,
    assertShape,
    before,
    describe,
    isString,
    kTimestamp,
    orNull,
    test,
    unique,
} from './claim.mjs';
import { Stack } from './stack.mjs';

const kNobody = '00000000-0000-4000-8000-000000000123';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
let namespace;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent({ name: 'asking-agent', description: 'Asks at night' });
    namespace = unique('approvals');
    for (const key of ['ONE', 'TWO'])
        await tenant.putSecret(`${namespace}/${key}`, { value: 'v', access_tier: 'sensitive' });
    await tenant.putSecret(`${namespace}/THREE`, { value: 'v', access_tier: 'critical' });
    await tenant.putSecret(`${namespace}/FREE`, { value: 'v' });
});

let asked = 0;
// A pending approval of its own: no two requests are the same.
async function ask(by = agent, body = {}) {
    const request = {
        scopes: [`secrets:read:${namespace}/ONE`],
        ttl: 1000 + ++asked,
        reason: 'the nightly job',
        ...body,
    };
    const answer = (await by.requestToken(request)).expect(200);
    assert.equal(answer.requires_approval, true);
    return { id: answer.approval_id, ttl: request.ttl };
}
const show = (id, of = tenant) => of.call('GET', `/v1/approvals/${id}`);
const list = (query = '', of = tenant) => of.call('GET', `/v1/approvals${query}`);
const poll = (id, by = agent) => http.get(`/v1/approvals/agent/${id}`, { token: by.key });
const alter = (id, set) =>
    stack.psql(
        `update store.approvals set ${set}
         where tenant_id = '${tenant.id}' and approval_id = '${id}'`,
    );

const shapeOf = (id, ttl) => ({
    id,
    status: 'pending',
    requested_scopes: [`secrets:read:${namespace}/ONE`],
    access_tier: 'sensitive',
    reason: 'the nightly job',
    created_at: kTimestamp,
    expires_at: kTimestamp,
    decided_at: null,
    agent_id: agent.id,
    agent_name: 'asking-agent',
    description: anything,
    ip_address: '127.0.0.1',
    user_agent: orNull(anything),
    ttl,
    max_uses: null,
    ip_allowlist: null,
    matched_secrets: { count: 1, names: [`${namespace}/ONE`] },
    summary: isString,
    outlook: isString,
    request_digest: /^[0-9a-f]{64}$/,
    granted_scopes: null,
    granted_ttl: null,
    granted_max_uses: null,
    decisions: [],
    required: (required) => required.may_approve && required.approvals === 1,
    token_id: null,
});

describe('GET /approvals/:id', () => {
    test('shows who asks for what, and never a token', async () => {
        const { id, ttl } = await ask();
        const answer = await show(id);
        assertShape(answer.expect(200), shapeOf(id, ttl));
        assert.ok(!('token' in answer.json));
        assert.ok(!answer.text.includes('eyJ'));
    });

    test('counts and names the secrets that need it', async () => {
        const { id } = await ask(agent, { scopes: [`secrets:read:${namespace}/*`] });
        const { matched_secrets: matched, access_tier: tier } = (await show(id)).expect(200);
        assert.equal(matched.count, 3);
        const text = JSON.stringify(matched);
        for (const key of ['ONE', 'TWO', 'THREE']) assert.ok(text.includes(`${namespace}/${key}`));
        assert.ok(!text.includes(`${namespace}/FREE`));
        assert.equal(tier, 'critical');
    });

    test('shows how the agent asked', async () => {
        const answer = await http.post('/v1/tokens', {
            token: agent.key,
            headers: { 'User-Agent': 'agentsecretstore-sdk/1.0.0' },
            body: {
                scopes: [`secrets:read:${namespace}/TWO`],
                ttl: '15m',
                max_uses: 3,
                ip_allowlist: ['127.0.0.1'],
            },
        });
        const shown = (await show(answer.expect(200).approval_id)).expect(200);
        assert.equal(shown.user_agent, 'agentsecretstore-sdk/1.0.0');
        assert.equal(shown.max_uses, 3);
        assert.equal(shown.reason, null);
        assert.equal(shown.ttl, 900);
    });

    test('expires a day after it was asked', async () => {
        const shown = (await show((await ask()).id)).expect(200);
        const lives = Date.parse(shown.expires_at) - Date.parse(shown.created_at);
        assert.ok(Math.abs(lives - 86_400_000) <= 1000, `${lives} ms`);
    });

    test('shows one that was denied as denied, and when', async () => {
        const { id } = await ask();
        await alter(id, "status = 'denied', decided_at = now()");
        const shown = (await show(id)).expect(200);
        assert.equal(shown.status, 'denied');
        assert.match(shown.decided_at, kTimestamp);
    });

    test('shows one whose time has passed as expired', async () => {
        const { id } = await ask();
        await alter(
            id,
            "created_at = now() - interval '2 days', expires_at = now() - interval '1 day'",
        );
        assert.equal((await show(id)).expect(200).status, 'expired');
        assert.equal((await poll(id)).expect(200).status, 'expired');
    });

    for (const id of [kNobody, 'no-uuid', '1']) {
        test(`of '${id}' is answered with 404`, async () => {
            (await show(id)).expect(404, 'NOT_FOUND');
        });
    }

    test('of another tenant is as absent as one that is not there', async () => {
        const { id } = await ask();
        const other = await stack.newTenant();
        const theirs = await show(id, other);
        theirs.expect(404, 'NOT_FOUND');
        assert.equal(theirs.text, (await show(kNobody, other)).text);
    });
});

describe('GET /approvals', () => {
    test('shows each as it is shown alone, newest first', async () => {
        const own = [await ask(), await ask(), await ask()];
        const listed = (await list('?limit=3')).expect(200);
        assertShape(
            listed,
            { items: Array.isArray, total: (total) => total >= 3 },
            { page: 1, limit: 3 },
        );
        assert.deepEqual(
            listed.items.map((item) => item.id),
            own.map(({ id }) => id).reverse(),
        );
        assert.deepEqual(listed.items[0], (await show(own[2].id)).expect(200));
    });

    test('shows those of one status where it is asked for', async () => {
        const other = await stack.newTenant();
        await other.putSecret('a/KEY', { value: 'v', access_tier: 'sensitive' });
        const asking = await other.newAgent();
        const ids = {};
        for (const [i, status] of ['pending', 'approved', 'denied', 'expired'].entries()) {
            const body = { scopes: ['secrets:read:a/KEY'], ttl: 100 + i };
            ids[status] = (await asking.requestToken(body)).expect(200).approval_id;
            await stack.psql(
                `update store.approvals set status = '${status}',
                        decided_at = case '${status}' when 'pending' then null else now() end
                 where tenant_id = '${other.id}' and approval_id = '${ids[status]}'`,
            );
        }
        for (const [status, id] of Object.entries(ids)) {
            const listed = (await list(`?status=${status}`, other)).expect(200);
            assert.deepEqual([listed.items.map((item) => item.id), listed.total], [[id], 1]);
        }
        assert.equal((await list('', other)).expect(200).total, 4);
    });

    test('does not show as pending what has expired', async () => {
        const { id } = await ask();
        await alter(
            id,
            "created_at = now() - interval '2 days', expires_at = now() - interval '1 day'",
        );
        assert.ok(!(await list('?status=pending&limit=200')).text.includes(id));
        assert.ok((await list('?status=expired&limit=200')).text.includes(id));
    });

    test('pages without losing or repeating one', async () => {
        const other = await stack.newTenant();
        await other.putSecret('a/KEY', { value: 'v', access_tier: 'sensitive' });
        const asking = await other.newAgent();
        const ids = [];
        for (let i = 0; i < 5; ++i) {
            const body = { scopes: ['secrets:read:a/KEY'], ttl: 100 + i };
            ids.push((await asking.requestToken(body)).expect(200).approval_id);
        }
        const seen = [];
        for (const page of [1, 2, 3]) {
            const listed = (await list(`?limit=2&page=${page}`, other)).expect(200);
            assert.equal(listed.total, 5);
            seen.push(...listed.items.map((item) => item.id));
        }
        assert.deepEqual(seen, ids.reverse());
    });

    test('shows none of another tenant', async () => {
        const { id } = await ask();
        const other = await stack.newTenant();
        const answer = await list('', other);
        assert.deepEqual([answer.expect(200).items, answer.json.total], [[], 0]);
        assert.ok(!answer.text.includes(id));
    });

    for (const query of ['status=', 'status=open', 'status=PENDING', 'limit=201', 'agent=x']) {
        test(`with ${query} is refused`, async () => {
            (await list(`?${query}`)).expect(400, 'INVALID_REQUEST');
        });
    }
});

describe('GET /approvals/agent/:id', () => {
    test('shows the asking agent how its request stands', async () => {
        const { id } = await ask();
        const answer = await poll(id);
        assertShape(answer.expect(200), {
            id,
            status: 'pending',
            requested_scopes: [`secrets:read:${namespace}/ONE`],
            access_tier: 'sensitive',
            reason: 'the nightly job',
            created_at: kTimestamp,
            expires_at: kTimestamp,
            decided_at: null,
            decision_reason: null,
            token: null,
            token_id: null,
            token_expires_at: null,
            scopes: [`secrets:read:${namespace}/ONE`],
        });
    });

    test('does not show it to another agent of the tenant', async () => {
        const { id } = await ask();
        const other = await tenant.newAgent();
        const theirs = await poll(id, other);
        theirs.expect(404, 'NOT_FOUND');
        assert.equal(theirs.text, (await poll(kNobody, other)).text);
    });

    test('does not show it to an agent of another tenant', async () => {
        const { id } = await ask();
        const other = await (await stack.newTenant()).newAgent();
        const theirs = await poll(id, other);
        theirs.expect(404, 'NOT_FOUND');
        assert.equal(theirs.text, (await poll(kNobody, other)).text);
    });

    test('gives no token for one that was denied', async () => {
        const { id } = await ask();
        await alter(id, "status = 'denied', decided_at = now()");
        const shown = (await poll(id)).expect(200);
        assert.deepEqual([shown.status, shown.token, shown.token_id], ['denied', null, null]);
    });

    for (const id of [kNobody, 'no-uuid']) {
        test(`of '${id}' is answered with 404`, async () => {
            (await poll(id)).expect(404, 'NOT_FOUND');
        });
    }

    test('is for agent keys', async () => {
        const { id } = await ask();
        const answer = await tenant.call('GET', `/v1/approvals/agent/${id}`);
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /agent key/i);
    });
});
