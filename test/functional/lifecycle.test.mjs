// A secret from its first version to its deletion and beyond: contract.md §6.
import { assert, before, describe, inParallel, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
let token;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    token = await agent.newToken(['secrets:*:*', 'namespaces:read']);
});
const get = (path, options = {}) => http.get(`/v1/secrets/${path}`, { token, ...options });
const remove = (path, options) => tenant.call('DELETE', `/v1/secrets/${path}`, options);

// The path of a secret that is there, with two versions.
async function newSecret(prefix = 'lifecycle') {
    const path = `${unique(prefix)}/KEY`;
    await tenant.putSecret(path, { value: 'the-first-value' });
    await tenant.putSecret(path, { value: 'the-second-value' });
    return path;
}

describe('DELETE /secrets/:path', () => {
    test('answers as the reference shows', async () => {
        const answer = await remove(await newSecret());
        assert.deepEqual(answer.expect(200), { status: 'deleted' });
    });

    test('makes the secret as absent as one that never was', async () => {
        const path = await newSecret();
        const never = `${path}-NEVER`;
        (await remove(path)).expect(200);

        const answer = await get(path);

        answer.expect(404, 'SECRET_NOT_FOUND');
        assert.equal(answer.text.replaceAll(path, never), (await get(never)).text);
    });

    for (const version of [1, 2]) {
        test(`takes version ${version} away too`, async () => {
            const path = await newSecret();
            (await remove(path)).expect(200);
            (await get(`${path}?version=${version}`)).expect(404, 'SECRET_NOT_FOUND');
        });
    }

    test('of one that is not there, or not any more, is answered with 404', async () => {
        const path = await newSecret();
        (await remove(path)).expect(200);
        (await remove(path)).expect(404, 'SECRET_NOT_FOUND');
        (await remove(`${unique('never')}/KEY`)).expect(404, 'SECRET_NOT_FOUND');
    });

    test('takes the secret out of the list and its namespace out of the namespaces', async () => {
        const path = await newSecret();
        const namespace = path.split('/')[0];
        (await remove(path)).expect(200);

        const listed = (await http.get(`/v1/secrets?namespace=${namespace}`, { token })).expect(
            200,
        );
        const { namespaces } = (await http.get('/v1/namespaces', { token })).expect(200);

        assert.deepEqual([listed.items, listed.total], [[], 0]);
        assert.ok(!namespaces.includes(namespace));
    });

    test('leaves every other secret of the namespace', async () => {
        const path = await newSecret();
        await tenant.putSecret(`${path}2`, { value: 'a-neighbour' });
        await tenant.putSecret(`${path}/BELOW`, { value: 'a-child' });

        (await remove(path)).expect(200);

        assert.equal((await get(`${path}2`)).expect(200).value, 'a-neighbour');
        assert.equal((await get(`${path}/BELOW`)).expect(200).value, 'a-child');
    });

    test('is soft: the rows stay until they are purged', async () => {
        const path = await newSecret();
        (await remove(path)).expect(200);
        const rows = await stack.rows(
            `select s.deleted_at is not null as deleted, count(v.version)::int as versions
             from store.secrets s join store.secret_versions v using (tenant_id, secret_id)
             where s.tenant_id = '${tenant.id}' and s.path = '${path}' group by 1`,
        );
        assert.deepEqual(rows, [{ deleted: true, versions: 2 }]);
    });

    test('of an expired secret is possible', async () => {
        const path = `${unique('expired')}/KEY`;
        await tenant.putSecret(path, { value: 'v', expires_at: '2020-01-01T00:00:00Z' });
        (await remove(path)).expect(200);
        (await get(path)).expect(404, 'SECRET_NOT_FOUND');
    });

    test('of one secret is done by exactly one of 16 who ask at once', async () => {
        const path = await newSecret();
        const answers = await inParallel(16, 16, () => remove(path));
        const done = answers.filter((answer) => answer.status === 200);
        assert.equal(done.length, 1);
        for (const answer of answers)
            if (answer !== done[0]) answer.expect(404, 'SECRET_NOT_FOUND');
    });

    test('is on record once, as the act of that person', async () => {
        const path = await newSecret();
        const answer = await remove(path);
        answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.actor_type, event.resource_type, event.namespace, event.key],
            ['secret.deleted', 'user', 'secret', ...path.split('/')],
        );
    });

    for (const scope of ['secrets:delete:*', 'secrets:*:*']) {
        test(`with a token for ${scope} is refused: people delete`, async () => {
            const path = await newSecret();
            const deleter = await agent.newToken([scope]);

            const answer = await http.delete(`/v1/secrets/${path}`, { token: deleter });

            answer.expect(403, 'SCOPE_DENIED');
            assert.match(answer.message, /user token/i);
            (await get(path)).expect(200);
        });
    }

    test('takes the namespace as one encoded segment as well', async () => {
        const namespace = `${unique('encoded')}/deep`;
        await tenant.putSecret(`${namespace}/KEY`, { value: 'v' });
        (await remove(`${encodeURIComponent(namespace)}/KEY`)).expect(200);
        (await get(`${namespace}/KEY`)).expect(404, 'SECRET_NOT_FOUND');
    });

    for (const [what, target] of [
        ['a namespace alone', 'lifecycle'],
        ['a dot segment', 'lifecycle/../KEY'],
        ['a star', 'lifecycle/*'],
        ['a trailing slash', 'lifecycle/KEY/'],
        ['a query', 'lifecycle/KEY?version=1'],
    ]) {
        test(`of ${what} is refused and deletes nothing`, async () => {
            await tenant.putSecret('lifecycle/KEY', { value: 'v' });
            const head = http.rawHead('DELETE', `/v1/secrets/${target}`, {
                token: tenant.userToken,
            });
            (await http.raw(head)).expect(400, 'INVALID_REQUEST');
            (await get('lifecycle/KEY')).expect(200);
        });
    }

    test('takes no body', async () => {
        const path = await newSecret();
        (await remove(path, { body: { confirm: true } })).expect(400, 'INVALID_REQUEST');
        (await get(path)).expect(200);
    });

    test('with a content type and no body is fine', async () => {
        const path = await newSecret();
        (await remove(path, { headers: { 'Content-Type': 'application/json' } })).expect(200);
    });
});

