// Agents after their creation: what people change of them, and what ends at once. contract.md §6.
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
const kAgentKey = /^ass_live_[0-9A-Za-z]{48}$/;

const stack = Stack.shared();
const http = stack.client;

let tenant;
before(async () => {
    tenant = await stack.newTenant();
    await tenant.putSecret('agents/KEY', { value: 'a-test-value' });
});
const patch = (agent, body) => tenant.call('PATCH', `/v1/agents/${agent.id ?? agent}`, { body });
const remove = (idOrName) => tenant.call('DELETE', `/v1/agents/${encodeURIComponent(idOrName)}`);
const rotateKey = (agent) => tenant.call('POST', `/v1/agents/${agent.id ?? agent}/rotate-key`);
const read = (token) => http.get('/v1/secrets/agents/KEY', { token });
const kScopes = ['secrets:read:agents/KEY'];

// The agent as the list shows it.
async function listed(agent) {
    const { items } = (await tenant.call('GET', '/v1/agents?limit=200')).expect(200);
    return items.find((item) => item.id === agent.id);
}

describe('PATCH /agents/:id', () => {
    test('answers with the agent, without its key', async () => {
        const agent = await tenant.newAgent();
        const answer = await patch(agent, { description: 'Runs nightly' });
        assertShape(
            answer.expect(200),
            {
                id: agent.id,
                tenant_id: tenant.id,
                name: agent.created.name,
                description: 'Runs nightly',
                api_key_prefix: agent.key.slice(0, 13),
                allowed_namespaces: ['*'],
                allowed_scopes: ['secrets:*:*'],
                ip_allowlist: null,
                active: true,
                created_at: kTimestamp,
                last_active_at: null,
            },
            {},
        );
    });

    const changes = [
        { description: 'another description' },
        { allowed_namespaces: ['agents', 'b/c'] },
        { allowed_scopes: ['secrets:read:agents/*'] },
        { ip_allowlist: ['127.0.0.0/8', '2001:db8::/32'] },
    ];
    for (const change of changes) {
        const [member] = Object.keys(change);
        test(`changes ${member} and keeps what it does not name`, async () => {
            const agent = await tenant.newAgent({ description: 'as it was' });
            const before = await listed(agent);
            (await patch(agent, change)).expect(200);
            assert.deepEqual(await listed(agent), { ...before, ...change });
        });
    }

    for (const member of ['description', 'ip_allowlist']) {
        test(`clears ${member} by null`, async () => {
            const agent = await tenant.newAgent({
                description: 'as it was',
                ip_allowlist: ['127.0.0.1'],
            });
            const answer = (await patch(agent, { [member]: null })).expect(200);
            assert.equal(answer[member], null);
            assert.equal((await listed(agent))[member], null);
        });
    }

    for (const [what, options] of [
        ['an empty object', { body: {} }],
        ['no body', {}],
    ]) {
        test(`with ${what} changes nothing`, async () => {
            const agent = await tenant.newAgent({ description: 'as it was' });
            const before = await listed(agent);
            (await tenant.call('PATCH', `/v1/agents/${agent.id}`, options)).expect(200);
            assert.deepEqual(await listed(agent), before);
        });
    }

    test('leaves the key as it is', async () => {
        const agent = await tenant.newAgent();
        (await patch(agent, { description: 'x' })).expect(200);
        (await agent.requestToken({ scopes: kScopes })).expect(200);
    });

    for (const change of [
        { allowed_scopes: ['secrets:write:agents/*'] },
        { allowed_namespaces: ['elsewhere'] },
        { ip_allowlist: ['10.0.0.0/8'] },
    ]) {
        const [member] = Object.keys(change);
        test(`that narrows ${member} takes effect on its tokens and its key at once`, async () => {
            const agent = await tenant.newAgent();
            const token = await agent.newToken(kScopes);
            (await read(token)).expect(200);

            (await patch(agent, change)).expect(200);

            const refused = [await read(token), await agent.requestToken({ scopes: kScopes })];
            for (const answer of refused)
                assert.ok([401, 403].includes(answer.status), answer.text);
        });
    }

    test('that widens an agent does not widen its tokens', async () => {
        const agent = await tenant.newAgent({
            allowed_namespaces: ['elsewhere'],
            allowed_scopes: ['secrets:read:elsewhere/*'],
        });
        const token = await agent.newToken(['secrets:read:elsewhere/*']);
        const wide = { allowed_namespaces: ['*'], allowed_scopes: ['secrets:*:*'] };
        (await patch(agent, wide)).expect(200);
        (await read(token)).expect(403, 'SCOPE_DENIED');
        assert.equal((await read(await agent.newToken(kScopes))).expect(200).value, 'a-test-value');
    });

    test('that gives back what it took gives it back to a token that is still live', async () => {
        const agent = await tenant.newAgent();
        const token = await agent.newToken(kScopes);
        (await patch(agent, { allowed_namespaces: ['elsewhere'] })).expect(200);
        (await read(token)).expect(403, 'SCOPE_DENIED');
        (await patch(agent, { allowed_namespaces: ['*'] })).expect(200);
        (await read(token)).expect(200);
    });

    test('is on record, as the act of that person', async () => {
        const agent = await tenant.newAgent();
        const answer = await patch(agent, { description: 'x' });
        answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.actor_type, event.resource_type, event.resource_id],
            ['agent.updated', 'user', 'agent', agent.id],
        );
    });

    for (const id of [kNobody, 'no-uuid', 'A', kNobody.toUpperCase()]) {
        test(`of '${id}' is answered with 404`, async () => {
            (await patch(id, { description: 'x' })).expect(404, 'NOT_FOUND');
        });
    }

    test('of an agent that was deleted is answered with 404', async () => {
        const agent = await tenant.newAgent();
        (await remove(agent.id)).expect(204);
        (await patch(agent, { description: 'x' })).expect(404, 'NOT_FOUND');
    });

    const faults = [
        ['another name', { name: 'another' }, /name/],
        ['a key', { api_key: 'ass_live_x' }, /api_key/],
        ['a state', { active: true }, /active/],
        ['a description of 501 characters', { description: 'd'.repeat(501) }, /description/],
        ['a description that is a number', { description: 7 }, /description/],
        ['an empty list of namespaces', { allowed_namespaces: [] }, /allowed_namespaces/],
        ['a namespace with a dot segment', { allowed_namespaces: ['a/../b'] }, /\.\./],
        ['33 namespaces', { allowed_namespaces: Array(33).fill('a') }, /allowed_namespaces|32/],
        ['an empty list of scopes', { allowed_scopes: [] }, /allowed_scopes/],
        ['a scope that is none', { allowed_scopes: ['secrets:eat:*'] }, /secrets:eat:\*/],
        ['33 scopes', { allowed_scopes: Array(33).fill('secrets:read:a') }, /allowed_scopes|32/],
        ['scopes as text', { allowed_scopes: 'secrets:read:*' }, /allowed_scopes/],
        ['an empty list of addresses', { ip_allowlist: [] }, /ip_allowlist/],
        ['a range with host bits', { ip_allowlist: ['10.0.0.1/24'] }, /10\.0\.0\.1\/24/],
        ['65 addresses', { ip_allowlist: Array(65).fill('10.0.0.1') }, /ip_allowlist/],
        ['the typo ip_allow_list', { ip_allow_list: ['10.0.0.1'] }, /ip_allow_list/],
    ];
    for (const [what, body, message] of faults) {
        test(`with ${what} is refused and changes nothing`, async () => {
            const agent = await tenant.newAgent();
            const before = await listed(agent);
            const answer = await patch(agent, body);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
            assert.deepEqual(await listed(agent), before);
        });
    }

    test('with as many scopes as a body holds is refused', async () => {
        const agent = await tenant.newAgent();
        const scopes = Array.from({ length: 80_000 }, (_, i) => `a/${i.toString(36)}`);
        (await patch(agent, { allowed_scopes: scopes })).expect(400, 'INVALID_REQUEST');
    });

    test('with one good and one bad member changes neither', async () => {
        const agent = await tenant.newAgent();
        const before = await listed(agent);
        (await patch(agent, { description: 'x', ip_allowlist: ['none'] })).expect(400);
        assert.deepEqual(await listed(agent), before);
    });

    test('of one member loses no change of another at once', async () => {
        const agent = await tenant.newAgent();
        const answers = await Promise.all([
            patch(agent, { description: 'changed' }),
            patch(agent, { allowed_namespaces: ['agents'] }),
            patch(agent, { allowed_scopes: ['secrets:read:agents/*'] }),
            patch(agent, { ip_allowlist: ['127.0.0.1'] }),
        ]);
        for (const answer of answers) answer.expect(200);
        const { description, allowed_namespaces, allowed_scopes, ip_allowlist } =
            await listed(agent);
        assert.deepEqual(
            [description, allowed_namespaces, allowed_scopes, ip_allowlist],
            ['changed', ['agents'], ['secrets:read:agents/*'], ['127.0.0.1']],
        );
    });
});

