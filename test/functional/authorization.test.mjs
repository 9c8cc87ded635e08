// Rights are judged at every use, against what is true now: security.md §3. What no endpoint
// changes is changed by SQL. What happens while rights change is the subject of the races.
import { assert, before, describe, test, unique } from './claim.mjs';
import { Forge, partsOf } from './forge.mjs';
import { kNobody, operations, targetOf } from './operations.mjs';
import { kPatience, Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;
const all = await operations(http);

let tenant;
let other;
before(async () => {
    tenant = await stack.newTenant();
    other = await stack.newTenant();
    await tenant.putSecret('rights/KEY', { value: 'the-own-value' });
    await other.putSecret('theirs/KEY', { value: 'the-value-of-another-tenant' });
    await other.putSecret('rights/KEY', { value: 'the-other-value' });
});
const readWith = (token, path = 'rights/KEY') => http.get(`/v1/secrets/${path}`, { token });

// An agent of its own with a token, and SQL that changes its row.
async function newHolder(body) {
    const agent = await tenant.newAgent(body);
    const issued = await agent.issue(['secrets:*:rights/*']);
    (await readWith(issued.token)).expect(200);
    const where = `tenant_id = '${tenant.id}' and agent_id = '${agent.id}'`;
    const alterAgent = (set) =>
        stack.psql(
            `update store.agents set ${set}, limits_version = limits_version + 1 where ${where}`,
        );
    const alterToken = (set) =>
        stack.psql(
            `update store.tokens set ${set}
             where tenant_id = '${tenant.id}' and token_id = '${issued.token_id}'`,
        );
    return { agent, token: issued.token, id: issued.token_id, alterAgent, alterToken };
}

describe("another tenant's object", () => {
    test('is as absent as one that does not exist, for a read', async () => {
        const token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        const theirs = await readWith(token, 'theirs/KEY');
        const nobodys = await readWith(token, 'nobody/KEY');
        theirs.expect(404, 'SECRET_NOT_FOUND');
        assert.equal(theirs.text.replaceAll('theirs', 'nobody'), nobodys.text);
        assert.deepEqual(Object.keys(theirs.headers).sort(), Object.keys(nobodys.headers).sort());
    });

    test('is not listed', async () => {
        const token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        for (const credential of [token, tenant.userToken]) {
            const listed = (
                await http.get('/v1/secrets?namespace=theirs', { token: credential })
            ).expect(200);
            assert.equal(listed.total, 0);
        }
    });

    test('is not overwritten by a secret of the same name', async () => {
        await tenant.putSecret('theirs/KEY', { value: 'a-new-value' });
        const token = await (await other.newAgent()).newToken(['secrets:read:*']);
        const secret = (await readWith(token, 'theirs/KEY')).expect(200);
        assert.deepEqual([secret.value, secret.version], ['the-value-of-another-tenant', 1]);
    });

    test('is not read where both have one of the same name', async () => {
        const mine = await (await tenant.newAgent()).newToken(['secrets:read:*']);
        const theirs = await (await other.newAgent()).newToken(['secrets:read:*']);
        assert.equal((await readWith(mine)).expect(200).value, 'the-own-value');
        assert.equal((await readWith(theirs)).expect(200).value, 'the-other-value');
    });

    test('an agent, is not listed', async () => {
        const agent = await other.newAgent();
        const text = (await http.get('/v1/agents?limit=200', { token: tenant.userToken })).text;
        assert.ok(!text.includes(agent.id));
    });

    for (const [method, target] of [
        ['GET', '/v1/agents'],
        ['GET', '/v1/audit'],
        ['GET', '/v1/secrets?namespace=theirs'],
    ]) {
        test(`is not shown by ${method} ${target} for a header with its tenant`, async () => {
            const theirs = (await http.call(method, target, { token: other.userToken })).expect(
                200,
            );
            const answer = await http.call(method, target, {
                token: tenant.userToken,
                headers: { 'X-Tenant-Id': other.id },
            });
            assert.ok(answer.status === 200 || (answer.status >= 400 && answer.status < 500));
            const theirIds = (theirs.items ?? theirs.events).map((item) => item.id).filter(Boolean);
            for (const id of [other.id, ...theirIds]) assert.ok(!answer.text.includes(id), id);
        });
    }
});

describe('an object of another tenant, on every endpoint,', () => {
    // Where an operation meets an object outside its path: more of the target, or a body. Both are
    // made for the objects of the other tenant and for objects that nobody has.
    const kMore = {
        'GET /v1/secrets': [{ query: ({ path }) => `?namespace=${path.split('/')[0]}` }],
        'GET /v1/versions': [{ query: ({ path }) => `?path=${path}` }],
        'POST /v1/versions/rollback': [{ body: ({ path }) => ({ path, version: 1 }) }],
        'GET /v1/tokens': [{ query: ({ agent }) => `?agent_id=${agent}` }],
        'GET /v1/audit': [
            { query: ({ agent }) => `?actor_id=${agent}` },
            { query: ({ token }) => `?resource_id=${token}` },
            { query: ({ path }) => `?namespace=${path.split('/')[0]}` },
            {
                query: ({ path }) => `?namespace=${path.split('/')[0]}&key=${path.split('/')[1]}`,
            },
        ],
        'POST /v1/secrets/import': [
            { body: ({ path }) => ({ namespace: path.split('/')[0], content: 'KEY=of-mine' }) },
        ],
        'PUT /v1/secrets/{}': [{ body: () => ({ value: 'the-value-of-mine' }) }],
        'POST /v1/secrets/{}/rotate': [{ body: () => ({ new_value: 'the-value-of-mine' }) }],
        'PATCH /v1/agents/{}': [{ body: () => ({ description: 'mine' }) }],
        'PATCH /v1/members/{}': [{ body: () => ({ role: 'admin' }) }],
        'PATCH /v1/webhooks/{}': [{ body: () => ({ description: 'mine' }) }],
        'GET /v1/secrets/{}': [{}, { query: () => '?version=1' }],
        'DELETE /v1/agents/{}': [{}, { by: 'agentName' }],
    };
    // These meet no object: what they make or show is the caller's own.
    const kWithoutObject = [
        'GET /v1/agents',
        'POST /v1/agents',
        'POST /v1/tokens',
        'GET /v1/approvals',
        'GET /v1/approval-policies',
        'PUT /v1/approval-policies',
        'GET /v1/secrets/namespaces',
        'GET /v1/namespaces',
        'GET /v1/me',
        'PATCH /v1/me',
        'POST /v1/billing/checkout',
        'POST /v1/billing/portal',
        'GET /v1/me/status',
        'GET /v1/me/tokens',
        'POST /v1/me/tokens',
        'GET /v1/members',
        'POST /v1/members',
        // Of no tenant: whoever bears the token may join, as members.test.mjs looks at.
        'POST /v1/invitations/accept',
        'GET /v1/webhooks',
        'POST /v1/webhooks',
        'GET /v1/deliveries',
    ];
    const keyOf = (operation) => operation.name.replace(/\{[^}]*\}/g, '{}');
    // What differs between two answers by its nature.
    const normal = (answer, objects) =>
        Object.values(objects)
            .reduce((text, name) => text.replaceAll(name, 'OBJECT'), answer.text)
            .replaceAll(objects.path.split('/')[0], 'NAMESPACE')
            .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
            .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME');

    let mine;
    let credentials;
    let theirs;
    let theirObjects;
    before(async () => {
        [mine, theirs] = [await stack.newTenant(), await stack.newTenant()];
        const agent = await mine.newAgent();
        credentials = {
            user: mine.userToken,
            agent: agent.key,
            token: await agent.newToken(['secrets:*:*', 'namespaces:read']),
        };
    });
    // Objects of the other tenant, new for each operation: none may be left to be found changed.
    async function newObjects() {
        const agent = await theirs.newAgent({ name: unique('their-agent') });
        const path = `${unique('theirs')}/KEY`;
        for (const value of ['their-first-value', 'their-second-value'])
            await theirs.putSecret(path, { value });
        const { token_id: token } = await agent.issue([`secrets:read:${path}`]);
        await theirs.putSecret(`${path}2`, { value: 'v', access_tier: 'sensitive' });
        const asked = await agent.requestToken({ scopes: [`secrets:read:${path}2`] });
        await stack.psql(`delete from store.webhooks where tenant_id = '${theirs.id}'`);
        const webhook = await theirs.newWebhook({ description: 'their-webhook' });
        const tested = await theirs.call('POST', `/v1/webhooks/${webhook.id}/test`);
        // Not due for as long as this test looks at it.
        await stack.psql(
            `update store.deliveries set next_attempt_at = now() + interval '1 hour'
             where tenant_id = '${theirs.id}' and next_attempt_at is not null`,
        );
        return {
            path,
            agent: agent.id,
            agentName: agent.created.name,
            token,
            approval: asked.expect(200).approval_id,
            member: (await theirs.newMember('approver')).id,
            personalToken: (await theirs.newPersonalToken()).id,
            webhook: webhook.id,
            delivery: tested.expect(200).id,
        };
    }
    const nobodys = () => ({
        ...kNobody,
        path: `${unique('nobodys')}/KEY`,
        agentName: unique('nobody'),
    });

    for (const operation of all) {
        const key = keyOf(operation);
        if (operation.kinds.length === 0 || kWithoutObject.includes(key)) continue;

        for (const { query, body, by } of kMore[key] ?? [{}]) {
            const what = query ? query({ path: 'ns/KEY', agent: 'id', token: 'id' }) : (by ?? '');
            for (const kind of operation.kinds) {
                test(`is as absent as none: ${operation.name} ${what} with a ${kind}`, async () => {
                    const send = (objects) =>
                        http.call(
                            operation.method,
                            targetOf(operation, by ? { ...objects, agent: objects[by] } : objects) +
                                (query ? query(objects) : ''),
                            {
                                token: credentials[kind],
                                body: body ? body(objects) : undefined,
                            },
                        );
                    theirObjects = await newObjects();
                    const none = nobodys();
                    const before = await theirs.state();

                    const found = await send(theirObjects);
                    const absent = await send(none);

                    assert.equal(found.status, absent.status, `${found.text} ${absent.text}`);
                    assert.equal(normal(found, theirObjects), normal(absent, none));
                    assert.deepEqual(
                        Object.keys(found.headers).sort(),
                        Object.keys(absent.headers).sort(),
                    );
                    assert.ok(!found.text.includes('their-'), found.text);
                    assert.deepEqual(await theirs.state(), before);
                });
            }
        }
    }

    test('is told of in this test: every endpoint is in it', async () => {
        const plain = all.filter(
            (operation) => operation.kinds.length > 0 && !operation.template.includes('{'),
        );
        for (const operation of plain) {
            const key = keyOf(operation);
            assert.ok(key in kMore || kWithoutObject.includes(key), `${key} is missing here`);
        }
    });

    test('is in no list', async () => {
        theirObjects = await newObjects();
        const { path, ...ids } = theirObjects;
        for (const target of [
            '/v1/agents?limit=200',
            '/v1/tokens?limit=200',
            '/v1/approvals?limit=200',
            '/v1/webhooks',
            '/v1/deliveries?limit=200',
            '/v1/namespaces',
            '/v1/secrets/namespaces',
            '/v1/audit?limit=200',
            '/v1/audit?format=csv',
            '/v1/audit?format=jsonl',
            '/v1/me',
            '/v1/me/tokens',
            '/v1/members?limit=200',
        ]) {
            const answer = await http.get(target, { token: credentials.user });
            assert.equal(answer.status, 200, answer.text);
            for (const name of [...Object.values(ids), path.split('/')[0], theirs.id, theirs.email])
                assert.ok(!answer.text.includes(name), `${target} shows ${name}`);
        }
    });
});

