// The admin listener: what Prometheus and load balancers are told, over all workers, and that nobody
// else is. And one request's id in every place where an operator looks for it.
import fs from 'node:fs';
import path from 'node:path';

import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { askAdmin, readiness, scrape } from './prometheus.mjs';
import { kPatience, run, Stack } from './stack.mjs';

// Nobody answers there: its keys are never fetched.
const kIssuer = 'https://127.0.0.1:1';
const kConf = `issuers:\n  - issuer: ${kIssuer}\n    audience: nobody\n`;
const kHealth = { method: 'GET', route: '/v1/health', code: '200' };
const kRead = { method: 'GET', route: '/v1/secrets/{secret_path+}' };

let stack;
let tenant;
let agent;
let token;

before(
    async () => {
        stack = await Stack.start({ workers: 3, threads: 4, conf: kConf });
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:*:*']);
        await tenant.putSecret('metrics/KEY', { value: 'a-test-value' });
    },
    { timeout: 90_000 * kPatience },
);
after(() => stack?.stop());

const read = (target = 'metrics/KEY') => stack.client.get(`/v1/secrets/${target}`, { token });
const servesAgain = () =>
    eventually('reads are served again', async () => (await read()).status === 200, {
        timeoutMs: 20_000 * kPatience,
    });

// How much a scrape shows more than before `block`.
async function risen(family, labels, block) {
    const before_ = (await scrape(stack)).sum(family, labels);
    await block();
    return (await scrape(stack)).sum(family, labels) - before_;
}

