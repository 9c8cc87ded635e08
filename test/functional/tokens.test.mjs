// GET /tokens and POST /tokens/:id/revoke: contract.md §6.
import {
    assert,
    assertShape,
    before,
    describe,
    inParallel,
    kTimestamp,
    test,
    unique,
} from './claim.mjs';
import { Stack } from './stack.mjs';

const kNobody = '00000000-0000-4000-8000-000000000123';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    await tenant.putSecret('tokens/KEY', { value: 'a-test-value' });
});
const revoke = (id, options) => tenant.call('POST', `/v1/tokens/${id}/revoke`, options);
const list = (query = '', of = tenant) => of.call('GET', `/v1/tokens${query}`);
const read = (token) => http.get('/v1/secrets/tokens/KEY', { token });
// Never the same request twice: that would be the same token.
const issue = (body = {}, of = agent) =>
    of.issue(['secrets:*:tokens/*', `secrets:read:${unique('tokens')}/*`], body);

describe('POST /tokens/:id/revoke', () => {
    test('is answered with 204 and nothing more', async () => {
        const answer = await revoke((await issue()).token_id);
        answer.expect(204);
        assert.equal(answer.text, '');
    });

    test('ends the token for reads, writes and lists at once', async () => {
        const { token, token_id: id } = await issue();
        (await read(token)).expect(200);

        (await revoke(id)).expect(204);

        (await read(token)).expect(401, 'UNAUTHORIZED');
        const body = { value: 'v' };
        (await http.put('/v1/secrets/tokens/NEW', { token, body })).expect(401, 'UNAUTHORIZED');
        (await http.get('/v1/secrets?namespace=tokens', { token })).expect(401, 'UNAUTHORIZED');
        (await http.get('/v1/namespaces', { token })).expect(401, 'UNAUTHORIZED');
        const file = { namespace: 'tokens', content: 'A=1' };
        (await http.post('/v1/secrets/import', { token, body: file })).expect(401, 'UNAUTHORIZED');
    });

    test('leaves other tokens of the agent', async () => {
        const [first, second] = [await issue(), await issue()];
        (await revoke(first.token_id)).expect(204);
        (await read(second.token)).expect(200);
    });

    test('ends a token that two requests within 10 s were given for both', async () => {
        const scopes = [`secrets:read:tokens/*`];
        const [first, second] = [await agent.issue(scopes), await agent.issue(scopes)];
        assert.equal(second.token, first.token);
        (await revoke(first.token_id)).expect(204);
        (await read(second.token)).expect(401, 'UNAUTHORIZED');
        const third = await agent.issue(scopes);
        assert.notEqual(third.token_id, first.token_id);
        (await read(third.token)).expect(200);
    });

    test('a second time is answered with 409', async () => {
        const { token_id: id } = await issue();
        (await revoke(id)).expect(204);
        (await revoke(id)).expect(409, 'ALREADY_REVOKED');
    });

    test('of one token is done by exactly one of 20 who ask at once', async () => {
        const { token_id: id } = await issue();
        const answers = await inParallel(20, 20, () => revoke(id));
        const done = answers.filter((answer) => answer.status === 204);
        assert.equal(done.length, 1);
        for (const answer of answers) if (answer !== done[0]) answer.expect(409, 'ALREADY_REVOKED');
    });

    test('of a token that a rotation ended is answered with 409', async () => {
        const path = `${unique('tokens')}/KEY`;
        await tenant.putSecret(path, { value: 'v' });
        const { token_id: id } = await agent.issue([`secrets:read:${path}`]);
        (await tenant.call('POST', `/v1/secrets/${path}/rotate`)).expect(200);
        (await revoke(id)).expect(409, 'ALREADY_REVOKED');
    });

    for (const id of [kNobody, 'no-uuid', '1', 'null', kNobody.replace('-', '')]) {
        test(`of '${id}' is answered with 404`, async () => {
            (await revoke(id)).expect(404, 'NOT_FOUND');
        });
    }

    test('does not take the token itself for its id', async () => {
        const { token } = await issue();
        (await revoke(token)).expect(404, 'NOT_FOUND');
        (await read(token)).expect(200);
    });

    test('is on record once, as the act of that person', async () => {
        const { token_id: id } = await issue();
        const answer = await revoke(id);
        answer.expect(204);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.actor_type, event.resource_type, event.resource_id],
            ['token.revoked', 'user', 'token', id],
        );
    });

    test('takes no body', async () => {
        const { token, token_id: id } = await issue();
        (await revoke(id, { body: { reason: 'x' } })).expect(400, 'INVALID_REQUEST');
        (await read(token)).expect(200);
    });

    test('with a content type and no body is fine', async () => {
        const { token_id: id } = await issue();
        (await revoke(id, { headers: { 'Content-Type': 'application/json' } })).expect(204);
    });

    test('does not let a token or an agent key revoke', async () => {
        const { token, token_id: id } = await issue();
        for (const credential of [token, agent.key]) {
            const answer = await http.post(`/v1/tokens/${id}/revoke`, { token: credential });
            answer.expect(403, 'SCOPE_DENIED');
        }
        (await read(token)).expect(200);
    });
});

