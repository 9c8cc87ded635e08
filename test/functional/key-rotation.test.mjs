// Keys are replaced while workers serve: the root key, the KEK of a tenant, the signing key.
// No request fails, no value is lost, and the old key opens nothing.
import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';

import { after, assert, before, describe, eventually, test } from './claim.mjs';
import { parseRootKeyFile } from '../vectors/open-sealed-box.mjs';
import { sealBox } from '../vectors/seal-box.mjs';
import { isAlive, kPatience, run, Stack } from './stack.mjs';

const kWorkers = 2;
const kTenants = 10_000;
const kOpener = new URL('../vectors/open-sealed-box.mjs', import.meta.url).pathname;

let stack;
before(
    async () => {
        stack = await Stack.start({ workers: kWorkers, threads: 16 });
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack.stop());

// A tenant with secrets, and a token that reads and writes them.
async function newHousehold(secrets = 20) {
    const tenant = await stack.newTenant();
    const agent = await tenant.newAgent();
    const token = await agent.newToken(['secrets:*:*']);
    for (let i = 0; i < secrets; ++i) await tenant.putSecret(`home/K${i}`, { value: `value-${i}` });
    return { tenant, agent, token, secrets };
}

async function valuesOf({ token, secrets }) {
    const values = [];
    for (let i = 0; i < secrets; ++i)
        values.push((await stack.client.get(`/v1/secrets/home/K${i}`, { token })).expect(200).value);
    return values;
}
const expected = (household) => Array.from({ length: household.secrets }, (_, i) => `value-${i}`);

const backendsOfWorkers = async () =>
    (
        await stack.rows(
            "select pid from pg_stat_activity where application_name like 'secretstore-worker %'",
        )
    ).map(({ pid }) => pid);

// What systemd does with one restart after another. The last requests of an old worker are under its
// old keys, and PostgreSQL tells of its connections for a moment longer than it lives.
async function restartWorkers() {
    const gone = stack.workerPids();
    const closing = await backendsOfWorkers();
    process.kill(stack.poolPid(), 'SIGHUP');
    await stack.fullPool(kWorkers, { gone });
    await eventually('the old workers have left', () => !gone.some(isAlive), {
        timeoutMs: 40_000 * kPatience,
    });
    await eventually('their connections have ended', async () => {
        const open = await backendsOfWorkers();
        return !closing.some((pid) => open.includes(pid));
    });
}

// Reads and writes until `work` is done; gives what failed, and how many there were.
async function underLoad(household, work) {
    const failures = [];
    let count = 0;
    let running = true;
    const client = async (i) => {
        for (let n = 0; running; ++n) {
            const target = `/v1/secrets/home/${n % 4 === 0 ? `W${i}` : `K${n % household.secrets}`}`;
            const answer =
                n % 4 === 0
                    ? await stack.client.put(target, {
                          token: household.token,
                          body: { value: `written-${i}-${n}` },
                      })
                    : await stack.client.get(target, { token: household.token });
            ++count;
            if (answer.status !== 200) failures.push(`${target} ${answer.status} ${answer.text}`);
        }
    };
    const clients = Array.from({ length: 8 }, (_, i) => client(i));
    try {
        await work();
    } finally {
        running = false;
        await Promise.all(clients);
    }
    return { failures, count };
}

const rootFile = () => path.join(stack.state, 'root.key');

// The row of a value as the second implementation wants it.
async function sealedRow(tenant, key) {
    const [row] = await stack.rows(`
        select k.tenant_id as tenant, k.kek_id, k.generation, encode(k.box, 'hex') as kek_box,
               s.secret_id as secret, s.namespace, s.key, v.version, v.access_tier as tier,
               (extract(epoch from v.expires_at) * 1000000)::bigint::text as expires_at_us,
               encode(v.dek_box, 'hex') as dek_box, encode(v.value_box, 'hex') as value_box
        from store.secrets s
        join store.secret_versions v on v.tenant_id = s.tenant_id and v.secret_id = s.secret_id
                                    and v.version = s.current_version
        join store.tenant_keys k on k.tenant_id = s.tenant_id and k.kek_id = v.kek_id
        where s.tenant_id = '${tenant.id}' and s.key = '${key}'`);
    return row;
}

// `old`: the text of a root key's file.
async function opensOnlyByPresent(household, old) {
    const oldFile = path.join(stack.state, 'old-root.key');
    fs.writeFileSync(oldFile, old, { mode: 0o400 });
    const row = JSON.stringify(await sealedRow(household.tenant, 'K1'));
    const byOld = await run(process.execPath, [kOpener, oldFile], { input: row });
    fs.rmSync(oldFile);
    assert.notEqual(byOld.code, 0, 'the old root key opens nothing');
    const byNew = await run(process.execPath, [kOpener, rootFile()], { input: row });
    assert.equal(byNew.stdout.trim(), 'value-1');
}

describe('the root key', () => {
    test(
        'is replaced under load with no failed request, and then opens nothing',
        { timeout: 120_000 * kPatience },
        async (t) => {
            assert.match(await stack.ctl(['root-key', 'raise-epoch']), /is 2/);
            assert.match(await stack.ctl(['root-key', 'raise-epoch']), /is 3/);
            await restartWorkers();
            const household = await newHousehold();
            const old = fs.readFileSync(rootFile(), 'utf8');

            const { failures, count } = await underLoad(household, async () => {
                await stack.ctl(['root-key', 'rotate', 'begin']);
                const early = await stack
                    .ctl(['root-key', 'rotate', 'run'])
                    .then(() => '', String);
                assert.match(early, /secretstorectl restart/, 'workers without the key are noticed');
                const raise = await stack.ctl(['root-key', 'raise-epoch']).then(() => '', String);
                assert.match(raise, /rotate commit.* or .*rotate abort/);
                await restartWorkers();
                await stack.ctl(['root-key', 'rotate', 'run']);
                await stack.ctl(['root-key', 'rotate', 'commit']);
                await restartWorkers();
            });

            t.diagnostic(`${count} requests meanwhile`);
            assert.deepEqual(failures, []);
            assert.deepEqual(await valuesOf(household), expected(household));
            const epochOf = (text) => /^epoch: (\d+)$/m.exec(text)[1];
            assert.notEqual(fs.readFileSync(rootFile(), 'utf8'), old);
            assert.equal(epochOf(fs.readFileSync(rootFile(), 'utf8')), '3', 'tokens of before stay dead');
            await opensOnlyByPresent(household, old);
        },
    );

    test('that was begun can be given up: everything is under the present one again', async () => {
        const household = await newHousehold(3);
        const before = fs.readFileSync(rootFile(), 'utf8');
        await stack.ctl(['root-key', 'rotate', 'begin']);
        await restartWorkers();
        await stack.ctl(['root-key', 'rotate', 'run']);

        await stack.ctl(['root-key', 'rotate', 'abort']);

        assert.equal(fs.readFileSync(rootFile(), 'utf8'), before);
        assert.ok(!fs.existsSync(`${rootFile()}-next`));
        await restartWorkers();
        assert.deepEqual(await valuesOf(household), expected(household));
        const [{ count }] = await stack.rows('select count(*)::int from store.root_keys');
        assert.equal(count, 1);
    });

    test('can not be committed before everything has been moved, and nothing is lost', async () => {
        await stack.ctl(['root-key', 'rotate', 'begin']);
        await restartWorkers();

        const refused = await stack
            .psql(`delete from store.root_keys where root_key_id in (
                       select root_key_id from store.tenant_keys)`)
            .then(() => '', String);

        assert.match(refused, /foreign key/, 'the database itself holds on to it');
        await stack.ctl(['root-key', 'rotate', 'abort']);
        await restartWorkers();
    });

    test('whose commit was interrupted before its last step serves, and can be replaced again', async () => {
        const household = await newHousehold(3);
        // The credential of the successor is still there, and is the root key already.
        const leftover = `${rootFile()}-next`;
        fs.copyFileSync(rootFile(), leftover);
        fs.chmodSync(leftover, 0o400);
        if (stack.owner.uid !== undefined) fs.chownSync(leftover, stack.owner.uid, stack.owner.gid);
        await restartWorkers();
        assert.deepEqual(await valuesOf(household), expected(household));

        await stack.ctl(['root-key', 'rotate', 'begin']);

        assert.notEqual(fs.readFileSync(leftover, 'utf8'), fs.readFileSync(rootFile(), 'utf8'));
        await stack.ctl(['root-key', 'rotate', 'abort']);
        await restartWorkers();
    });

    test('is not rotated when no rotation was begun', async () => {
        for (const step of ['run', 'commit', 'abort']) {
            const refused = await stack.ctl(['root-key', 'rotate', step]).then(() => '', String);
            assert.match(refused, /exit 3: .*rotate begin/s, step);
        }
    });
});

describe('the KEK of a tenant', () => {
    test(
        'is replaced under load with no failed request and no value sealed again',
        { timeout: 60_000 * kPatience },
        async (t) => {
            const household = await newHousehold();
            const boxes = () =>
                stack.rows(`select encode(v.value_box, 'hex') as box from store.secret_versions v
                            join store.secrets s using (tenant_id, secret_id)
                            where v.tenant_id = '${household.tenant.id}' and s.key like 'K%'
                            order by v.secret_id, v.version`);
            const before = await boxes();

            const { failures, count } = await underLoad(household, async () => {
                await stack.ctl(['kek', 'rotate', '--tenant', household.tenant.id]);
                await stack.ctl(['kek', 'rotate', '--tenant', household.tenant.id]);
            });

            t.diagnostic(`${count} requests meanwhile`);
            assert.deepEqual(failures, []);
            assert.deepEqual(await valuesOf(household), expected(household));
            assert.deepEqual(await boxes(), before);
        },
    );

    test('that was replaced an hour ago and seals nothing is destroyed, its box wiped', async () => {
        const household = await newHousehold(3);
        await stack.ctl(['kek', 'rotate', '--tenant', household.tenant.id]);
        const keks = () =>
            stack.rows(`select state, octet_length(box) as size from store.tenant_keys
                        where tenant_id = '${household.tenant.id}' order by generation`);
        assert.deepEqual(
            (await keks()).map(({ state }) => state),
            ['decrypt_only', 'active'],
        );

        await stack.psql(`update store.tenant_keys set replaced_at = now() - interval '61 minutes'
                          where tenant_id = '${household.tenant.id}' and state = 'decrypt_only'`);
        await stack.ctl(['maintain']);

        assert.deepEqual((await keks())[0], { state: 'destroyed', size: 0 });
        assert.deepEqual(await valuesOf(household), expected(household));
    });

    test('whose replacement was interrupted is finished by the next call, without another', async () => {
        const household = await newHousehold(3);
        await stack.ctl(['kek', 'rotate', '--tenant', household.tenant.id]);
        // As a rotation leaves it that dies behind its first step.
        await stack.psql(`
            update store.tenant_keys set state = 'decrypt_only', replaced_at = now()
            where tenant_id = '${household.tenant.id}' and state = 'active';
            update store.tenant_keys set state = 'active', replaced_at = null
            where tenant_id = '${household.tenant.id}' and generation = 1`);

        const said = await stack.ctl(['kek', 'rotate', '--tenant', household.tenant.id]);

        assert.match(said, /generation 1, 3 versions .*an earlier rotation was finished/);
        assert.deepEqual(await valuesOf(household), expected(household));
    });

    test('is not rotated for a tenant that is not there', async () => {
        const nobody = '00000000-0000-4000-8000-000000000123';
        const refused = await stack.ctl(['kek', 'rotate', '--tenant', nobody]).then(() => '', String);
        assert.match(refused, /exit 4: .*no such tenant/s);
    });
});

describe('the signing key', () => {
    test(
        'is replaced under load with no failed request; old tokens live until they expire',
        { timeout: 120_000 * kPatience },
        async (t) => {
            const household = await newHousehold();
            const kidOf = (token) =>
                JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString()).kid;

            const { failures, count } = await underLoad(household, async () => {
                await stack.ctl(['signing-key', 'rotate', 'begin']);
                const early = await stack
                    .ctl(['signing-key', 'rotate', 'activate'])
                    .then(() => '', String);
                assert.match(early, /secretstorectl restart/, 'workers without the key are noticed');
                await restartWorkers();
                await stack.ctl(['signing-key', 'rotate', 'activate']);
                await restartWorkers();
            });

            t.diagnostic(`${count} requests meanwhile`);
            assert.deepEqual(failures, []);
            const fresh = await household.agent.newToken(['secrets:read:*']);
            assert.notEqual(kidOf(fresh), kidOf(household.token));
            const early = await stack.ctl(['signing-key', 'rotate', 'retire']).then(() => '', String);
            assert.match(early, /live tokens/);

            await stack.psql(`update store.tokens set expires_at = issued_at + interval '1 second'
                              from store.service_keys k
                              where k.key_id = signing_key_id and k.state = 'verify_only'`);
            await eventually('the old tokens have expired', async () =>
                (await stack.ctl(['signing-key', 'rotate', 'retire']).catch(() => '')).includes(
                    '1 keys retired',
                ),
            );
            await restartWorkers();

            const target = '/v1/secrets/home/K1';
            (await stack.client.get(target, { token: household.token })).expect(401, 'UNAUTHORIZED');
            (await stack.client.get(target, { token: fresh })).expect(200);
            const [wiped] = await stack.rows(`select octet_length(box) as size
                                              from store.service_keys where state = 'retired'`);
            assert.equal(wiped.size, 0);
        },
    );

    test('is not activated before a rotation was begun', async () => {
        const refused = await stack.ctl(['signing-key', 'rotate', 'activate']).then(() => '', String);
        assert.match(refused, /exit 3: .*signing-key rotate begin/s);
    });
});

