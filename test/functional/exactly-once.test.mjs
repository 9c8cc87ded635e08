// The same request twice has one effect and one answer: contract.md §7. Whether a client repeats it
// with an Idempotency-Key, the official SDK without one, or nginx because a worker died between its
// commit and its answer.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { operations } from './operations.mjs';
import { kPatience, kPrivateWebhooks, newFolder, runOrThrow, Stack } from './stack.mjs';

const shared = Stack.shared();
const http = shared.client;
const kDays = 86_400_000;

// Each operation that changes something: makes, of a tenant and its agent, a request that can be
// sent, and the same operation with something else (`other`). What is new must be added here.
const kMutations = {
    'POST /v1/agents': () => {
        const body = { name: unique('once'), allowed_namespaces: ['once'] };
        return [{ target: '/v1/agents', body }, { body: { ...body, description: 'other' } }];
    },
    'PATCH /v1/agents/{}': async ({ tenant }) => {
        const target = `/v1/agents/${(await tenant.newAgent()).id}`;
        return [{ target, body: { description: unique('once') } }, { body: { description: 'x' } }];
    },
    'DELETE /v1/agents/{}': async ({ tenant }) => [
        { target: `/v1/agents/${(await tenant.newAgent()).id}` },
        { target: `/v1/agents/${(await tenant.newAgent()).id}` },
    ],
    'POST /v1/agents/{}/rotate-key': async ({ tenant }) => [
        { target: `/v1/agents/${(await tenant.newAgent()).id}/rotate-key` },
        { target: `/v1/agents/${(await tenant.newAgent()).id}/rotate-key` },
    ],
    'POST /v1/tokens': ({ agent }) => {
        const body = { scopes: [`secrets:read:${unique('once')}/*`] };
        return [{ target: '/v1/tokens', token: agent.key, body }, { body: { ...body, ttl: 60 } }];
    },
    'POST /v1/tokens/{}/revoke': async ({ agent }) => {
        const targetOf = async () => {
            const { token_id: id } = await agent.issue([`secrets:read:${unique('once')}/*`]);
            return `/v1/tokens/${id}/revoke`;
        };
        return [{ target: await targetOf() }, { target: await targetOf() }];
    },
    'PUT /v1/secrets/{}': () => [
        { target: `/v1/secrets/${unique('once')}/KEY`, body: { value: unique('value') } },
        { body: { value: unique('other') } },
    ],
    'DELETE /v1/secrets/{}': async (world) => [
        { target: `/v1/secrets/${await newSecret(world)}` },
        { target: `/v1/secrets/${await newSecret(world)}` },
    ],
    'POST /v1/secrets/{}/rotate': async (world) => [
        { target: `/v1/secrets/${await newSecret(world)}/rotate` },
        { body: { new_value: unique('other') } },
    ],
    'POST /v1/secrets/import': () => {
        const namespace = unique('once');
        const content = 'A=one\nB=two\nC=three';
        return [
            { target: '/v1/secrets/import', body: { namespace, content } },
            { body: { namespace, content: `${content}\nD=four` } },
        ];
    },
    'POST /v1/versions/rollback': async (world) => {
        const secret = await newSecret(world);
        return [
            { target: '/v1/versions/rollback', body: { path: secret, version: 1 } },
            { body: { path: secret, version: 2 } },
        ];
    },
    'POST /v1/members': () => [
        { target: '/v1/members', body: { email: `${unique('once')}@a.example`, role: 'viewer' } },
        { body: { email: `${unique('other')}@a.example`, role: 'viewer' } },
    ],
    'PATCH /v1/members/{}': async ({ tenant }) => [
        {
            target: `/v1/members/${(await tenant.newMember('viewer')).id}`,
            body: { role: 'approver' },
        },
        { body: { role: 'admin' } },
    ],
    'DELETE /v1/members/{}': async ({ tenant }) => [
        { target: `/v1/members/${(await tenant.newMember('viewer')).id}` },
        { target: `/v1/members/${(await tenant.newMember('viewer')).id}` },
    ],
    'POST /v1/invitations/accept': async ({ stack, tenant }) => {
        const invited = await tenant.invite('viewer');
        const other = await tenant.invite('viewer');
        return [
            {
                target: '/v1/invitations/accept',
                token: await stack.idToken(invited.email),
                body: { token: invited.invitation_token },
            },
            {
                token: await stack.idToken(other.email, { sub: invited.email }),
                body: { token: other.invitation_token },
            },
        ];
    },
    'POST /v1/me/tokens': () => [
        { target: '/v1/me/tokens', body: { name: unique('once') } },
        { body: { name: unique('other') } },
    ],
    'DELETE /v1/me/tokens/{}': async ({ tenant }) => [
        { target: `/v1/me/tokens/${(await tenant.newPersonalToken()).id}` },
        { target: `/v1/me/tokens/${(await tenant.newPersonalToken()).id}` },
    ],
    'POST /v1/webhooks': async ({ tenant }) => {
        await newWebhook(tenant);
        const body = { url: 'https://127.0.0.1:1/hook', active: false };
        return [{ target: '/v1/webhooks', body }, { body: { ...body, description: 'other' } }];
    },
    'PATCH /v1/webhooks/{}': async ({ tenant }) => {
        const target = `/v1/webhooks/${(await newWebhook(tenant)).id}`;
        return [{ target, body: { description: unique('once') } }, { body: { description: 'x' } }];
    },
    'DELETE /v1/webhooks/{}': async ({ tenant }) => [
        { target: `/v1/webhooks/${(await newWebhook(tenant)).id}` },
        { target: `/v1/webhooks/${(await newWebhook(tenant)).id}` },
    ],
    'POST /v1/webhooks/{}/rotate-secret': async ({ tenant }) => [
        { target: `/v1/webhooks/${(await newWebhook(tenant)).id}/rotate-secret` },
        { target: `/v1/webhooks/${(await newWebhook(tenant)).id}/rotate-secret` },
    ],
    'POST /v1/webhooks/{}/test': async ({ tenant }) => [
        { target: `/v1/webhooks/${(await newWebhook(tenant)).id}/test` },
        { target: `/v1/webhooks/${(await newWebhook(tenant)).id}/test` },
    ],
    'POST /v1/deliveries/{}/resend': async ({ tenant }) => [
        { target: `/v1/deliveries/${await newDelivery(tenant)}/resend` },
        { target: `/v1/deliveries/${await newDelivery(tenant)}/resend` },
    ],
    // By somebody else than the one who made the agent, now that there may be several people.
    'POST /v1/approvals/{}/approve': async (world) => {
        const { token } = await world.tenant.newMember('approver');
        const target = `/v1/approvals/${await newApproval(world)}/approve`;
        return [
            { target, token },
            { token, body: { reason: 'other' } },
        ];
    },
    'POST /v1/approvals/{}/deny': async (world) => [
        { target: `/v1/approvals/${await newApproval(world)}/deny` },
        { body: { reason: 'other' } },
    ],
    'PUT /v1/approval-policies': async ({ tenant }) => {
        const target = '/v1/approval-policies';
        (await tenant.call('PUT', target, { body: { policies: [] } })).expect(200);
        const body = { policies: [{ namespace: unique('once') }] };
        return [{ target, body }, { body: { policies: [] } }];
    },
    'PATCH /v1/me': () => [
        { target: '/v1/me', body: { name: unique('Once Inc') } },
        { body: { name: unique('Other Inc') } },
    ],
};