describe('a credential that is dead, on every endpoint,', () => {
    // The kind of a dead credential → how it died → the credential.
    const dead = { token: {}, agent: {}, user: {} };
    let owner;
    before(async () => {
        owner = await stack.newTenant();
        const scopes = ['secrets:*:*', 'namespaces:read'];
        const expire = (id) =>
            stack.psql(
                `update store.tokens set issued_at = now() - interval '2 hours',
                        expires_at = now() - interval '1 second' where token_id = '${id}'`,
            );

        const [live, deleted, rotated] = [
            await owner.newAgent(),
            await owner.newAgent(),
            await owner.newAgent(),
        ];
        const revoked = await live.issue(scopes);
        (await owner.call('POST', `/v1/tokens/${revoked.token_id}/revoke`)).expect(204);
        dead.token.revoked = revoked.token;
        const expired = await live.issue(scopes);
        await expire(expired.token_id);
        dead.token['past its time'] = expired.token;
        dead.token['of a deleted agent'] = await deleted.newToken(scopes);
        dead.token['of a replaced key'] = await rotated.newToken(scopes);
        dead.agent['of a deleted agent'] = deleted.key;
        dead.agent.replaced = rotated.key;
        (await owner.call('DELETE', `/v1/agents/${deleted.id}`)).expect(204);
        (await owner.call('POST', `/v1/agents/${rotated.id}/rotate-key`)).expect(200);

        const forge = await Forge.of(stack);
        const { header, claims } = partsOf(owner.userToken);
        const past = Math.floor(Date.now() / 1000) - 3600;
        dead.user['past its time'] = forge.rs256(header, { ...claims, iat: past - 60, exp: past });
        const left = await stack.newTenant();
        await stack.psql(`delete from store.members where tenant_id = '${left.id}'`);
        dead.user['of one who left'] = left.userToken;

        const [revokedOne, expiredOne] = [
            await owner.newPersonalToken(),
            await owner.newPersonalToken(),
        ];
        (await owner.call('DELETE', `/v1/me/tokens/${revokedOne.id}`)).expect(204);
        await stack.psql(
            `update store.personal_tokens set created_at = now() - interval '2 hours',
                    expires_at = now() - interval '1 second'
             where personal_token_id = '${expiredOne.id}'`,
        );
        const removed = await owner.newMember('owner');
        const removedOne = await owner.newPersonalToken({}, removed.token);
        (await owner.call('DELETE', `/v1/members/${removed.id}`)).expect(204);
        dead.user['with a revoked personal token'] = revokedOne.token;
        dead.user['with a personal token past its time'] = expiredOne.token;
        dead.user['with a personal token, who was removed'] = removedOne.token;
    });

    // An agent that is refused again and again is told of by a job of the workers, at any time.
    const except = ['audit_events', 'outbox', 'refusal_notices'];
    for (const operation of all.filter(({ kinds }) => kinds.length > 0)) {
        test(`is refused: ${operation.name}`, async () => {
            const before = await owner.state({ except });
            for (const kind of operation.kinds) {
                for (const [death, credential] of Object.entries(dead[kind])) {
                    const query = operation.name === 'GET /v1/secrets' ? '?namespace=matrix' : '';
                    const answer = await http.call(operation.method, targetOf(operation) + query, {
                        token: credential,
                        body: operation.takesBody ? goodBodyOf(operation) : undefined,
                    });
                    const what = `a ${kind} ${death}: ${answer.status} ${answer.text}`;
                    // Who left is still somebody, though not here: that is all that accepting an
                    // invitation asks for, and here the body is bad.
                    const left = operation.role ? [403] : [400];
                    const allowed = death === 'of one who left' ? left : [401];
                    assert.ok(allowed.includes(answer.status), what);
                }
            }
            assert.deepEqual(await owner.state({ except }), before);
        });
    }

    // Where a token is checked only when something is done with it, there must be something to do.
    function goodBodyOf(operation) {
        if (operation.template.endsWith('/import')) return { namespace: 'dead', content: 'A=1' };
        if (operation.method === 'PUT') return { value: 'the-value-of-nobody' };
        if (operation.template === '/v1/tokens') return { scopes: ['secrets:read:dead/*'] };
        return {};
    }
});

