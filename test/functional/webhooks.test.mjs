// Webhooks: who may point where, what is sent, how it is signed, and that no receiver, whatever it
// does, harms anybody else.
import fs from 'node:fs';
import path from 'node:path';

import {
    after,
    assert,
    assertShape,
    before,
    describe,
    eventually,
    inParallel,
    kTimestamp,
    kUuid,
    test,
    unique,
} from './claim.mjs';
import { assertGenuine, isGenuine, Receiver } from './receiver.mjs';
import { isAlive, kPatience, kPrivateWebhooks, kSlowdown, Stack } from './stack.mjs';

const kSecret = /^whsec_[A-Za-z0-9_-]{43}$/;
const kTransferMs = 10_000;

const kWebhook = {
    id: kUuid,
    url: /^https:/,
    description: (text) => text === null || typeof text === 'string',
    events: Array.isArray,
    active: (value) => typeof value === 'boolean',
    verified_at: (time) => time === null || kTimestamp.test(time),
    previous_secret_until: null,
    created_at: kTimestamp,
    updated_at: kTimestamp,
};

// Everything that is due is due now.
function hurry(stack, tenant) {
    return stack.psql(
        `update store.deliveries set next_attempt_at = now()
         where tenant_id = '${tenant.id}' and next_attempt_at is not null;
         update store.webhooks set rests_until = now() where tenant_id = '${tenant.id}'`,
    );
}

describe('a webhook', () => {
    const stack = Stack.shared();
    let tenant;
    before(async () => {
        tenant = await stack.newTenant();
    });
    const create = (body) => tenant.call('POST', '/v1/webhooks', { body });
    const kNowhere = 'https://127.0.0.1:1/hook';

    test('is made with a secret that is shown once', async () => {
        const made = (await create({ url: kNowhere, active: false })).expect(200);
        assertShape(made, { ...kWebhook, secret: kSecret, url: kNowhere, events: (e) => e[0] === '*' });
        const shown = (await tenant.call('GET', `/v1/webhooks/${made.id}`)).expect(200);
        assertShape(shown, { ...kWebhook, id: made.id });
        const listed = (await tenant.call('GET', '/v1/webhooks')).expect(200);
        assert.deepEqual(
            listed.items.find(({ id }) => id === made.id),
            shown,
        );
    });

    test('is nowhere stored with its secret in the clear', async () => {
        const made = await tenant.newWebhook();
        const rows = await stack.psql(
            `select encode(secret_box, 'escape') from store.webhooks where tenant_id = '${tenant.id}'`,
        );
        assert.ok(!rows.includes(made.secret.slice(6)));
    });

    test('is changed in part', async () => {
        const made = await tenant.newWebhook({ description: 'before' });
        const target = `/v1/webhooks/${made.id}`;
        const body = { events: ['agent.created', 'approval.requested'] };
        const changed = (await tenant.call('PATCH', target, { body })).expect(200);
        assert.deepEqual(changed.events, body.events);
        assert.equal(changed.description, 'before');
        const bare = await tenant.call('PATCH', target, { body: { description: null } });
        assert.equal(bare.expect(200).description, null);
        assert.deepEqual(bare.json.events, body.events);
    });

    test('is gone after it was deleted', async () => {
        const { id } = await tenant.newWebhook();
        (await tenant.call('DELETE', `/v1/webhooks/${id}`)).expect(204);
        for (const [method, more] of [
            ['GET', ''],
            ['PATCH', ''],
            ['DELETE', ''],
            ['POST', '/test'],
            ['POST', '/rotate-secret'],
            ['GET', '/deliveries'],
        ])
            (await tenant.call(method, `/v1/webhooks/${id}${more}`)).expect(404, 'NOT_FOUND');
    });

    for (const [what, body] of [
        ['plain http', { url: 'http://hooks.example.com/' }],
        ['no scheme', { url: 'hooks.example.com' }],
        ['another scheme', { url: 'ftp://hooks.example.com/' }],
        ['a user', { url: 'https://user@hooks.example.com/' }],
        ['a password', { url: 'https://user:word@hooks.example.com/' }],
        ['a fragment', { url: 'https://hooks.example.com/#here' }],
        ['white space', { url: 'https://hooks.example.com/a b' }],
        ['2,049 characters', { url: `https://hooks.example.com/${'x'.repeat(2023)}` }],
        ['no events', { url: kNowhere, events: [] }],
        ['an event that is none', { url: kNowhere, events: ['agent.made'] }],
        ['an event twice', { url: kNowhere, events: ['agent.created', 'agent.created'] }],
        ['the test event', { url: kNowhere, events: ['webhook.test'] }],
        ['a description of 501', { url: kNowhere, description: 'x'.repeat(501) }],
        ['a number for active', { url: kNowhere, active: 1 }],
        ['no url', {}],
    ]) {
        test(`with ${what} is refused`, async () => {
            const before = await tenant.state();
            (await create(body)).expect(400, 'INVALID_REQUEST');
            assert.deepEqual(await tenant.state(), before);
        });
    }

    test('is one of at most 20, whoever makes them at once', async () => {
        const own = await stack.newTenant();
        const answers = await inParallel(25, 8, () =>
            own.call('POST', '/v1/webhooks', { body: { url: kNowhere, active: false } }),
        );
        const refused = answers.filter(({ status }) => status !== 200);
        assert.equal(refused.length, 5);
        for (const answer of refused) answer.expect(403, 'PLAN_LIMIT_REACHED');
        assert.equal((await own.call('GET', '/v1/webhooks')).expect(200).total, 20);
        const event = await own.auditOf(refused[0].requestId);
        assert.deepEqual([event.event_type, event.reason], ['webhook.denied', 'too_many_webhooks']);
    });

    test('leaves its traces in the audit log, without its address', async () => {
        const body = { url: `${kNowhere}?receivers-own=credential`, active: false };
        const made = await create(body);
        const { id } = made.expect(200);
        const rotated = await tenant.call('POST', `/v1/webhooks/${id}/rotate-secret`);
        rotated.expect(200);
        const removed = await tenant.call('DELETE', `/v1/webhooks/${id}`);
        removed.expect(204);
        for (const [answer, type] of [
            [made, 'webhook.created'],
            [rotated, 'webhook.secret_rotated'],
            [removed, 'webhook.deleted'],
        ]) {
            const event = await tenant.auditOf(answer.requestId);
            assert.deepEqual([event.event_type, event.resource_id], [type, id]);
            assert.ok(!JSON.stringify(event).includes('receivers-own'));
        }
    });
});