describe('counters', () => {
    test('requests to all workers add up, whichever worker is asked', async () => {
        const began = (await scrape(stack)).sum('http_requests_total', kHealth);
        await inParallel(300, 24, async () => {
            (await stack.client.get('/v1/health')).expect(200);
        });

        const seen = await inParallel(12, 6, () => scrape(stack));

        for (const metrics of seen)
            assert.equal(metrics.sum('http_requests_total', kHealth) - began, 300);
        const last = seen.at(-1);
        const counted = `http_request_duration_seconds_count{method="GET",route="/v1/health"}`;
        assert.equal(last.value(counted), last.sum('http_requests_total', { route: '/v1/health' }));
    });

    test('there are as many workers and threads as run, of which none is busy', async () => {
        const metrics = await scrape(stack);

        assert.equal(metrics.value('workers'), 3);
        assert.equal(metrics.value('worker_threads'), 12);
        // A scrape is no request of the API.
        assert.equal(metrics.value('worker_threads_busy'), 0);
        assert.equal(metrics.value('database_up'), 1);
    });

    test(
        'no count is lost with a worker that is killed',
        { timeout: 90_000 * kPatience },
        async () => {
            await inParallel(50, 10, () => stack.client.get('/v1/health'));
            const before_ = await scrape(stack);
            const killed = stack.workerPids();
            assert.equal(killed.length, 3);

            for (const pid of killed) process.kill(pid, 'SIGKILL');
            await stack.fullPool(3, { gone: killed });

            const after_ = await scrape(stack);
            assert.equal(
                after_.sum('http_requests_total', kHealth),
                before_.sum('http_requests_total', kHealth),
            );
            assert.equal(after_.value('workers'), 3);
            assert.ok(
                after_.value('worker_starts_total') >= before_.value('worker_starts_total') + 3,
            );
        },
    );

    test('a request is counted by its template; nothing that it names is shown', async () => {
        const name = unique('namespace');
        const key = unique('KEY');
        await tenant.putSecret(`${name}/${key}`, { value: 'a-test-value' });
        const counted = await risen('http_requests_total', { ...kRead, code: '200' }, async () => {
            (await read(`${name}/${key}`)).expect(200);
        });

        const { text } = await scrape(stack);

        assert.equal(counted, 1);
        for (const hidden of [name, key, tenant.id, agent.id, agent.name, tenant.email])
            assert.ok(!text.includes(hidden), hidden);
    });

    test('what strangers make up adds no line to the page', async () => {
        const lines = async () => (await scrape(stack)).text.split('\n').length;
        await stack.client.get('/v1/nothing-here');
        await stack.client.call('DELETE', '/v1/nothing-here');
        const before_ = await lines();

        await inParallel(50, 10, () => stack.client.get(`/v1/${unique('made-up')}`));

        assert.equal(await lines(), before_);
    });

    const kCredentials = {
        none: undefined,
        agent_key: `ass_live_${'x'.repeat(48)}`,
        personal_token: `ass_user_${'x'.repeat(48)}`,
        token: 'e30.e30.e30',
    };
    for (const [credential, sent] of Object.entries(kCredentials)) {
        test(`a 401 is counted by its credential: ${credential}`, async () => {
            const counted = await risen('authentication_failures_total', { credential }, () =>
                stack.client.get('/v1/me', { token: sent }).then((answer) => answer.expect(401)),
            );
            assert.equal(counted, 1);
        });
    }

    test('a request above the limit of its plan is counted as such', async () => {
        const free = stack.env.ASS_FREE_USER_TOKEN;
        const me = () => stack.client.get('/v1/me', { token: free });
        let refused = 0;
        const counted = await risen('rate_limited_total', { limit: 'plan' }, async () => {
            const answers = await inParallel(120, 8, me);
            refused = answers.filter(({ status }) => status === 429).length;
        });

        assert.ok(refused >= 20, `${refused}`);
        assert.equal(counted, refused);
    });

    test('a value that was changed in the database is counted, and named in the log', async () => {
        await tenant.putSecret('metrics/BROKEN', { value: 'a-test-value' });
        await stack.psql(
            `update store.secret_versions v
             set value_box = set_byte(v.value_box, 100, get_byte(v.value_box, 100) # 1)
             from store.secrets s where s.tenant_id = v.tenant_id and s.secret_id = v.secret_id
               and s.tenant_id = '${tenant.id}' and s.key = 'BROKEN'`,
        );
        let answer;
        const counted = await risen('decryption_failures_total', { reason: 'integrity' }, () =>
            stack.logContains(/event=request_failed .* code=IntegrityFailure/, async () => {
                answer = await read('metrics/BROKEN');
            }),
        );

        answer.expect(500);
        assert.equal(counted, 1);
        const log = fs.readFileSync(path.join(stack.state, 'log/worker.log'), 'utf8');
        const id = answer.header('x-request-id');
        assert.match(
            log,
            new RegExp(`request_failed request_id=${id} tenant=${tenant.id} code=IntegrityFailure`),
        );
    });

    test('without a place for audit records nothing is given or done, and it is counted', async () => {
        const [{ name }] = await stack.rows(
            `select c.relname as name from pg_class c
             where c.relname = 'audit_events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')`,
        );
        const write = () =>
            stack.client.put('/v1/secrets/metrics/UNRECORDED', { token, body: { value: 'v' } });
        await stack.psql(`alter table store.audit_events detach partition store.${name}`);
        try {
            const counted = await risen('audit_write_failures_total', {}, async () => {
                (await read()).expect(503, 'INTERNAL_ERROR');
                (await write()).expect(503, 'INTERNAL_ERROR');
                (await read('metrics/ABSENT')).expect(503, 'INTERNAL_ERROR');
            });
            assert.equal(counted, 3);
        } finally {
            const month = `${name.slice(-7).replace('_', '-')}-01 00:00:00+00`;
            await stack.psql(
                `set timezone = 'UTC';
                 alter table store.audit_events attach partition store.${name}
                 for values from ('${month}') to ('${month}'::timestamptz + interval '1 month')`,
            );
        }
        (await read()).expect(200);
        (await read('metrics/UNRECORDED')).expect(404);
    });
});

