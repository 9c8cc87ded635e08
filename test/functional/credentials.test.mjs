// Who may call what: contract.md §2. The matrix comes from the server's own description, so an
// endpoint that is added later is in it from its first day.
import { assert, before, describe, test } from './claim.mjs';
import { operations, targetOf } from './operations.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

const kNameOfKind = { agent: /agent key/i, token: /scoped token/i, user: /user token|ID token/i };

const all = await operations(http);
const guarded = all.filter((operation) => operation.kinds.length > 0);

describe('the matrix of operations and credentials', () => {
    const credentials = {};
    const bodyOf = (operation) => (operation.takesBody ? { body: {} } : {});

    before(async () => {
        const tenant = await stack.newTenant();
        const agent = await tenant.newAgent();
        credentials.user = tenant.userToken;
        credentials.agent = agent.key;
        credentials.token = await agent.newToken(['secrets:*:*', 'namespaces:read']);
    });

    test('names only kinds that this test knows', () => {
        for (const operation of all) {
            for (const kind of operation.kinds)
                assert.ok(kind in kNameOfKind, `${operation.name}: ${kind}`);
        }
    });

    test('leaves open only what the contract leaves open', () => {
        const open = all
            .filter((operation) => operation.kinds.length === 0)
            .map(({ name }) => name);
        assert.deepEqual(open.sort(), [
            'GET /v1/health',
            'GET /v1/openapi.json',
            'POST /v1/billing/webhook',
        ]);
    });

    test('holds every endpoint of this release', () => {
        const names = all.map(({ name }) => name.replace(/\{[^}]*\}/, '{}'));
        for (const name of [
            'GET /v1/agents',
            'POST /v1/agents',
            'PATCH /v1/agents/{}',
            'DELETE /v1/agents/{}',
            'POST /v1/agents/{}/rotate-key',
            'GET /v1/tokens',
            'POST /v1/tokens',
            'POST /v1/tokens/{}/revoke',
            'GET /v1/secrets',
            'GET /v1/secrets/{}',
            'PUT /v1/secrets/{}',
            'DELETE /v1/secrets/{}',
            'POST /v1/secrets/{}/rotate',
            'POST /v1/secrets/import',
            'GET /v1/secrets/namespaces',
            'GET /v1/namespaces',
            'GET /v1/versions',
            'POST /v1/versions/rollback',
            'GET /v1/approvals',
            'GET /v1/approvals/{}',
            'GET /v1/approvals/agent/{}',
            'GET /v1/webhooks',
            'POST /v1/webhooks',
            'GET /v1/webhooks/{}',
            'PATCH /v1/webhooks/{}',
            'DELETE /v1/webhooks/{}',
            'POST /v1/webhooks/{}/rotate-secret',
            'POST /v1/webhooks/{}/test',
            'GET /v1/webhooks/{}/deliveries',
            'GET /v1/deliveries',
            'POST /v1/deliveries/{}/resend',
            'POST /v1/approvals/{}/approve',
            'POST /v1/approvals/{}/deny',
            'GET /v1/approval-policies',
            'PUT /v1/approval-policies',
            'GET /v1/me',
            'PATCH /v1/me',
            'GET /v1/me/status',
            'GET /v1/me/tokens',
            'POST /v1/me/tokens',
            'DELETE /v1/me/tokens/{}',
            'GET /v1/members',
            'POST /v1/members',
            'PATCH /v1/members/{}',
            'DELETE /v1/members/{}',
            'POST /v1/invitations/accept',
            'GET /v1/audit',
            'POST /v1/billing/checkout',
            'POST /v1/billing/portal',
            'POST /v1/billing/webhook',
            'GET /v1/health',
            'GET /v1/openapi.json',
        ]) {
            assert.ok(names.includes(name), `${name} is not among ${names}`);
        }
    });

    for (const operation of guarded) {
        test(`${operation.name} without a credential is answered with 401`, async () => {
            const answer = await http.call(
                operation.method,
                targetOf(operation),
                bodyOf(operation),
            );
            answer.expect(401, 'UNAUTHORIZED');
            assert.doesNotMatch(answer.header('www-authenticate'), /error=/);
        });

        test(`${operation.name} with a credential that is none is answered with 401`, async () => {
            const answer = await http.call(operation.method, targetOf(operation), {
                ...bodyOf(operation),
                token: 'this-is-not-any-credential',
            });
            answer.expect(401, 'UNAUTHORIZED');
            assert.match(answer.header('www-authenticate'), /error="invalid_token"/);
        });

        for (const kind of Object.keys(kNameOfKind).filter(
            (one) => !operation.kinds.includes(one),
        )) {
            test(`${operation.name} with a valid ${kind} is answered with 403`, async () => {
                const answer = await http.call(operation.method, targetOf(operation), {
                    ...bodyOf(operation),
                    token: credentials[kind],
                });
                answer.expect(403, 'SCOPE_DENIED');
                assert.ok(
                    operation.kinds.some((wanted) => kNameOfKind[wanted].test(answer.message)),
                    `the message does not name the kind wanted: ${answer.message}`,
                );
            });
        }
    }
});