describe('a token, at once after', () => {
    test('its agent was deactivated, is refused', async () => {
        const { token, alterAgent, agent } = await newHolder();
        await alterAgent('active = false');
        (await readWith(token)).expect(401, 'UNAUTHORIZED');
        const put = await http.put('/v1/secrets/rights/NEW', { token, body: { value: 'v' } });
        put.expect(401, 'UNAUTHORIZED');
        (await http.get('/v1/secrets?namespace=rights', { token })).expect(401, 'UNAUTHORIZED');
        (await agent.requestToken({ scopes: ['secrets:read:rights/*'] })).expect(
            401,
            'UNAUTHORIZED',
        );
    });

    test("its agent's scopes were narrowed, has lost what they took", async () => {
        const { token, alterAgent } = await newHolder();
        await alterAgent(`allowed_scopes = '{secrets:read:rights/*}'`);
        (await readWith(token)).expect(200);
        const put = await http.put('/v1/secrets/rights/NEW', { token, body: { value: 'v' } });
        put.expect(403, 'SCOPE_DENIED');
        await alterAgent(`allowed_scopes = '{secrets:read:elsewhere/*}'`);
        (await readWith(token)).expect(403, 'SCOPE_DENIED');
    });

    test("its agent's namespaces were narrowed, has lost what they took", async () => {
        const { token, alterAgent } = await newHolder();
        await alterAgent(`allowed_namespaces = '{elsewhere}'`);
        (await readWith(token)).expect(403, 'SCOPE_DENIED');
        (await http.get('/v1/secrets?namespace=rights', { token })).expect(403, 'SCOPE_DENIED');
        const put = await http.put('/v1/secrets/rights/NEW', { token, body: { value: 'v' } });
        put.expect(403, 'SCOPE_DENIED');
    });

    test("its agent's limits grew, does not grow with them", async () => {
        const agent = await tenant.newAgent({
            allowed_namespaces: ['rights'],
            allowed_scopes: ['secrets:read:rights/KEY'],
        });
        const token = await agent.newToken(['secrets:read:rights/KEY']);
        await stack.psql(
            `update store.agents set allowed_namespaces = '{*}', allowed_scopes = '{secrets:*:*}',
                    limits_version = limits_version + 1
             where tenant_id = '${tenant.id}' and agent_id = '${agent.id}'`,
        );
        (await readWith(token)).expect(200);
        (await readWith(token, 'rights/OTHER')).expect(403, 'SCOPE_DENIED');
    });

    test('it was revoked, is refused everywhere', async () => {
        const { token, alterToken } = await newHolder();
        await alterToken('revoked_at = now()');
        (await readWith(token)).expect(401, 'UNAUTHORIZED');
        (await http.put('/v1/secrets/rights/NEW', { token, body: { value: 'v' } })).expect(
            401,
            'UNAUTHORIZED',
        );
        (await http.get('/v1/secrets?namespace=rights', { token })).expect(401, 'UNAUTHORIZED');
        (await readWith(token, 'outside/KEY')).expect(401, 'UNAUTHORIZED');
    });

    test('its row went away, is refused', async () => {
        const { token, id } = await newHolder();
        await stack.psql(
            `delete from store.tokens where tenant_id = '${tenant.id}' and token_id = '${id}'`,
        );
        (await readWith(token)).expect(401, 'UNAUTHORIZED');
        (await http.put('/v1/secrets/rights/NEW', { token, body: { value: 'v' } })).expect(
            401,
            'UNAUTHORIZED',
        );
    });

    test("the database's clock passed its expiry, is refused whatever its claims say", async () => {
        const { token, alterToken } = await newHolder();
        await alterToken(
            `issued_at = now() - interval '2 hours', expires_at = now() - interval '1 second'`,
        );
        (await readWith(token)).expect(401, 'UNAUTHORIZED');
        (await http.put('/v1/secrets/rights/NEW', { token, body: { value: 'v' } })).expect(
            401,
            'UNAUTHORIZED',
        );
    });
});

