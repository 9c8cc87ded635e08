// Deleted secrets go for good after retention.deleted_secrets, and nothing else does.
import fs from 'node:fs';
import path from 'node:path';

import { after, assert, before, describe, test, unique } from './claim.mjs';
import { kPatience, Stack } from './stack.mjs';

let stack;
let tenant;
before(
    async () => {
        stack = await Stack.start({ workers: 2 });
        tenant = await stack.newTenant();
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

const call = (method, secret, options) => tenant.call(method, `/v1/secrets/${secret}`, options);
const versionsOf = (secret) =>
    tenant.call('GET', `/v1/versions?path=${encodeURIComponent(secret)}`);

// The id of a secret with `versions` versions that was deleted so long ago.
async function newDeleted(secret, age, versions = 2) {
    for (let n = 1; n <= versions; ++n) await tenant.putSecret(secret, { value: `value-${n}` });
    (await call('DELETE', secret)).expect(200);
    const [{ id }] = await stack.rows(
        `select secret_id as id from store.secrets
         where tenant_id = '${tenant.id}' and path = '${secret}'
         order by secret_id desc limit 1`,
    );
    await stack.psql(
        `update store.secrets set deleted_at = now() - interval '${age}'
         where tenant_id = '${tenant.id}' and secret_id = '${id}'`,
    );
    return id;
}

// Rows of the secret, and of its versions.
async function left(id) {
    const [row] = await stack.rows(
        `select (select count(*)::int from store.secrets where secret_id = '${id}') as secrets,
                (select count(*)::int from store.secret_versions where secret_id = '${id}') as versions`,
    );
    return [row.secrets, row.versions];
}

// secretstorectl maintain, with that setting; what it prints.
async function maintain(retention) {
    if (!retention) return stack.ctl(['maintain']);
    const file = path.join(stack.state, 'conf.d', '90-retention.yaml');
    fs.writeFileSync(file, `retention:\n  deleted_secrets: ${retention}\n`);
    try {
        return await stack.ctl(['maintain']);
    } finally {
        fs.rmSync(file);
    }
}

function countsIn(said) {
    const count = (what) => Number(new RegExp(`^${what} purged: (\\d+)$`, 'm').exec(said)[1]);
    return [count('deleted secrets'), count('versions of deleted secrets')];
}

describe('a deleted secret', () => {
    test('goes after 30 days, with all its versions, and not before', async () => {
        const name = unique('retention');
        const old = await newDeleted(`${name}/OLD`, '31 days', 3);
        const young = await newDeleted(`${name}/YOUNG`, '29 days', 3);
        await tenant.putSecret(`${name}/LIVE`, { value: 'v' });

        const said = await maintain();

        assert.deepEqual(countsIn(said), [1, 3]);
        assert.deepEqual(await left(old), [0, 0]);
        assert.deepEqual(await left(young), [1, 3]);
        (await call('DELETE', `${name}/LIVE`)).expect(200);
    });

    test('takes nothing away from one that was made under its name', async () => {
        const secret = `${unique('again')}/KEY`;
        const first = await newDeleted(secret, '31 days');
        const second = await newDeleted(secret, '29 days', 1);
        for (const value of ['a', 'b', 'c']) await tenant.putSecret(secret, { value });
        const agent = await tenant.newAgent();
        const token = await agent.newToken(['secrets:*:*']);

        assert.deepEqual(countsIn(await maintain()), [1, 2]);

        assert.deepEqual(await left(first), [0, 0]);
        assert.deepEqual(await left(second), [1, 1]);
        const versions = (await versionsOf(secret)).expect(200);
        assert.deepEqual(
            versions.items.map(({ version }) => version),
            [3, 2, 1],
        );
        const read = async (version) =>
            (await stack.client.get(`/v1/secrets/${secret}?version=${version}`, { token })).expect(200)
                .value;
        assert.deepEqual([await read(1), await read(2), await read(3)], ['a', 'b', 'c']);
        const back = { body: { path: secret, version: 1 } };
        (await tenant.call('POST', '/v1/versions/rollback', back)).expect(200);
        assert.equal(await read(4), 'a');
    });

    test('is as absent as before, and its plan has as much room', async () => {
        const secret = `${unique('absent')}/KEY`;
        await newDeleted(secret, '31 days');
        const count = async () => (await tenant.call('GET', '/v1/me')).expect(200).secret_count;
        const counted = await count();

        await maintain();

        assert.equal(await count(), counted);
        (await call('DELETE', secret)).expect(404, 'SECRET_NOT_FOUND');
        (await versionsOf(secret)).expect(404, 'SECRET_NOT_FOUND');
        await tenant.putSecret(secret, { value: 'v' });
        const versions = (await versionsOf(secret)).expect(200);
        assert.deepEqual(
            versions.items.map(({ version }) => version),
            [1],
        );
    });

    test('stays in the audit log', async () => {
        const secret = `${unique('recorded')}/KEY`;
        const [namespace, key] = secret.split('/');
        const events = async () =>
            (await tenant.call('GET', `/v1/audit?namespace=${namespace}&key=${key}`)).expect(200);
        const id = await newDeleted(secret, '31 days');
        const recorded = await events();

        await maintain();

        assert.deepEqual(await left(id), [0, 0]);
        assert.ok(recorded.total >= 3);
        assert.deepEqual((await events()).events, recorded.events);
    });

    test('gives the first answers to requests that come again', async () => {
        const secret = `${unique('replayed')}/KEY`;
        const keyed = (word) => ({ headers: { 'Idempotency-Key': `${word}-${secret}` } });
        const put = () => call('PUT', secret, { body: { value: 'v' }, ...keyed('put') });
        const remove = () => call('DELETE', secret, keyed('delete'));
        const written = (await put()).expect(200);
        const removed = (await remove()).expect(200);
        await stack.psql(
            `update store.secrets set deleted_at = now() - interval '31 days'
             where tenant_id = '${tenant.id}' and path = '${secret}'`,
        );

        assert.deepEqual(countsIn(await maintain()), [1, 1]);

        assert.deepEqual((await put()).expect(200), written);
        assert.deepEqual((await remove()).expect(200), removed);
    });

    test('goes after as long as retention.deleted_secrets says', async () => {
        const name = unique('setting');
        const over = await newDeleted(`${name}/OVER`, '49 hours', 1);
        const under = await newDeleted(`${name}/UNDER`, '47 hours', 1);

        await maintain('2d');

        assert.deepEqual(await left(over), [0, 0]);
        assert.deepEqual(await left(under), [1, 1]);
    });

    test('stays for ever where that is unlimited', async () => {
        const id = await newDeleted(`${unique('unlimited')}/KEY`, '10 years', 1);

        const said = await maintain('unlimited');
        const kept = await left(id);
        await maintain();

        assert.deepEqual(countsIn(said), [0, 0]);
        assert.deepEqual(kept, [1, 1]);
        assert.deepEqual(await left(id), [0, 0]);
    });

    test('goes with all others, however many there are', async () => {
        const id = await newDeleted(`${unique('many')}/KEY`, '31 days', 1);
        // 2,300 others of one version, and one of 2,300.
        await stack.psql(
            `with made as (
                 insert into store.secrets (tenant_id, secret_id, namespace, key, secret_type,
                                            access_tier, current_version, deleted_at)
                 select tenant_id, gen_random_uuid(), 'many', 'K' || n, secret_type, access_tier, 1,
                        deleted_at - n * interval '1 second'
                 from store.secrets, generate_series(1, 2300) n where secret_id = '${id}'
                 returning tenant_id, secret_id
             )
             insert into store.secret_versions (tenant_id, secret_id, version, kek_id, access_tier,
                                                dek_box, value_box, created_by_type)
             select v.tenant_id, m.secret_id, 1, v.kek_id, v.access_tier, v.dek_box, v.value_box,
                    v.created_by_type
             from made m, store.secret_versions v where v.secret_id = '${id}'
             union all
             select v.tenant_id, v.secret_id, n, v.kek_id, v.access_tier, v.dek_box, v.value_box,
                    v.created_by_type
             from store.secret_versions v, generate_series(2, 2300) n where v.secret_id = '${id}'`,
        );

        const said = await maintain();

        assert.deepEqual(countsIn(said), [2301, 4600]);
        assert.deepEqual(await left(id), [0, 0]);
    });
});

describe('a KEK that sealed nothing but purged secrets', () => {
    test('is destroyed by the same maintenance', async () => {
        const other = await stack.newTenant();
        await other.putSecret('app/KEY', { value: 'v' });
        (await other.call('DELETE', '/v1/secrets/app/KEY')).expect(200);
        await stack.psql(
            `update store.secrets set deleted_at = now() - interval '31 days'
             where tenant_id = '${other.id}';
             delete from store.processed_requests where tenant_id = '${other.id}';
             update store.tenant_keys set state = 'decrypt_only', replaced_at = now() - interval '2 hours'
             where tenant_id = '${other.id}';`,
        );

        await maintain();

        const keks = await stack.rows(
            `select state, octet_length(box) as size from store.tenant_keys
             where tenant_id = '${other.id}'`,
        );
        assert.deepEqual(keks, [{ state: 'destroyed', size: 0 }]);
    });
});

describe('a backup of before', () => {
    test('is verified as it was made', { timeout: 120_000 * kPatience }, async () => {
        const id = await newDeleted(`${unique('backed-up')}/KEY`, '31 days');
        const place = path.join(stack.state, 'backup-of-before');
        await stack.ctl(['backup', place]);

        await maintain();

        assert.deepEqual(await left(id), [0, 0]);
        await stack.ctl(['backup', 'verify', place], { timeoutMs: 100_000 * kPatience });
    });
});