describe('the pepper', () => {
    test(
        'is replaced under load; keys that are in use come under the new one',
        { timeout: 120_000 * kPatience },
        async (t) => {
            const household = await newHousehold();
            const quiet = await household.tenant.newAgent();
            const { token: personal } = await household.tenant.newPersonalToken();
            const peppers = () =>
                stack.rows(`select k.generation::int, k.state, octet_length(k.box) as size,
                                   (select count(*)::int from store.agents a
                                    where a.key_pepper_id = k.key_id
                                      and a.tenant_id = '${household.tenant.id}')
                                   + (select count(*)::int from store.personal_tokens p
                                      where p.key_pepper_id = k.key_id
                                        and p.tenant_id = '${household.tenant.id}') as keys
                            from store.service_keys k
                            where k.purpose = 'agent-key-pepper' order by k.generation`);

            const { failures, count } = await underLoad(household, async () => {
                await stack.ctl(['pepper', 'rotate', 'begin']);
                const early = await stack
                    .ctl(['pepper', 'rotate', 'activate'])
                    .then(() => '', String);
                assert.match(early, /secretstorectl restart/);
                await restartWorkers();
                await household.agent.newToken(['secrets:read:*']);
                await stack.ctl(['pepper', 'rotate', 'activate']);
                await restartWorkers();
                await household.agent.newToken(['secrets:read:*']);
            });

            t.diagnostic(`${count} requests meanwhile`);
            assert.deepEqual(failures, []);
            assert.deepEqual(
                (await peppers()).map(({ state, keys }) => [state, keys]),
                [
                    ['verify_only', 2],
                    ['active', 1],
                ],
            );
            const early = await stack.ctl(['pepper', 'rotate', 'retire']).then(() => '', String);
            assert.match(early, /have not been used since/);

            (await stack.client.get('/v1/agents', { token: personal })).expect(200);
            await quiet.newToken(['secrets:read:*']);
            // Of other tests, which use them no more.
            await stack.psql(`update store.agents set active = false
                              where tenant_id <> '${household.tenant.id}'`);
            assert.match(await stack.ctl(['pepper', 'rotate', 'retire']), /^1 keys retired/);
            await restartWorkers();

            assert.deepEqual(
                (await peppers()).map(({ state, size, keys }) => [state, size > 0, keys]),
                [
                    ['retired', false, 0],
                    ['active', true, 3],
                ],
            );
            await household.agent.newToken(['secrets:read:*']);
            await quiet.newToken(['secrets:read:*']);
            (await stack.client.get('/v1/agents', { token: personal })).expect(200);
        },
    );

    test('a wrong key of the old pepper changes nothing', async () => {
        const tenant = await stack.newTenant();
        const agent = await tenant.newAgent();
        await stack.ctl(['pepper', 'rotate', 'begin']);
        await restartWorkers();
        await stack.ctl(['pepper', 'rotate', 'activate']);
        await restartWorkers();
        const row = () =>
            stack.rows(`select key_pepper_id, encode(key_mac, 'hex') as mac from store.agents
                        where agent_id = '${agent.id}'`);
        const before = await row();
        await stack.psql(`update store.agents set key_mac = sha256(key_mac)
                          where agent_id = '${agent.id}'`);
        const spoilt = await row();

        (await stack.client.post('/v1/tokens', {
            token: agent.key,
            body: { scopes: ['secrets:read:*'] },
        })).expect(401, 'UNAUTHORIZED');

        assert.deepEqual(await row(), spoilt);
        assert.notDeepEqual(spoilt, before);
    });
});

