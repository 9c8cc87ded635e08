// The database goes away and comes back, and the store says so and goes on; and workers that
// cannot be right do not start at all.
import fs from 'node:fs';
import path from 'node:path';

import { after, assert, before, describe, eventually, inParallel, test } from './claim.mjs';
import { kOldestUsableSchema, kPatience, kSlowdown, Stack } from './stack.mjs';

let stack;
let tenant;
let agent;
let token;

before(
    async () => {
        stack = await Stack.start({ workers: 2, threads: 16 });
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:*:*']);
        await tenant.putSecret('database/KEY', { value: 'a-test-value' });
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

const read = () => stack.client.get('/v1/secrets/database/KEY', { token });
const servesAgain = () =>
    eventually('reads are served again', async () => (await read()).status === 200, {
        timeoutMs: 10_000 * kPatience,
    });

describe('while the database is away', () => {
    let pids;
    before(async () => {
        pids = stack.workerPids();
        await stack.stopPostgres('fast');
    });
    after(async () => {
        await stack.startPostgres();
        await servesAgain();
    });

    const requests = {
        'a read': () => read(),
        'a write': () =>
            stack.client.put('/v1/secrets/database/NEW', { token, body: { value: 'v' } }),
        'a list': () => stack.client.get('/v1/secrets?namespace=database', { token }),
        'a token request': () => agent.requestToken({ scopes: ['secrets:read:database/*'] }),
        "a person's request": () => stack.client.get('/v1/agents', { token: tenant.userToken }),
        'the audit log': () => stack.client.get('/v1/audit', { token: tenant.userToken }),
        'a read outside the scope': () =>
            stack.client.get('/v1/secrets/x/y', { token: tenant.userToken }),
    };
    for (const [what, request] of Object.entries(requests)) {
        test(`${what} is answered with 503 and Retry-After within a second`, async () => {
            // The first one may find the connection dead; it too must be quick.
            for (let i = 0; i < 3; ++i) {
                const began = Date.now();
                const answer = await request();
                const took = Date.now() - began;
                answer.expect(503, 'INTERNAL_ERROR');
                assert.ok(took < 1000 * kSlowdown, `${took} ms`);
            }
        });
    }

    test('40 reads at once are all answered with 503 within a second', async () => {
        // Handshakes of TLS are not what is measured: these connections are kept.
        await inParallel(40, 40, () => stack.client.get('/v1/openapi.json'));
        const began = Date.now();
        const answers = await inParallel(40, 40, read);
        for (const answer of answers) answer.expect(503, 'INTERNAL_ERROR');
        assert.ok(Date.now() - began < 1500 * kSlowdown, `${Date.now() - began} ms`);
    });

    test('health says degraded', async () => {
        const answer = await stack.client.get('/v1/health');
        assert.equal(answer.status, 503);
        assert.match(answer.text, /degraded/);
        assert.match(answer.header('retry-after'), /^\d+$/);
    });

    test('a bad credential is still a 401 where that needs no database', async () => {
        const answer = await stack.client.get('/v1/secrets/database/KEY', {
            token: `${token.slice(0, -4)}AAAA`,
        });
        answer.expect(401, 'UNAUTHORIZED');
    });

    test('the description of the API is still served', async () => {
        (await stack.client.get('/v1/openapi.json')).expect(200);
    });

    test('the workers stay the same', () => {
        assert.deepEqual(stack.workerPids(), pids);
    });
});

describe('when the database is back', () => {
    test('the same workers serve by themselves, within a second', async () => {
        const pids = stack.workerPids();
        for (const mode of ['fast', 'immediate']) {
            await stack.stopPostgres(mode);
            (await read()).expect(503);
            await stack.startPostgres();
            const began = Date.now();
            await servesAgain();
            assert.ok(Date.now() - began < 1500 * kSlowdown, `${mode}: ${Date.now() - began} ms`);
        }
        (
            await stack.client.put('/v1/secrets/database/NEW', { token, body: { value: 'v' } })
        ).expect(200);
        (await agent.requestToken({ scopes: ['secrets:read:database/KEY'] })).expect(200);
        (await stack.client.get('/v1/health')).expect(200);
        assert.deepEqual(stack.workerPids(), pids);
    });

    test(
        'no write that was acknowledged around a crash is lost',
        { timeout: 60_000 * kPatience },
        async () => {
            const acknowledged = [];
            let running = true;
            const writers = Array.from({ length: 8 }, async (_, i) => {
                for (let n = 0; running; ++n) {
                    const value = `v${i}-${n}`;
                    const answer = await stack.client.put(`/v1/secrets/database/W${i}`, {
                        token,
                        body: { value },
                    });
                    assert.ok([200, 503].includes(answer.status), answer.text);
                    if (answer.status === 200) acknowledged.push([i, answer.json.version, value]);
                }
            });
            await eventually('writes run', () => acknowledged.length > 50);
            await stack.stopPostgres('immediate');
            await stack.startPostgres();
            const seen = acknowledged.length;
            await eventually('writes go on', () => acknowledged.length > seen + 50);
            running = false;
            await Promise.all(writers);

            for (const [i, version, value] of acknowledged) {
                const answer = await stack.client.get(
                    `/v1/secrets/database/W${i}?version=${version}`,
                    { token },
                );
                assert.equal(answer.expect(200).value, value);
            }
        },
    );

    test('a database that only reads gives no value, for it takes no audit', async () => {
        await stack.psql(
            'alter system set default_transaction_read_only = on; select pg_reload_conf();',
        );
        try {
            await eventually('reads are refused', async () => (await read()).status === 503);
            const answers = await inParallel(20, 10, read);
            for (const answer of answers) {
                answer.expect(503);
                assert.ok(!answer.text.includes('a-test-value'));
            }
        } finally {
            await stack.psql(
                `set default_transaction_read_only = off;
                 alter system reset default_transaction_read_only;
                 select pg_reload_conf();`,
            );
        }
        await servesAgain();
    });
});

describe('a worker refuses to start, with one line and exit code 78, when', () => {
    let folder;
    before(() => {
        folder = path.join(stack.state, 'refused');
        fs.mkdirSync(folder);
        fs.chmodSync(folder, 0o755);
    });
    after(() => fs.rmSync(folder, { recursive: true, force: true }));

    function write(name, text) {
        const file = path.join(folder, name);
        fs.writeFileSync(file, text);
        fs.chmodSync(file, 0o644);
        return file;
    }
    const trueConfig = () => fs.readFileSync(stack.config, 'utf8');
    const withRootKey = (file) => trueConfig().replace(/(root_key:\n\s+file: ).*/, `$1${file}`);

    async function refuses(config, pattern, args = []) {
        const { code, stdout, stderr } = await stack.workerWithSocket([
            '--config',
            config,
            ...args,
        ]);
        const said = `${stdout}${stderr}`;
        assert.equal(code, 78, said);
        assert.equal(said.trim().split('\n').length, 1, said);
        assert.match(said, pattern);
    }

    const faults = [
        ['a key is unknown', 'worker:\n  thread: 4\n', /:2: .*thread/],
        ['a section is unknown', 'log:\n  level: info\nworkers:\n  threads: 4\n', /:3: .*workers/],
        ['a key stands twice', 'worker:\n  threads: 4\n  threads: 5\n', /:3: .*threads/],
        [
            'a section stands twice',
            'worker:\n  threads: 4\nworker:\n  threads: 5\n',
            /:3: .*worker/,
        ],
        ['a number is none', 'worker:\n  threads: many\n', /:2: .*threads/],
        ['a number is out of range', 'worker:\n  read_batch: 65\n', /:2: .*read_batch/],
        ['a duration has no unit', 'tokens:\n  max_ttl: 3600\n', /:2: .*max_ttl/],
        ['a level is unknown', 'log:\n  level: loud\n', /:2: .*level/],
        ['a list stands for a value', 'log:\n  level: [debug]\n', /:2: .*level/],
        ['it is no YAML', 'log: {level: info\n', /refused-config\.yaml/],
        ['it is a list', '- a\n- b\n', /:1: /],
    ];
    for (const [what, text, pattern] of faults) {
        test(`in the configuration ${what}`, () =>
            refuses(write('refused-config.yaml', text), pattern));
    }

    test('there is no configuration', () => refuses(path.join(folder, 'none.yaml'), /none\.yaml/));

    test('the root key is another', async () => {
        const other = path.join(stack.state, 'other-root.key');
        const config = write('other-root.yaml', withRootKey(other));
        makeRootKey(other);
        await refuses(config, /root key/i);
        fs.rmSync(other);
    });

    test('the root key is not there', () =>
        refuses(write('no-root.yaml', withRootKey('/nonexistent/root.key')), /nonexistent/));

    test('the root key is open to others', async () => {
        const open = path.join(folder, 'open.key');
        fs.copyFileSync(path.join(stack.state, 'root.key'), open);
        fs.chownSync(open, fs.statSync(stack.state).uid, fs.statSync(stack.state).gid);
        fs.chmodSync(open, 0o644);
        await refuses(write('open-root.yaml', withRootKey(open)), /open\.key.*0400/);
    });

    test('the root key file is damaged', async () => {
        const damaged = path.join(folder, 'damaged.key');
        fs.writeFileSync(damaged, 'secretstore-root-key v1\nid: 00\n');
        fs.chownSync(damaged, fs.statSync(stack.state).uid, fs.statSync(stack.state).gid);
        fs.chmodSync(damaged, 0o400);
        await refuses(write('damaged-root.yaml', withRootKey(damaged)), /line 2/);
    });

    test('the schema is newer and breaking', async () => {
        await stack.psql(`insert into store.schema_migrations (number, name, sha256, breaking)
            values (9999, '9999_of_the_future.sql', decode(repeat('00', 32), 'hex'), true)`);
        try {
            await refuses(stack.config, /schema/i);
        } finally {
            await stack.psql('delete from store.schema_migrations where number = 9999');
        }
    });

    test('the schema is older', async () => {
        const rows = await stack.psql(`
            with gone as (
                delete from store.schema_migrations
                where number >= ${kOldestUsableSchema} returning *)
            select json_agg(gone) from gone`);
        try {
            await refuses(stack.config, /schema|migrat/i);
        } finally {
            await stack.psql(
                `insert into store.schema_migrations
                 select * from json_populate_recordset(null::store.schema_migrations, '${rows}')`,
            );
        }
    });

    function makeRootKey(file) {
        const id = 'ab'.repeat(16);
        const key = Buffer.alloc(32, 7).toString('base64url');
        fs.writeFileSync(file, `secretstore-root-key v1\nid: ${id}\nkey: ${key}\nepoch: 1\n`);
        fs.chownSync(file, fs.statSync(stack.state).uid, fs.statSync(stack.state).gid);
        fs.chmodSync(file, 0o400);
    }
});

describe('--check-config', () => {
    test('is content with the true configuration', async () => {
        const { code, stderr } = await stack.worker(['--config', stack.config, '--check-config']);
        assert.equal(code, 0, stderr);
    });

    test('needs no database', async () => {
        await stack.stopPostgres('fast');
        try {
            const { code } = await stack.worker(['--config', stack.config, '--check-config']);
            assert.equal(code, 0);
        } finally {
            await stack.startPostgres();
            await servesAgain();
        }
    });
});