// The path of a secret with two versions.
async function newSecret({ tenant }) {
    const secret = `${unique('once')}/KEY`;
    await tenant.putSecret(secret, { value: 'the-first-value' });
    await tenant.putSecret(secret, { value: 'the-second-value' });
    return secret;
}

// There is room for a few: those of earlier tests go.
async function newWebhook(tenant) {
    await tenant.stack.psql(
        `delete from store.webhooks where tenant_id = '${tenant.id}' and webhook_id in (
             select webhook_id from store.webhooks where tenant_id = '${tenant.id}'
             order by webhook_id desc offset 5)`,
    );
    return tenant.newWebhook();
}

// A message to nowhere.
async function newDelivery(tenant) {
    const webhook = await newWebhook(tenant);
    return (await tenant.call('POST', `/v1/webhooks/${webhook.id}/test`)).expect(200).id;
}

// The id of a pending approval.
async function newApproval({ tenant, agent }) {
    const secret = `${unique('once')}/KEY`;
    await tenant.putSecret(secret, { value: 'v', access_tier: 'sensitive' });
    const asked = await agent.requestToken({ scopes: [`secrets:read:${secret}`] });
    return asked.expect(200).approval_id;
}

async function newWorld(stack) {
    const tenant = await stack.newTenant();
    return { stack, tenant, agent: await tenant.newAgent() };
}