describe('a secret that is stored again after its deletion', () => {
    test('is another one and begins at version 1', async () => {
        const path = await newSecret();
        const { id } = await tenant.putSecret(path, { value: 'the-third-value' });
        (await remove(path)).expect(200);

        const again = await tenant.putSecret(path, { value: 'a-new-life' });

        assert.equal(again.version, 1);
        assert.notEqual(again.id, id);
        assert.equal((await get(path)).expect(200).value, 'a-new-life');
        (await get(`${path}?version=2`)).expect(404, 'SECRET_NOT_FOUND');
    });

    test('with the very value that it had is stored all the same', async () => {
        const path = await newSecret();
        (await remove(path)).expect(200);
        assert.equal((await tenant.putSecret(path, { value: 'the-second-value' })).version, 1);
        assert.equal((await get(path)).expect(200).value, 'the-second-value');
    });

    test('inherits neither type, tier, metadata nor expiry', async () => {
        const path = `${unique('heir')}/KEY`;
        await tenant.putSecret(path, {
            value: 'v',
            secret_type: 'ssh_key',
            access_tier: 'critical',
            metadata: { a: 1 },
            expires_at: '2031-01-01T00:00:00Z',
        });
        (await remove(path)).expect(200);
        const heir = await tenant.putSecret(path, { value: 'w' });
        assert.deepEqual(
            [heir.secret_type, heir.access_tier, heir.metadata, heir.expires_at],
            ['custom', 'standard', null, null],
        );
    });

    test('is there for expected_version 0', async () => {
        const path = await newSecret();
        (await remove(path)).expect(200);
        assert.equal(
            (await tenant.putSecret(path, { value: 'v', expected_version: 0 })).version,
            1,
        );
    });

    test('ten times over keeps every life apart', async () => {
        const path = `${unique('lives')}/KEY`;
        const ids = [];
        for (let life = 1; life <= 10; ++life) {
            const stored = await tenant.putSecret(path, { value: `the-value-of-life-${life}` });
            assert.equal(stored.version, 1);
            assert.equal((await get(path)).expect(200).value, `the-value-of-life-${life}`);
            ids.push(stored.id);
            (await remove(path)).expect(200);
        }
        assert.equal(new Set(ids).size, 10);
    });
});
