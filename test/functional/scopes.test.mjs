// What an agent may ask for, and what a token then covers: contract.md §4.
import { assert, before, describe, test } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

describe('a scope request', () => {
    let tenant;
    before(async () => {
        tenant = await stack.newTenant();
    });

    const cases = [
        // allowed namespaces, allowed scopes, requested, granted?
        [['a'], ['secrets:read:a/*'], 'secrets:read:a/*', true],
        [['a'], ['secrets:read:a/*'], 'secrets:read:a/b/c', true],
        [['a'], ['secrets:read:a/*'], 'secrets:read:a/b*', true],
        [['a'], ['secrets:read:a/*'], 'secrets:write:a/b', false],
        [['a'], ['secrets:read:a/*'], 'secrets:*:a/b', false],
        [['a'], ['secrets:read:a/*'], 'secrets:read:a*', false],
        [['a'], ['secrets:read:a/*'], 'secrets:read:*', false],
        [['a'], ['secrets:read:a/*'], 'secrets:read:ab/x', false],
        [['a'], ['secrets:*:*'], 'secrets:read:a*', false],
        [['a'], ['secrets:*:*'], 'secrets:read:b/x', false],
        [['a'], ['secrets:*:*'], 'secrets:delete:a/x', true],
        [['a'], ['secrets:*:*'], 'secrets:*:a/*', true],
        [['a'], ['secrets:*:*'], 'secrets:read:*', false],
        [['*'], ['secrets:*:*'], 'secrets:*:*', true],
        [['*'], ['secrets:read:*'], 'secrets:*:*', false],
        [['*'], ['secrets:read:*/prod/*'], 'secrets:read:x/prod/y', true],
        [['*'], ['secrets:read:*/prod/*'], 'secrets:read:*/prod/y', true],
        [['*'], ['secrets:read:*/prod/*'], 'secrets:read:x/y', false],
        [['*'], ['secrets:read:prod/*'], 'secrets:read:prod*', false],
        [['*'], ['secrets:read:a/KEY'], 'secrets:read:a/KEY', true],
        [['*'], ['secrets:read:a/KEY'], 'secrets:read:a/KEY2', false],
        [['*'], ['secrets:read:a/KEY'], 'secrets:read:a/*', false],
        [['a/b'], ['secrets:read:a/b/*'], 'secrets:read:a/b/c', true],
        [['a/b'], ['secrets:*:*'], 'secrets:read:a/c', false],
        [['a/b'], ['secrets:*:*'], 'secrets:read:a/b*', false],
        [['a'], ['secrets:read:a/*'], 'namespaces:read', true],
    ];
    for (const [namespaces, scopes, requested, granted] of cases) {
        const verb = granted ? 'is granted' : 'is refused';
        test(`for ${requested} ${verb} to an agent of ${scopes} in ${namespaces}`, async () => {
            const agent = await tenant.newAgent({
                allowed_namespaces: namespaces,
                allowed_scopes: scopes,
            });

            const answer = await agent.requestToken({ scopes: [requested] });

            if (granted) {
                assert.deepEqual(answer.expect(200).scopes, [requested]);
            } else {
                answer.expect(403, 'SCOPE_DENIED');
                assert.ok(answer.message.includes(requested), answer.message);
            }
        });
    }

    test('of several is refused when one is, which the message names', async () => {
        const agent = await tenant.newAgent({
            allowed_namespaces: ['a'],
            allowed_scopes: ['secrets:read:a/*'],
        });
        const answer = await agent.requestToken({
            scopes: ['secrets:read:a/x', 'secrets:read:b/x'],
        });
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /secrets:read:b\/x/);
    });

    for (const scope of [
        'secrets:read:',
        'secrets::a/b',
        'secrets:READ:a/b',
        'secrets:read,write:a/b',
        'secrets:read:a/../b',
        'secrets:read:a//b',
        'secrets:read:/a',
        'secrets:read:a b',
        'secrets:read:a/b?',
        'secrets:read:[ab]/c',
        'secrets:read:a%2Fb',
        `secrets:read:${'*a'.repeat(9)}`,
        `secrets:read:${'x'.repeat(512)}`,
        'namespaces:write',
        'namespaces:read:a',
        'Secrets:read:a/b',
        ' secrets:read:a/b',
        '*',
        '',
        'rotate:secrets',
        'manage:agents',
        'delete:secrets',
    ]) {
        test(`for '${scope.slice(0, 40)}' is refused as malformed`, async () => {
            const agent = await tenant.newAgent();
            (await agent.requestToken({ scopes: [scope] })).expect(400, 'INVALID_REQUEST');
        });
    }

    for (const scope of ['rotate:secrets', 'manage:agents']) {
        test(`for ${scope} says that people do that`, async () => {
            const agent = await tenant.newAgent();
            const answer = await agent.requestToken({ scopes: [scope] });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /people|person|user/i);
        });
    }

    for (const [short, wanted] of [
        ['read:secrets', ['secrets:read:a/*', 'secrets:read:b/c/*']],
        ['write:secrets', ['secrets:write:a/*', 'secrets:write:b/c/*']],
        ['import:secrets', ['secrets:write:a/*', 'secrets:write:b/c/*']],
    ]) {
        test(`for the CLI's ${short} stands for the agent's namespaces`, async () => {
            const agent = await tenant.newAgent({
                allowed_namespaces: ['a', 'b/c'],
                allowed_scopes: ['secrets:*:*'],
            });
            const issued = (await agent.requestToken({ scopes: [short], ttl: 600 })).expect(200);
            assert.deepEqual([...issued.scopes].sort(), wanted);
        });
    }

    test('for a short form is still bound by the allowed scopes', async () => {
        const agent = await tenant.newAgent({
            allowed_namespaces: ['a'],
            allowed_scopes: ['secrets:read:a/*'],
        });
        (await agent.requestToken({ scopes: ['write:secrets'] })).expect(403, 'SCOPE_DENIED');
    });
});