async function prepare(name, world) {
    const [request, other] = await kMutations[name](world);
    const [method] = name.split(' ');
    const send = (change = {}) => {
        const { target, ...options } = { ...request, ...change };
        return world.stack.client.call(method, target, {
            token: world.tenant.userToken,
            ...options,
        });
    };
    return { send, other };
}

const withKey = (key) => ({ headers: { 'Idempotency-Key': key } });
const succeeded = (answer) =>
    assert.ok([200, 204].includes(answer.status), `${answer.status} ${answer.text}`);
// The answers stand for one and the same thing.
function assertSame(again, first) {
    assert.equal(again.status, first.status, again.text);
    assert.equal(again.text, first.text);
    assert.equal(again.header('content-type'), first.header('content-type'));
    assert.equal(again.header('etag'), first.header('etag'));
}

describe('this test', () => {
    test('knows every operation that changes something', async () => {
        const names = (await operations(http))
            .filter(({ method, kinds }) => method !== 'GET' && kinds.length > 0)
            // It is Stripe that keeps what was answered there: billing.test.mjs.
            .filter(({ template }) => !template.startsWith('/v1/billing/'))
            .map(({ name }) => name.replace(/\{[^}]*\}/g, '{}'));
        assert.deepEqual(names.sort(), Object.keys(kMutations).sort());
    });
});

