// What no endpoint takes for a body, on every endpoint that takes one, and for a parameter:
// contract.md §1. The endpoints come from the server's own description.
import { assert, before, describe, test, unique } from './claim.mjs';
import { operations, targetOf } from './operations.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

const all = await operations(http);
// Some take an object without members, for clients that always send one: nothing to get wrong. Of
// what Stripe sends, bytes and signature are looked at, and no member (billing.test.mjs).
const taking = all.filter(
    ({ kinds, takesBody, takesNothing }) => kinds.length > 0 && takesBody && !takesNothing,
);
const bodyless = all.filter(
    (operation) => !operation.takesBody && !['GET', 'HEAD'].includes(operation.method),
);

// A valid body of each operation, which the faults are put into: what is refused is refused for
// its fault alone. An endpoint that is added must be added here.
const kGoodBodies = {
    'POST /v1/agents': { name: 'bodies', allowed_namespaces: ['bodies'] },
    'PATCH /v1/agents/{}': { description: 'changed' },
    'POST /v1/tokens': { scopes: ['secrets:read:bodies/*'] },
    'PUT /v1/secrets/{}': { value: 'the-value-of-bodies' },
    'POST /v1/secrets/{}/rotate': { new_value: 'the-value-of-bodies' },
    'POST /v1/secrets/import': { namespace: 'bodies', content: 'A=1' },
    'POST /v1/versions/rollback': { path: 'bodies/KEY', version: 1 },
    'POST /v1/webhooks': { url: 'https://127.0.0.1:1/hook', events: ['agent.created'] },
    'PATCH /v1/webhooks/{}': { description: 'changed' },
    'POST /v1/approvals/{}/approve': { reason: 'planned' },
    'POST /v1/approvals/{}/deny': { reason: 'unexpected' },
    'PUT /v1/approval-policies': { policies: [{ namespace: 'bodies' }] },
    'PATCH /v1/me': { name: 'changed' },
    'POST /v1/me/tokens': { name: 'bodies' },
    'POST /v1/members': { email: 'bodies@people.example', role: 'viewer' },
    'PATCH /v1/members/{}': { role: 'viewer' },
    'POST /v1/billing/checkout': { plan: 'pro', interval: 'monthly' },
    'POST /v1/invitations/accept': { token: `ass_invite_${'0'.repeat(43)}` },
};
const goodBodyOf = (operation) => kGoodBodies[operation.name.replace(/\{[^}]*\}/g, '{}')];

// Each makes bytes that must be refused, of the text of a good body.
const inside = (text, more) => `${text.slice(0, -1)},${more}}`;
const kFaults = {
    'an unknown member': (text) => inside(text, '"colour":"red"'),
    'a member twice': (text) => inside(text, text.slice(1, -1)),
    'a member twice, once in disguise': (text) =>
        inside(
            text,
            text.slice(1, -1).replace(/"(\w)/, (_, c) => `"\\u00${hex(c)}`),
        ),
    'a member of another case': (text) => text.replace(/"(\w)/, (_, c) => `"${c.toUpperCase()}`),
    'nesting of 17': (text) => inside(text, `"colour":${'['.repeat(16)}${']'.repeat(16)}`),
    'nesting of 100,000': (text) => inside(text, `"colour":${'['.repeat(100_000)}`),
    'nesting of 100,000 objects': (text) => inside(text, `"colour":${'{"a":'.repeat(100_000)}`),
    'bad UTF-8': (text) => withBytes(text, [0xff]),
    'overlong UTF-8': (text) => withBytes(text, [0xc0, 0xaf]),
    'a surrogate in UTF-8': (text) => withBytes(text, [0xed, 0xa0, 0x80]),
    'half a character': (text) => withBytes(text, [0xe2, 0x82]),
    'a lone surrogate': (text) => inside(text, '"colour":"\\ud800"'),
    'a NUL': (text) => inside(text, '"colour":"\\u0000"'),
    'a raw NUL': (text) => `${text}\u0000`,
    'a byte order mark': (text) => `\ufeff${text}`,
    'trailing bytes': (text) => `${text} x`,
    'a second document': (text) => `${text}${text}`,
    'a trailing comma': (text) => `${text.slice(0, -1)},}`,
    'a comment': (text) => `${text}// none`,
    'half a document': (text) => text.slice(0, -1),
    'a list around it': (text) => `[${text}]`,
    'text for an object': (text) => JSON.stringify(text),
    'a number for an object': () => '1',
    'null for an object': () => 'null',
};
const hex = (c) => c.charCodeAt(0).toString(16);
const withBytes = (text, bytes) => {
    const [head, tail] = [`${text.slice(0, -1)},"colour":"`, '"}'];
    return Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]);
};

