// A tenant that the operator suspends: nobody of it is served from the next request on, whatever they
// ask for, and afterwards everything is as it was.
import { randomUUID } from 'node:crypto';

import { assert, before, describe, test } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const suspend = (tenant) => stack.ctl(['tenant', 'suspend', tenant.id]);
const resume = (tenant) => stack.ctl(['tenant', 'resume', tenant.id]);

// A credential of each kind that the API knows, by its name in the OpenAPI document.
async function credentialsOf(tenant) {
    const agent = await tenant.newAgent();
    return {
        agentKey: agent.key,
        scopedToken: await agent.newToken(['secrets:*:*']),
        userToken: tenant.userToken,
        idToken: tenant.userToken,
        personalToken: (await tenant.newPersonalToken()).token,
    };
}

const expectSuspended = (answer) => {
    answer.expect(403, 'SCOPE_DENIED');
    assert.match(answer.message, /suspended/);
};

let operations;
before(async () => {
    const { paths } = (await stack.client.get('/v1/openapi.json')).expect(200);
    operations = Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, { security = [] }]) =>
            [...new Set(security.flatMap(Object.keys))].map((kind) => ({
                method: method.toUpperCase(),
                target: path
                    .replace('{secret_path}', 'suspended/KEY')
                    .replaceAll(/\{\w+\}/g, randomUUID()),
                kind,
            })),
        ),
    );
});

describe('a suspended tenant', () => {
    test('is refused every operation, with every kind of credential', async () => {
        const tenant = await stack.newTenant();
        await tenant.putSecret('suspended/KEY', { value: 'v' });
        const credentials = await credentialsOf(tenant);
        await suspend(tenant);
        const state = await tenant.state({ except: ['audit_events'] });

        // Joining a tenant is not an act of one.
        const judged = operations.filter(({ target }) => target !== '/v1/invitations/accept');
        for (const { method, target, kind } of judged)
            for (const token of [credentials[kind], kind === 'userToken' && credentials.personalToken])
                if (token) expectSuspended(await stack.client.call(method, target, { token, body: method === 'GET' ? undefined : {} }));

        assert.ok(judged.length > 40, `${judged.length} operations`);
        assert.deepEqual(await tenant.state({ except: ['audit_events'] }), state);
    });

    test('is refused from the next request on, by every worker', async () => {
        for (let round = 0; round < 10; ++round) {
            const tenant = await stack.newTenant();
            await tenant.putSecret('suspended/KEY', { value: 'v' });
            const { scopedToken: token } = await credentialsOf(tenant);
            const read = () => stack.client.get('/v1/secrets/suspended/KEY', { token });
            // So many that threads of both workers remember the tenant's plan.
            for (const answer of await Promise.all(Array.from({ length: 64 }, read)))
                answer.expect(200);
            await suspend(tenant);
            for (const answer of await Promise.all(Array.from({ length: 64 }, read)))
                expectSuspended(answer);
        }
    });

    test('finds everything as it was when it is resumed', async () => {
        const tenant = await stack.newTenant();
        await tenant.putSecret('suspended/KEY', { value: 'as it was' });
        const credentials = await credentialsOf(tenant);
        await suspend(tenant);
        expectSuspended(await tenant.call('GET', '/v1/me'));

        await resume(tenant);

        const read = await stack.client.get('/v1/secrets/suspended/KEY', {
            token: credentials.scopedToken,
        });
        assert.equal(read.expect(200).value, 'as it was');
        for (const token of [credentials.userToken, credentials.personalToken])
            (await stack.client.get('/v1/me', { token })).expect(200);
        const issued = await stack.client.post('/v1/tokens', {
            token: credentials.agentKey,
            body: { scopes: ['secrets:*:*'] },
        });
        issued.expect(200);
    });

    test('leaves others alone', async () => {
        const [one, other] = [await stack.newTenant(), await stack.newTenant()];
        await suspend(one);
        (await other.call('GET', '/v1/me')).expect(200);
    });

    test('has on record who did it and what was refused', async () => {
        const tenant = await stack.newTenant();
        await suspend(tenant);
        const refused = await tenant.call('GET', '/v1/agents');
        expectSuspended(refused);
        await resume(tenant);

        const row = await tenant.auditOf(refused.requestId);
        assert.deepEqual([row.event_type, row.reason], ['auth.failed', 'tenant_suspended']);
        const acts = await stack.rows(
            `select actor_type, details from store.audit_events
             where tenant_id = '${tenant.id}' and event_type = 'tenant.profile_updated' order by seq`,
        );
        assert.deepEqual(acts, [
            { actor_type: 'operator', details: { suspended: true } },
            { actor_type: 'operator', details: { suspended: false } },
        ]);
    });
});

describe('secretstorectl tenant suspend', () => {
    test('says what it did, and does nothing twice', async () => {
        const tenant = await stack.newTenant();
        assert.match(await suspend(tenant), /is suspended from its next request on/);
        assert.match(await suspend(tenant), /is suspended already/);
        const { items } = JSON.parse(await stack.ctl(['tenant', 'list', '--json']));
        assert.equal(items.find(({ id }) => id === tenant.id).suspended, true);
        assert.match(await resume(tenant), /is served from its next request on/);
        assert.match(await resume(tenant), /is served already/);
    });

    test('knows no tenant that is not there', async () => {
        const refused = await stack.ctl(['tenant', 'suspend', randomUUID()]).catch(String);
        assert.match(refused, /exit 4: .*There is no such tenant/);
    });
});