describe('DELETE /agents/:id', () => {
    test('is answered with 204 and nothing more', async () => {
        const answer = await remove((await tenant.newAgent()).id);
        answer.expect(204);
        assert.equal(answer.text, '');
    });

    test('ends its key and all its tokens at once', async () => {
        const agent = await tenant.newAgent();
        const tokens = [await agent.newToken(kScopes), await agent.newToken(['secrets:*:*'])];
        for (const token of tokens) (await read(token)).expect(200);

        (await remove(agent.id)).expect(204);

        for (const token of tokens) (await read(token)).expect(401, 'UNAUTHORIZED');
        (await agent.requestToken({ scopes: kScopes })).expect(401, 'UNAUTHORIZED');
    });

    test('leaves it in the list as not active', async () => {
        const agent = await tenant.newAgent();
        (await remove(agent.id)).expect(204);
        assert.equal((await listed(agent)).active, false);
    });

    test('takes its tokens out of the list of live ones', async () => {
        const agent = await tenant.newAgent();
        await agent.newToken(kScopes);
        (await remove(agent.id)).expect(204);
        const tokens = (await tenant.call('GET', `/v1/tokens?agent_id=${agent.id}`)).expect(200);
        assert.equal(tokens.total, 0);
    });

    test('leaves what the agent stored, and other agents', async () => {
        const [agent, other] = [await tenant.newAgent(), await tenant.newAgent()];
        const token = await agent.newToken(['secrets:*:*']);
        const body = { value: 'left-behind' };
        (await http.put('/v1/secrets/agents/LEFT', { token, body })).expect(200);
        (await remove(agent.id)).expect(204);
        const left = await other.newToken(['secrets:read:agents/LEFT']);
        const secret = await http.get('/v1/secrets/agents/LEFT', { token: left });
        assert.equal(secret.expect(200).value, 'left-behind');
    });

    for (const name of ['plain-name', 'a name with spaces', 'dots.and_more', '0']) {
        test(`takes '${name}' for the one active agent of that name`, async () => {
            const own = await stack.newTenant();
            const agent = await own.newAgent({ name });
            const target = `/v1/agents/${encodeURIComponent(name)}`;
            (await own.call('DELETE', target)).expect(204);
            (await agent.requestToken({ scopes: kScopes })).expect(401, 'UNAUTHORIZED');
        });
    }

    test('by a name that two active agents bear asks for the id, and ends neither', async () => {
        const name = unique('twin');
        const twins = [await tenant.newAgent({ name }), await tenant.newAgent({ name })];
        const answer = await remove(name);
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /\bid\b/);
        for (const twin of twins) (await twin.requestToken({ scopes: kScopes })).expect(200);
    });

    test('by a name takes the active one where others of it are gone', async () => {
        const name = unique('heir');
        const [first, second] = [await tenant.newAgent({ name }), await tenant.newAgent({ name })];
        (await remove(first.id)).expect(204);
        (await second.requestToken({ scopes: kScopes })).expect(200);
        (await remove(name)).expect(204);
        (await second.requestToken({ scopes: kScopes })).expect(401, 'UNAUTHORIZED');
    });

    test('by an id means that agent, though another bears the id as its name', async () => {
        const agent = await tenant.newAgent();
        const impostor = await tenant.newAgent({ name: agent.id });
        (await remove(agent.id)).expect(204);
        (await agent.requestToken({ scopes: kScopes })).expect(401, 'UNAUTHORIZED');
        (await impostor.requestToken({ scopes: kScopes })).expect(200);
    });

    test('of one that is gone, or never was, is answered with 404', async () => {
        const agent = await tenant.newAgent();
        (await remove(agent.id)).expect(204);
        for (const idOrName of [agent.id, agent.created.name, kNobody, unique('nobody')])
            (await remove(idOrName)).expect(404, 'NOT_FOUND');
    });

    test('is done by exactly one of 16 who ask at once', async () => {
        const agent = await tenant.newAgent();
        const answers = await inParallel(16, 16, () => remove(agent.id));
        const done = answers.filter((answer) => answer.status === 204);
        assert.equal(done.length, 1);
        for (const answer of answers) if (answer !== done[0]) answer.expect(404, 'NOT_FOUND');
    });

    test('is on record, as the act of that person', async () => {
        const agent = await tenant.newAgent();
        const answer = await remove(agent.id);
        answer.expect(204);
        const event = (await tenant.audit(answer.requestId)).find(
            (row) => row.resource_type === 'agent',
        );
        assert.deepEqual(
            [event.event_type, event.actor_type, event.resource_id],
            ['agent.revoked', 'user', agent.id],
        );
    });

    test('does not let an agent delete itself', async () => {
        const agent = await tenant.newAgent();
        const answer = await http.delete(`/v1/agents/${agent.id}`, { token: agent.key });
        answer.expect(403, 'SCOPE_DENIED');
        (await agent.requestToken({ scopes: kScopes })).expect(200);
    });
});