describe('with an Idempotency-Key', () => {
    let world;
    before(async () => {
        world = await newWorld(shared);
    });

    for (const name of Object.keys(kMutations)) {
        test(`${name} again gives the same bytes and changes nothing`, async () => {
            const { send } = await prepare(name, world);
            const key = unique('key');
            const first = await send(withKey(key));
            succeeded(first);
            const before = await world.tenant.state();

            const again = await send(withKey(key));

            assertSame(again, first);
            assert.deepEqual(await world.tenant.state(), before);
        });

        test(`${name} five times at once has one effect and one answer`, async () => {
            const { send } = await prepare(name, world);
            const key = unique('key');
            const rowsBefore = await rowsOf(world.tenant);

            const answers = await inParallel(5, 5, () => send(withKey(key)));

            succeeded(answers[0]);
            for (const answer of answers) assertSame(answer, answers[0]);
            const twin = await newWorld(shared);
            const once = await prepare(name, twin);
            const twinBefore = await rowsOf(twin.tenant);
            succeeded(await once.send(withKey(key)));
            assert.deepEqual(
                difference(rowsBefore, await rowsOf(world.tenant)),
                difference(twinBefore, await rowsOf(twin.tenant)),
            );
        });

        test(`${name} with something else is answered with 409 and changes nothing`, async () => {
            const { send, other } = await prepare(name, world);
            const key = unique('key');
            succeeded(await send(withKey(key)));
            const before = await world.tenant.state({ except: ['audit_events'] });

            const answer = await send({ ...withKey(key), ...other });

            answer.expect(409, 'INVALID_REQUEST');
            assert.match(answer.message, /Idempotency-Key/);
            assert.deepEqual(await world.tenant.state({ except: ['audit_events'] }), before);
        });
    }

    test('the key is of one tenant: another has its own effect', async () => {
        const other = await newWorld(shared);
        const key = unique('key');
        const body = { name: 'same-name', allowed_namespaces: ['same'] };
        const make = ({ tenant }) => tenant.call('POST', '/v1/agents', { body, ...withKey(key) });
        const [mine, theirs] = [await make(world), await make(other)];
        assert.notEqual(mine.expect(200).id, theirs.expect(200).id);
        assert.equal(theirs.json.tenant_id, other.tenant.id);
    });

    test('the key is of one actor: another agent and a person have their own effects', async () => {
        const secret = `${unique('actors')}/KEY`;
        const key = unique('key');
        const second = await world.tenant.newAgent();
        const credentials = [
            await world.agent.newToken([`secrets:write:${secret}`]),
            await second.newToken([`secrets:write:${secret}`]),
            world.tenant.userToken,
        ];
        const versions = [];
        for (const [i, token] of credentials.entries()) {
            const options = { token, body: { value: `value-${i}` }, ...withKey(key) };
            const answer = await http.put(`/v1/secrets/${secret}`, options);
            versions.push(answer.expect(200).version);
        }
        assert.deepEqual(versions, [1, 2, 3]);
    });

    test('the same key on another endpoint is answered with 409', async () => {
        const key = unique('key');
        const one = await prepare('PUT /v1/secrets/{}', world);
        const two = await prepare('PATCH /v1/me', world);
        succeeded(await one.send(withKey(key)));
        (await two.send(withKey(key))).expect(409, 'INVALID_REQUEST');
    });

    test('the same body to another path is answered with 409', async () => {
        const key = unique('key');
        const { send } = await prepare('PUT /v1/secrets/{}', world);
        succeeded(await send(withKey(key)));
        const target = `/v1/secrets/${unique('once')}/KEY`;
        (await send({ ...withKey(key), target })).expect(409, 'INVALID_REQUEST');
    });

    test('another key is another request', async () => {
        const secret = `${unique('once')}/KEY`;
        const put = (value) =>
            world.tenant.call('PUT', `/v1/secrets/${secret}`, {
                body: { value },
                ...withKey(unique('key')),
            });
        assert.equal((await put('one')).expect(200).version, 1);
        assert.equal((await put('two')).expect(200).version, 2);
    });

    test('the answer is given again although the world has changed meanwhile', async () => {
        const secret = `${unique('once')}/KEY`;
        const key = unique('key');
        const put = (value, more) =>
            world.tenant.call('PUT', `/v1/secrets/${secret}`, { body: { value }, ...more });
        const first = await put('one', withKey(key));
        (await put('two')).expect(200);
        (await world.tenant.call('DELETE', `/v1/secrets/${secret}`)).expect(200);
        assertSame(await put('one', withKey(key)), first);
        (await world.tenant.call('DELETE', `/v1/secrets/${secret}`)).expect(404);
    });

    test('the answer is given only to who may still ask', async () => {
        const holder = await world.tenant.newAgent();
        const key = unique('key');
        const options = { body: { scopes: ['secrets:read:once/*'] }, ...withKey(key) };
        const ask = () => http.post('/v1/tokens', { token: holder.key, ...options });
        (await ask()).expect(200);
        (await world.tenant.call('DELETE', `/v1/agents/${holder.id}`)).expect(204);
        (await ask()).expect(401, 'UNAUTHORIZED');
    });

    test('what was answered is kept sealed: no row holds a key or a token', async () => {
        const own = await newWorld(shared);
        const made = await own.tenant.call('POST', '/v1/agents', {
            body: { name: 'sealed', allowed_namespaces: ['a'] },
            ...withKey(unique('key')),
        });
        const { api_key: apiKey } = made.expect(200);
        const issued = await http.post('/v1/tokens', {
            token: own.agent.key,
            body: { scopes: ['secrets:read:a/*'] },
            ...withKey(unique('key')),
        });
        const { token } = issued.expect(200);
        const rows = await shared.rows(
            `select encode(answer_box, 'escape') as box from store.processed_requests
             where tenant_id = '${own.tenant.id}' and answer_box is not null`,
        );
        assert.ok(rows.length >= 2);
        for (const { box } of rows) {
            assert.ok(!box.includes(apiKey.slice(13)));
            assert.ok(!box.includes(token.split('.')[2]));
        }
    });

    test('a key is kept for 24 hours', async () => {
        const own = await newWorld(shared);
        const key = unique('key');
        const { send, other } = await prepare('PUT /v1/secrets/{}', own);
        succeeded(await send(withKey(key)));
        const [{ lives }] = await shared.rows(
            `select extract(epoch from max(expires_at) - now())::int as lives
             from store.processed_requests where tenant_id = '${own.tenant.id}'`,
        );
        assert.ok(Math.abs(lives * 1000 - kDays) < 60_000, `${lives} s`);
        await shared.psql(
            `update store.processed_requests set expires_at = now() - interval '1 second'
             where tenant_id = '${own.tenant.id}'`,
        );
        assert.equal((await send({ ...withKey(key), ...other })).expect(200).version, 2);
    });

    test('a read is no mutation: it shows what is true now', async () => {
        const secret = `${unique('once')}/KEY`;
        const key = unique('key');
        const token = await world.agent.newToken([`secrets:read:${secret}`]);
        const read = () => http.get(`/v1/secrets/${secret}`, { token, ...withKey(key) });
        await world.tenant.putSecret(secret, { value: 'one' });
        assert.equal((await read()).expect(200).value, 'one');
        await world.tenant.putSecret(secret, { value: 'two' });
        assert.equal((await read()).expect(200).value, 'two');
    });

    test('of 255 characters is the longest that is taken', async () => {
        const { send } = await prepare('PUT /v1/secrets/{}', world);
        succeeded(await send(withKey(unique('key').padEnd(255, '~'))));
    });

    for (const [what, key] of [
        ['256 characters', 'k'.repeat(256)],
        ['a space in it', 'a key'],
        ['a tab in it', 'a\tkey'],
        ['a letter beyond ASCII', 'schl\u00fcssel'],
        ['a control character', 'a\u007fkey'],
        ['two headers', 'a-key\r\nIdempotency-Key: another-key'],
        ['the same header twice', 'a-key\r\nidempotency-key: a-key'],
        ['two headers, the first of them 0', '0\r\nIdempotency-Key: another-key'],
    ]) {
        test(`of ${what} is refused`, async () => {
            const { send } = await prepare('PUT /v1/secrets/{}', world);
            const before = await world.tenant.state();
            const body = JSON.stringify({ value: 'v' });
            const head = http.rawHead('PUT', `/v1/secrets/${unique('once')}/KEY`, {
                token: world.tenant.userToken,
                headers: [
                    `Idempotency-Key: ${key}`,
                    'Content-Type: application/json',
                    `Content-Length: ${body.length}`,
                ],
            });
            const answer = await http.raw([head, body]);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /Idempotency-Key/);
            assert.deepEqual(await world.tenant.state(), before);
            succeeded(await send());
        });
    }
});