describe('a credential', () => {
    let tenant;
    let agent;
    let token;
    const read = (options) => http.get('/v1/secrets/credentials/KEY', options);

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:read:*']);
        await tenant.putSecret('credentials/KEY', { value: 'a-test-value' });
    });

    test('of a person does not read a value', async () => {
        const answer = await read({ token: tenant.userToken });
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /scoped token/i);
        assert.ok(!answer.text.includes('a-test-value'));
    });

    test('of a person stores and lists secrets', async () => {
        await tenant.putSecret('credentials/user/KEY', { value: 'a-test-value' });
        const target = '/v1/secrets?namespace=credentials%2Fuser';
        assert.equal((await http.get(target, { token: tenant.userToken })).expect(200).total, 1);
    });

    test('is the same 401, byte for byte, whether it is unknown or wrong', async () => {
        const flip = (text) => text.slice(0, -1) + (text.endsWith('A') ? 'B' : 'A');
        const other = await (await stack.newTenant()).newAgent();
        const unknownKey = `ass_live_${'0'.repeat(48)}`;
        const personal = (await tenant.newPersonalToken()).token;
        const mixedKey = agent.key.slice(0, 19) + other.key.slice(19);
        const wrong = [
            unknownKey,
            mixedKey,
            flip(agent.key),
            flip(personal),
            personal.replace('ass_user_', 'ass_live_'),
            agent.key.replace('ass_live_', 'ass_user_'),
            agent.key.slice(0, -1),
            `${agent.key}0`,
            flip(token),
            token.split('.').slice(0, 2).join('.'),
            'x'.repeat(40),
            'x',
            'x'.repeat(4097),
        ];
        const answers = await Promise.all(wrong.map((credential) => read({ token: credential })));
        for (const answer of answers) answer.expect(401, 'UNAUTHORIZED');
        assert.equal(new Set(answers.map((answer) => answer.text)).size, 1);
        assert.equal(new Set(answers.map((answer) => answer.header('www-authenticate'))).size, 1);
    });

    for (const [what, headers] of [
        [
            'Basic',
            (credential) => ({
                Authorization: `Basic ${Buffer.from(`x:${credential}`).toString('base64')}`,
            }),
        ],
        ['Token', (credential) => ({ Authorization: `Token ${credential}` })],
        ['no scheme', (credential) => ({ Authorization: credential })],
        ['Bearer without a credential', () => ({ Authorization: 'Bearer ' })],
        ['Bearer twice', (credential) => ({ Authorization: `Bearer Bearer ${credential}` })],
        ['two words', (credential) => ({ Authorization: `Bearer ${credential} x` })],
        [
            'a comma list',
            (credential) => ({ Authorization: `Bearer ${credential}, Bearer ${credential}` }),
        ],
        ['a tab', (credential) => ({ Authorization: `Bearer\t${credential}` })],
        ['quotes', (credential) => ({ Authorization: `Bearer "${credential}"` })],
        ['a cookie', (credential) => ({ Cookie: `token=${credential}` })],
        ['a header of its own', (credential) => ({ 'X-Api-Key': credential })],
        [
            'Proxy-Authorization',
            (credential) => ({ 'Proxy-Authorization': `Bearer ${credential}` }),
        ],
        [
            'a header named like the parameter',
            (credential) => ({ 'Http-Authorization': `Bearer ${credential}` }),
        ],
    ]) {
        test(`as ${what} is refused`, async () => {
            (await read({ headers: headers(token) })).expect(401, 'UNAUTHORIZED');
        });
    }

    test('is taken whatever the case of the scheme is, as RFC 9110 says', async () => {
        (await read({ headers: { Authorization: `bearer ${token}` } })).expect(200);
    });

    test('twice in one request is answered with 400', async () => {
        const lines = [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`];
        const answer = await http.rawGet('/v1/secrets/credentials/KEY', { headers: lines });
        answer.expect(400, 'INVALID_REQUEST');
    });

    test('is judged alone: headers that a client invents have no effect', async () => {
        const headers = {
            'Remote-Addr': '10.9.9.9',
            'X-Forwarded-For': '10.9.9.9',
            'X-Real-IP': '10.9.9.9',
            Forwarded: 'for=10.9.9.9',
            'Request-Id': 'a-made-up-id',
            'X-Request-Id': 'a-made-up-id',
            'Request-Uri': '/v1/health',
            'X-Original-URL': '/v1/health',
            'X-HTTP-Method-Override': 'PUT',
            'X-Rewrite-URL': '/v1/health',
        };

        const answer = await read({ token, headers });

        answer.expect(200);
        assert.notEqual(answer.requestId, 'a-made-up-id');
        const event = await tenant.auditOf(answer.requestId);
        assert.equal(event.ip_address, '127.0.0.1');
        assert.equal(event.event_type, 'secret.read');
    });
});