describe('where private networks are refused, a webhook', () => {
    let stack;
    let tenant;
    before(
        async () => {
            stack = await Stack.start({ workers: 1, threads: 8 });
            tenant = await stack.newTenant();
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => stack?.stop());
    const create = (url) => tenant.call('POST', '/v1/webhooks', { body: { url, active: false } });

    for (const host of [
        '127.0.0.1',
        '127.1',
        '0x7f.1',
        '2130706433',
        '0177.0.0.1',
        '10.0.0.1',
        '172.16.0.1',
        '192.168.0.1',
        '169.254.169.254',
        '100.64.0.1',
        '0.0.0.0',
        '224.0.0.1',
        '255.255.255.255',
        '192.0.2.1',
        '[::1]',
        '[::]',
        '[::ffff:127.0.0.1]',
        '[fe80::1]',
        '[fc00::1]',
        '[fd00:ec2::254]',
        '[64:ff9b::7f00:1]',
        '[2002:7f00:1::]',
        '[2001:db8::1]',
        'localhost',
        'LOCALHOST',
        'localhost.',
        'api.localhost',
        'printer.local',
        'vault.internal',
        'router.lan',
        'nas.home.arpa',
        'intranet',
    ]) {
        test(`to ${host} is answered with 400 and on record`, async () => {
            const answer = await create(`https://${host}/hook`);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /private|public/);
            const event = await tenant.auditOf(answer.requestId);
            assert.deepEqual(
                [event.event_type, event.reason],
                ['webhook.denied', 'host_not_public'],
            );
        });
    }

    test('to a name that does not resolve is answered with 400', async () => {
        const answer = await create('https://no-such-host.example.com/hook');
        answer.expect(400, 'INVALID_REQUEST');
    });

    test('can not be moved there either', async () => {
        const made = (await create('https://192.88.98.1/hook')).expect(200);
        const answer = await tenant.call('PATCH', `/v1/webhooks/${made.id}`, {
            body: { url: 'https://127.0.0.1/hook' },
        });
        answer.expect(400, 'INVALID_REQUEST');
        const shown = (await tenant.call('GET', `/v1/webhooks/${made.id}`)).expect(200);
        assert.equal(shown.url, 'https://192.88.98.1/hook');
    });

    test('whose address turned out private is not delivered to', async () => {
        const receiver = await Receiver.start(stack);
        try {
            const made = (await create('https://192.88.98.1/hook')).expect(200);
            // Somebody else's resolver now says so.
            await stack.psql(
                `update store.webhooks set url = '${receiver.url}/ok' where webhook_id = '${made.id}'`,
            );
            const sent = (await tenant.call('POST', `/v1/webhooks/${made.id}/test`)).expect(200);
            const delivery = await outcome(tenant, sent.id);
            assert.deepEqual(
                [delivery.status, delivery.last_error],
                ['failed', 'address_not_public'],
            );
            assert.equal(receiver.requests.length, 0);
        } finally {
            await receiver.stop();
        }
    });

    test('is taken without a check where egress is away', async () => {
        process.kill(stack.egressPid(), 'SIGTERM');
        await eventually('egress has gone', async () => {
            const sql = `select count(*)::int as n from pg_stat_activity
                         where usename = 'secretstore_egress'`;
            return (await stack.rows(sql))[0].n === 0;
        });
        const began = Date.now();
        const made = (await create('https://hooks.example.com/hook')).expect(200);
        assert.equal(made.verified_at, null);
        assert.ok(Date.now() - began < 2_000 * kSlowdown, 'it waited for nobody');
    });
});