// Tenants without people, each with a KEK under the present root key; their ids. (Copies of one row
// would not open: a KEK is bound to its tenant.)
async function makeTenants(count, newId = randomUUID) {
    const root = parseRootKeyFile(fs.readFileSync(rootFile(), 'utf8'));
    const rows = Array.from({ length: count }, () => {
        const [tenant, kek] = [newId(), randomUUID()];
        const box = sealBox({
            key_source: 'root',
            key: root.rootKey.toString('hex'),
            key_id: root.keyId.toString('hex'),
            context: { purpose: 'kek', tenant, child_key: kek, generation: 1 },
            salt: randomBytes(32).toString('hex'),
            plaintext: randomBytes(32).toString('hex'),
        });
        const rateLimitKey = createHash('sha256').update(tenant).digest('hex').slice(0, 24);
        return { tenant, kek, box, rateLimitKey };
    });
    const tenants = rows.map((row) => `('${row.tenant}','t','free','${row.rateLimitKey}')`);
    const keks = rows.map((row) => `('${row.tenant}','${row.kek}',1,'active','\\x${row.box}')`);
    await stack.psql(`
        insert into store.tenants (tenant_id, name, plan, rate_limit_key) values ${tenants};
        insert into store.tenant_keys (tenant_id, kek_id, generation, state, box) values ${keks}`);
    return rows.map(({ tenant }) => tenant).sort();
}