let tenant;
let objects;
const credentials = {};
before(async () => {
    tenant = await stack.newTenant();
    const agent = await tenant.newAgent();
    await tenant.putSecret('bodies/KEY', { value: 'the-first-value' });
    await tenant.putSecret('bodies/KEY', { value: 'the-second-value' });
    const issued = await agent.issue(['secrets:*:*', 'namespaces:read']);
    credentials.user = tenant.userToken;
    credentials.agent = agent.key;
    credentials.token = issued.token;
    objects = { path: 'bodies/KEY', agent: agent.id, token: issued.token_id };
    await tenant.putSecret('bodies/SENSITIVE', { value: 'v', access_tier: 'sensitive' });
    const asked = await agent.requestToken({ scopes: ['secrets:read:bodies/SENSITIVE'] });
    objects.approval = asked.expect(200).approval_id;
    objects.member = (await tenant.newMember('viewer')).id;
    objects.personalToken = (await tenant.newPersonalToken()).id;
    objects.webhook = (await tenant.newWebhook()).id;
    objects.delivery = '00000000-0000-4000-8000-000000000123';
});
const send = (operation, body, options = {}) =>
    http.call(operation.method, targetOf(operation, objects), {
        token: credentials[operation.kinds[0]],
        body,
        ...options,
    });
// Also the audit log: what is malformed is not on record, for it never came so far.
const untouched = async (block) => {
    const before = await tenant.state();
    await block();
    assert.deepEqual(await tenant.state(), before);
};

for (const operation of taking) {
    describe(`the body of ${operation.name}`, () => {
        test('is known to this test', () => {
            assert.ok(goodBodyOf(operation), 'add a good body of it to kGoodBodies');
        });

        test('is refused for every fault, and none of them reaches the database', async () => {
            const text = JSON.stringify(goodBodyOf(operation));
            await untouched(async () => {
                for (const [fault, make] of Object.entries(kFaults)) {
                    const answer = await send(operation, make(text));
                    assert.equal(answer.status, 400, `${fault}: ${answer.status} ${answer.text}`);
                    assert.equal(answer.code, 'INVALID_REQUEST', fault);
                }
            });
        });

        test('of more than 1 MiB is answered with 413, with a length or in chunks', async () => {
            const body = JSON.stringify(goodBodyOf(operation)).padEnd(1024 * 1024 + 1, ' ');
            await untouched(async () => {
                (await send(operation, body)).expect(413, 'INVALID_REQUEST');
                (await send(operation, body, { chunked: true })).expect(413, 'INVALID_REQUEST');
            });
        });

        test('of another type is answered with 415', async () => {
            const body = JSON.stringify(goodBodyOf(operation));
            await untouched(async () => {
                for (const type of ['text/plain', 'application/x-www-form-urlencoded', null])
                    (await send(operation, body, { headers: { 'Content-Type': type } })).expect(
                        415,
                        'INVALID_REQUEST',
                    );
            });
        });

        test('is refused by the name of its unknown member', async () => {
            const name = unique('member');
            const answer = await send(operation, { ...goodBodyOf(operation), [name]: 1 });
            answer.expect(400, 'INVALID_REQUEST');
            assert.ok(answer.message.includes(name), answer.message);
        });
    });
}

for (const operation of all.filter(({ takesNothing }) => takesNothing)) {
    test(`${operation.name} takes an object without members, as JSON only`, async () => {
        await untouched(async () => {
            (await send(operation, { colour: 'red' })).expect(400, 'INVALID_REQUEST');
            const headers = { 'Content-Type': 'text/plain' };
            (await send(operation, '{}', { headers })).expect(415, 'INVALID_REQUEST');
        });
    });
}

for (const operation of bodyless) {
    test(`${operation.name} takes no body, and does nothing for who sends one`, async () => {
        await untouched(async () => {
            const answer = await send(operation, { colour: 'red' });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /no body/);
        });
    });
}

for (const operation of all) {
    test(`${operation.name} refuses a parameter that it does not know, by its name`, async () => {
        const target = `${targetOf(operation, objects)}?colour=red`;
        const options = { token: credentials[operation.kinds[0]] };
        const answer = await http.call(operation.method, target, options);
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /colour/);
    });
}