// A delivery after its first attempt.
function outcome(tenant, id, options) {
    return eventually(
        'the first attempt is over',
        async () => {
            const page = (await tenant.call('GET', '/v1/deliveries?limit=200')).expect(200);
            const delivery = page.items.find((one) => one.id === id);
            return delivery?.status !== 'pending' && delivery;
        },
        { timeoutMs: 2 * kTransferMs * kPatience, ...options },
    );
}

describe('a message', () => {
    let stack;
    let receiver;
    let tenant;
    before(
        async () => {
            const ca = (folder) => `egress:\n  ca_file: ${path.join(folder, 'tls/ca.pem')}\n`;
            stack = await Stack.start({
                workers: 1,
                threads: 8,
                conf: (folder) => kPrivateWebhooks + ca(folder),
            });
            receiver = await Receiver.start(stack);
            tenant = await stack.newTenant();
        },
        { timeout: 60_000 * kPatience },
    );
    after(async () => {
        await receiver?.stop();
        await stack?.stop();
    });

    // To a path of its own that behaves like `name`.
    const newWebhook = (name, body = {}, owner = tenant) =>
        owner.newWebhook({
            url: `${receiver.url}/${name}/${unique('hook')}`,
            active: true,
            events: ['agent.created'],
            ...body,
        });
    const sendTest = async ({ id }, owner = tenant) =>
        (await owner.call('POST', `/v1/webhooks/${id}/test`)).expect(200);
    const remove = ({ id }, owner = tenant) => owner.call('DELETE', `/v1/webhooks/${id}`);

    test('tells what happened, signed, once it has', async () => {
        const hook = await newWebhook('ok');
        const agent = await tenant.newAgent({ name: 'nightly' });
        const [message] = await receiver.messages(hook.url);
        assertShape(message, {
            id: kUuid,
            type: 'agent.created',
            created_at: kTimestamp,
            tenant_id: tenant.id,
            data: (data) => data.agent_id === agent.id && data.agent_name === 'nightly',
        });
        assertGenuine(receiver.at(hook.url), hook.secret);
        const text = JSON.stringify(receiver.at(hook.url));
        assert.ok(!text.includes(agent.key.slice(13)), 'the key of the agent is in it');
        await remove(hook);
    });

    test('goes to those who asked for it, and to no other tenant', async () => {
        const other = await stack.newTenant();
        const [all, some, none, theirs] = [
            await newWebhook('ok', { events: ['*'] }),
            await newWebhook('ok', { events: ['approval.decided', 'agent.created'] }),
            await newWebhook('ok', { events: ['approval.decided'] }),
            await newWebhook('ok', { events: ['*'] }, other),
        ];
        const inactive = await newWebhook('ok', { active: false });
        const agent = await tenant.newAgent();
        for (const hook of [all, some])
            assert.equal((await receiver.messages(hook.url))[0].data.agent_id, agent.id);
        const theirAgent = await other.newAgent();
        const [told] = await receiver.messages(theirs.url);
        assert.equal(told.data.agent_id, theirAgent.id);
        for (const hook of [none, inactive]) assert.equal(receiver.at(hook.url).length, 0);
        assert.equal(receiver.at(theirs.url).length, 1);
        await Promise.all([all, some, none, inactive].map((hook) => remove(hook)));
    });

    test('is the same, by its id, for all who are told', async () => {
        const hooks = [await newWebhook('ok'), await newWebhook('ok')];
        await tenant.newAgent();
        const [[one], [two]] = [
            await receiver.messages(hooks[0].url),
            await receiver.messages(hooks[1].url),
        ];
        assert.deepEqual(one, two);
        await Promise.all(hooks.map((hook) => remove(hook)));
    });

    test('is signed with both secrets for a day after a rotation', async () => {
        const hook = await newWebhook('ok');
        const rotated = await tenant.call('POST', `/v1/webhooks/${hook.id}/rotate-secret`);
        const { secret, previous_secret_until: until } = rotated.expect(200);
        assert.match(secret, kSecret);
        assert.notEqual(secret, hook.secret);
        assert.ok(Math.abs(Date.parse(until) - Date.now() - 86_400_000) < 60_000);
        await sendTest(hook);
        await receiver.messages(hook.url);
        assertGenuine(receiver.at(hook.url), secret);
        assertGenuine(receiver.at(hook.url), hook.secret);

        await stack.psql(
            `update store.webhooks set previous_secret_until = now() where webhook_id = '${hook.id}'`,
        );
        await sendTest(hook);
        await receiver.messages(hook.url, 2);
        const [, later] = receiver.at(hook.url);
        assert.ok(isGenuine(secret, later.headers, later.body));
        assert.ok(!isGenuine(hook.secret, later.headers, later.body));
        await remove(hook);
    });

    for (const name of ['ok', 'no-content', 'endless', 'too-much', 'too-little', 'huge-headers']) {
        test(`is delivered where the status says so, whatever follows: ${name}`, async () => {
            const hook = await newWebhook(name);
            const sent = await sendTest(hook);
            assertShape(sent, {
                id: kUuid,
                message_id: kUuid,
                event_type: 'webhook.test',
                webhook_id: hook.id,
                recipient: null,
                status: 'pending',
                attempts: 0,
                last_status: null,
                last_error: null,
                next_attempt_at: kTimestamp,
                last_attempt_at: null,
                created_at: kTimestamp,
                finished_at: null,
            });
            const delivery = await outcome(tenant, sent.id);
            assert.equal(delivery.status, 'delivered', JSON.stringify(delivery));
            assert.equal(delivery.last_status, name === 'no-content' ? 204 : 200);
            assert.deepEqual([delivery.attempts, delivery.next_attempt_at], [1, null]);
            const shown = (await tenant.call('GET', `/v1/webhooks/${hook.id}`)).expect(200);
            assert.match(shown.verified_at, kTimestamp);
            await remove(hook);
        });
    }

    for (const [name, error, status] of [
        ['error', 'http_status', 500],
        ['gone', 'http_status', 410],
        ['redirect', 'redirect', 302],
        ['closes', 'unreachable', null],
        ['no-http', 'malformed_answer', null],
    ]) {
        test(`is tried again where the receiver answers with ${name}`, async () => {
            const hook = await newWebhook(name);
            const sent = await sendTest(hook);
            const delivery = await outcome(tenant, sent.id);
            assert.deepEqual(
                [delivery.status, delivery.last_error, delivery.last_status],
                ['failed', error, status],
            );
            const wait = Date.parse(delivery.next_attempt_at) - Date.parse(delivery.last_attempt_at);
            assert.ok(wait >= 7_000 && wait <= 13_000, `the next attempt is in ${wait} ms`);
            if (name === 'redirect') assert.equal(receiver.at(`${receiver.url}/ok`).length, 0);

            receiver.behave(name, 'ok');
            await hurry(stack, tenant);
            await eventually('it is delivered', async () => {
                const page = await tenant.call('GET', `/v1/webhooks/${hook.id}/deliveries`);
                const [again] = page.expect(200).items;
                return again.status === 'delivered' && again.attempts === 2;
            });
            receiver.behave(name, name);
            const [first, second] = receiver.at(hook.url);
            assert.equal(first.body, second.body, 'another attempt is the same message');
            assertGenuine([first, second], hook.secret);
            await remove(hook);
        });
    }

    test('to nobody there is tried again', async () => {
        const hook = await tenant.newWebhook({ url: 'https://localhost:1/', active: true });
        const sent = await sendTest(hook);
        const delivery = await outcome(tenant, sent.id);
        assert.deepEqual([delivery.status, delivery.last_error], ['failed', 'unreachable']);
        await remove(hook);
    });

    test('that failed for a day is dead, is shown so, and can be sent again', async () => {
        const hook = await newWebhook('error');
        const sent = await sendTest(hook);
        await outcome(tenant, sent.id);
        await stack.psql(
            `update store.deliveries set attempts = 9 where delivery_id = '${sent.id}'`,
        );
        await hurry(stack, tenant);
        const dead = await eventually('it is dead', async () => {
            const page = await tenant.call('GET', '/v1/deliveries?status=dead');
            return page.expect(200).items.find(({ id }) => id === sent.id);
        });
        assert.deepEqual([dead.attempts, dead.next_attempt_at], [10, null]);
        assert.match(dead.finished_at, kTimestamp);

        receiver.behave('error', 'ok');
        const again = await tenant.call('POST', `/v1/deliveries/${sent.id}/resend`);
        assert.deepEqual([again.expect(200).status, again.json.attempts], ['pending', 0]);
        assert.equal((await outcome(tenant, sent.id)).status, 'delivered');
        receiver.behave('error', 'error');
        const ids = receiver.at(hook.url).map(({ headers }) => headers['x-secretstore-id']);
        assert.equal(new Set(ids).size, 1, 'a receiver can tell that it is the same message');
        await remove(hook);
    });

    test('to one that is made inactive ends, and is not forgotten', async () => {
        const hook = await newWebhook('error');
        const sent = await sendTest(hook);
        await outcome(tenant, sent.id);
        const body = { active: false };
        (await tenant.call('PATCH', `/v1/webhooks/${hook.id}`, { body })).expect(200);
        const page = await tenant.call('GET', `/v1/webhooks/${hook.id}/deliveries?status=dead`);
        const [ended] = page.expect(200).items;
        assert.deepEqual([ended.id, ended.last_error], [sent.id, 'webhook_inactive']);
        await remove(hook);
    });

    test('is delayed by no receiver that hangs, however many there are', { timeout: 60_000 * kPatience }, async () => {
        const slow = await stack.newTenant();
        const hanging = await inParallel(12, 4, () => newWebhook('hang', {}, slow));
        await inParallel(24, 8, () => slow.newAgent());
        for (const hook of hanging) await receiver.messages(hook.url);

        const hook = await newWebhook('ok');
        const waits = [];
        for (let i = 0; i < 5; ++i) {
            const began = Date.now();
            const sent = await sendTest(hook);
            await receiver.messages(hook.url, i + 1);
            waits.push(Date.now() - began);
            assert.equal((await outcome(tenant, sent.id)).status, 'delivered');
        }
        assert.ok(Math.max(...waits) < 3_000 * kSlowdown, `told after ${waits} ms`);
        // One transfer at a time to each, whatever waits for it.
        for (const one of hanging) assert.equal(receiver.at(one.url).length, 1);
        const [{ resting }] = await eventually('they rest', async () => {
            const rows = await stack.rows(
                `select count(*)::int as resting from store.webhooks
                 where tenant_id = '${slow.id}' and failures > 0 and rests_until > now()`,
            );
            return rows[0].resting === hanging.length && rows;
        }, { timeoutMs: 3 * kTransferMs * kPatience });
        assert.equal(resting, hanging.length);
        await Promise.all(hanging.map((one) => remove(one, slow)));
        await remove(hook);
    });

    test('survives the end of egress: what was under way is delivered after it is back', async () => {
        const hook = await newWebhook('hang');
        const sent = await sendTest(hook);
        await receiver.messages(hook.url);
        const egress = stack.egressPid();
        process.kill(egress, 'SIGKILL');
        // Or it would pass for one that runs.
        await eventually('egress has gone', () => !isAlive(egress));
        receiver.behave('hang', 'ok');
        await stack.revive();
        // Its claim has ended.
        await hurry(stack, tenant);
        await receiver.messages(hook.url, 2);
        const ids = receiver.at(hook.url).map(({ headers }) => headers['x-secretstore-id']);
        assert.deepEqual(ids, [sent.message_id, sent.message_id]);
        receiver.behave('hang', 'hang');
        await remove(hook);
    });

    test('tells of an agent that is refused again and again, once an hour', { timeout: 90_000 * kPatience }, async () => {
        const hook = await newWebhook('ok', { events: ['token.refused_repeatedly'] });
        const agent = await tenant.newAgent();
        const token = await agent.newToken(['secrets:read:allowed/*']);
        const refuse = () => stack.client.get('/v1/secrets/other/KEY', { token });
        await inParallel(20, 4, async () => (await refuse()).expect(403));
        const [message] = await receiver.messages(hook.url, 1, { timeoutMs: 45_000 * kPatience });
        assert.equal(message.type, 'token.refused_repeatedly');
        assert.deepEqual(
            [message.data.agent_id, message.data.refusals >= 20],
            [agent.id, true],
        );
        const notices = await stack.rows(
            `select count(*)::int as n from store.outbox
             where tenant_id = '${tenant.id}' and event_type = 'token.refused_repeatedly'`,
        );
        assert.equal(notices[0].n, 1);
        await remove(hook);
    });

    test('tells of an issuer that gives no keys', { timeout: 60_000 * kPatience }, async () => {
        const hook = await newWebhook('ok', { events: ['key_set.trouble'] });
        const issuer = `https://${unique('issuer')}.example`;
        await stack.psql(
            `with u as (insert into store.users (user_id, issuer, subject, email)
                        values (gen_random_uuid(), '${issuer}', 'somebody', 'somebody@example.com')
                        returning user_id)
             insert into store.members (tenant_id, user_id, role)
             select '${tenant.id}', user_id, 'viewer' from u;
             insert into store.key_set_fetches (issuer, failures, trouble, attempted_at)
             values ('${issuer}', 7, 'unreachable', now())`,
        );
        const [message] = await receiver.messages(hook.url, 1, { timeoutMs: 25_000 * kPatience });
        assert.equal(message.type, 'key_set.trouble');
        assert.deepEqual(message.data, {
            issuer,
            reason: 'unreachable',
            failures: 7,
            refused_from: null,
        });
        await remove(hook);
    });

    test('tells of secrets that expire, once a week and once a day before', async () => {
        const hook = await newWebhook('ok', { events: ['secret.expiring'] });
        const inHours = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
        await tenant.putSecret('expiring/WEEK', { value: 'v', expires_at: inHours(6 * 24) });
        await tenant.putSecret('expiring/DAY', { value: 'v', expires_at: inHours(12) });
        await tenant.putSecret('expiring/LATER', { value: 'v', expires_at: inHours(8 * 24) });
        await tenant.putSecret('expiring/NEVER', { value: 'v' });
        await stack.ctl(['maintain']);
        await stack.ctl(['maintain']);
        const told = (await receiver.messages(hook.url, 2))
            .map(({ data }) => [data.key, data.days_left, data.version])
            .sort();
        assert.deepEqual(told, [
            ['DAY', 1, 1],
            ['WEEK', 7, 1],
        ]);
        // A day before it is told of again; a new version is a new secret to forget.
        await stack.psql(
            `update store.secrets set expires_at = now() + interval '10 hours'
             where tenant_id = '${tenant.id}' and key = 'WEEK'`,
        );
        await tenant.putSecret('expiring/DAY', { value: 'w', expires_at: inHours(11) });
        await stack.ctl(['maintain']);
        const more = (await receiver.messages(hook.url, 4)).slice(2);
        assert.deepEqual(more.map(({ data }) => [data.key, data.days_left, data.version]).sort(), [
            ['DAY', 1, 2],
            ['WEEK', 1, 1],
        ]);
        assert.ok(!JSON.stringify(more).includes('"v"'));
        await remove(hook);
    });

    test('is forgotten in the end: a week after it was delivered, a month after it died', async () => {
        const hook = await newWebhook('ok');
        const [young, old, dead] = [await sendTest(hook), await sendTest(hook), await sendTest(hook)];
        for (const { id } of [young, old, dead])
            assert.equal((await outcome(tenant, id)).status, 'delivered');
        const age = (id, days, more = '') =>
            stack.psql(
                `update store.deliveries set finished_at = now() - interval '${days} days' ${more}
                 where delivery_id = '${id}';
                 update store.outbox o set created_at = now() - interval '${days} days'
                 from store.deliveries d
                 where d.delivery_id = '${id}' and o.message_id = d.message_id`,
            );
        await age(young.id, 6);
        await age(old.id, 8);
        await age(dead.id, 29, `, status = 'dead'`);
        await stack.ctl(['maintain']);
        const ids = async () =>
            (await tenant.call('GET', `/v1/webhooks/${hook.id}/deliveries`))
                .expect(200)
                .items.map(({ id }) => id)
                .sort();
        assert.deepEqual(await ids(), [young.id, dead.id].sort());
        await age(dead.id, 31);
        await stack.ctl(['maintain']);
        assert.deepEqual(await ids(), [young.id]);
        const messages = await stack.rows(
            `select message_id from store.outbox
             where message_id in ('${old.message_id}', '${dead.message_id}')`,
        );
        assert.deepEqual(messages, []);
        await remove(hook);
    });

    test('can be sent by the operator, who sees what became of it', async () => {
        const [good, bad] = [await newWebhook('ok'), await newWebhook('error')];
        const listed = JSON.parse(
            await stack.ctl(['webhook', 'list', '--tenant', tenant.id, '--json']),
        );
        assert.ok(listed.items.some(({ id }) => id === good.id));
        const sent = JSON.parse(
            await stack.ctl(['webhook', 'test', good.id, '--tenant', tenant.id, '--json']),
        );
        assert.deepEqual([sent.status, sent.last_status], ['delivered', 200]);
        await assert.rejects(
            stack.ctl(['webhook', 'test', bad.id, '--tenant', tenant.id]),
            /exit 1: .*failed, status 500, http_status/,
        );
        await Promise.all([good, bad].map((hook) => remove(hook)));
    });

    test('shows no signing secret to whoever has the database', async () => {
        const hook = await newWebhook('ok');
        await sendTest(hook);
        await receiver.messages(hook.url);
        const dump = await stack.psql('select w.*::text from store.webhooks w');
        assert.ok(dump.length > 0 && !dump.includes(hook.secret.slice(6)));
        for (const file of stack.logFiles())
            assert.ok(!fs.readFileSync(file, 'utf8').includes(hook.secret.slice(6)), file);
        await remove(hook);
    });
});