describe('an agent', () => {
    let tenant;
    before(async () => {
        tenant = await stack.newTenant();
    });

    test('without allowed_scopes may read its namespaces', async () => {
        const agent = await tenant.newAgent({
            allowed_namespaces: ['a', 'b/c'],
            allowed_scopes: undefined,
        });
        assert.deepEqual(agent.created.allowed_scopes, ['secrets:read:a/*', 'secrets:read:b/c/*']);
    });

    test('without allowed_namespaces has those that its scopes name', async () => {
        const agent = await tenant.newAgent({
            allowed_namespaces: undefined,
            allowed_scopes: ['secrets:read:a/b/*', 'secrets:write:c/KEY'],
        });
        assert.deepEqual([...agent.created.allowed_namespaces].sort(), ['a/b', 'c']);
    });

    test('with a scope of everything and no namespaces has all of them', async () => {
        const agent = await tenant.newAgent({
            allowed_namespaces: undefined,
            allowed_scopes: ['secrets:read:*'],
        });
        assert.deepEqual(agent.created.allowed_namespaces, ['*']);
    });

    test('of the wrong address gets 401 for its key', async () => {
        const agent = await tenant.newAgent({ ip_allowlist: ['10.1.0.0/16'] });
        const answer = await agent.requestToken({ scopes: ['secrets:read:a/b'] });
        assert.ok([401, 403].includes(answer.status), answer.text);
    });

    test('of the right address gets its token', async () => {
        const agent = await tenant.newAgent({ ip_allowlist: ['127.0.0.0/8', '::1'] });
        (await agent.requestToken({ scopes: ['secrets:read:a/b'] })).expect(200);
    });

    test('shows its addresses in canonical form', async () => {
        const agent = await tenant.newAgent({
            ip_allowlist: ['127.0.0.1', '::FFFF:127.0.0.2', '2001:DB8::/32'],
        });
        const listed = (await http.get('/v1/agents?limit=200', { token: tenant.userToken })).expect(
            200,
        );
        const shown = listed.items.find((item) => item.id === agent.id);
        assert.ok(shown.ip_allowlist.includes('2001:db8::/32'), JSON.stringify(shown.ip_allowlist));
    });
});

