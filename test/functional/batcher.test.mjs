// Reads ride in batches, and nobody notices: each of thousands of mixed requests gets its own
// right answer and its own audit row. architecture.md §2.
import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { kPatience, kSlowdown, Stack } from './stack.mjs';

const kWidth = 64;

// Two tenants with the same names and different values, and every way for a read to be refused.
class Mixture {
    constructor(stack) {
        this.stack = stack;
        this.http = stack.client;
    }

    async prepare() {
        this.tenants = await Promise.all([
            this.#prepareTenant('first'),
            this.#prepareTenant('second'),
        ]);
        const [first, second] = this.tenants;
        await second.tenant.putSecret('only/theirs', { value: 'the-value-of-another-tenant' });
        this.kinds = [
            ...this.tenants.flatMap((side) => side.keys.map((key) => this.#own(side, key))),
            ...this.tenants.map((side) => ({
                what: 'an older version',
                token: side.token,
                path: 'mixed/K0?version=1',
                status: 200,
                value: `${side.name}-old`,
                event: 'secret.read',
                tenant: side.tenant,
            })),
            this.#refused(
                "another tenant's path",
                first,
                first.token,
                'only/theirs',
                404,
                'secret_not_found',
            ),
            this.#refused(
                'a missing secret',
                first,
                first.token,
                'mixed/NONE',
                404,
                'secret_not_found',
            ),
            this.#refused(
                'a missing version',
                second,
                second.token,
                'mixed/K0?version=99',
                404,
                'version_not_found',
            ),
            this.#refused(
                'an expired secret',
                second,
                second.token,
                'mixed/EXPIRED',
                410,
                'secret_expired',
            ),
            this.#refused(
                'a tier too high',
                first,
                first.token,
                'mixed/CRITICAL',
                403,
                'approval_needed',
            ),
            this.#refused(
                'a path outside the scope',
                second,
                second.token,
                'closed/KEY',
                403,
                /scope/,
            ),
            this.#refused(
                'a revoked token',
                first,
                first.revoked,
                'mixed/K1',
                401,
                'token_revoked',
            ),
            this.#refused(
                'a token of an inactive agent',
                second,
                second.inactive,
                'mixed/K1',
                401,
                'agent_inactive',
            ),
            this.#refused(
                'a token of other addresses',
                first,
                first.elsewhere,
                'mixed/K1',
                [401, 403],
                /address/,
            ),
            { what: 'a bad path', token: first.token, path: 'mixed/%2e%2e/K0', status: 400 },
            {
                what: 'a bad token',
                token: `${first.token.slice(0, -4)}AAAA`,
                path: 'mixed/K0',
                status: 401,
            },
            { what: 'no token', path: 'mixed/K0', status: 401 },
        ];
    }

    async #prepareTenant(name) {
        const tenant = await this.stack.newTenant();
        const agent = await tenant.newAgent();
        const token = await agent.newToken(['secrets:read:mixed/*', 'secrets:read:only/*']);
        const keys = Array.from({ length: 8 }, (_, i) => `K${i}`);
        await tenant.putSecret('mixed/K0', { value: `${name}-old` });
        for (const key of keys)
            await tenant.putSecret(`mixed/${key}`, { value: `${name}-value-of-${key}` });
        await tenant.putSecret('mixed/EXPIRED', {
            value: `${name}-expired`,
            expires_at: '2020-01-01T00:00:00Z',
        });
        await tenant.putSecret('mixed/CRITICAL', {
            value: `${name}-critical`,
            access_tier: 'critical',
        });
        await tenant.putSecret('closed/KEY', { value: `${name}-closed` });
        const dead = await tenant.newAgent();
        const inactive = await dead.newToken(['secrets:read:mixed/K1']);
        const revoked = await agent.issue(['secrets:read:mixed/K1']);
        const elsewhere = await agent.newToken(['secrets:read:mixed/K1'], {
            ip_allowlist: ['10.0.0.0/8'],
        });
        await this.stack.psql(`
            update store.agents set active = false
            where tenant_id = '${tenant.id}' and agent_id = '${dead.id}';
            update store.tokens set revoked_at = now()
            where tenant_id = '${tenant.id}' and token_id = '${revoked.token_id}';`);
        return { name, tenant, agent, token, keys, inactive, revoked: revoked.token, elsewhere };
    }

    #own(side, key) {
        return {
            what: `the own ${key}`,
            token: side.token,
            path: `mixed/${key}`,
            status: 200,
            value: `${side.name}-value-of-${key}`,
            event: 'secret.read',
            tenant: side.tenant,
        };
    }

    #refused(what, side, token, path, status, reason) {
        return {
            what,
            token,
            path,
            status,
            event: 'secret.read.denied',
            reason,
            tenant: side.tenant,
        };
    }

    // Sends `count` of them, shuffled but the same each time; { kind, answer } of each.
    async send(count) {
        let state = 12345;
        const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
        const kinds = Array.from(
            { length: count },
            () => this.kinds[Math.floor(random() * this.kinds.length)],
        );
        return inParallel(count, kWidth, async (i) => ({
            kind: kinds[i],
            answer: await this.http.get(`/v1/secrets/${kinds[i].path}`, { token: kinds[i].token }),
        }));
    }

    checkAnswers(sent) {
        for (const { kind, answer } of sent) {
            const seen = `${kind.what}: ${answer.status} ${answer.text}`;
            assert.ok([kind.status].flat().includes(answer.status), seen);
            if (kind.value) assert.equal(answer.json.value, kind.value, seen);
            else assert.ok(!answer.text.includes('"value"'), seen);
        }
    }

    async checkAudit(sent) {
        const rows = await this.stack.rows(
            `select request_id, event_type, reason, tenant_id from store.audit_events
             where tenant_id in ('${this.tenants[0].tenant.id}', '${this.tenants[1].tenant.id}')
             and event_type in ('secret.read', 'secret.read.denied', 'auth.failed')`,
        );
        const byRequest = Map.groupBy?.(rows, (row) => row.request_id) ?? groupBy(rows);
        for (const { kind, answer } of sent.filter(({ kind: one }) => one.event)) {
            const found = byRequest.get(answer.requestId) ?? [];
            const seen = `${kind.what}: ${JSON.stringify(found)}`;
            assert.equal(found.length, 1, seen);
            assert.equal(found[0].event_type, kind.event, seen);
            assert.equal(found[0].tenant_id, kind.tenant.id, seen);
            if (kind.reason instanceof RegExp) assert.match(found[0].reason, kind.reason, seen);
            else assert.equal(found[0].reason, kind.reason ?? null, seen);
        }
    }
}

