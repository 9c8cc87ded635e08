// GET /versions and POST /versions/rollback: contract.md §6.
import {
    assert,
    assertShape,
    before,
    describe,
    kTimestamp,
    kUuid,
    test,
    unique,
} from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
});
const versions = (path, query = '') =>
    tenant.call('GET', `/v1/versions?path=${encodeURIComponent(path)}${query}`);
const rollback = (path, version) =>
    tenant.call('POST', '/v1/versions/rollback', { body: { path, version } });
// Each secret with a token of its own: a rotation ends those that could read it.
const get = async (path) => {
    const token = await agent.newToken([`secrets:read:${path.split('?')[0]}`]);
    return http.get(`/v1/secrets/${path}`, { token });
};

async function newSecret(count = 3) {
    const path = `${unique('versions')}/deep/KEY`;
    for (let i = 1; i <= count; ++i) await tenant.putSecret(path, { value: `value-${i}` });
    return path;
}

describe('GET /versions', () => {
    test('shows every version, newest first, without values', async () => {
        const path = await newSecret();

        const answer = await versions(path);

        const listed = answer.expect(200);
        assertShape(
            listed,
            { namespace: path.slice(0, -4), key: 'KEY', items: Array.isArray, total: 3 },
            { page: 1, limit: 50 },
        );
        assert.deepEqual(
            listed.items.map((item) => [item.version, item.current]),
            [
                [3, true],
                [2, false],
                [1, false],
            ],
        );
        assertShape(listed.items[0], {
            version: 3,
            access_tier: 'standard',
            expires_at: null,
            created_at: kTimestamp,
            created_by_type: 'user',
            created_by: kUuid,
            current: true,
        });
        assert.ok(!answer.text.includes('value-'));
    });

    test('tells who made each', async () => {
        const path = await newSecret(1);
        const token = await agent.newToken([`secrets:write:${path}`]);
        (await http.put(`/v1/secrets/${path}`, { token, body: { value: 'by-agent' } })).expect(200);
        const { items } = (await versions(path)).expect(200);
        assert.deepEqual([items[0].created_by_type, items[0].created_by], ['agent', agent.id]);
        assert.equal(items[1].created_by_type, 'user');
        assert.notEqual(items[1].created_by, agent.id);
    });

    test('shows the tier and the expiry that each had', async () => {
        const path = `${unique('versions')}/KEY`;
        await tenant.putSecret(path, { value: 'v', expires_at: '2031-01-01T00:00:00Z' });
        await tenant.putSecret(path, { value: 'w', access_tier: 'critical', expires_at: null });
        const { items } = (await versions(path)).expect(200);
        assert.deepEqual(
            items.map((item) => [item.version, item.access_tier, item.expires_at]),
            [
                [2, 'critical', null],
                [1, 'standard', '2031-01-01T00:00:00Z'],
            ],
        );
    });

    test('pages without losing or repeating one', async () => {
        const path = await newSecret(7);
        const seen = [];
        for (const page of [1, 2, 3, 4]) {
            const listed = (await versions(path, `&limit=3&page=${page}`)).expect(200);
            assert.equal(listed.total, 7);
            seen.push(...listed.items.map((item) => item.version));
        }
        assert.deepEqual(seen, [7, 6, 5, 4, 3, 2, 1]);
    });

    test('shows those of a rotation and a rollback too', async () => {
        const path = await newSecret(1);
        (await tenant.call('POST', `/v1/secrets/${path}/rotate`)).expect(200);
        (await rollback(path, 1)).expect(200);
        assert.equal((await versions(path)).expect(200).total, 3);
    });

    test('takes raw slashes in its query', async () => {
        const path = await newSecret(1);
        assert.equal((await tenant.call('GET', `/v1/versions?path=${path}`)).expect(200).total, 1);
    });

    test('of an expired secret still tells', async () => {
        const path = `${unique('versions')}/KEY`;
        await tenant.putSecret(path, { value: 'v', expires_at: '2020-01-01T00:00:00Z' });
        assert.equal((await versions(path)).expect(200).total, 1);
    });

    test('of a secret that is not there, or not any more, is answered with 404', async () => {
        const path = await newSecret(1);
        (await versions(`${unique('never')}/KEY`)).expect(404, 'SECRET_NOT_FOUND');
        (await tenant.call('DELETE', `/v1/secrets/${path}`)).expect(200);
        (await versions(path)).expect(404, 'SECRET_NOT_FOUND');
    });

    test('shows nothing of the life before a deletion', async () => {
        const path = await newSecret(3);
        (await tenant.call('DELETE', `/v1/secrets/${path}`)).expect(200);
        await tenant.putSecret(path, { value: 'v' });
        assert.equal((await versions(path)).expect(200).total, 1);
    });

    for (const query of [
        '',
        '?path=',
        '?path=KEY',
        '?path=a/../KEY',
        '?path=a//KEY',
        '?path=a/*',
        '?path=/a/KEY',
        '?path=a/KEY/',
        '?path=a/KEY&path=a/KEY2',
        '?path=a/KEY&limit=201',
        '?path=a/KEY&page=0',
        '?path=a/KEY&version=1',
        '?namespace=a&key=KEY',
    ]) {
        test(`with the query '${query}' is refused`, async () => {
            (await tenant.call('GET', `/v1/versions${query}`)).expect(400, 'INVALID_REQUEST');
        });
    }
});

