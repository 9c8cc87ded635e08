// Which namespaces there are, and what lies below one: contract.md §4 and §6.
import { assert, assertShape, before, describe, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

const kPlaces = ['production', 'production/gemini', 'production/stripe', 'staging'];

let tenant;
let agent;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    // Not in the order of the alphabet.
    for (const namespace of [...kPlaces].reverse()) {
        await tenant.putSecret(`${namespace}/KEY`, { value: 'v' });
        await tenant.putSecret(`${namespace}/ANOTHER`, { value: 'v' });
    }
});
const namespaces = (token, query = '') => http.get(`/v1/secrets/namespaces${query}`, { token });
const visibleTo = async (token) => (await namespaces(token)).expect(200).namespaces;

for (const path of ['/v1/secrets/namespaces', '/v1/namespaces']) {
    describe(`GET ${path}`, () => {
        test('answers as the reference shows, sorted', async () => {
            const answer = await http.get(path, { token: tenant.userToken });
            assertShape(
                answer.expect(200),
                { namespaces: kPlaces, total: 4 },
                { page: 1, limit: anyNumber },
            );
        });

        test('shows an agent what its token lets it read', async () => {
            const token = await agent.newToken(['secrets:read:production/*']);
            const answer = (await http.get(path, { token })).expect(200);
            assert.deepEqual(answer.namespaces, kPlaces.slice(0, 3));
            assert.equal(answer.total, 3);
        });

        test('takes no query that it does not know', async () => {
            (await http.get(`${path}?namespace=a`, { token: tenant.userToken })).expect(
                400,
                'INVALID_REQUEST',
            );
        });
    });
}

describe('a namespace', () => {
    // What a token asks for → what it sees.
    const cases = [
        [['secrets:read:*'], kPlaces],
        [['secrets:*:*'], kPlaces],
        [['secrets:read:production/gemini/*'], ['production/gemini']],
        [['secrets:read:production/gemini/KEY'], ['production/gemini']],
        [['secrets:read:production/gemini/NONE'], []],
        [['secrets:read:production/K*'], ['production']],
        [['secrets:read:nowhere/*'], []],
        [
            ['secrets:read:staging/*', 'secrets:read:production/stripe/KEY'],
            ['production/stripe', 'staging'],
        ],
        [['secrets:read:staging/*', 'secrets:write:production/*'], ['staging']],
        [['namespaces:read'], kPlaces],
        [['namespaces:read', 'secrets:read:staging/*'], kPlaces],
    ];
    for (const [scopes, seen] of cases) {
        test(`is seen with ${scopes.join(' and ')}: ${seen.join(', ') || 'none'}`, async () => {
            const answer = (await namespaces(await agent.newToken(scopes))).expect(200);
            assert.deepEqual(answer.namespaces, seen);
            assert.equal(answer.total, seen.length);
        });
    }

    for (const scope of ['secrets:write:*', 'secrets:delete:*']) {
        test(`is not shown to a token for ${scope} alone`, async () => {
            (await namespaces(await agent.newToken([scope]))).expect(403, 'SCOPE_DENIED');
        });
    }

    test('is shown for namespaces:read as far as the agent may read', async () => {
        const narrow = await tenant.newAgent({
            allowed_namespaces: ['production'],
            allowed_scopes: ['secrets:read:production/g*', 'secrets:write:production/*'],
        });
        assert.deepEqual(await visibleTo(await narrow.newToken(['namespaces:read'])), [
            'production/gemini',
        ]);
    });

    test('is shown for namespaces:read by what the agent may read now', async () => {
        const changing = await tenant.newAgent();
        const token = await changing.newToken(['namespaces:read']);
        assert.deepEqual(await visibleTo(token), kPlaces);
        const narrowed = await tenant.call('PATCH', `/v1/agents/${changing.id}`, {
            body: { allowed_namespaces: ['staging'] },
        });
        narrowed.expect(200);
        assert.deepEqual(await visibleTo(token), ['staging']);
    });

    test('that the agent has lost is not shown to its token any more', async () => {
        const changing = await tenant.newAgent();
        const token = await changing.newToken(['secrets:read:*']);
        const narrowed = await tenant.call('PATCH', `/v1/agents/${changing.id}`, {
            body: { allowed_namespaces: ['staging'] },
        });
        narrowed.expect(200);
        const answer = await namespaces(token);
        assert.ok([200, 403].includes(answer.status), answer.text);
        assert.ok(!answer.text.includes('production'));
    });

    test('of another tenant is never shown', async () => {
        const other = await stack.newTenant();
        const name = unique('theirs');
        await other.putSecret(`${name}/KEY`, { value: 'v' });
        assert.ok(!(await visibleTo(tenant.userToken)).includes(name));
        assert.deepEqual(await visibleTo(other.userToken), [name]);
    });

    test('is gone with its last secret', async () => {
        const other = await stack.newTenant();
        for (const key of ['A', 'B']) await other.putSecret(`going/${key}`, { value: 'v' });
        (await other.call('DELETE', '/v1/secrets/going/A')).expect(200);
        assert.deepEqual(await visibleTo(other.userToken), ['going']);
        (await other.call('DELETE', '/v1/secrets/going/B')).expect(200);
        assert.deepEqual(await visibleTo(other.userToken), []);
    });

    test('above others that holds no secret itself is none', async () => {
        const other = await stack.newTenant();
        await other.putSecret('a/b/c/KEY', { value: 'v' });
        assert.deepEqual(await visibleTo(other.userToken), ['a/b/c']);
    });

    test("called 'namespaces' can hold secrets, and is listed by the query form", async () => {
        const other = await stack.newTenant();
        await other.putSecret('namespaces/KEY', { value: 'v' });
        const target = '/v1/secrets?namespace=namespaces';
        assert.equal((await other.call('GET', target)).expect(200).total, 1);
        assert.deepEqual(await visibleTo(other.userToken), ['namespaces']);
    });

    test('is sorted by its bytes', async () => {
        const other = await stack.newTenant();
        const names = ['B', 'a', 'a-b', 'a.b', 'a/b', 'a0', '~', '-', '9', 'A'];
        for (const name of names) await other.putSecret(`${name}/KEY`, { value: 'v' });
        assert.deepEqual(await visibleTo(other.userToken), [...names].sort());
    });

    test('is on all pages together once', async () => {
        const seen = [];
        for (const page of [1, 2, 3]) {
            const answer = (await namespaces(tenant.userToken, `?limit=2&page=${page}`)).expect(
                200,
            );
            assert.equal(answer.total, 4);
            seen.push(...answer.namespaces);
        }
        assert.deepEqual(seen, kPlaces);
    });

    for (const query of ['limit=0', 'limit=10001', 'page=0', 'limit=all', 'page=1&page=2']) {
        test(`list with ${query} is refused`, async () => {
            (await namespaces(tenant.userToken, `?${query}`)).expect(400, 'INVALID_REQUEST');
        });
    }

    test('list with a limit of 10,000 is the largest that is served', async () => {
        (await namespaces(tenant.userToken, '?limit=10000')).expect(200);
    });

    test('list counts as one use of a token', async () => {
        const counted = await agent.newToken(['namespaces:read'], { max_uses: 1 });
        (await namespaces(counted)).expect(200);
        (await namespaces(counted)).expect(401, 'UNAUTHORIZED');
    });
});

