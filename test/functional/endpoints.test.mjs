// Each endpoint once, as the API reference shows it: paths, members, types.
import {
    anything,
    assert,
    assertShape,
    before,
    describe,
    isString,
    isWholeNumber,
    kTimestamp,
    kUuid,
    orNull,
    test,
    unique,
} from './claim.mjs';
import { Stack } from './stack.mjs';

const kAgentKey = /^ass_live_[0-9A-Za-z]{48}$/;
const kJwt = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

describe('the endpoints of the reference', () => {
    const stack = Stack.shared();
    const http = stack.client;
    let tenant;
    let agent;
    let token;

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:*:*']);
    });

    test('POST /agents registers an agent and shows its key once', async () => {
        const answer = await http.post('/v1/agents', {
            token: tenant.userToken,
            body: {
                name: 'inference-agent',
                description: 'Runs nightly inference jobs',
                allowed_namespaces: ['production/gemini'],
                allowed_scopes: ['secrets:read:production/gemini/*'],
                ip_allowlist: null,
            },
        });

        const created = answer.expect(200);
        assertShape(
            created,
            {
                id: kUuid,
                tenant_id: tenant.id,
                name: 'inference-agent',
                api_key: kAgentKey,
                api_key_prefix: (prefix) => prefix === created.api_key.slice(0, 13),
                allowed_namespaces: ['production/gemini'],
                allowed_scopes: ['secrets:read:production/gemini/*'],
                created_at: kTimestamp,
            },
            {
                description: 'Runs nightly inference jobs',
                ip_allowlist: null,
                active: true,
                last_active_at: null,
            },
        );
    });

    test('GET /agents lists agents without their keys', async () => {
        const other = await stack.newTenant();
        const made = await other.newAgent({
            name: 'listed-agent',
            allowed_namespaces: ['staging'],
            allowed_scopes: ['secrets:read:staging/*'],
        });

        const answer = await http.get('/v1/agents', { token: other.userToken });

        const listed = answer.expect(200);
        assertShape(listed, { items: anything, total: 1 }, { page: 1, limit: 50 });
        assertShape(
            listed.items[0],
            {
                id: made.id,
                tenant_id: other.id,
                name: 'listed-agent',
                description: null,
                api_key_prefix: made.key.slice(0, 13),
                allowed_namespaces: ['staging'],
                allowed_scopes: ['secrets:read:staging/*'],
                active: true,
                created_at: kTimestamp,
                last_active_at: null,
            },
            { ip_allowlist: null },
        );
        assert.ok(!answer.text.includes(made.key.slice(0, 14)));
    });

    test('POST /tokens trades an agent key for a scoped token', async () => {
        const asked = Date.now();
        const answer = await http.post('/v1/tokens', {
            token: agent.key,
            body: {
                scopes: ['secrets:read:production/gemini/*'],
                ttl: '1h',
                max_uses: null,
                ip_allowlist: null,
            },
        });

        const issued = answer.expect(200);
        assertShape(issued, {
            token: kJwt,
            token_id: kUuid,
            expires_at: kTimestamp,
            requires_approval: false,
            approval_id: null,
            scopes: ['secrets:read:production/gemini/*'],
            agent_id: agent.id,
        });
        const lifetime = Date.parse(issued.expires_at) - asked;
        assert.ok(Math.abs(lifetime - 3_600_000) < 5_000, `it lives ${lifetime} ms`);
    });

    test('POST /tokens answers with an approval where a secret needs one', async () => {
        const path = `${unique('endpoints')}/KEY`;
        await tenant.putSecret(path, { value: 'a-test-value', access_tier: 'sensitive' });

        const answer = await http.post('/v1/tokens', {
            token: agent.key,
            body: { scopes: [`secrets:read:${path}`] },
        });

        assertShape(
            answer.expect(200),
            {
                token: null,
                token_id: null,
                expires_at: null,
                requires_approval: true,
                approval_id: kUuid,
            },
            { scopes: [`secrets:read:${path}`], agent_id: agent.id },
        );
    });

    test('PUT /secrets/:path stores a secret', async () => {
        const answer = await http.put('/v1/secrets/production/gemini/GEMINI_API_KEY', {
            token,
            body: {
                value: 'gemini-api-key-example',
                secret_type: 'api_key',
                access_tier: 'sensitive',
                metadata: { team: 'ml', env: 'prod' },
            },
        });

        assertShape(
            answer.expect(200),
            {
                id: kUuid,
                namespace: 'production/gemini',
                key: 'GEMINI_API_KEY',
                version: 1,
                secret_type: 'api_key',
                access_tier: 'sensitive',
                metadata: { team: 'ml', env: 'prod' },
                created_at: kTimestamp,
                updated_at: kTimestamp,
            },
            { expires_at: null },
        );
    });

    test('GET /secrets/:path gives the value', async () => {
        await tenant.putSecret('endpoints/read/KEY', {
            value: 'a-test-value',
            secret_type: 'db_credential',
            metadata: { team: 'ml' },
        });

        const answer = await http.get('/v1/secrets/endpoints/read/KEY', { token });

        assertShape(
            answer.expect(200),
            {
                value: 'a-test-value',
                secret_type: 'db_credential',
                access_tier: 'standard',
                metadata: { team: 'ml' },
                version: 1,
                namespace: 'endpoints/read',
                key: 'KEY',
                updated_at: kTimestamp,
                expires_at: null,
            },
            { id: kUuid, created_at: kTimestamp },
        );
    });

    test('GET /secrets?namespace= lists a nested namespace without values', async () => {
        const namespace = `${unique('endpoints')}/list`;
        await tenant.putSecret(`${namespace}/KEY`, {
            value: 'a-test-value',
            metadata: { env: 'x' },
        });

        const answer = await http.get(
            `/v1/secrets?namespace=${encodeURIComponent(namespace)}&page=1&limit=50`,
            { token },
        );

        const listed = answer.expect(200);
        assertShape(
            listed,
            { namespace, items: (items) => items.length === 1, total: 1 },
            { page: 1, limit: 50 },
        );
        assertShape(
            listed.items[0],
            {
                namespace,
                key: 'KEY',
                version: 1,
                secret_type: 'custom',
                access_tier: 'standard',
                metadata: { env: 'x' },
                created_at: kTimestamp,
                updated_at: kTimestamp,
                expired: false,
            },
            { id: kUuid, expires_at: null },
        );
        assert.ok(!answer.text.includes('a-test-value'));
    });

    test('GET /audit pages through events', async () => {
        await tenant.putSecret('endpoints/audited/KEY', { value: 'a-test-value' });
        const read = await http.get('/v1/secrets/endpoints/audited/KEY', {
            token,
            headers: { 'User-Agent': 'agentsecretstore-sdk/1.0.0' },
        });
        read.expect(200);

        const answer = await http.get('/v1/audit?limit=100&page=1', { token: tenant.userToken });

        const log = answer.expect(200);
        assertShape(
            log,
            { events: Array.isArray, total: isWholeNumber, page: 1, limit: 100 },
            { cursor: anything, next_cursor: anything },
        );
        const event = log.events.find((one) => one.metadata.request_id === read.requestId);
        assertShape(event, {
            id: kUuid,
            event_type: 'secret.read',
            actor_id: agent.id,
            actor_type: 'agent',
            resource_type: 'secret',
            resource_id: kUuid,
            metadata: (metadata) =>
                metadata.namespace === 'endpoints/audited' &&
                metadata.key === 'KEY' &&
                metadata.version === 1,
            ip_address: '127.0.0.1',
            user_agent: 'agentsecretstore-sdk/1.0.0',
            created_at: kTimestamp,
        });
    });

    test('GET /health is public', async () => {
        const health = (await http.get('/v1/health')).expect(200);
        assertShape(health, { status: 'ok', version: isString, service: isString });
    });

    test('GET /openapi.json describes every endpoint that answers', async () => {
        const document = (await http.get('/v1/openapi.json')).expect(200);
        assert.match(document.openapi, /^3\.1\./);
        const operations = Object.entries(document.paths).flatMap(([path, item]) =>
            Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
        );
        for (const wanted of [/^POST \S*\/agents$/, /^GET \S*\/agents$/, /^POST \S*\/tokens$/]) {
            assert.ok(
                operations.some((operation) => wanted.test(operation)),
                String(wanted),
            );
        }
    });

    test('an operation has an id, a summary, a security rule and its error answers', async () => {
        const document = (await http.get('/v1/openapi.json')).expect(200);
        const ids = [];
        for (const [path, item] of Object.entries(document.paths)) {
            for (const [method, operation] of Object.entries(item)) {
                const where = `${method} ${path}`;
                assert.ok(operation.summary?.length > 0, where);
                assert.ok(Array.isArray(operation.security), where);
                assert.ok(Object.keys(operation.responses).length > 0, where);
                ids.push(operation.operationId);
            }
        }
        assert.equal(new Set(ids).size, ids.length);
        assert.ok(ids.every(isString));
    });

    test('every reference inside the document points at something', async () => {
        const document = (await http.get('/v1/openapi.json')).expect(200);
        const references = JSON.stringify(document).match(/"\$ref":"#([^"]+)"/g) ?? [];
        for (const reference of references) {
            const path = reference.slice('"$ref":"#/'.length, -1).split('/');
            const target = path.reduce((node, name) => node?.[name], document);
            assert.notEqual(target, undefined, reference);
        }
    });

    test('a timestamp that was given with an offset comes back in UTC', async () => {
        const body = { value: 'a-test-value', expires_at: '2031-06-01T10:30:00.250+02:00' };
        const stored = await tenant.putSecret('endpoints/offset/KEY', body);
        assert.equal(stored.expires_at, '2031-06-01T08:30:00Z');
    });

    test('metadata that is null is shown as null', async () => {
        const stored = await tenant.putSecret('endpoints/null/KEY', { value: 'v', metadata: null });
        assert.equal(stored.metadata, null);
        assert.ok(orNull(isString)(stored.expires_at));
    });
});
