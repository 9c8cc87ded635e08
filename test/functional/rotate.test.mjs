// POST /secrets/:path/rotate: a new value, and an end to every token that could read the old one.
// contract.md §6.
import { assert, assertShape, before, describe, kTimestamp, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const kMadeValue = /^[A-Za-z0-9_-]{43}$/;

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
});
const rotate = (path, options) => tenant.call('POST', `/v1/secrets/${path}/rotate`, options);
const rotateTo = (path, value) => rotate(path, { body: { new_value: value } });
const get = (path, token) => http.get(`/v1/secrets/${path}`, { token });
const newReader = (path) => agent.newToken([`secrets:read:${path}`]);

async function newSecret(body = {}) {
    const path = `${unique('rotate')}/gemini/KEY`;
    await tenant.putSecret(path, { value: 'the-old-value', ...body });
    return path;
}

describe('a rotation', () => {
    test('answers as the reference shows', async () => {
        const path = await newSecret();
        const answer = await rotateTo(path, 'gemini-rotated-key-example');
        assertShape(
            answer.expect(200),
            {
                namespace: path.split('/').slice(0, -1).join('/'),
                key: 'KEY',
                version: 2,
                rotated_at: kTimestamp,
            },
            { revoked_tokens: 0 },
        );
        assert.equal(answer.json.revoked_tokens, 0);
    });

    test('to a value that was sent makes that the newest, and does not repeat it', async () => {
        const path = await newSecret();
        const answer = await rotateTo(path, 'the-new-value');
        assert.ok(!answer.text.includes('the-new-value'));
        const secret = (await get(path, await newReader(path))).expect(200);
        assert.deepEqual([secret.value, secret.version], ['the-new-value', 2]);
    });

    for (const [what, options] of [
        ['without a body', {}],
        ['with an empty object', { body: {} }],
        ['with a content type and no body', { headers: { 'Content-Type': 'application/json' } }],
    ]) {
        test(`${what} makes a random value, shows it once and stores it`, async () => {
            const path = await newSecret();
            const { value, version } = (await rotate(path, options)).expect(200);
            assert.match(value, kMadeValue);
            const secret = (await get(path, await newReader(path))).expect(200);
            assert.deepEqual([secret.value, secret.version], [value, version]);
        });
    }

    test('makes another value each time', async () => {
        const path = await newSecret();
        const values = [];
        for (let i = 0; i < 20; ++i) values.push((await rotate(path)).expect(200).value);
        assert.equal(new Set(values).size, 20);
    });

    test('keeps type, tier, metadata and expiry', async () => {
        const kept = {
            secret_type: 'db_credential',
            access_tier: 'sensitive',
            metadata: { team: 'ml' },
            expires_at: '2031-01-01T00:00:00Z',
        };
        const path = await newSecret(kept);
        (await rotate(path)).expect(200);
        const target = `/v1/secrets?namespace=${encodeURIComponent(path.slice(0, -4))}`;
        const { items } = (await tenant.call('GET', target)).expect(200);
        for (const [name, value] of Object.entries(kept)) assert.deepEqual(items[0][name], value);
    });

    test('leaves the old value to be read as its version', async () => {
        const path = await newSecret();
        (await rotate(path)).expect(200);
        const secret = (await get(`${path}?version=1`, await newReader(path))).expect(200);
        assert.equal(secret.value, 'the-old-value');
    });

    test('is on record as one, as the act of that person', async () => {
        const path = await newSecret();
        const answer = await rotate(path);
        answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.actor_type, event.namespace, event.key, event.version],
            ['secret.rotated', 'user', path.slice(0, -4), 'KEY', 2],
        );
    });

    test('takes the namespace as one encoded segment as well', async () => {
        const path = await newSecret();
        const encoded = `${encodeURIComponent(path.slice(0, -4))}/KEY`;
        assert.equal((await rotate(encoded)).expect(200).version, 2);
    });

    test("of a secret whose key is 'rotate' is no different", async () => {
        const namespace = unique('rotate');
        await tenant.putSecret(`${namespace}/rotate`, { value: 'v' });
        assert.equal((await rotate(`${namespace}/rotate`)).expect(200).version, 2);
    });
});