describe('a rollback', () => {
    test('makes the older value the newest version, and answers like PUT', async () => {
        const path = await newSecret();

        const answer = await rollback(path, 1);

        assertShape(answer.expect(200), {
            id: kUuid,
            namespace: path.slice(0, -4),
            key: 'KEY',
            version: 4,
            secret_type: 'custom',
            access_tier: 'standard',
            metadata: null,
            created_at: kTimestamp,
            updated_at: kTimestamp,
            expires_at: null,
            rolled_back_to: 1,
        });
        assert.ok(!answer.text.includes('value-1'));
        const secret = (await get(path)).expect(200);
        assert.deepEqual([secret.value, secret.version], ['value-1', 4]);
    });

    test('loses no version', async () => {
        const path = await newSecret();
        (await rollback(path, 2)).expect(200);
        const values = [];
        for (const version of [1, 2, 3, 4])
            values.push((await get(`${path}?version=${version}`)).expect(200).value);
        assert.deepEqual(values, ['value-1', 'value-2', 'value-3', 'value-2']);
    });

    test('can be rolled back itself', async () => {
        const path = await newSecret();
        (await rollback(path, 1)).expect(200);
        (await rollback(path, 3)).expect(200);
        const secret = (await get(path)).expect(200);
        assert.deepEqual([secret.value, secret.version], ['value-3', 5]);
    });

    test('seals the value anew: no box stands in two rows', async () => {
        const path = await newSecret();
        (await rollback(path, 1)).expect(200);
        const [{ boxes }] = await stack.rows(
            `select count(distinct v.value_box)::int as boxes from store.secret_versions v
             join store.secrets s using (tenant_id, secret_id)
             where s.tenant_id = '${tenant.id}' and s.path = '${path}'`,
        );
        assert.equal(boxes, 4);
    });

    describe('that comes again without a key', () => {
        const total = async (path) => (await versions(path)).expect(200).total;

        test('answers with the version that it made, and makes no other', async () => {
            const path = await newSecret();
            const first = await rollback(path, 1);

            const again = await rollback(path, 1);

            assert.deepEqual(again.expect(200), first.expect(200));
            assert.equal(await total(path), 4);
        });

        test('is on record, as a repetition', async () => {
            const path = await newSecret();
            (await rollback(path, 1)).expect(200);
            const again = await rollback(path, 1);
            const event = await tenant.auditOf(again.requestId);
            assert.deepEqual(
                [event.event_type, event.version, event.details],
                ['secret.rolled_back', 4, { from_version: 1, repeated: true }],
            );
        });

        test('by 8 at once makes one version', async () => {
            const path = await newSecret();
            const answers = await Promise.all(Array.from({ length: 8 }, () => rollback(path, 1)));
            const made = answers.map((answer) => answer.expect(200).version);
            assert.deepEqual([...new Set(made)], [4]);
            assert.equal(await total(path), 4);
        });

        test('makes another version where the value has changed meanwhile', async () => {
            const path = await newSecret();
            (await rollback(path, 1)).expect(200);
            await tenant.putSecret(path, { value: 'another-value' });
            assert.equal((await rollback(path, 1)).expect(200).version, 6);
        });

        test('makes another version after more than 120 s', async () => {
            const path = await newSecret();
            (await rollback(path, 1)).expect(200);
            await stack.psql(
                `update store.secret_versions v
                 set created_at = v.created_at - interval '121 seconds'
                 from store.secrets s where s.tenant_id = v.tenant_id
                   and s.secret_id = v.secret_id
                   and s.tenant_id = '${tenant.id}' and s.path = '${path}'`,
            );
            assert.equal((await rollback(path, 1)).expect(200).version, 5);
        });

        test('makes another version where somebody else stored the value', async () => {
            const path = await newSecret();
            const token = await agent.newToken([`secrets:write:${path}`]);
            const body = { value: 'value-1' };
            (await http.put(`/v1/secrets/${path}`, { token, body })).expect(200);
            assert.equal((await rollback(path, 1)).expect(200).version, 5);
        });
    });

    test('to a version of a lower tier does not lower the tier', async () => {
        const path = await newSecret(1);
        const token = await agent.newToken([`secrets:read:${path}`]);
        await tenant.putSecret(path, { value: 'a-guarded-value', access_tier: 'sensitive' });
        const stored = (await rollback(path, 1)).expect(200);
        assert.equal(stored.access_tier, 'sensitive');
        (await http.get(`/v1/secrets/${path}`, { token })).expect(403, 'SCOPE_DENIED');
    });

    test('is on record as one, as the act of that person', async () => {
        const path = await newSecret();
        const answer = await rollback(path, 1);
        answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.actor_type, event.namespace, event.key, event.version],
            ['secret.rolled_back', 'user', path.slice(0, -4), 'KEY', 4],
        );
    });

    test('to a version that is not there is answered with 404, and makes none', async () => {
        const path = await newSecret();
        (await rollback(path, 4)).expect(404, 'SECRET_NOT_FOUND');
        assert.equal((await versions(path)).expect(200).total, 3);
    });

    test('of a secret that is not there, or not any more, is answered with 404', async () => {
        const path = await newSecret();
        (await rollback(`${unique('never')}/KEY`, 1)).expect(404, 'SECRET_NOT_FOUND');
        (await tenant.call('DELETE', `/v1/secrets/${path}`)).expect(200);
        (await rollback(path, 1)).expect(404, 'SECRET_NOT_FOUND');
    });

    test('with a scoped token is refused: people roll back', async () => {
        const path = await newSecret();
        const token = await agent.newToken([`secrets:*:${path}`]);
        const body = { path, version: 1 };
        const answer = await http.post('/v1/versions/rollback', { token, body });
        answer.expect(403, 'SCOPE_DENIED');
        assert.equal((await get(path)).expect(200).version, 3);
    });

    test('steps the version by one under writers at once', async () => {
        const path = await newSecret(9);
        const answers = await Promise.all(
            Array.from({ length: 16 }, (_, i) =>
                i % 2 === 0
                    ? rollback(path, 1 + i / 2)
                    : tenant.call('PUT', `/v1/secrets/${path}`, { body: { value: `w-${i}` } }),
            ),
        );
        const made = answers.map((answer) => answer.expect(200).version).sort((a, b) => a - b);
        assert.deepEqual(
            made,
            Array.from({ length: 16 }, (_, i) => i + 10),
        );
    });

    const faults = [
        ['no path', { path: undefined }, /path/],
        ['no version', { version: undefined }, /version/],
        ['a path that is a number', { path: 7 }, /path/],
        ['a path of one segment', { path: 'KEY' }, /./],
        ['a path with a dot segment', { path: 'a/../KEY' }, /\.\./],
        ['a path with a star', { path: 'a/*' }, /\*/],
        ['a version of 0', { version: 0 }, /version/],
        ['a negative version', { version: -1 }, /version/],
        ['a version that is text', { version: '1' }, /version/],
        ['a version that is a fraction', { version: 1.5 }, /version/],
        ['a version that is null', { version: null }, /version/],
        ['an unknown member', { reason: 'because' }, /reason/],
    ];
    for (const [what, change, message] of faults) {
        test(`with ${what} is refused`, async () => {
            const body = { path: 'versions/faults/KEY', version: 1, ...change };
            const answer = await tenant.call('POST', '/v1/versions/rollback', { body });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
        });
    }
});