describe('of several faults', () => {
    // A body with two faults, in the order in which the members are described; the first is named.
    const cases = [
        ['POST /v1/agents', { name: '', allowed_namespaces: [] }, 'name', 'allowed_namespaces'],
        ['POST /v1/agents', { name: 7, description: 7 }, 'name', 'description'],
        [
            'POST /v1/agents',
            { name: 'x', allowed_namespaces: ['a/..'], ip_allowlist: [] },
            '..',
            'ip_allowlist',
        ],
        ['POST /v1/tokens', { scopes: [], ttl: 0 }, 'scopes', 'ttl'],
        ['POST /v1/tokens', { scopes: ['secrets:read:a'], ttl: 0, max_uses: 0 }, 'ttl', 'max_uses'],
        [
            'POST /v1/tokens',
            { scopes: ['secrets:read:a'], max_uses: 0, ip_allowlist: [] },
            'max_uses',
            'ip_allowlist',
        ],
        ['PUT /v1/secrets/{}', { value: '', secret_type: 'pin' }, "'value'", 'secret_type'],
        [
            'PUT /v1/secrets/{}',
            { value: 'v', secret_type: 'pin', access_tier: 'top' },
            'secret_type',
            'access_tier',
        ],
        [
            'PUT /v1/secrets/{}',
            { value: 'v', access_tier: 'top', metadata: [] },
            'access_tier',
            'metadata',
        ],
        [
            'PUT /v1/secrets/{}',
            { value: 'v', metadata: [], expires_at: 'soon' },
            'metadata',
            'expires_at',
        ],
        [
            'PUT /v1/secrets/{}',
            { value: 'v', expires_at: 'soon', expected_version: -1 },
            'expires_at',
            'expected_version',
        ],
        ['POST /v1/secrets/import', { namespace: '/a', content: 7 }, 'namespace', 'content'],
        [
            'POST /v1/secrets/import',
            { namespace: 'a', content: 'bad line', secret_type: 'pin' },
            /line 1|secret_type/,
            'access_tier',
        ],
        ['POST /v1/versions/rollback', { path: 'KEY', version: 0 }, 'KEY', 'version'],
        [
            'PATCH /v1/agents/{}',
            { description: 7, allowed_namespaces: [] },
            'description',
            'allowed_namespaces',
        ],
        ['POST /v1/webhooks', { url: 'http://a.example', events: [] }, 'url', 'events'],
        [
            'POST /v1/webhooks',
            { url: 'https://127.0.0.1:1/', description: 7, events: [] },
            'description',
            'events',
        ],
        [
            'POST /v1/webhooks',
            { url: 'https://127.0.0.1:1/', events: ['none'], active: 1 },
            'events',
            'active',
        ],
        ['PATCH /v1/webhooks/{}', { url: 7, events: [] }, 'url', 'events'],
        ['POST /v1/approvals/{}/approve', { scopes: [], ttl: 0 }, 'scopes', 'ttl'],
        ['POST /v1/approvals/{}/approve', { ttl: 0, max_uses: 0 }, 'ttl', 'max_uses'],
        ['POST /v1/approvals/{}/approve', { max_uses: 0, reason: 7 }, 'max_uses', 'reason'],
        [
            'POST /v1/approvals/{}/approve',
            { reason: 7, request_digest: 7 },
            'reason',
            'request_digest',
        ],
        [
            'PUT /v1/approval-policies',
            { policies: [{ namespace: 7, approvals: 0 }], expected_version: -1 },
            'namespace',
            'approvals',
        ],
        [
            'PUT /v1/approval-policies',
            { policies: 7, expected_version: -1 },
            'policies',
            'expected_version',
        ],
        ['PATCH /v1/me', { name: '', notification_preferences: [] }, 'name', 'notification'],
        ['POST /v1/members', { email: 'nobody', role: 'king' }, 'email', 'role'],
        ['POST /v1/me/tokens', { name: '', ttl: 0 }, 'name', 'ttl'],
        ['POST /v1/me/tokens', { name: 'x', ttl: 0, role: 'king' }, 'ttl', 'role'],
    ];
    for (const [name, body, first, second] of cases) {
        test(`${name} names ${first} and not ${second}`, async () => {
            const operation = all.find((one) => one.name.replace(/\{[^}]*\}/g, '{}') === name);
            const answer = await send(operation, body);
            answer.expect(400, 'INVALID_REQUEST');
            const names =
                first instanceof RegExp
                    ? first.test(answer.message)
                    : answer.message.includes(first);
            assert.ok(names, answer.message);
            assert.ok(!answer.message.includes(second), answer.message);
        });
    }

    test('a missing credential comes before a bad body', async () => {
        for (const operation of taking) {
            const answer = await send(operation, 'not JSON', { token: undefined });
            answer.expect(401, 'UNAUTHORIZED');
        }
    });

    test('the wrong kind of credential comes before a bad body', async () => {
        for (const operation of taking) {
            const wrong = ['user', 'agent', 'token'].find((one) => !operation.kinds.includes(one));
            const answer = await send(operation, 'not JSON', { token: credentials[wrong] });
            answer.expect(403, 'SCOPE_DENIED');
        }
    });

    test('an unknown parameter comes before a bad body', async () => {
        for (const operation of taking) {
            const target = `${targetOf(operation, objects)}?colour=red`;
            const answer = await http.call(operation.method, target, {
                token: credentials[operation.kinds[0]],
                body: 'not JSON',
            });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /colour/, operation.name);
        }
    });
});