function groupBy(rows) {
    const groups = new Map();
    for (const row of rows)
        groups.set(row.request_id, [...(groups.get(row.request_id) ?? []), row]);
    return groups;
}

describe('4,000 mixed reads at once', () => {
    const mixture = new Mixture(Stack.shared());
    let sent;

    before(
        async () => {
            await mixture.prepare();
            sent = await mixture.send(4000);
        },
        { timeout: 60_000 * kPatience },
    );

    test('get each its own right answer', () => mixture.checkAnswers(sent));

    test('leave each its own audit row', () => mixture.checkAudit(sent));

    test('were really mixed', () => {
        const kinds = new Set(sent.map(({ kind }) => kind.what));
        assert.equal(kinds.size, new Set(mixture.kinds.map((kind) => kind.what)).size);
    });
});

describe('one read that does not belong', () => {
    const stack = Stack.shared();

    test('does not spoil the batch that it rides in', async () => {
        // A damaged row fails when it is opened, long after the statement succeeded.
        const tenant = await stack.newTenant();
        const token = await (await tenant.newAgent()).newToken(['secrets:read:*']);
        for (const key of ['GOOD', 'BAD'])
            await tenant.putSecret(`spoilt/${key}`, { value: `value-of-${key}` });
        await stack.psql(
            `update store.secret_versions v
             set value_box = set_byte(value_box, 90, get_byte(value_box, 90) # 1)
             from store.secrets s where s.tenant_id = v.tenant_id and s.secret_id = v.secret_id
             and s.tenant_id = '${tenant.id}' and s.key = 'BAD'`,
        );

        const answers = await inParallel(200, kWidth, (i) =>
            stack.client.get(`/v1/secrets/spoilt/${i % 5 === 0 ? 'BAD' : 'GOOD'}`, { token }),
        );

        answers.forEach((answer, i) => {
            if (i % 5 === 0) answer.expect(500, 'INTERNAL_ERROR');
            else assert.equal(answer.expect(200).value, 'value-of-GOOD');
        });
    });

    test('cannot be opened after its boxes were given to another secret or version', async () => {
        const tenant = await stack.newTenant();
        const token = await (await tenant.newAgent()).newToken(['secrets:read:*']);
        const one = await tenant.putSecret('moved/ONE', { value: 'value-one' });
        const two = await tenant.putSecret('moved/TWO', { value: 'value-two' });
        await tenant.putSecret('moved/TWO', { value: 'value-three' });
        await stack.psql(
            `update store.secret_versions v set value_box = o.value_box, dek_box = o.dek_box
             from store.secret_versions o
             where o.tenant_id = v.tenant_id and o.secret_id = '${one.id}' and o.version = 1
               and v.secret_id = '${two.id}' and v.tenant_id = '${tenant.id}'`,
        );
        for (const target of ['/v1/secrets/moved/TWO', '/v1/secrets/moved/TWO?version=1']) {
            const answer = await stack.client.get(target, { token });
            answer.expect(500, 'INTERNAL_ERROR');
            assert.ok(!answer.text.includes('value-one'));
        }
    });

    test('cannot be opened after its tier was lowered by hand', async () => {
        const tenant = await stack.newTenant();
        const token = await (await tenant.newAgent()).newToken(['secrets:read:*']);
        await tenant.putSecret('lowered/KEY', {
            value: 'a-guarded-value',
            access_tier: 'critical',
        });
        await stack.psql(
            `update store.secrets set access_tier = 0
             where tenant_id = '${tenant.id}' and path = 'lowered/KEY';
             update store.secret_versions set access_tier = 0 where tenant_id = '${tenant.id}';`,
        );
        const answer = await stack.client.get('/v1/secrets/lowered/KEY', { token });
        answer.expect(500, 'INTERNAL_ERROR');
        assert.ok(!answer.text.includes('a-guarded-value'));
    });
});