describe('an agent key, at once after', () => {
    test('it was replaced, is refused', async () => {
        const agent = await tenant.newAgent();
        (await agent.requestToken({ scopes: ['secrets:read:rights/*'] })).expect(200);
        await stack.psql(
            `update store.agents set key_mac = sha256(key_mac)
             where tenant_id = '${tenant.id}' and agent_id = '${agent.id}'`,
        );
        (await agent.requestToken({ scopes: ['secrets:read:rights/KEY'] })).expect(
            401,
            'UNAUTHORIZED',
        );
    });

    test("its row was given to another tenant's agent, is refused", async () => {
        const mine = await tenant.newAgent();
        const theirs = await other.newAgent();
        // Someone who can write rows: the MAC binds key, tenant and agent.
        await stack.psql(`
            update store.agents t
            set key_mac = m.key_mac, key_public_id = 'x' || substr(t.key_public_id, 2)
            from store.agents m
            where m.agent_id = '${mine.id}' and t.agent_id = '${theirs.id}';
            update store.agents set key_public_id = substr('${mine.key}', 10, 9) || '!'
            where agent_id = '${mine.id}';
            update store.agents set key_public_id = substr('${mine.key}', 10, 10)
            where agent_id = '${theirs.id}';`);
        (await mine.requestToken({ scopes: ['secrets:read:*'] })).expect(401, 'UNAUTHORIZED');
    });
});