describe('a token', () => {
    let tenant;
    let agent;

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        await tenant.putSecret('scopes/a/KEY', { value: 'a-test-value' });
    });

    test('outside its scope gets the same 403 whether the secret exists or not', async () => {
        const token = await agent.newToken(['secrets:read:other/*']);
        const exists = await http.get('/v1/secrets/scopes/a/KEY', { token });
        const absent = await http.get('/v1/secrets/scopes/a/NONE', { token });
        exists.expect(403, 'SCOPE_DENIED');
        absent.expect(403, 'SCOPE_DENIED');
        assert.equal(exists.message, "Token scope does not cover path 'scopes/a/KEY'");
        assert.equal(absent.message, "Token scope does not cover path 'scopes/a/NONE'");
    });

    test('inside its scope gets 404 for what is not there', async () => {
        const token = await agent.newToken(['secrets:read:scopes/*']);
        (await http.get('/v1/secrets/scopes/a/NONE', { token })).expect(404, 'SECRET_NOT_FOUND');
    });

    test('that may read does not write, and one that may write does not read', async () => {
        const reader = await agent.newToken(['secrets:read:scopes/*']);
        const writer = await agent.newToken(['secrets:write:scopes/*']);
        const put = await http.put('/v1/secrets/scopes/a/KEY', {
            token: reader,
            body: { value: 'v' },
        });
        put.expect(403, 'SCOPE_DENIED');
        (await http.get('/v1/secrets/scopes/a/KEY', { token: writer })).expect(403, 'SCOPE_DENIED');
        (await http.get('/v1/secrets?namespace=scopes%2Fa', { token: writer })).expect(
            403,
            'SCOPE_DENIED',
        );
    });

    test('of one secret lists that secret alone', async () => {
        await tenant.putSecret('scopes/few/ONE', { value: 'v' });
        await tenant.putSecret('scopes/few/TWO', { value: 'v' });
        const token = await agent.newToken(['secrets:read:scopes/few/ONE']);

        const listed = (await http.get('/v1/secrets?namespace=scopes%2Ffew', { token })).expect(
            200,
        );

        assert.deepEqual(
            listed.items.map((item) => item.key),
            ['ONE'],
        );
        assert.equal(listed.total, 1);
    });

    test('lists nothing of a namespace in which it may read nothing', async () => {
        const token = await agent.newToken(['secrets:read:scopes/few/*']);
        (await http.get('/v1/secrets?namespace=scopes%2Fa', { token })).expect(403, 'SCOPE_DENIED');
    });

    test('lists an empty namespace that it covers as empty', async () => {
        const token = await agent.newToken(['secrets:read:scopes/*']);
        const listed = (await http.get('/v1/secrets?namespace=scopes%2Fempty', { token })).expect(
            200,
        );
        assert.deepEqual([listed.items, listed.total], [[], 0]);
    });

    test('of a prefix without a slash covers what begins with it, as the SDK says', async () => {
        await tenant.putSecret('scopes/a/KEY2', { value: 'another-value' });
        const token = await agent.newToken(['secrets:read:scopes/a/KEY*']);
        (await http.get('/v1/secrets/scopes/a/KEY2', { token })).expect(200);
    });

    test('bound to other addresses is refused here', async () => {
        const token = await agent.newToken(['secrets:read:scopes/*'], {
            ip_allowlist: ['10.0.0.0/8'],
        });
        const answer = await http.get('/v1/secrets/scopes/a/KEY', { token });
        assert.ok([401, 403].includes(answer.status), answer.text);
        assert.ok(!answer.text.includes('a-test-value'));
    });

    test('bound to this address is served', async () => {
        const token = await agent.newToken(['secrets:read:scopes/*'], {
            ip_allowlist: ['127.0.0.1'],
        });
        (await http.get('/v1/secrets/scopes/a/KEY', { token })).expect(200);
    });

    test('of an agent bound to other addresses is refused, whatever its own list', async () => {
        const bound = await tenant.newAgent();
        const token = await bound.newToken(['secrets:read:scopes/*'], {
            ip_allowlist: ['127.0.0.1'],
        });
        await stack.psql(
            `update store.agents
             set ip_allowlist = '{10.0.0.0/8}', limits_version = limits_version + 1
             where tenant_id = '${tenant.id}' and agent_id = '${bound.id}'`,
        );
        const answer = await http.get('/v1/secrets/scopes/a/KEY', { token });
        assert.ok([401, 403].includes(answer.status), answer.text);
    });

    test('with only namespaces:read reads no secret', async () => {
        const token = await agent.newToken(['namespaces:read']);
        (await http.get('/v1/secrets/scopes/a/KEY', { token })).expect(403, 'SCOPE_DENIED');
    });

    test('carries at most 32 scopes and still fits into a header', async () => {
        const scopes = Array.from(
            { length: 32 },
            (_, i) => `secrets:read:scopes/${'x'.repeat(40)}/${i}`,
        );
        const token = await agent.newToken(scopes);
        assert.ok(token.length <= 4096);
        (await http.get('/v1/secrets/scopes/a/KEY', { token })).expect(403, 'SCOPE_DENIED');
    });

    test('that would not fit is refused with words that help', async () => {
        const scopes = Array.from(
            { length: 32 },
            (_, i) => `secrets:read:scopes/${'x'.repeat(120)}/${i}`,
        );
        const answer = await agent.requestToken({ scopes });
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /fewer|shorter|large|long/i);
    });
});