describe('GET /tokens', () => {
    test('shows what a token is, and never the token', async () => {
        const own = await stack.newTenant();
        const holder = await own.newAgent();
        const issued = await holder.issue(['secrets:read:a/*', 'namespaces:read'], {
            ttl: '10m',
            max_uses: 5,
            ip_allowlist: ['127.0.0.1'],
        });

        const answer = await list('', own);

        const listed = answer.expect(200);
        assertShape(listed, { items: Array.isArray, total: 1 }, { page: 1, limit: 50 });
        const scopes = ['secrets:read:a/*', 'namespaces:read'].sort();
        assertShape(listed.items[0], {
            id: issued.token_id,
            agent_id: holder.id,
            scopes: (shown) => assert.deepEqual([...shown].sort(), scopes) === undefined,
            access_tier: 'standard',
            max_uses: 5,
            uses: 0,
            ip_allowlist: (shown) => /^127\.0\.0\.1(\/32)?$/.test(String(shown)),
            issued_at: kTimestamp,
            expires_at: issued.expires_at,
        });
        for (const part of issued.token.split('.')) assert.ok(!answer.text.includes(part));
    });

    test('counts the uses of each', async () => {
        const own = await stack.newTenant();
        const holder = await own.newAgent();
        await own.putSecret('tokens/KEY', { value: 'v' });
        const { token } = await holder.issue(['secrets:read:tokens/*'], { max_uses: 5 });
        for (let i = 0; i < 3; ++i) (await read(token)).expect(200);
        assert.equal((await list('', own)).expect(200).items[0].uses, 3);
    });

    test('shows live ones alone: neither revoked nor expired ones', async () => {
        const own = await stack.newTenant();
        const holder = await own.newAgent();
        const [live, revoked, expired] = [
            await issue({}, holder),
            await issue({}, holder),
            await issue({}, holder),
        ];
        (await own.call('POST', `/v1/tokens/${revoked.token_id}/revoke`)).expect(204);
        await stack.psql(
            `update store.tokens set issued_at = now() - interval '2 hours',
                    expires_at = now() - interval '1 second'
             where tenant_id = '${own.id}' and token_id = '${expired.token_id}'`,
        );
        const listed = (await list('', own)).expect(200);
        assert.deepEqual([listed.items.map((item) => item.id), listed.total], [[live.token_id], 1]);
    });

    test('shows the newest first, on all pages together once', async () => {
        const own = await stack.newTenant();
        const holder = await own.newAgent();
        const ids = [];
        for (let i = 0; i < 5; ++i) ids.push((await issue({}, holder)).token_id);
        const seen = [];
        for (const page of [1, 2, 3]) {
            const listed = (await list(`?limit=2&page=${page}`, own)).expect(200);
            assert.equal(listed.total, 5);
            seen.push(...listed.items.map((item) => item.id));
        }
        // Ids are ordered by time, and by chance within a millisecond.
        assert.deepEqual(seen, ids.sort().reverse());
    });

    test('shows those of one agent where it is asked for', async () => {
        const other = await tenant.newAgent();
        const { token_id: id } = await issue({}, other);
        const listed = (await list(`?agent_id=${other.id}`)).expect(200);
        assert.deepEqual([listed.items.map((item) => item.id), listed.total], [[id], 1]);
    });

    test('shows none for an agent that is not there', async () => {
        const answer = await list(`?agent_id=${kNobody}`);
        assert.deepEqual([answer.expect(200).items, answer.json.total], [[], 0]);
    });

    test('shows none of another tenant', async () => {
        const other = await stack.newTenant();
        const { token_id: id } = await issue({}, await other.newAgent());
        assert.ok(!(await list('?limit=200')).text.includes(id));
    });

    for (const query of ['agent_id=', 'agent_id=no-uuid', 'limit=201', 'page=0', 'active=true']) {
        test(`with ${query} is refused`, async () => {
            (await list(`?${query}`)).expect(400, 'INVALID_REQUEST');
        });
    }
});