describe('a person, at once after', () => {
    test('leaving the tenant, is refused', async () => {
        const left = await stack.newTenant();
        (await http.get('/v1/agents', { token: left.userToken })).expect(200);
        await stack.psql(`delete from store.members where tenant_id = '${left.id}'`);
        const answer = await http.get('/v1/agents', { token: left.userToken });
        answer.expect(403, 'SCOPE_DENIED');
    });
});

describe('a scope in a true token', () => {
    test('that was widened by somebody with the key is still bound by the agent', async () => {
        const forge = await Forge.of(stack);
        const agent = await tenant.newAgent({
            allowed_namespaces: ['elsewhere'],
            allowed_scopes: ['secrets:read:elsewhere/*'],
        });
        const { header, claims } = partsOf(await agent.newToken(['secrets:read:elsewhere/*']));
        const widened = forge.hs256(header, {
            ...claims,
            scp: ['secrets:*:*'],
            alv: claims.alv - 1,
        });
        const answer = await readWith(widened);
        assert.ok([401, 403].includes(answer.status), answer.text);
    });
});

describe('existence', () => {
    test('is not told by the time that a refusal takes', { timeout: 60_000 * kPatience }, async () => {
        const token = await (await tenant.newAgent()).newToken(['secrets:read:elsewhere/*']);
        const timeOf = async (path) => {
            const began = process.hrtime.bigint();
            (await readWith(token, path)).expect(403);
            return Number(process.hrtime.bigint() - began) / 1e6;
        };
        const there = [];
        const absent = [];
        for (let i = 0; i < 150; ++i) {
            there.push(await timeOf('rights/KEY'));
            absent.push(await timeOf('rights/NIL'));
        }
        const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
        const ratio = median(there) / median(absent);
        assert.ok(ratio > 0.7 && ratio < 1.4, `medians ${median(there)} and ${median(absent)} ms`);
    });
});

describe('an owner', () => {
    test('of one tenant has no power in another, whatever the name of the agent', async () => {
        const name = unique('same');
        const mine = await tenant.newAgent({ name });
        const theirs = await other.newAgent({ name });
        assert.notEqual(mine.id, theirs.id);
        const listed = (await http.get('/v1/agents?limit=200', { token: tenant.userToken })).expect(
            200,
        );
        assert.equal(listed.items.filter((item) => item.name === name).length, 1);
    });
});