describe('a PUT again without a key', () => {
    let world;
    let token;
    before(async () => {
        world = await newWorld(shared);
        token = await world.agent.newToken(['secrets:*:*']);
    });
    const put = async (secret, body, by = token) =>
        (await http.put(`/v1/secrets/${secret}`, { token: by, body })).expect(200);

    test('of what is the newest version gives that version and makes none', async () => {
        const secret = `${unique('again')}/KEY`;
        const body = {
            value: 'v',
            secret_type: 'api_key',
            access_tier: 'standard',
            metadata: { a: [1, 'two'] },
            expires_at: '2031-01-01T00:00:00Z',
        };
        const first = await put(secret, body);
        const except = ['audit_events', 'processed_requests'];
        const before = await world.tenant.state({ except });

        const again = await put(secret, body);

        assert.deepEqual(again, first);
        assert.deepEqual(await world.tenant.state({ except }), before);
    });

    test('with null for metadata, as the SDK sends, is the same where it kept some', async () => {
        const secret = `${unique('again')}/KEY`;
        await put(secret, { value: 'v', metadata: { a: 1 } });
        const body = { value: 'w', secret_type: 'custom', access_tier: 'standard', metadata: null };
        const second = await put(secret, body);
        assert.deepEqual(await put(secret, body), second);
        assert.deepEqual(second.metadata, { a: 1 });
    });

    for (const [what, change] of [
        ['value', { value: 'another-value' }],
        ['type', { secret_type: 'ssh_key' }],
        ['tier', { access_tier: 'sensitive' }],
        ['metadata', { metadata: { a: 2 } }],
        ['expiry', { expires_at: '2032-01-01T00:00:00Z' }],
        ['lack of an expiry', { expires_at: null }],
    ]) {
        test(`with another ${what} makes a version`, async () => {
            const secret = `${unique('again')}/KEY`;
            const body = {
                value: 'v',
                secret_type: 'api_key',
                access_tier: 'standard',
                metadata: { a: 1 },
                expires_at: '2031-01-01T00:00:00Z',
            };
            await put(secret, body);
            assert.equal((await put(secret, { ...body, ...change })).version, 2);
        });
    }

    test('of an older value makes a version: only the newest counts', async () => {
        const secret = `${unique('again')}/KEY`;
        const versions = [];
        for (const value of ['a', 'b', 'a', 'a'])
            versions.push((await put(secret, { value })).version);
        assert.deepEqual(versions, [1, 2, 3, 3]);
    });

    test('by another agent or a person makes a version', async () => {
        const secret = `${unique('again')}/KEY`;
        const second = await (await world.tenant.newAgent()).newToken([`secrets:*:${secret}`]);
        assert.equal((await put(secret, { value: 'v' })).version, 1);
        assert.equal((await put(secret, { value: 'v' }, second)).version, 2);
        assert.equal((await put(secret, { value: 'v' }, world.tenant.userToken)).version, 3);
        assert.equal((await put(secret, { value: 'v' }, world.tenant.userToken)).version, 3);
    });

    test('with another token of the same agent makes none', async () => {
        const secret = `${unique('again')}/KEY`;
        const other = await world.agent.newToken([`secrets:write:${secret}`]);
        assert.equal((await put(secret, { value: 'v' })).version, 1);
        assert.equal((await put(secret, { value: 'v' }, other)).version, 1);
    });

    test('after more than 120 s makes a version', async () => {
        const secret = `${unique('again')}/KEY`;
        await put(secret, { value: 'v' });
        await shared.psql(
            `update store.secret_versions v set created_at = v.created_at - interval '121 seconds'
             from store.secrets s where s.tenant_id = v.tenant_id and s.secret_id = v.secret_id
               and s.tenant_id = '${world.tenant.id}' and s.path = '${secret}';
             update store.secrets
             set created_at = created_at - interval '121 seconds',
                 updated_at = updated_at - interval '121 seconds'
             where tenant_id = '${world.tenant.id}' and path = '${secret}'`,
        );
        assert.equal((await put(secret, { value: 'v' })).version, 2);
    });

    test('by 16 at once makes one version', async () => {
        const secret = `${unique('again')}/KEY`;
        const answers = await inParallel(16, 16, () => put(secret, { value: 'v' }));
        assert.deepEqual([...new Set(answers.map(({ version }) => version))], [1]);
        const versions = await world.tenant.call('GET', `/v1/versions?path=${secret}`);
        assert.equal(versions.expect(200).total, 1);
    });
});