describe('gauges', () => {
    test('a request that waits for people is shown until it is decided', async () => {
        await tenant.putSecret('metrics/SENSITIVE', { value: 'v', access_tier: 'sensitive' });
        const pending = async () => (await scrape(stack)).value('approvals_pending');
        const before_ = await pending();
        const asked = await agent.requestToken({ scopes: ['secrets:read:metrics/SENSITIVE'] });
        assert.equal(asked.expect(200).requires_approval, true);
        assert.equal(await pending(), before_ + 1);

        const { approval_id: id } = asked.json;
        (await tenant.call('POST', `/v1/approvals/${id}/deny`)).expect(200);

        assert.equal(await pending(), before_);
    });

    test('the months that the audit log is ready for, and the schema, are shown', async () => {
        const metrics = await scrape(stack);
        const [{ newest }] = await stack.rows(
            'select max(number) as newest from store.schema_migrations',
        );

        assert.equal(metrics.value('audit_partitions_left'), 12);
        assert.equal(metrics.value('schema_version'), newest);
    });

    test('attempts to fetch the keys of an issuer that is away are shown', async () => {
        await eventually('a fetch has failed', async () => {
            const metrics = await scrape(stack);
            return metrics.value(`key_set_fetch_failures{issuer="${kIssuer}"}`) > 0;
        });
        assert.ok(!(await scrape(stack)).text.includes('key_set_age_seconds{'));
    });
});

describe('readiness', () => {
    const kOthers = 'key_set_age';
    const kChecks = ['database', 'schema', 'key', 'key_set_age', 'outbox_lag'];

    test('names every check, and what is wrong with one', async () => {
        const { status, checks, error } = await readiness(stack);

        assert.equal(status, 503);
        assert.deepEqual(Object.keys(checks), kChecks);
        for (const name of kChecks) assert.equal(checks[name].ok, name !== 'key_set_age', name);
        assert.match(checks.key_set_age.why, new RegExp(kIssuer));
        assert.equal(error.message, 'Not ready: key_set_age.');
    });

    test('is given where all checks but the excluded ones are fine', async () => {
        const { status, checks } = await readiness(stack, kOthers);

        assert.equal(status, 200);
        assert.equal(checks.key_set_age.excluded, true);
    });

    test('a check that there is not can not be excluded', async () => {
        const answer = await askAdmin(stack, '/readyz?exclude=nothing');

        assert.equal(answer.status, 400);
        assert.match(answer.text, /outbox_lag/);
    });

    test('a schema that this release does not know is found', async () => {
        await stack.psql(
            `insert into store.schema_migrations (number, name, sha256, breaking)
             values (9999, '9999_later', sha256('x'), true)`,
        );
        try {
            const { status, checks } = await readiness(stack, kOthers);
            assert.equal(status, 503);
            assert.match(checks.schema.why, /version 9999/);
            assert.equal((await scrape(stack)).value('schema_version'), 9999);
        } finally {
            await stack.psql('delete from store.schema_migrations where number = 9999');
        }
        assert.equal((await readiness(stack, kOthers)).status, 200);
    });

    test('a root key that is not the one of the database is found', async () => {
        const [{ value }] = await stack.rows(
            `select encode(check_value, 'hex') as value from store.root_keys`,
        );
        await stack.psql(`update store.root_keys set check_value = sha256('another')`);
        try {
            const { status, checks } = await readiness(stack, kOthers);
            assert.equal(status, 503);
            assert.match(checks.key.why, /root key/);
            assert.equal(checks.schema.ok, true);
        } finally {
            await stack.psql(`update store.root_keys set check_value = '\\x${value}'`);
        }
        assert.equal((await readiness(stack, kOthers)).status, 200);
    });

    test('an egress that has stopped is found by what it leaves lying', async () => {
        const egress = stack.egressPid();
        process.kill(egress, 'SIGSTOP');
        try {
            await stack.psql(
                `insert into store.outbox (tenant_id, message_id, event_type, payload, created_at)
                 values ('${tenant.id}', gen_random_uuid(), 'test.told', '{}',
                         now() - interval '1 hour')`,
            );
            const { status, checks } = await readiness(stack, kOthers);
            assert.equal(status, 503);
            assert.match(checks.outbox_lag.why, /secretstore-egress/);
            assert.equal((await readiness(stack, `${kOthers},outbox_lag`)).status, 200);
            const metrics = await scrape(stack);
            assert.ok(metrics.value('outbox_lag_seconds') >= 3600);
            assert.ok(metrics.value('outbox_messages_waiting') >= 1);
        } finally {
            process.kill(egress, 'SIGCONT');
        }
        await eventually(
            'egress has caught up',
            async () => (await readiness(stack, kOthers)).status === 200,
            { timeoutMs: 20_000 * kPatience },
        );
    });
});

