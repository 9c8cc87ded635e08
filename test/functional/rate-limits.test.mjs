// How often a tenant may ask, by its plan as it is now, and how often an address may fail to
// authenticate: exactly, in the workers.
import fs from 'node:fs';
import path from 'node:path';

import { after, assert, before, describe, eventually, inParallel, test } from './claim.mjs';
import { LimitsFile } from './limits-file.mjs';
import { kPatience, Stack } from './stack.mjs';

const kFree = 20;
const kPro = 60;
const kWindow = 60;
const kFailures = 10;
const kPlans = `plans:
  free: {requests_per_minute: ${kFree}, secrets: unlimited, agents: unlimited}
  pro: {requests_per_minute: ${kPro}, secrets: unlimited, agents: unlimited}
`;

let stack;
let limits;
before(
    async () => {
        stack = await Stack.start({
            workers: 2,
            threads: 16,
            conf: kPlans,
            failedAuthentications: kFailures,
        });
        limits = new LimitsFile(stack);
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

const isLimited = (answer) => answer.status === 429;
const secondsOf = (answer) => Number(answer.header('retry-after'));

// What the headers say: { limit, window, remaining, seconds, reset }; nothing where there are none.
function quotaOf(answer) {
    const policy = answer.header('ratelimit-policy');
    const state = answer.header('ratelimit');
    if (policy === undefined && state === undefined) return undefined;
    const [, limit, window] = /^"plan";q=(\d+);w=(\d+)$/.exec(policy);
    const [, remaining, seconds] = /^"plan";r=(\d+);t=(\d+)$/.exec(state);
    assert.equal(answer.header('x-ratelimit-limit'), limit);
    assert.equal(answer.header('x-ratelimit-remaining'), remaining);
    return {
        limit: Number(limit),
        window: Number(window),
        remaining: Number(remaining),
        seconds: Number(seconds),
        reset: Number(answer.header('x-ratelimit-reset')),
    };
}

// A tenant with everything that a test wants, its window then made a new one.
async function newTenant(plan) {
    const tenant = await stack.newTenant({ plan: 'enterprise' });
    const agent = await tenant.newAgent();
    const token = await agent.newToken(['secrets:*:*']);
    await tenant.putSecret('limited/KEY', { value: 'v' });
    await changePlan(tenant, plan);
    return { tenant, agent, token };
}

const changePlan = (tenant, plan, ...more) =>
    stack.ctl(['tenant', 'plan', tenant.id, plan, ...more]);
const read = (token) => stack.client.get('/v1/secrets/limited/KEY', { token });
const put = (token, value) =>
    stack.client.put('/v1/secrets/limited/OTHER', { token, body: { value } });
const list = (token) => stack.client.get('/v1/secrets?namespace=limited', { token });

async function useUp(request, count) {
    const answers = await inParallel(count, 8, request);
    for (const answer of answers) assert.equal(answer.status, 200, answer.text);
    return answers;
}

describe('a tenant', () => {
    for (const [plan, limit] of [
        ['free', kFree],
        ['pro', kPro],
    ]) {
        test(`on the plan ${plan} gets ${limit} requests a minute and not one more`, async () => {
            const { tenant, token } = await newTenant(plan);

            const answers = await inParallel(limit + 25, 16, () => read(token));

            const limited = answers.filter(isLimited);
            assert.equal(answers.length - limited.length, limit);
            for (const answer of limited) {
                answer.expect(429, 'RATE_LIMITED');
                assert.match(answer.message, new RegExp(`\\b${limit} requests a minute`));
            }
            assert.equal(await eventsOf(tenant, 'secret.read'), limit);
        });
    }

    test('on the plan enterprise has no limit, and no headers of one', async () => {
        const { token } = await newTenant('enterprise');
        for (const answer of await useUp(() => read(token), kPro + 40)) {
            assert.equal(quotaOf(answer), undefined);
            assert.equal(answer.header('x-ratelimit-limit'), undefined);
        }
    });

    test('on the plan enterprise may have a number of its own', async () => {
        const { tenant, token } = await newTenant('enterprise');
        await changePlan(tenant, 'enterprise', '--requests-per-minute', '7');

        const answers = await inParallel(12, 4, () => read(token));

        assert.equal(answers.filter(isLimited).length, 5);
        await changePlan(tenant, 'enterprise', '--requests-per-minute', 'unlimited');
        assert.equal(quotaOf(await read(token)), undefined);
    });

    test('shares its limit among all of its credentials', async () => {
        const { tenant, agent, token } = await newTenant('free');
        const requests = [
            () => read(token),
            () => tenant.call('GET', '/v1/agents'),
            () => agent.requestToken({ scopes: ['secrets:read:limited/*'] }),
            () => list(token),
        ];

        const answers = await inParallel(kFree + 8, 8, (i) => requests[i % requests.length]());

        assert.equal(answers.filter(isLimited).length, 8);
    });

    test('has a limit of its own, whatever others use up', async () => {
        const one = await newTenant('free');
        const other = await newTenant('free');
        await useUp(() => read(one.token), kFree);

        assert.ok(isLimited(await read(one.token)));
        assert.equal(quotaOf(await read(other.token)).remaining, kFree - 1);
    });

    test('is told with every answer what is left, errors included', async () => {
        const { tenant, token } = await newTenant('free');
        const requests = [
            [200, () => read(token)],
            [404, () => stack.client.get('/v1/secrets/limited/NONE', { token })],
            [400, () => stack.client.get('/v1/secrets?namespace=limited&page=0', { token })],
            [403, () => stack.client.get('/v1/agents', { token })],
            [200, () => put(token, 'v')],
            [409, () => tenant.call('PUT', '/v1/secrets/limited/KEY', conflicting)],
            [204, () => tenant.call('POST', `/v1/tokens/${issued.token_id}/revoke`)],
            [415, () => tenant.call('PUT', '/v1/secrets/limited/KEY', asText)],
        ];
        const conflicting = { body: { value: 'v', expected_version: 9 } };
        const asText = { body: 'v', headers: { 'Content-Type': 'text/plain' } };
        const agent = await tenant.newAgent();
        const issued = await agent.issue(['secrets:read:limited/*']);
        const began = Date.now() / 1000;

        for (const [i, [status, request]] of requests.entries()) {
            const answer = await request();
            assert.equal(answer.status, status, answer.text);
            const quota = quotaOf(answer);
            assert.equal(quota.limit, kFree);
            assert.equal(quota.window, kWindow);
            assert.equal(quota.remaining, kFree - 3 - i, `the request with ${status}`);
            assert.ok(quota.seconds >= 1 && quota.seconds <= kWindow);
            assert.ok(quota.reset >= Math.floor(began) && quota.reset <= began + kWindow + 2);
        }
    });

    test('is told when to come again, and is served from then on', async () => {
        const { token } = await newTenant('free');
        await useUp(() => read(token), kFree);
        const first = await read(token);
        limits.age(20_000);
        const later = await read(token);
        // Two seconds are left for one request.
        limits.age((secondsOf(later) - 2) * 1000);
        const last = await read(token);
        limits.age(2000);
        const after = await read(token);

        assert.ok(secondsOf(first) > kWindow - 5 && secondsOf(first) <= kWindow);
        assert.ok(secondsOf(first) - secondsOf(later) >= 20);
        assert.ok(isLimited(last));
        assert.ok([1, 2].includes(secondsOf(last)), `${secondsOf(last)} s`);
        assert.equal(quotaOf(last).remaining, 0);
        assert.equal(after.status, 200);
        assert.equal(quotaOf(after).remaining, kFree - 1);
    });

    test('whose requests are refused has that on record, once a window', async () => {
        const { tenant, agent, token } = await newTenant('free');
        await useUp(() => read(token), kFree);
        const refused = await inParallel(12, 6, () => read(token));
        limits.age(kWindow * 1000);
        await useUp(() => read(token), kFree);
        await read(token);

        const events = await stack.rows(
            `select event_type, actor_id, resource_type, reason from store.audit_events
             where tenant_id = '${tenant.id}' and reason = 'rate_limited'`,
        );
        assert.equal(refused.filter(isLimited).length, 12);
        assert.equal(events.length, 2);
        assert.deepEqual(events[0], {
            event_type: 'auth.failed',
            actor_id: agent.id,
            resource_type: 'token',
            reason: 'rate_limited',
        });
    });

    test('is limited before anything is done for it', async () => {
        const { tenant, token } = await newTenant('free');
        await useUp(() => read(token), kFree);
        await read(token);
        const before = await tenant.state();

        assert.ok(isLimited(await put(token, 'another')));
        assert.ok(isLimited(await tenant.call('POST', '/v1/agents', { body: 'no JSON' })));

        assert.deepEqual(await tenant.state(), before);
    });

    test('is not limited where no credential is asked for', async () => {
        const { token } = await newTenant('free');
        await useUp(() => read(token), kFree);
        for (const target of ['/v1/health', '/v1/openapi.json']) {
            const answer = await stack.client.get(target, { token });
            assert.equal(answer.status, 200);
            assert.equal(quotaOf(answer), undefined);
        }
    });
});

describe('a change of plan counts at the next request', () => {
    // Each kind of request finds out in its own way.
    const kinds = {
        'a read': ({ token }) => read(token),
        'a write': ({ token }) => put(token, 'v'),
        'a list': ({ token }) => list(token),
        'a list of namespaces': ({ token }) => stack.client.get('/v1/namespaces', { token }),
        'a read that is out of scope': ({ narrow }) => read(narrow),
        'a read that is counted': ({ counted }) => read(counted),
        'an import': ({ token }) =>
            stack.client.post('/v1/secrets/import', {
                token,
                body: { namespace: 'limited', content: 'IMPORTED=v' },
            }),
        'a request with an agent key': ({ agent }) =>
            agent.requestToken({ scopes: ['secrets:read:limited/*'] }),
        'a request of a person': ({ tenant }) => tenant.call('GET', '/v1/me'),
    };
    for (const [what, request] of Object.entries(kinds)) {
        test(`of ${what}, up and down`, async () => {
            const made = await newTenant('pro');
            made.narrow = await made.agent.newToken(['secrets:read:elsewhere/*']);
            made.counted = await made.agent.newToken(['secrets:read:limited/*'], { max_uses: 90 });
            // Every thread of every worker has seen the plan that it has now.
            await inParallel(32, 16, () => read(made.token));
            const inUse = await request(made);

            await changePlan(made.tenant, 'free');
            const down = await request(made);
            await changePlan(made.tenant, 'pro');
            const up = await request(made);
            await changePlan(made.tenant, 'enterprise');
            const unlimited = await request(made);

            assert.equal(quotaOf(inUse).limit, kPro);
            down.expect(429, 'RATE_LIMITED');
            assert.equal(quotaOf(down).limit, kFree);
            assert.equal(quotaOf(down).remaining, 0);
            assert.equal(up.status, inUse.status, up.text);
            assert.equal(quotaOf(up).limit, kPro);
            // What was refused was not counted.
            assert.equal(quotaOf(up).remaining, quotaOf(inUse).remaining - 1);
            assert.equal(unlimited.status, inUse.status);
            assert.equal(quotaOf(unlimited), undefined);
        });
    }

    test('and a read that is refused by the new plan is not on record as a read', async () => {
        const { tenant, token } = await newTenant('pro');
        await useUp(() => read(token), kFree + 5);
        const before = await eventsOf(tenant, 'secret.read');
        await changePlan(tenant, 'free');

        const answers = await inParallel(16, 8, () => read(token));

        assert.equal(answers.filter(isLimited).length, 16);
        assert.equal(await eventsOf(tenant, 'secret.read'), before);
    });

    test('and is on record, with the operator as who made it', async () => {
        const { tenant } = await newTenant('free');
        const events = await stack.rows(
            `select actor_type, resource_type, resource_id, details from store.audit_events
             where tenant_id = '${tenant.id}' and event_type = 'billing.plan_changed'`,
        );
        assert.deepEqual(events, [
            {
                actor_type: 'operator',
                resource_type: 'tenant',
                resource_id: tenant.id,
                details: { from: 'enterprise', to: 'free' },
            },
        ]);
    });
});

describe('counters', () => {
    test('survive workers that are killed', { timeout: 60_000 * kPatience }, async () => {
        const { token } = await newTenant('free');
        await useUp(() => read(token), kFree - 2);
        const before = stack.workerPids();
        for (const pid of before) process.kill(pid, 'SIGKILL');
        await stack.fullPool(2, { gone: before });

        const answers = [await read(token), await read(token), await read(token)];

        assert.deepEqual(
            answers.map(({ status }) => status),
            [200, 200, 429],
        );
    });

    test('stand in a file that only its owner may open', () => {
        assert.equal(fs.statSync(limits.path).mode & 0o777, 0o600);
    });

    // Workers are not dumpable, so only root may look.
    const asRoot = { skip: process.getuid() !== 0 && 'not root' };
    test('and those for monitoring are all that a worker can write to', asRoot, () => {
        const [pid] = stack.workerPids();
        const opened = fs
            .readdirSync(`/proc/${pid}/fd`)
            .map((fd) => readLink(`/proc/${pid}/fd/${fd}`))
            .filter((target) => target.startsWith('/') && !target.startsWith('/dev/'));
        const mapped = fs
            .readFileSync(`/proc/${pid}/maps`, 'utf8')
            .split('\n')
            .filter((line) => /^\S+ .w.s /.test(line))
            .map((line) => line.trim().split(/\s+/).slice(5).join(' '))
            .filter((target) => target.startsWith('/') && !target.startsWith('/dev/'));
        const counters = [limits.path, path.join(stack.state, 'metrics')];
        const others = opened.filter((target) => !target.endsWith('/log/worker.log'));
        assert.deepEqual([...new Set([...mapped, ...others])].sort(), counters.sort());
    });

    function readLink(name) {
        try {
            return fs.readlinkSync(name);
        } catch {
            return '';
        }
    }

    test('of another format end a worker with one line that says so', async () => {
        const folder = path.join(stack.state, 'log');
        const wrong = path.join(folder, 'wrong-limits');
        fs.writeFileSync(wrong, 'something else', { mode: 0o600 });
        if (stack.owner.uid !== undefined) fs.chownSync(wrong, stack.owner.uid, stack.owner.gid);
        const config = path.join(folder, 'wrong-limits.yaml');
        const text = fs.readFileSync(stack.config, 'utf8').replace(limits.path, wrong);
        fs.writeFileSync(config, text, { mode: 0o644 });
        try {
            const { code, stdout, stderr } = await stack.workerWithSocket(['--config', config]);
            assert.equal(code, 78, stderr);
            assert.match(`${stdout}${stderr}`, /wrong-limits .*remove it/);
            assert.equal(fs.readFileSync(wrong, 'utf8'), 'something else');
        } finally {
            for (const file of [wrong, config]) fs.rmSync(file);
        }
    });
});

describe('failed authentications', () => {
    const from = (localAddress, token) => stack.client.get('/v1/agents', { token, localAddress });
    const wrongKey = `ass_live_${'0'.repeat(48)}`;

    test('from one address get 401 up to the limit and then 429', async () => {
        const answers = await inParallel(kFailures + 12, 8, (i) =>
            from('127.0.0.21', i % 2 === 0 ? wrongKey : 'not-a-credential-at-all'),
        );
        const limited = answers.filter(isLimited);
        assert.equal(answers.length - limited.length, kFailures);
        for (const answer of limited) {
            answer.expect(429, 'RATE_LIMITED');
            assert.ok(secondsOf(answer) >= 1 && secondsOf(answer) <= kWindow);
            assert.equal(quotaOf(answer), undefined);
        }
    });

    test('keep everybody of that address out before a signature is checked', async () => {
        const { tenant } = await newTenant('enterprise');
        await inParallel(kFailures, 4, () => from('127.0.0.22', wrongKey));

        const right = await from('127.0.0.22', tenant.userToken);
        const elsewhere = await from('127.0.0.23', tenant.userToken);
        const without = await stack.client.get('/v1/agents', { localAddress: '127.0.0.22' });
        const open = await stack.client.get('/v1/health', { localAddress: '127.0.0.22' });

        assert.ok(isLimited(right));
        assert.equal(elsewhere.status, 200);
        assert.equal(without.status, 401);
        assert.equal(open.status, 200);
    });

    test('are forgotten after a minute', async () => {
        await inParallel(kFailures, 4, () => from('127.0.0.24', wrongKey));
        const during = await from('127.0.0.24', wrongKey);
        limits.age(secondsOf(during) * 1000);

        assert.ok(isLimited(during));
        assert.equal((await from('127.0.0.24', wrongKey)).status, 401);
    });

    test('are not those that were authenticated and refused for something else', async () => {
        const { tenant, agent, token } = await newTenant('enterprise');
        const refused = [
            [403, () => from('127.0.0.25', token)],
            [403, () => from('127.0.0.25', agent.key)],
            [404, () => missing('127.0.0.25', tenant.userToken)],
        ];
        const missing = (localAddress, credential) =>
            stack.client.get('/v1/approvals/00000000-0000-4000-8000-000000000123', {
                token: credential,
                localAddress,
            });
        for (let i = 0; i < kFailures; ++i)
            for (const [status, request] of refused) assert.equal((await request()).status, status);

        assert.equal((await from('127.0.0.25', tenant.userToken)).status, 200);
    });

    test('are counted by the address that nginx saw, whatever the client says', async () => {
        await inParallel(kFailures, 4, (i) =>
            stack.client.get('/v1/agents', {
                token: wrongKey,
                localAddress: '127.0.0.26',
                headers: {
                    'X-Forwarded-For': `192.0.2.${i}`,
                    'X-Real-IP': `192.0.2.${i}`,
                    Forwarded: `for=192.0.2.${i}`,
                },
            }),
        );
        assert.ok(isLimited(await from('127.0.0.26', wrongKey)));
    });
});

async function eventsOf(tenant, type) {
    const [{ count }] = await stack.rows(
        `select count(*)::int as count from store.audit_events
         where tenant_id = '${tenant.id}' and event_type = '${type}'`,
    );
    return count;
}