describe('a POST /tokens again without a key', () => {
    let world;
    before(async () => {
        world = await newWorld(shared);
    });
    const scopesOf = () => [`secrets:read:${unique('again')}/*`, 'namespaces:read'];

    test('gives the same token, byte for byte', async () => {
        const scopes = scopesOf();
        const first = await world.agent.issue(scopes);
        const before = await world.tenant.state({ except: ['audit_events', 'processed_requests'] });
        assert.deepEqual(await world.agent.issue(scopes), first);
        assert.deepEqual(
            await world.tenant.state({ except: ['audit_events', 'processed_requests'] }),
            before,
        );
    });

    for (const [what, change] of [
        ['a ttl', { ttl: 60 }],
        ['max_uses', { max_uses: 5 }],
        ['addresses', { ip_allowlist: ['127.0.0.1'] }],
        ['other scopes', { scopes: ['secrets:read:other/*'] }],
    ]) {
        test(`with ${what} gives another token`, async () => {
            const scopes = scopesOf();
            const first = await world.agent.issue(scopes);
            const other = (await world.agent.requestToken({ scopes, ...change })).expect(200);
            assert.notEqual(other.token_id, first.token_id);
        });
    }

    test('by another agent gives another token', async () => {
        const scopes = scopesOf();
        const first = await world.agent.issue(scopes);
        const other = await (await world.tenant.newAgent()).issue(scopes);
        assert.notEqual(other.token_id, first.token_id);
    });

    test('after more than 10 s gives another token', async () => {
        const scopes = scopesOf();
        const first = await world.agent.issue(scopes);
        await shared.psql(
            `update store.tokens set issued_at = issued_at - interval '11 seconds'
             where tenant_id = '${world.tenant.id}' and token_id = '${first.token_id}'`,
        );
        assert.notEqual((await world.agent.issue(scopes)).token_id, first.token_id);
    });

    test('gives another token where the first was revoked', async () => {
        const scopes = scopesOf();
        const first = await world.agent.issue(scopes);
        (await world.tenant.call('POST', `/v1/tokens/${first.token_id}/revoke`)).expect(204);
        assert.notEqual((await world.agent.issue(scopes)).token_id, first.token_id);
    });

    test('gives another token where the first has no use left', async () => {
        const scopes = scopesOf();
        const first = await world.agent.issue(scopes, { max_uses: 1 });
        const used = await http.get('/v1/namespaces', { token: first.token });
        used.expect(200);
        const second = await world.agent.issue(scopes, { max_uses: 1 });
        assert.notEqual(second.token_id, first.token_id);
        (await http.get('/v1/namespaces', { token: second.token })).expect(200);
    });

    test("gives another token where the agent's limits have changed", async () => {
        const holder = await world.tenant.newAgent();
        const scopes = scopesOf();
        const first = await holder.issue(scopes);
        const body = { ip_allowlist: ['127.0.0.1'] };
        (await world.tenant.call('PATCH', `/v1/agents/${holder.id}`, { body })).expect(200);
        const second = await holder.issue(scopes);
        assert.notEqual(second.token_id, first.token_id);
        (await http.get('/v1/namespaces', { token: second.token })).expect(200);
    });

    test('by 16 at once gives one token', async () => {
        const scopes = scopesOf();
        const answers = await inParallel(16, 16, () => world.agent.issue(scopes));
        assert.equal(new Set(answers.map(({ token }) => token)).size, 1);
        const [{ count }] = await shared.rows(
            `select count(*)::int from store.tokens
             where tenant_id = '${world.tenant.id}' and '${scopes[0]}' = any (scopes)`,
        );
        assert.equal(count, 1);
    });
});

