// The error codes of the API reference, row by row, each produced by a request. The envelope of all
// of them is checked with every answer, in client.mjs. PLAN_LIMIT_REACHED has no row here: plans.test.mjs
// meets it, and members, personal-tokens and webhooks.test.mjs the bounds that no plan names.
import { after, assert, before, describe, inParallel, test, unique } from './claim.mjs';
import { kPatience, kSmallPlans, Stack } from './stack.mjs';

const kNobody = '00000000-0000-4000-8000-000000000123';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
let token;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    token = await agent.newToken(['secrets:*:errors/*']);
    await tenant.putSecret('errors/KEY', { value: 'a-test-value' });
});
const get = (path, options) => http.get(`/v1/secrets/${path}`, { token, ...options });
const put = (path, body) => http.put(`/v1/secrets/${path}`, { token, body });

// [status, code, what it means, { a situation: a request that is in it }]
const rows = [
    [
        200,
        undefined,
        'success',
        {
            'a read': () => get('errors/KEY'),
            'a write': () => put('errors/NEW', { value: 'v' }),
            'a list': () => http.get('/v1/secrets?namespace=errors', { token }),
            'the profile': () => tenant.call('GET', '/v1/me'),
        },
    ],
    [
        400,
        'INVALID_REQUEST',
        'a malformed body or an invalid parameter',
        {
            'a body that is no JSON': () => put('errors/KEY', '{'),
            'an unknown member': () => put('errors/KEY', { value: 'v', colour: 'red' }),
            'an unknown parameter': () => get('errors/KEY?colour=red'),
            'a parameter out of range': () => tenant.call('GET', '/v1/agents?limit=201'),
            'a path that breaks the grammar': () => get('errors/a:b'),
            'an import with a bad line': () =>
                http.post('/v1/secrets/import', {
                    token,
                    body: { namespace: 'errors', content: 'not an entry' },
                }),
        },
    ],
    [
        401,
        'UNAUTHORIZED',
        'a missing or invalid agent key or token',
        {
            'no credential': () => get('errors/KEY', { token: undefined }),
            'an unknown credential': () => get('errors/KEY', { token: 'x'.repeat(40) }),
            'an unknown agent key': () =>
                http.post('/v1/tokens', {
                    token: `ass_live_${'0'.repeat(48)}`,
                    body: { scopes: ['secrets:read:errors/*'] },
                }),
            'a revoked token': async () => {
                const issued = await agent.issue([`secrets:read:errors/${unique('K')}`]);
                (await tenant.call('POST', `/v1/tokens/${issued.token_id}/revoke`)).expect(204);
                return get('errors/KEY', { token: issued.token });
            },
        },
    ],
    [
        403,
        'SCOPE_DENIED',
        'a scope that does not cover the resource',
        {
            'a read outside the scope': () => get('elsewhere/KEY'),
            'a write outside the scope': () => put('elsewhere/KEY', { value: 'v' }),
            'a scope that the agent may not have': async () => {
                const narrow = await tenant.newAgent({
                    allowed_namespaces: ['a'],
                    allowed_scopes: ['secrets:read:a/*'],
                });
                return narrow.requestToken({ scopes: ['secrets:read:errors/*'] });
            },
            'a credential of the wrong kind': () => http.get('/v1/audit', { token }),
        },
    ],
    [
        404,
        'SECRET_NOT_FOUND',
        'a secret that does not exist',
        {
            'a read': () => get('errors/NONE'),
            'a read of a version': () => get('errors/KEY?version=1000000'),
            'a deletion': () => tenant.call('DELETE', '/v1/secrets/errors/NONE'),
            'a rotation': () => tenant.call('POST', '/v1/secrets/errors/NONE/rotate'),
            'the versions': () => tenant.call('GET', '/v1/versions?path=errors/NONE'),
            'a rollback': () =>
                tenant.call('POST', '/v1/versions/rollback', {
                    body: { path: 'errors/NONE', version: 1 },
                }),
        },
    ],
    [
        404,
        'NOT_FOUND',
        'any other resource that does not exist',
        {
            'a token': () => tenant.call('POST', `/v1/tokens/${kNobody}/revoke`),
            'an agent': () => tenant.call('DELETE', `/v1/agents/${kNobody}`),
            'an approval': () => tenant.call('GET', `/v1/approvals/${kNobody}`),
            'an approval, for an agent': () =>
                http.get(`/v1/approvals/agent/${kNobody}`, { token: agent.key }),
            'an endpoint': () => tenant.call('GET', '/v1/nothing'),
        },
    ],
    [
        409,
        'VERSION_CONFLICT',
        'an update at the same time',
        {
            'another expected_version': () =>
                put('errors/KEY', { value: 'v', expected_version: 1000000 }),
            'expected_version 0 of what is there': () =>
                put('errors/KEY', { value: 'v', expected_version: 0 }),
            'another If-Match': () =>
                http.put('/v1/secrets/errors/KEY', {
                    token,
                    body: { value: 'v' },
                    headers: { 'If-Match': '"1000000"' },
                }),
        },
    ],
    [
        409,
        'ALREADY_REVOKED',
        'a token that was revoked before',
        {
            'a second revocation': async () => {
                const { token_id: id } = await agent.issue([`secrets:read:errors/${unique('K')}`]);
                (await tenant.call('POST', `/v1/tokens/${id}/revoke`)).expect(204);
                return tenant.call('POST', `/v1/tokens/${id}/revoke`);
            },
        },
    ],
    [
        409,
        'APPROVAL_NOT_PENDING',
        'a request that was decided before',
        {
            'a second decision': async () => {
                const decide = await pendingApproval();
                (await decide('deny')).expect(200);
                return decide('approve');
            },
        },
    ],
    [
        410,
        'APPROVAL_EXPIRED',
        'a request that nobody decided in time',
        {
            'a decision': async () => {
                const decide = await pendingApproval();
                await stack.psql(
                    `update store.approvals set created_at = now() - interval '2 days',
                            expires_at = now() - interval '1 day' where tenant_id = '${tenant.id}'`,
                );
                return decide('approve');
            },
        },
    ],
    [
        410,
        'SECRET_EXPIRED',
        'a secret that has expired',
        {
            'a read': () => expiredSecret().then((path) => get(path)),
            'a rotation': () =>
                expiredSecret().then((path) => tenant.call('POST', `/v1/secrets/${path}/rotate`)),
        },
    ],
    [
        500,
        'INTERNAL_ERROR',
        'an error of the server',
        {
            'a value that was changed in the database': async () => {
                const path = `errors/${unique('TAMPERED')}`;
                await tenant.putSecret(path, { value: 'a-test-value' });
                await stack.psql(
                    `update store.secret_versions v
                     set value_box = set_byte(value_box, 100, get_byte(value_box, 100) # 1)
                     from store.secrets s
                     where s.tenant_id = v.tenant_id and s.secret_id = v.secret_id
                       and s.tenant_id = '${tenant.id}' and s.path = '${path}'`,
                );
                return get(path);
            },
        },
    ],
];

