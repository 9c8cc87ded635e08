// No audit, no answer: each request of a known tenant leaves its row. contract.md §8 and
// security.md §4.
import { assert, before, describe, inParallel, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

describe('an audit row', () => {
    let tenant;
    let agent;
    let token;

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:*:audit/*']);
        await tenant.putSecret('audit/KEY', { value: 'a-test-value' });
    });

    // A request, its status, and what its one row must say.
    const cases = [
        [
            'a read',
            () => http.get('/v1/secrets/audit/KEY', { token }),
            200,
            {
                event_type: 'secret.read',
                actor_type: 'agent',
                resource_type: 'secret',
                namespace: 'audit',
                key: 'KEY',
                version: 1,
                reason: null,
            },
        ],
        [
            'a read of an absent secret',
            () => http.get('/v1/secrets/audit/NONE', { token }),
            404,
            {
                event_type: 'secret.read.denied',
                actor_type: 'agent',
                namespace: 'audit',
                key: 'NONE',
                reason: 'secret_not_found',
            },
        ],
        [
            'a read outside the scope',
            () => http.get('/v1/secrets/elsewhere/KEY', { token }),
            403,
            {
                event_type: 'secret.read.denied',
                actor_type: 'agent',
                namespace: 'elsewhere',
                key: 'KEY',
                reason: (text) => /scope/.test(text),
            },
        ],
        [
            'a write',
            () => http.put('/v1/secrets/audit/NEW', { token, body: { value: 'v' } }),
            200,
            {
                event_type: 'secret.created',
                actor_type: 'agent',
                namespace: 'audit',
                key: 'NEW',
                version: 1,
            },
        ],
        [
            'an update',
            () => http.put('/v1/secrets/audit/KEY', { token, body: { value: 'a-test-value' } }),
            200,
            {
                event_type: 'secret.updated',
                actor_type: 'agent',
                namespace: 'audit',
                key: 'KEY',
                version: (n) => n > 1,
            },
        ],
        [
            'a write outside the scope',
            () => http.put('/v1/secrets/elsewhere/KEY', { token, body: { value: 'v' } }),
            403,
            {
                event_type: 'secret.write.denied',
                actor_type: 'agent',
                namespace: 'elsewhere',
                key: 'KEY',
                reason: (text) => /scope/.test(text),
            },
        ],
        [
            'a write against a version',
            () =>
                http.put('/v1/secrets/audit/KEY', {
                    token,
                    body: { value: 'v', expected_version: 0 },
                }),
            409,
            {
                event_type: 'secret.write.denied',
                actor_type: 'agent',
                reason: (text) => /version/.test(text),
            },
        ],
        [
            "a person's write",
            () =>
                http.put('/v1/secrets/audit/USER', {
                    token: tenant.userToken,
                    body: { value: 'v' },
                }),
            200,
            { event_type: 'secret.created', actor_type: 'user', namespace: 'audit', key: 'USER' },
        ],
        [
            'a token',
            () => agent.requestToken({ scopes: ['secrets:read:audit/*'] }),
            200,
            { event_type: 'token.issued', actor_type: 'agent', resource_type: 'token' },
        ],
        [
            'a new agent',
            () =>
                http.post('/v1/agents', {
                    token: tenant.userToken,
                    body: { name: unique('agent'), allowed_namespaces: ['a'] },
                }),
            200,
            { event_type: 'agent.created', actor_type: 'user', resource_type: 'agent' },
        ],
        [
            'a credential of the wrong kind',
            () => http.get('/v1/audit', { token }),
            403,
            { event_type: 'auth.failed', actor_type: 'agent' },
        ],
        [
            "a person's read of a value",
            () => http.get('/v1/secrets/audit/KEY', { token: tenant.userToken }),
            403,
            {
                event_type: (type) => ['auth.failed', 'secret.read.denied'].includes(type),
                actor_type: 'user',
            },
        ],
    ];
    for (const [what, request, status, row] of cases) {
        test(`of ${what} says what happened`, async () => {
            const answer = await request();
            answer.expect(status);

            const event = await tenant.auditOf(answer.requestId);

            for (const [name, wanted] of Object.entries(row)) {
                const passes =
                    typeof wanted === 'function' ? wanted(event[name]) : event[name] === wanted;
                assert.ok(passes, `${name}: ${JSON.stringify(event)}`);
            }
            assert.equal(event.ip_address, '127.0.0.1');
        });
    }

    test('of a refused token request names the reason', async () => {
        const narrow = await tenant.newAgent({
            allowed_namespaces: ['a'],
            allowed_scopes: ['secrets:read:a/*'],
        });
        const answer = await narrow.requestToken({ scopes: ['secrets:read:b/x'] });
        answer.expect(403);
        const event = await tenant.auditOf(answer.requestId);
        assert.equal(event.event_type, 'token.denied');
        assert.ok(event.reason?.length > 0);
    });

    test('of an approval is there once, however often it is asked', async () => {
        await tenant.putSecret('audit/SENSITIVE', { value: 'v', access_tier: 'sensitive' });
        const ask = () => agent.requestToken({ scopes: ['secrets:read:audit/SENSITIVE'] });
        const first = await ask();
        first.expect(200);
        assert.equal((await tenant.auditOf(first.requestId)).event_type, 'approval.requested');
        (await ask()).expect(200);
        const [{ count }] = await stack.rows(
            `select count(*)::int from store.audit_events where tenant_id = '${tenant.id}'
             and event_type = 'approval.requested' and resource_id = '${first.json.approval_id}'`,
        );
        assert.equal(count, 1);
    });

    test('of a wrong agent key of a known agent is there', async () => {
        // Right public id and checksum, wrong secret: made by the server's own format.
        const forged = forgeKey(agent.key);
        const answer = await agent.tenant.stack.client.post('/v1/tokens', {
            token: forged,
            body: { scopes: ['secrets:read:a/b'] },
        });
        answer.expect(401, 'UNAUTHORIZED');
        const rows = await tenant.audit(answer.requestId);
        assert.deepEqual(
            rows.map((row) => row.event_type),
            ['auth.failed'],
        );
    });

    test('is there for every one of 500 mixed answers, and for nothing else', async () => {
        const other = await stack.newTenant();
        const someone = await other.newAgent();
        const reader = await someone.newToken(['secrets:read:mixed/*']);
        await other.putSecret('mixed/KEY', { value: 'v' });
        const kinds = [
            ['/v1/secrets/mixed/KEY', 200, 'secret.read'],
            ['/v1/secrets/mixed/NONE', 404, 'secret.read.denied'],
            ['/v1/secrets/closed/KEY', 403, 'secret.read.denied'],
            ['/v1/secrets/mixed/KEY?version=9', 404, 'secret.read.denied'],
        ];

        const answers = await inParallel(500, 32, (i) =>
            http.get(kinds[i % 4][0], { token: reader }),
        );

        answers.forEach((answer, i) => assert.equal(answer.status, kinds[i % 4][1]));
        const rows = await stack.rows(
            `select request_id, event_type from store.audit_events
             where tenant_id = '${other.id}' and event_type like 'secret.read%'`,
        );
        const typeOf = new Map(rows.map((row) => [row.request_id, row.event_type]));
        assert.equal(rows.length, 500);
        answers.forEach((answer, i) => assert.equal(typeOf.get(answer.requestId), kinds[i % 4][2]));
    });

    test('never holds a value, a token, a key or a body', async () => {
        const value = `marker-${unique('value')}`;
        const path = `${unique('audit-values')}/KEY`;
        const writer = await agent.newToken([`secrets:*:${path}`]);
        (
            await http.put(`/v1/secrets/${path}`, {
                token: writer,
                body: { value, metadata: { note: `${value}-note` } },
            })
        ).expect(200);
        (await http.get(`/v1/secrets/${path}`, { token: writer })).expect(200);
        (
            await http.put(`/v1/secrets/${path}`, {
                token: writer,
                body: `{"value":"${value}","${value}":1}`,
            })
        ).expect(400);

        const text = await stack.psql(
            `select e::text from store.audit_events e where tenant_id = '${tenant.id}'`,
        );

        assert.ok(text.length > 0);
        for (const secret of [value, writer, token, agent.key, tenant.userToken]) {
            assert.ok(!text.includes(secret), `the log holds ${secret.slice(0, 12)}…`);
        }
    });

    test('keeps a hostile user agent to plain, short text', async () => {
        // Latin-1 bytes, so \u00ff is no UTF-8; what looks like the end of the text is not.
        const hostile = `x\u007f"\u00ff\u00fe${'\u00c3\u00bc'.repeat(10)}${'y'.repeat(5000)}`;
        const answer = await http.rawGet('/v1/secrets/audit/KEY', {
            token,
            headers: [`User-Agent: ${hostile}`],
        });
        answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.ok(Buffer.byteLength(event.user_agent) <= 256);
        assert.doesNotMatch(event.user_agent, /[\u0000-\u001f\u007f\ufffe]/);
    });
});

describe('GET /audit', () => {
    let tenant;
    before(async () => {
        tenant = await stack.newTenant();
        for (let i = 0; i < 5; ++i) await tenant.putSecret(`listed/K${i}`, { value: 'v' });
    });
    const audit = (query = '') => http.get(`/v1/audit${query}`, { token: tenant.userToken });

    test('shows the newest first, 100 of them unless another limit is given', async () => {
        const log = (await audit()).expect(200);
        assert.equal(log.limit, 100);
        assert.equal(log.page, 1);
        const keys = log.events
            .filter((event) => event.event_type === 'secret.created')
            .map((event) => event.metadata.key);
        assert.deepEqual(keys, ['K4', 'K3', 'K2', 'K1', 'K0']);
    });

    test('pages without losing or repeating an event', async () => {
        const whole = (await audit()).expect(200);
        const seen = [];
        for (let page = 1; page <= Math.ceil(whole.total / 2); ++page) {
            seen.push(
                ...(await audit(`?limit=2&page=${page}`))
                    .expect(200)
                    .events.map((event) => event.id),
            );
        }
        assert.deepEqual(
            seen,
            whole.events.map((event) => event.id),
        );
    });

    test('shows no event of another tenant', async () => {
        const other = await stack.newTenant();
        await other.putSecret('theirs/KEY', { value: 'v' });
        const text = (await audit('?limit=200')).text;
        assert.ok(!text.includes('theirs'));
        assert.ok(!text.includes(other.id));
    });

    test('carries the request id of each event', async () => {
        const answer = await http.put('/v1/secrets/listed/WITH-ID', {
            token: tenant.userToken,
            body: { value: 'v' },
        });
        answer.expect(200);
        const { events } = (await audit('?limit=5')).expect(200);
        assert.ok(events.some((event) => event.metadata.request_id === answer.requestId));
    });
});

describe('the database roles of the service', () => {
    let tenant;
    before(async () => {
        tenant = await stack.newTenant();
        await tenant.putSecret('roles/KEY', { value: 'v' });
    });

    const forbidden = [
        'update store.audit_events set reason = null',
        'delete from store.audit_events',
        'truncate store.audit_events',
        'truncate store.secrets',
        'truncate store.secret_versions cascade',
        'delete from store.secrets',
        'delete from store.secret_versions',
        'update store.secret_versions set version = version + 1',
        'drop table store.audit_events',
        'alter table store.audit_events disable row level security',
        'create table store.mine (x int)',
        'create table public.mine (x int)',
        'set role secretstore_owner',
        'set session_replication_role = replica',
        "select pg_read_file('/etc/hostname')",
        "copy store.secrets to program 'cat'",
        'insert into store.tenant_keys (kek_id, replaced_at) select kek_id, now() from store.tenant_keys',
        'insert into store.service_keys (key_id, box) select key_id, box from store.service_keys',
        "update store.tenants set plan = 'enterprise'",
    ];
    for (const role of ['secretstore_app', 'secretstore_reader']) {
        for (const statement of forbidden) {
            test(`${role} may not: ${statement}`, async () => {
                const sql = `${asTenant(tenant)} ${statement};`;
                await assert.rejects(
                    stack.psql(sql, { role }),
                    /permission denied|must be owner|not allowed|must be superuser/i,
                );
            });
        }
    }

    test('may not give away what they have not: a grant changes nothing', async () => {
        const grants = () =>
            stack.rows(
                `select relname, relacl::text from pg_class
                 where relnamespace = 'store'::regnamespace order by 1`,
            );
        const before = await grants();
        for (const role of ['secretstore_app', 'secretstore_reader']) {
            await stack
                .psql('grant all on store.audit_events, store.secrets to public', { role })
                .catch(() => undefined);
        }
        assert.deepEqual(await grants(), before);
    });

    test('also no partition of the audit log may be changed', async () => {
        const partitions = await stack.rows(
            `select inhrelid::regclass::text as name from pg_inherits
             where inhparent = 'store.audit_events'::regclass`,
        );
        assert.ok(partitions.length >= 12);
        for (const role of ['secretstore_app', 'secretstore_reader']) {
            for (const verb of [
                `delete from ${partitions[0].name}`,
                `update ${partitions[0].name} set reason = null`,
                `truncate ${partitions[0].name}`,
            ]) {
                await assert.rejects(stack.psql(verb, { role }), /permission denied/);
            }
        }
    });

    test('the application sees one tenant at a time, and none before it says which', async () => {
        const count = (text) => Number(text.trim().split('\n').at(-1));
        const other = await stack.newTenant();
        await other.putSecret('roles/KEY', { value: 'v' });
        const mine = await stack.psql(`${asTenant(tenant)} select count(*) from store.secrets;`, {
            role: 'secretstore_app',
        });
        assert.equal(count(mine), 1);
        await assert.rejects(
            stack.psql('select count(*) from store.secrets', { role: 'secretstore_app' }),
            /secretstore\.tenant/,
        );
    });

    test('the reader sees no more columns than its statement needs', async () => {
        for (const statement of [
            'select key_mac from store.agents',
            'select * from store.tenants',
            'select * from store.tenant_keys',
            'select * from store.service_keys',
            'select * from store.audit_events',
            'select * from store.users',
        ]) {
            await assert.rejects(
                stack.psql(statement, { role: 'secretstore_reader' }),
                /permission denied/,
            );
        }
    });
});

// What the application says before anything else.
function asTenant(tenant) {
    return `select set_config('secretstore.tenant', '${tenant.id}', false);`;
}

// The same public id, another secret, a right checksum (security.md §1.3).
function forgeKey(key) {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const text = key.slice(0, 19) + key.slice(19, 51).split('').reverse().join('');
    let crc = crc32(Buffer.from(text));
    let digits = '';
    for (let i = 0; i < 6; ++i) {
        digits = alphabet[crc % 62] + digits;
        crc = Math.floor(crc / 62);
    }
    return text + digits;
}

function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    return (crc ^ 0xffffffff) >>> 0;
}