describe('while the database is away', { timeout: 120_000 * kPatience }, () => {
    test('the counters are shown, and that it is', async () => {
        await stack.stopPostgres('fast');
        try {
            const counted = await risen('database_unavailable_total', {}, async () => {
                (await read()).expect(503);
            });
            assert.ok(counted >= 1);
            const metrics = await scrape(stack);
            assert.equal(metrics.value('database_up'), 0);
            assert.ok(!metrics.families.has('secretstore_approvals_pending'));
            const { status, checks } = await readiness(stack);
            assert.equal(status, 503);
            for (const name of Object.keys(checks)) assert.equal(checks[name].ok, false, name);
        } finally {
            await stack.startPostgres();
        }
        await servesAgain();
    });

    // The request itself gives up after 15 s, which fails the test.
    test('one that hangs keeps nobody waiting', async () => {
        const postmaster = stack.pidOf('pg/postmaster.pid');
        const { stdout } = await run('pgrep', ['--parent', String(postmaster)]);
        const pids = [postmaster, ...stdout.trim().split('\n').map(Number)];
        const signal = (name) => {
            for (const pid of pids)
                try {
                    process.kill(pid, name);
                } catch (error) {
                    // A backend comes and goes as its client does.
                    if (error.code !== 'ESRCH') throw error;
                }
        };
        try {
            signal('SIGSTOP');
            const { status, checks } = await readiness(stack);
            assert.equal(status, 503);
            assert.equal(checks.database.ok, false);
            assert.notEqual(checks.database.why, '');
            assert.equal((await scrape(stack)).value('database_up'), 0);
        } finally {
            signal('SIGCONT');
        }
        await servesAgain();
    });
});

