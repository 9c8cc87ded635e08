// Rights are judged at every use, against what is true now: security.md §3. What has no endpoint
// yet is changed by SQL.
import { assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { Forge, partsOf } from './forge.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

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

    test('it was revoked, is refused to each of 50 readers who ask after that', async () => {
        const { token, alterToken } = await newHolder();
        let done = false;
        let revokedAt = Infinity;
        const late = [];
        let early = 0;
        const readers = Array.from({ length: 50 }, async () => {
            while (!done) {
                const sent = performance.now();
                const answer = await readWith(token);
                if (answer.status === 200) ++early;
                if (answer.status === 200 && sent > revokedAt) late.push(sent - revokedAt);
            }
        });
        await eventually('readers read', () => early > 200);
        await alterToken('revoked_at = now()');
        revokedAt = performance.now();
        await inParallel(50, 50, () => readWith(token));
        done = true;
        await Promise.all(readers);
        assert.deepEqual(late, []);
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
        assert.ok([401, 403].includes(answer.status), answer.text);
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
    test('is not told by the time that a refusal takes', { timeout: 60_000 }, async () => {
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