describe('a store that runs each read alone', () => {
    let stack;
    let mixture;
    let sent;

    before(
        async () => {
            stack = await Stack.start({ workers: 1, conf: 'worker:\n  read_batch: 1\n' });
            mixture = new Mixture(stack);
            await mixture.prepare();
            sent = await mixture.send(600);
        },
        { timeout: 90_000 * kPatience },
    );
    after(() => stack?.stop());

    test('gives the same answers', () => mixture.checkAnswers(sent));
    test('leaves the same audit rows', () => mixture.checkAudit(sent));
});

describe('a statement that takes too long', () => {
    let stack;
    let tenant;
    let token;
    let path;

    before(
        async () => {
            stack = await Stack.start({ workers: 1, threads: 16 });
            tenant = await stack.newTenant();
            token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
            path = `${unique('slow')}/KEY`;
            await tenant.putSecret(path, { value: 'a-test-value' });
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => stack?.stop());

    for (const table of ['store.secret_versions', 'store.audit_events']) {
        test(
            `because ${table} is locked is answered with 503, and nothing waits in line`,
            { timeout: 60_000 * kPatience },
            async () => {
                const session = stack.openSession();
                const began = Date.now();
                let answers;
                let elsewhere;
                try {
                    await session.execute(`begin; lock table ${table} in access exclusive mode`);
                    [answers, elsewhere] = await Promise.all([
                        inParallel(40, 40, () =>
                            stack.client.get(`/v1/secrets/${path}`, { token }),
                        ),
                        stack.client.get('/v1/health'),
                    ]);
                } finally {
                    await session.close();
                }

                for (const answer of answers) answer.expect(503, 'INTERNAL_ERROR');
                elsewhere.expect(200);
                assert.ok(
                    Date.now() - began < 12_000 * kSlowdown,
                    `it took ${Date.now() - began} ms`,
                );
                await eventually(
                    'reads are served again',
                    async () =>
                        (await stack.client.get(`/v1/secrets/${path}`, { token })).status === 200,
                );
            },
        );

        test(`because ${table} is locked leaves no request with two audit rows`, async () => {
            const rows = await stack.rows(
                `select request_id, count(*)::int from store.audit_events
                 where tenant_id = '${tenant.id}' and event_type = 'secret.read'
                 group by 1 having count(*) > 1`,
            );
            assert.deepEqual(rows, []);
        });
    }

    test('does not delay endpoints that do not need the locked table', async () => {
        const session = stack.openSession();
        try {
            await session.execute(
                'begin; lock table store.secret_versions in access exclusive mode',
            );
            const slow = stack.client.get(`/v1/secrets/${path}`, { token });
            (await stack.client.get('/v1/agents', { token: tenant.userToken })).expect(200);
            (
                await stack.client.get(`/v1/secrets?namespace=${path.split('/')[0]}`, { token })
            ).expect(200);
            (await slow).expect(503);
        } finally {
            await session.close();
        }
        await eventually(
            'reads are served again',
            async () => (await stack.client.get(`/v1/secrets/${path}`, { token })).status === 200,
        );
    });

    test('of a connection that was cut is run again or answered with 503, never hung', async () => {
        let done = false;
        const outcomes = [];
        const readers = Array.from({ length: 8 }, async () => {
            while (!done)
                outcomes.push((await stack.client.get(`/v1/secrets/${path}`, { token })).status);
        });
        for (let i = 0; i < 5; ++i) {
            await stack.psql(
                `select pg_terminate_backend(pid) from pg_stat_activity
                 where usename = 'secretstore_reader'`,
            );
            const seen = outcomes.length;
            await eventually('reads go on', () => outcomes.slice(seen).includes(200));
        }
        done = true;
        await Promise.all(readers);
        for (const status of outcomes) assert.ok([200, 503].includes(status), `${status}`);
    });
});