describe('POST /agents/:id/rotate-key', () => {
    test('answers with the agent and a new key, which is shown this once', async () => {
        const agent = await tenant.newAgent({ description: 'as it was' });
        const before = await listed(agent);

        const answer = (await rotateKey(agent)).expect(200);

        const { api_key: key, ...shown } = answer;
        assert.match(key, kAgentKey);
        assert.notEqual(key, agent.key);
        assert.deepEqual(shown, { ...before, api_key_prefix: key.slice(0, 13) });
        assert.deepEqual(await listed(agent), shown);
    });

    test('ends the old key at once, and the new one works', async () => {
        const agent = await tenant.newAgent();
        const { api_key: key } = (await rotateKey(agent)).expect(200);
        (await agent.requestToken({ scopes: kScopes })).expect(401, 'UNAUTHORIZED');
        const answer = await http.post('/v1/tokens', { token: key, body: { scopes: kScopes } });
        assert.equal((await read(answer.expect(200).token)).expect(200).value, 'a-test-value');
    });

    test('ends every token that was issued under the old key', async () => {
        const agent = await tenant.newAgent();
        const tokens = [
            await agent.newToken(['secrets:*:agents/*']),
            await agent.newToken(['secrets:*:*']),
        ];
        (await rotateKey(agent)).expect(200);
        for (const token of tokens) {
            (await read(token)).expect(401, 'UNAUTHORIZED');
            const body = { value: 'v' };
            const put = await http.put('/v1/secrets/agents/NEW', { token, body });
            put.expect(401, 'UNAUTHORIZED');
            const list = await http.get('/v1/secrets?namespace=agents', { token });
            list.expect(401, 'UNAUTHORIZED');
        }
    });

    test('takes those tokens out of the list of live ones', async () => {
        const agent = await tenant.newAgent();
        await agent.newToken(kScopes);
        (await rotateKey(agent)).expect(200);
        const tokens = (await tenant.call('GET', `/v1/tokens?agent_id=${agent.id}`)).expect(200);
        assert.equal(tokens.total, 0);
    });

    test('gives no old token again to who asks for the same with the new key', async () => {
        const agent = await tenant.newAgent();
        const old = await agent.issue(kScopes);
        const { api_key: key } = (await rotateKey(agent)).expect(200);
        const answer = await http.post('/v1/tokens', { token: key, body: { scopes: kScopes } });
        assert.notEqual(answer.expect(200).token_id, old.token_id);
        (await read(answer.json.token)).expect(200);
    });

    test('leaves the keys and tokens of other agents', async () => {
        const [agent, other] = [await tenant.newAgent(), await tenant.newAgent()];
        const token = await other.newToken(kScopes);
        (await rotateKey(agent)).expect(200);
        (await read(token)).expect(200);
        (await other.requestToken({ scopes: kScopes })).expect(200);
    });

    test('a second time gives a third key, and ends the second', async () => {
        const agent = await tenant.newAgent();
        const keys = [agent.key];
        for (let i = 0; i < 2; ++i) keys.push((await rotateKey(agent)).expect(200).api_key);
        const ask = (key) => http.post('/v1/tokens', { token: key, body: { scopes: kScopes } });
        assert.equal(new Set(keys).size, 3);
        (await ask(keys[0])).expect(401);
        (await ask(keys[1])).expect(401);
        (await ask(keys[2])).expect(200);
    });

    test('of 8 at once leaves exactly one key that works', async () => {
        const agent = await tenant.newAgent();
        const answers = await inParallel(8, 8, () => rotateKey(agent));
        const keys = answers.map((answer) => answer.expect(200).api_key);
        const asked = await inParallel(8, 8, (i) =>
            http.post('/v1/tokens', { token: keys[i], body: { scopes: kScopes } }),
        );
        assert.equal(asked.filter((answer) => answer.status === 200).length, 1);
    });

    test('is on record without a key', async () => {
        const agent = await tenant.newAgent();
        const answer = await rotateKey(agent);
        const { api_key: key } = answer.expect(200);
        const rows = await tenant.audit(answer.requestId);
        const event = rows.find((row) => row.resource_type === 'agent');
        assert.deepEqual([event.actor_type, event.resource_id], ['user', agent.id]);
        assert.ok(!JSON.stringify(rows).includes(key.slice(13)));
    });

    test('of one that is gone, or never was, is answered with 404', async () => {
        const agent = await tenant.newAgent();
        (await remove(agent.id)).expect(204);
        for (const id of [agent.id, kNobody, 'no-uuid', agent.created.name])
            (await rotateKey(id)).expect(404, 'NOT_FOUND');
    });

    test('takes no body', async () => {
        const agent = await tenant.newAgent();
        const target = `/v1/agents/${agent.id}/rotate-key`;
        const answer = await tenant.call('POST', target, { body: { api_key: 'mine' } });
        answer.expect(400, 'INVALID_REQUEST');
        (await agent.requestToken({ scopes: kScopes })).expect(200);
    });

    test('does not let an agent rotate its own key', async () => {
        const agent = await tenant.newAgent();
        const target = `/v1/agents/${agent.id}/rotate-key`;
        (await http.post(target, { token: agent.key })).expect(403, 'SCOPE_DENIED');
        (await agent.requestToken({ scopes: kScopes })).expect(200);
    });
});