describe('a recursive list', () => {
    const list = (token, query) => http.get(`/v1/secrets?${query}`, { token });
    const pathsOf = (answer) =>
        answer.expect(200).items.map((item) => `${item.namespace}/${item.key}`);
    const all = kPlaces.flatMap((place) => [`${place}/ANOTHER`, `${place}/KEY`]);
    const below = all.filter((path) => path.startsWith('production/'));

    test('holds all below, ordered by namespace and key', async () => {
        const answer = await list(tenant.userToken, 'namespace=production&recursive=true');
        assert.deepEqual(pathsOf(answer), below);
        assert.equal(answer.json.total, below.length);
        assert.equal(answer.json.namespace, 'production');
    });

    for (const query of ['namespace=production', 'namespace=production&recursive=false']) {
        test(`is none with '${query}'`, async () => {
            const answer = await list(tenant.userToken, query);
            assert.deepEqual(pathsOf(answer), ['production/ANOTHER', 'production/KEY']);
        });
    }

    test('does not hold a namespace that only begins with the same letters', async () => {
        const other = await stack.newTenant();
        for (const path of ['ab/KEY', 'a/KEY', 'a/b/KEY', 'a-b/KEY', 'a.b/KEY'])
            await other.putSecret(path, { value: 'v' });
        const answer = await list(other.userToken, 'namespace=a&recursive=true');
        assert.deepEqual(pathsOf(answer), ['a/KEY', 'a/b/KEY']);
    });

    test('takes what looks like a pattern for what it says', async () => {
        const other = await stack.newTenant();
        for (const path of ['a_b/c/KEY', 'axb/c/KEY']) await other.putSecret(path, { value: 'v' });
        const answer = await list(other.userToken, 'namespace=a_b&recursive=true');
        assert.deepEqual(pathsOf(answer), ['a_b/c/KEY']);
    });

    test('holds what the token may read and no more, and counts no more', async () => {
        const token = await agent.newToken([
            'secrets:read:production/gemini/*',
            'secrets:read:production/KEY',
        ]);
        const answer = await list(token, 'namespace=production&recursive=true');
        assert.deepEqual(pathsOf(answer), [
            'production/KEY',
            'production/gemini/ANOTHER',
            'production/gemini/KEY',
        ]);
        assert.equal(answer.json.total, 3);
    });

    test('is served where the token may read only below', async () => {
        const token = await agent.newToken(['secrets:read:production/gemini/KEY']);
        const answer = await list(token, 'namespace=production&recursive=true');
        assert.deepEqual(pathsOf(answer), ['production/gemini/KEY']);
    });

    test('is refused where the token may read nothing below', async () => {
        const token = await agent.newToken(['secrets:read:staging/*']);
        (await list(token, 'namespace=production&recursive=true')).expect(403, 'SCOPE_DENIED');
    });

    test('pages without losing or repeating a secret', async () => {
        const seen = [];
        for (const page of [1, 2, 3]) {
            const answer = await list(
                tenant.userToken,
                `namespace=production&recursive=true&limit=2&page=${page}`,
            );
            assert.equal(answer.expect(200).total, below.length);
            seen.push(...pathsOf(answer));
        }
        assert.deepEqual(seen, below);
    });

    for (const value of ['', '1', 'yes', 'TRUE', 'true&recursive=true']) {
        test(`is refused with recursive=${value}`, async () => {
            (await list(tenant.userToken, `namespace=production&recursive=${value}`)).expect(
                400,
                'INVALID_REQUEST',
            );
        });
    }
});

function anyNumber(value) {
    return Number.isInteger(value);
}