describe('when a worker dies between its commit and its answer,', () => {
    const folder = newFolder();
    const crashFile = path.join(folder, 'crash');
    const kWorkers = 2;
    let stack;
    let world;
    before(
        async () => {
            // The worker that dies removes the file, whoever it runs as.
            fs.mkdirSync(folder);
            fs.chmodSync(folder, 0o777);
            const library = path.join(folder, 'crash_after_commit.so');
            const source = fileURLToPath(new URL('crash_after_commit.c', import.meta.url));
            await runOrThrow('cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
            stack = await Stack.start({
                workers: kWorkers,
                threads: 8,
                conf: kPrivateWebhooks,
                options: [
                    '--worker-env',
                    `LD_PRELOAD=${library}`,
                    '--worker-env',
                    `CRASH_AFTER_COMMIT=${crashFile}`,
                ],
            });
            world = await newWorld(stack);
        },
        { timeout: 60_000 * kPatience },
    );
    after(async () => {
        await stack?.stop();
        fs.rmSync(folder, { recursive: true, force: true });
    });

    // Sends one request whose first worker dies; the client sees one answer.
    async function dying(send) {
        const pids = await stack.fullPool(kWorkers);
        fs.writeFileSync(crashFile, '');
        const answer = await send();
        assert.ok(!fs.existsSync(crashFile), 'no worker died');
        await eventually('it is gone', () => {
            const left = stack.workerPids();
            return pids.some((pid) => !left.includes(pid));
        });
        return answer;
    }

    for (const name of Object.keys(kMutations)) {
        test(`${name} has its one effect and is answered well`, async () => {
            // The same, in the life of another, without a death.
            const twin = await newWorld(stack);
            const spared = await prepare(name, twin);
            const twinBefore = await rowsOf(twin.tenant);
            const wanted = await spared.send();
            succeeded(wanted);
            const twinDifference = difference(twinBefore, await rowsOf(twin.tenant));
            const own = await newWorld(stack);
            const { send } = await prepare(name, own);
            const rowsBefore = await rowsOf(own.tenant);

            const answer = await dying(send);

            assert.equal(answer.status, wanted.status, answer.text);
            if (wanted.text !== '')
                assert.deepEqual(Object.keys(answer.json), Object.keys(wanted.json));
            assert.deepEqual(difference(rowsBefore, await rowsOf(own.tenant)), twinDifference);
        });
    }

    test('the version of a PUT is the one that is stored', async () => {
        const secret = `${unique('dying')}/KEY`;
        const token = await world.agent.newToken([`secrets:*:${secret}`]);
        const put = (value) =>
            stack.client.put(`/v1/secrets/${secret}`, { token, body: { value } });
        (await put('value-1')).expect(200);
        const answer = await dying(() => put('value-2'));
        assert.equal(answer.expect(200).version, 2);
        const read = await stack.client.get(`/v1/secrets/${secret}`, { token });
        assert.deepEqual([read.expect(200).value, read.json.version], ['value-2', 2]);
    });

    test('a PUT that expects a version is no conflict with itself', async () => {
        const secret = `${unique('dying')}/KEY`;
        const body = { value: 'v', expected_version: 0 };
        const answer = await dying(() =>
            world.tenant.call('PUT', `/v1/secrets/${secret}`, { body }),
        );
        assert.equal(answer.expect(200).version, 1);
    });

    test('the token that is given is the one that was made, and works', async () => {
        const scopes = [`secrets:read:${unique('dying')}/*`, 'namespaces:read'];
        const answer = await dying(() => world.agent.requestToken({ scopes }));
        const { token, token_id: id } = answer.expect(200);
        (await stack.client.get('/v1/namespaces', { token })).expect(200);
        const rows = await stack.rows(
            `select token_id from store.tokens
             where tenant_id = '${world.tenant.id}' and '${scopes[0]}' = any (scopes)`,
        );
        assert.deepEqual(rows, [{ token_id: id }]);
    });

    test('an import tells what it imported, not that it found it there', async () => {
        const namespace = unique('dying');
        const keys = Array.from({ length: 100 }, (_, i) => `K${i}`);
        const content = keys.map((key) => `${key}=value-of-${key}`).join('\n');
        const answer = await dying(() =>
            world.tenant.call('POST', '/v1/secrets/import', { body: { namespace, content } }),
        );
        const { imported, imported_count: count, skipped } = answer.expect(200);
        assert.deepEqual([imported.length, count, skipped], [100, 100, 0]);
        const listed = await world.tenant.call(
            'GET',
            `/v1/secrets?namespace=${namespace}&limit=200`,
        );
        assert.deepEqual([...new Set(listed.expect(200).items.map((item) => item.version))], [1]);
    });

    test('a rotation shows the value that it made and stored', async () => {
        const secret = await newSecret(world);
        const answer = await dying(() => world.tenant.call('POST', `/v1/secrets/${secret}/rotate`));
        const { value, version } = answer.expect(200);
        const token = await world.agent.newToken([`secrets:read:${secret}`]);
        const read = await stack.client.get(`/v1/secrets/${secret}`, { token });
        assert.deepEqual([read.expect(200).value, read.json.version], [value, 3]);
        assert.equal(version, 3);
    });

    test("a new agent's key, and one that replaces another, is the one that works", async () => {
        const body = { name: unique('dying'), allowed_namespaces: ['a'] };
        const ask = (key) =>
            stack.client.post('/v1/tokens', {
                token: key,
                body: { scopes: ['secrets:read:a/*'] },
            });
        const made = await dying(() => world.tenant.call('POST', '/v1/agents', { body }));
        const { id, api_key: first } = made.expect(200);
        (await ask(first)).expect(200);
        const replaced = await dying(() =>
            world.tenant.call('POST', `/v1/agents/${id}/rotate-key`),
        );
        (await ask(replaced.expect(200).api_key)).expect(200);
        (await ask(first)).expect(401, 'UNAUTHORIZED');
    });

    // A use of a token that may be used once is counted once, and what it was for is had.
    const uses = {
        'a read': async (secret, token) => {
            const answer = await stack.client.get(`/v1/secrets/${secret}`, { token });
            assert.equal(answer.expect(200).value, 'the-second-value');
        },
        'a write': async (secret, token) => {
            const options = { token, body: { value: 'the-third-value' } };
            const answer = await stack.client.put(`/v1/secrets/${secret}`, options);
            assert.equal(answer.expect(200).version, 3);
        },
        'a list': async (secret, token) => {
            const target = `/v1/secrets?namespace=${secret.split('/')[0]}`;
            assert.equal((await stack.client.get(target, { token })).expect(200).total, 1);
        },
        'a list of namespaces': async (secret, token) => {
            const answer = await stack.client.get('/v1/namespaces', { token });
            assert.deepEqual(answer.expect(200).namespaces, [secret.split('/')[0]]);
        },
        'an import': async (secret, token) => {
            const body = { namespace: secret.split('/')[0], content: 'KEY=the-third-value' };
            const answer = await stack.client.post('/v1/secrets/import', { token, body });
            assert.deepEqual(answer.expect(200).imported, ['KEY']);
        },
    };
    for (const [what, use] of Object.entries(uses)) {
        test(`${what} with a token for one use uses it once`, async () => {
            const secret = await newSecret(world);
            const scopes = [`secrets:*:${secret}`];
            const { token, token_id: id } = await world.agent.issue(scopes, { max_uses: 1 });

            await dying(() => use(secret, token));

            const again = await stack.client.get(`/v1/secrets/${secret}`, { token });
            again.expect(401, 'UNAUTHORIZED');
            const [{ uses: counted }] = await stack.rows(
                `select uses from store.tokens where token_id = '${id}'`,
            );
            assert.equal(counted, 1);
        });
    }

    test('a plain read is answered, and on record', async () => {
        const secret = await newSecret(world);
        const token = await world.agent.newToken([`secrets:read:${secret}`]);
        const answer = await dying(() => stack.client.get(`/v1/secrets/${secret}`, { token }));
        assert.equal(answer.expect(200).value, 'the-second-value');
        const rows = await world.tenant.audit(answer.requestId);
        assert.ok(rows.length >= 1);
        for (const row of rows) assert.equal(row.event_type, 'secret.read');
    });
});

// table → how many rows it holds of a tenant; what is kept to recognise repetitions is not counted.
async function rowsOf(tenant) {
    const state = await tenant.state({ except: ['processed_requests'] });
    return Object.fromEntries(Object.entries(state).map(([table, [count]]) => [table, count]));
}

function difference(before, now) {
    return Object.fromEntries(
        Object.entries(now).map(([table, count]) => [table, count - before[table]]),
    );
}