describe('the tokens', () => {
    // Scopes of a token, for a secret NS/KEY and its neighbour NS/KEY2; whether it can read NS/KEY.
    const cases = [
        [['secrets:read:NS/KEY'], true],
        [['secrets:read:NS/*'], true],
        [['secrets:read:N*'], true],
        [['secrets:read:*'], true],
        [['secrets:read:*/KEY'], true],
        [['secrets:read:NS/K*Y'], true],
        [['secrets:*:NS/KEY'], true],
        [['secrets:*:*'], true],
        [['secrets:read:other/*', 'secrets:read:NS/KEY'], true],
        [['secrets:write:NS/KEY', 'secrets:read:NS/KEY'], true],
        [['secrets:read:NS/KEY2'], false],
        [['secrets:read:NS/KEY/*'], false],
        [['secrets:read:NS'], false],
        [['secrets:read:NS/K_Y'], false],
        [['secrets:write:NS/*'], false],
        [['secrets:delete:NS/KEY'], false],
        [['namespaces:read'], false],
        [['secrets:read:other/*', 'secrets:write:*'], false],
    ];

    for (const [scopes, dies] of cases) {
        test(`for ${scopes.join(' and ')} ${dies ? 'die' : 'live on'}`, async () => {
            // A tenant of its own, so that the number of revoked tokens says something.
            const own = await stack.newTenant();
            const holder = await own.newAgent();
            const namespace = `N${unique('rotate')}`;
            await own.putSecret(`${namespace}/KEY`, { value: 'v' });
            const issued = await holder.issue(
                scopes.map((scope) => scope.replace(/\bNS\b/, namespace)),
            );

            const answer = await own.call('POST', `/v1/secrets/${namespace}/KEY/rotate`);

            assert.equal(answer.expect(200).revoked_tokens, dies ? 1 : 0);
            const [row] = await stack.rows(
                `select revoked_at is not null as revoked from store.tokens
                 where tenant_id = '${own.id}' and token_id = '${issued.token_id}'`,
            );
            assert.equal(row.revoked, dies);
        });
    }

    test('that could read it are refused at once, and everywhere', async () => {
        const path = await newSecret();
        await tenant.putSecret(`${path}2`, { value: 'v' });
        const token = await agent.newToken([`secrets:*:${path}*`]);
        (await get(path, token)).expect(200);

        (await rotate(path)).expect(200);

        (await get(path, token)).expect(401, 'UNAUTHORIZED');
        (await get(`${path}2`, token)).expect(401, 'UNAUTHORIZED');
        const put = await http.put(`/v1/secrets/${path}`, { token, body: { value: 'w' } });
        put.expect(401, 'UNAUTHORIZED');
    });

    test('of other paths go on', async () => {
        const [mine, other] = [await newSecret(), await newSecret()];
        const token = await newReader(other);
        (await rotate(mine)).expect(200);
        (await get(other, token)).expect(200);
    });

    test('that come after it read the new value', async () => {
        const path = await newSecret();
        await newReader(path);
        (await rotateTo(path, 'the-new-value')).expect(200);
        const secret = (await get(path, await newReader(path))).expect(200);
        assert.equal(secret.value, 'the-new-value');
    });

    test('of all agents are counted, and each has its row in the log', async () => {
        const path = await newSecret();
        const others = [agent, await tenant.newAgent(), await tenant.newAgent()];
        const issued = [];
        for (const [i, one] of others.entries()) {
            issued.push(await one.issue([`secrets:read:${path}`], { ttl: 600 + i }));
            issued.push(await one.issue([`secrets:*:${path}`], { ttl: 700 + i }));
        }

        const answer = await rotate(path);

        // Tokens for everything, of other tests of this tenant, may die as well.
        assert.ok(answer.expect(200).revoked_tokens >= 6);
        const rows = await tenant.audit(answer.requestId);
        const revoked = rows.filter((row) => row.event_type === 'token.revoked');
        assert.equal(revoked.length, answer.json.revoked_tokens);
        for (const { token_id: id } of issued)
            assert.ok(revoked.some((row) => row.resource_id === id || row.token_id === id));
    });

    test('that are dead already are not counted', async () => {
        const own = await stack.newTenant();
        const holder = await own.newAgent();
        const path = `${unique('rotate')}/KEY`;
        await own.putSecret(path, { value: 'v' });
        const scopes = [`secrets:read:${path}`];
        const revoked = await holder.issue(scopes);
        const expired = await holder.issue(scopes, { ttl: 100 });
        await holder.issue(scopes, { ttl: 200 });
        (await own.call('POST', `/v1/tokens/${revoked.token_id}/revoke`)).expect(204);
        await stack.psql(
            `update store.tokens set issued_at = now() - interval '2 hours',
                    expires_at = now() - interval '1 hour'
             where tenant_id = '${own.id}' and token_id = '${expired.token_id}'`,
        );

        const answer = await own.call('POST', `/v1/secrets/${path}/rotate`);

        assert.equal(answer.expect(200).revoked_tokens, 1);
    });

    test('of another tenant for a secret of the same name live on', async () => {
        const path = await newSecret();
        const other = await stack.newTenant();
        await other.putSecret(path, { value: 'theirs' });
        const token = await (await other.newAgent()).newToken(['secrets:read:*']);
        (await rotate(path)).expect(200);
        assert.equal((await get(path, token)).expect(200).value, 'theirs');
    });

    test('live on when the rotation is refused', async () => {
        const path = await newSecret();
        const token = await newReader(path);
        (await rotateTo(path, '')).expect(400);
        (await get(path, token)).expect(200);
    });
});