describe('who may ask', () => {
    const kTargets = [
        '/metrics',
        '/readyz',
        '/v1/metrics',
        '/v1/../metrics',
        '/v1/%2e%2e/metrics',
        '/v1/..%2fmetrics',
        '/v1/./../metrics',
        '//metrics',
        '/%6detrics',
        '/metrics/',
        '/metrics?x',
        '/idempotent',
        '/v1/health/../../metrics',
        'https://localhost/metrics',
        'http://127.0.0.1:9464/metrics',
    ];
    const kHeaders = [
        'SECRETSTORE_LISTENER: admin',
        'SECRETSTORE-LISTENER: admin',
        'Secretstore-Listener: admin',
        'HTTP_SECRETSTORE_LISTENER: admin',
        'X-Original-URL: /metrics',
        'X-Forwarded-For: 127.0.0.1',
    ];
    for (const target of kTargets) {
        test(`the public listener has no ${target}`, async () => {
            for (const headers of [kHeaders, [...kHeaders, 'Idempotency-Key: metrics-1']]) {
                const answer = await stack.client.rawGet(target, { headers });
                assert.ok([400, 404].includes(answer.status), `${answer.status} ${answer.text}`);
                assert.ok(!answer.text.includes('secretstore_build_info'));
                assert.ok(!answer.text.includes('checks'));
            }
        });
    }

    test('no header makes a public request one of the admin listener', async () => {
        for (const headers of [kHeaders, [...kHeaders, 'Idempotency-Key: metrics-2']]) {
            const answer = await stack.client.rawGet('/v1/health', { headers });
            assert.equal(answer.status, 200, answer.text);
        }
    });

    for (const target of ['/v1/health', '/v1/openapi.json', '/v1/secrets/metrics/KEY', '/', '/x']) {
        test(`the admin listener has no ${target}`, async () => {
            const answer = await askAdmin(stack, target, {
                headers: { authorization: `Bearer ${token}` },
            });
            assert.equal(answer.status, 404);
            assert.equal(JSON.parse(answer.text).error.code, 'NOT_FOUND');
        });
    }

    test('the admin listener answers to no other name', async () => {
        const answer = await askAdmin(stack, '/metrics', { headers: { host: 'evil.example' } });

        assert.equal(answer.status, 421);
        assert.equal(JSON.parse(answer.text).error.code, 'INVALID_REQUEST');
    });

    test('and takes no other method', async () => {
        assert.equal((await askAdmin(stack, '/metrics', { method: 'POST' })).status, 405);
        assert.equal((await askAdmin(stack, '/readyz', { method: 'DELETE' })).status, 405);
    });

    test('its routes stand in no description of the API', async () => {
        const { text } = await stack.client.get('/v1/openapi.json');

        assert.doesNotMatch(text, /"\/(metrics|readyz)"/);
    });
});

describe('the id of a request', () => {
    const linesOf = (file) => fs.readFileSync(path.join(stack.state, 'log', file), 'utf8').split('\n');

    test('is the same in the answer, in the log of nginx and in the audit log', async () => {
        const answer = await read();
        const id = answer.header('x-request-id');
        answer.expect(200);

        assert.match(id, /^[0-9a-f]{32}$/);
        const [event] = await tenant.audit(id);
        assert.equal(event.event_type, 'secret.read');
        assert.equal(event.request_id, id);
        await eventually('nginx has logged it', () =>
            linesOf('access.log')
                .filter(Boolean)
                .map((line) => JSON.parse(line))
                .some((line) => line.request_id === id && line.path === '/v1/secrets/metrics/KEY'),
        );
        const shown = await tenant.call('GET', '/v1/audit?event_type=secret.read&limit=200');
        assert.ok(shown.expect(200).events.some((item) => item.metadata.request_id === id));
    });

    test('is in the log of the worker too, from the moment its level is lowered', async () => {
        const drop = path.join(stack.state, 'conf.d/log.yaml');
        fs.writeFileSync(drop, 'log: {level: debug}\n', { mode: 0o600 });
        if (stack.owner.uid !== undefined) fs.chownSync(drop, stack.owner.uid, stack.owner.gid);
        await stack.logContains(/event=reloaded/, async () => {
            for (const pid of stack.workerPids()) process.kill(pid, 'SIGHUP');
        });

        await eventually('a worker at the new level answers', async () => {
            const id = (await read()).header('x-request-id');
            return linesOf('worker.log').some((line) =>
                line.includes(`level=debug event=request request_id=${id} `),
            );
        });
        fs.rmSync(drop);
    });
});

const promtool = await run('promtool', ['--version']).catch(() => ({ code: -1 }));
const wanted = process.env.SECRETSTORE_PROMTOOL === 'required';
const missing = promtool.code !== 0 && !wanted && 'no promtool here: scripts/check-monitoring';

describe('promtool', { skip: missing }, () => {
    test('has nothing to say of a page with every family', async () => {
        const { text } = await scrape(stack);
        const checked = await run('promtool', ['check', 'metrics'], { input: text });

        assert.equal(`${checked.stdout}${checked.stderr}`, '');
        assert.equal(checked.code, 0);
    });
});