// decide(how) decides it.
async function pendingApproval() {
    const path = `errors/${unique('SENSITIVE')}`;
    await tenant.putSecret(path, { value: 'v', access_tier: 'sensitive' });
    const asked = await agent.requestToken({ scopes: [`secrets:read:${path}`] });
    const { approval_id: id } = asked.expect(200);
    return (how) => tenant.call('POST', `/v1/approvals/${id}/${how}`);
}

async function expiredSecret() {
    const path = `errors/${unique('EXPIRED')}`;
    await tenant.putSecret(path, { value: 'v', expires_at: '2020-01-01T00:00:00Z' });
    return path;
}

for (const [status, code, meaning, situations] of rows) {
    describe(`${status} ${code ?? 'OK'} is ${meaning}:`, () => {
        for (const [situation, request] of Object.entries(situations)) {
            test(`${situation}`, async () => {
                (await request()).expect(status, code);
            });
        }
    });
}

describe('429 RATE_LIMITED is too many requests:', () => {
    let own;
    before(
        async () => {
            own = await Stack.start({ workers: 1, threads: 4, rateLimit: 5, conf: kSmallPlans });
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => own?.stop());

    test('a flood, which is told when to come again, and some of it served', async () => {
        const answers = await inParallel(60, 16, () => own.client.get('/v1/health'));
        const limited = answers.filter((answer) => answer.status === 429);
        assert.ok(limited.length > 0 && limited.length < 60, `${limited.length} of 60`);
        for (const answer of limited) {
            answer.expect(429, 'RATE_LIMITED');
            assert.ok(Number(answer.header('retry-after')) >= 1);
        }
    });
});