describe('a rotation that may not be', () => {
    test('of a secret that is not there is answered with 404', async () => {
        (await rotate(`${unique('never')}/KEY`)).expect(404, 'SECRET_NOT_FOUND');
    });

    test('of a deleted secret is answered with 404', async () => {
        const path = await newSecret();
        (await tenant.call('DELETE', `/v1/secrets/${path}`)).expect(200);
        (await rotate(path)).expect(404, 'SECRET_NOT_FOUND');
    });

    test('of an expired secret is answered with 410, and makes no version', async () => {
        const path = await newSecret({ expires_at: '2020-01-01T00:00:00Z' });
        (await rotate(path)).expect(410, 'SECRET_EXPIRED');
        const versions = await tenant.call('GET', `/v1/versions?path=${path}`);
        assert.equal(versions.expect(200).total, 1);
    });

    test('with a scoped token is refused: people rotate', async () => {
        const path = await newSecret();
        const token = await agent.newToken([`secrets:*:${path}`]);
        const answer = await http.post(`/v1/secrets/${path}/rotate`, { token });
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /user token/i);
        assert.equal((await get(path, token)).expect(200).version, 1);
    });

    const faults = [
        ['an empty value', { new_value: '' }, /new_value/],
        ['a value above 64 KiB', { new_value: 'x'.repeat(65_537) }, /new_value/],
        ['a value that is a number', { new_value: 7 }, /new_value/],
        ['the member of PUT', { value: 'the-value-of-nobody' }, /value/],
        ['an unknown member', { new_value: 'v', length: 64 }, /length/],
        ['a list for a body', '["v"]', /object/],
    ];
    for (const [what, body, message] of faults) {
        test(`for ${what} is refused and makes no version`, async () => {
            const path = await newSecret();
            const answer = await rotate(path, { body });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
            assert.equal((await get(path, await newReader(path))).expect(200).version, 1);
        });
    }

    test('of a value of exactly 64 KiB is possible', async () => {
        const path = await newSecret();
        (await rotateTo(path, 'x'.repeat(65_536))).expect(200);
    });

    test('of a namespace is refused', async () => {
        (await tenant.call('POST', '/v1/secrets/namespace/rotate')).expect(400, 'INVALID_REQUEST');
    });

    test('by any other word behind the path is no endpoint', async () => {
        const path = await newSecret();
        for (const word of ['Rotate', 'rotate2', 'rollback']) {
            const answer = await tenant.call('POST', `/v1/secrets/${path}/${word}`);
            assert.ok([404, 405].includes(answer.status), `${word}: ${answer.status}`);
        }
    });
});