describe('a replacement of the root key that is killed half way', () => {
    // More than one transaction moves on either side of the middle.
    const kOnEitherSide = 1_500;
    // In the order in which they are moved.
    let first;
    let middle;
    let last;

    before(
        async () => {
            first = await newHousehold(3);
            // Between the first and the last, whose ids begin with the time in milliseconds.
            const afterFirst = (parseInt(first.tenant.id.replace('-', '').slice(0, 12), 16) + 1)
                .toString(16)
                .padStart(12, '0');
            const time = `${afterFirst.slice(0, 8)}-${afterFirst.slice(8)}`;
            const between = await makeTenants(2 * kOnEitherSide, () => time + randomUUID().slice(13));
            middle = between[kOnEitherSide];
            last = await newHousehold(3);
        },
        { timeout: 60_000 * kPatience },
    );

    // How many keys each root key seals, by its id.
    async function counts() {
        const rows = await stack.rows(`
            select root_key_id as id, count(*)::int from (
                select root_key_id from store.tenant_keys where state <> 'destroyed'
                union all select root_key_id from store.service_keys where state <> 'retired') keys
            group by 1`);
        return Object.fromEntries(rows.map(({ id, count }) => [id, count]));
    }
    async function rootOf({ tenant }) {
        const [{ id }] = await stack.rows(
            `select root_key_id as id from store.tenant_keys where tenant_id = '${tenant.id}'`,
        );
        return id;
    }
    const moving = () =>
        stack.rows(`select pid, wait_event_type as waits_for from pg_stat_activity
                    where usename = 'secretstore_maint'`);

    async function killHalfWay() {
        const [present] = Object.keys(await counts());
        const holder = stack.openSession();
        await holder.execute('begin');
        await holder.execute(
            `select 1 from store.tenant_keys where tenant_id = '${middle}' for update`,
        );
        const child = spawn(
            path.join(stack.state, 'bin/secretstorectl'),
            ['--config', stack.config, 'root-key', 'rotate', 'run'],
            { ...stack.owner, cwd: '/', stdio: 'ignore' },
        );
        const ended = once(child, 'exit');
        try {
            await eventually('it has come to the middle', async () =>
                (await moving()).some((one) => one.waits_for === 'Lock'),
            );
        } finally {
            child.kill('SIGKILL');
            assert.deepEqual(await ended, [null, 'SIGKILL']);
            await holder.close();
        }
        // What it had sent already is still done.
        await eventually('its connections are gone', async () => (await moving()).length === 0);

        const { [present]: left, ...moved } = await counts();
        assert.ok(left >= kOnEitherSide - 500, `${left} keys are under the old root key`);
        assert.equal(Object.keys(moved).length, 1, 'and others under the new one');
        assert.equal(await rootOf(last), present);
        assert.notEqual(await rootOf(first), present);
        return present;
    }

    async function allIsRead() {
        for (const household of [first, last])
            assert.deepEqual(await valuesOf(household), expected(household));
    }

    test('serves all of it, and can be given up', { timeout: 60_000 * kPatience }, async () => {
        const before = fs.readFileSync(rootFile(), 'utf8');
        await stack.ctl(['root-key', 'rotate', 'begin']);
        await restartWorkers();
        const present = await killHalfWay();
        await allIsRead();
        await restartWorkers();
        await allIsRead();

        await stack.ctl(['root-key', 'rotate', 'abort']);

        assert.deepEqual(Object.keys(await counts()), [present]);
        assert.equal(fs.readFileSync(rootFile(), 'utf8'), before);
        await restartWorkers();
        await allIsRead();
    });

    test('is finished when it is called again', { timeout: 60_000 * kPatience }, async () => {
        const old = fs.readFileSync(rootFile(), 'utf8');
        const next = () => fs.readFileSync(`${rootFile()}-next`, 'utf8');
        await stack.ctl(['root-key', 'rotate', 'begin']);
        const begun = next();
        await restartWorkers();
        const present = await killHalfWay();
        await stack.ctl(['root-key', 'rotate', 'begin']);
        assert.equal(next(), begun, 'begun twice, it is still the same new key');

        const { [present]: left } = await counts();
        const said = await stack.ctl(['root-key', 'rotate', 'run']);
        assert.match(said, new RegExp(`^${left} keys moved`), 'only what was left');
        await stack.ctl(['root-key', 'rotate', 'commit']);
        await restartWorkers();

        assert.equal((await counts())[present], undefined);
        assert.deepEqual(
            (await stack.rows('select root_key_id as id from store.root_keys')).map(({ id }) => id),
            Object.keys(await counts()),
        );
        assert.equal(fs.readFileSync(rootFile(), 'utf8'), begun);
        await allIsRead();
        for (const household of [first, last]) await opensOnlyByPresent(household, old);
    });
});

test(
    'ten thousand tenants move to another root key',
    { timeout: 120_000 * kPatience },
    async (t) => {
        await makeTenants(kTenants);
        const [{ count: had }] = await stack.rows(
            `select count(*)::int from store.tenant_keys where state <> 'destroyed'`,
        );
        assert.ok(had > kTenants);
        await stack.ctl(['root-key', 'rotate', 'begin']);
        await restartWorkers();

        const began = performance.now();
        const said = await stack.ctl(['root-key', 'rotate', 'run']);
        t.diagnostic(`${said.split('\n')[0]} in ${Math.round(performance.now() - began)} ms`);

        const [{ count: services }] = await stack.rows(
            `select count(*)::int from store.service_keys where state <> 'retired'`,
        );
        assert.match(said, new RegExp(`^${had + services} keys moved`));
        await stack.ctl(['root-key', 'rotate', 'commit']);
        await restartWorkers();
    },
);
