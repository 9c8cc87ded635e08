// Access tiers: what needs an approval, and that no token reads above what it was approved for.
// contract.md §5 as far as it stands without people deciding.
import { assert, before, describe, kUuid, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

describe('a token request that covers a secret of a higher tier', () => {
    let tenant;
    let agent;
    let namespace;

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        namespace = unique('tiers');
        await tenant.putSecret(`${namespace}/STANDARD`, { value: 'v' });
        await tenant.putSecret(`${namespace}/SENSITIVE`, { value: 'v', access_tier: 'sensitive' });
        await tenant.putSecret(`${namespace}/CRITICAL`, { value: 'v', access_tier: 'critical' });
    });

    const cases = [
        ['secrets:read:NS/STANDARD', false],
        ['secrets:write:NS/STANDARD', false],
        ['secrets:read:NS/SENSITIVE', true],
        ['secrets:write:NS/SENSITIVE', false],
        ['secrets:*:NS/SENSITIVE', true],
        ['secrets:read:NS/CRITICAL', true],
        ['secrets:write:NS/CRITICAL', true],
        ['secrets:read:NS/*', true],
        ['secrets:write:NS/*', true],
        ['secrets:read:NS/S*', true],
        ['secrets:read:*', true],
        ['secrets:read:NS/NOT-THERE', false],
        ['namespaces:read', false],
    ];
    for (const [scope, needsApproval] of cases) {
        test(`for ${scope} ${needsApproval ? 'needs' : 'needs no'} approval`, async () => {
            const asked = scope.replace('NS', namespace);
            const answer = (await agent.requestToken({ scopes: [asked] })).expect(200);
            assert.equal(answer.requires_approval, needsApproval);
            assert.equal(answer.token === null, needsApproval);
            assert.equal(answer.approval_id === null, !needsApproval);
        });
    }

    test('is the same approval when it is asked again, scopes in any order', async () => {
        const scopes = [
            `secrets:read:${namespace}/SENSITIVE`,
            `secrets:read:${namespace}/STANDARD`,
        ];
        const ask = async (body) => (await agent.requestToken(body)).expect(200).approval_id;

        const first = await ask({ scopes });

        assert.match(first, kUuid);
        assert.equal(await ask({ scopes }), first);
        assert.equal(await ask({ scopes: scopes.toReversed?.() ?? [...scopes].reverse() }), first);
        assert.equal(await ask({ scopes: [...scopes, scopes[0]] }), first);
        assert.equal(await ask({ scopes, ttl: '60m' }), first);
        assert.equal(await ask({ scopes, ttl: 3600 }), first);
    });

    test('is another approval when it asks for something else', async () => {
        const scopes = [`secrets:read:${namespace}/SENSITIVE`];
        const ask = async (body) => (await agent.requestToken(body)).expect(200).approval_id;
        const approvals = [
            await ask({ scopes }),
            await ask({ scopes, ttl: '2h' }),
            await ask({ scopes, max_uses: 5 }),
            await ask({ scopes, ip_allowlist: ['127.0.0.1'] }),
        ];
        assert.equal(new Set(approvals).size, approvals.length);
    });

    test('is another approval when another agent asks', async () => {
        const scopes = [`secrets:read:${namespace}/SENSITIVE`];
        const other = await tenant.newAgent();
        const mine = (await agent.requestToken({ scopes })).expect(200).approval_id;
        const theirs = (await other.requestToken({ scopes })).expect(200).approval_id;
        assert.notEqual(mine, theirs);
    });

    test('makes one approval when it is asked 20 times at once', async () => {
        const other = await tenant.newAgent();
        const scopes = [`secrets:read:${namespace}/CRITICAL`];
        const answers = await Promise.all(
            Array.from({ length: 20 }, () => other.requestToken({ scopes })),
        );
        const ids = new Set(answers.map((answer) => answer.expect(200).approval_id));
        assert.equal(ids.size, 1);
        const [{ count }] = await stack.rows(
            `select count(*)::int from store.approvals
             where tenant_id = '${tenant.id}' and agent_id = '${other.id}'`,
        );
        assert.equal(count, 1);
    });

    test('records the request and its tier', async () => {
        const other = await tenant.newAgent();
        const answer = await other.requestToken({
            scopes: [`secrets:read:${namespace}/CRITICAL`],
            reason: 'the nightly job',
        });
        const { approval_id: id } = answer.expect(200);
        const [row] = await stack.rows(
            `select status, access_tier, reason, requested_scopes, host(ip_address) as ip,
                    extract(epoch from expires_at - created_at)::int as lives
             from store.approvals where tenant_id = '${tenant.id}' and approval_id = '${id}'`,
        );
        assert.deepEqual(row, {
            status: 'pending',
            access_tier: 2,
            reason: 'the nightly job',
            requested_scopes: [`secrets:read:${namespace}/CRITICAL`],
            ip: '127.0.0.1',
            lives: 86_400,
        });
    });

    test('looks at the tenant of the agent alone', async () => {
        const other = await (await stack.newTenant()).newAgent();
        const answer = (await other.requestToken({ scopes: ['secrets:read:*'] })).expect(200);
        assert.equal(answer.requires_approval, false);
    });
});

describe('the tier ceiling of a token', () => {
    let tenant;
    let agent;
    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
    });

    for (const tier of ['sensitive', 'critical']) {
        test(`keeps a standard token from a secret that is stored as ${tier} later`, async () => {
            const path = `${unique('ceiling')}/KEY`;
            const token = await agent.newToken([`secrets:read:${path}`]);
            await tenant.putSecret(path, { value: 'a-guarded-value', access_tier: tier });

            const answer = await http.get(`/v1/secrets/${path}`, { token });

            answer.expect(403, 'SCOPE_DENIED');
            assert.match(answer.message, /approval/i);
            assert.ok(!answer.text.includes('a-guarded-value'));
        });
    }

    test('keeps a standard token from a secret that is raised later', async () => {
        const path = `${unique('raised')}/KEY`;
        await tenant.putSecret(path, { value: 'a-guarded-value' });
        const token = await agent.newToken([`secrets:read:${path}`]);
        (await http.get(`/v1/secrets/${path}`, { token })).expect(200);

        await tenant.putSecret(path, { value: 'a-guarded-value', access_tier: 'sensitive' });

        (await http.get(`/v1/secrets/${path}`, { token })).expect(403, 'SCOPE_DENIED');
    });

    test('holds for older versions of a raised secret too', async () => {
        const path = `${unique('older')}/KEY`;
        await tenant.putSecret(path, { value: 'the-old-value' });
        const token = await agent.newToken([`secrets:read:${path}`]);
        await tenant.putSecret(path, { value: 'the-new-value', access_tier: 'critical' });

        (await http.get(`/v1/secrets/${path}?version=1`, { token })).expect(403, 'SCOPE_DENIED');
    });

    test('keeps a standard token from writing what is critical, not sensitive', async () => {
        const namespace = unique('writes');
        const token = await agent.newToken([`secrets:write:${namespace}/*`]);
        await tenant.putSecret(`${namespace}/SENSITIVE`, { value: 'v', access_tier: 'sensitive' });
        await tenant.putSecret(`${namespace}/CRITICAL`, { value: 'v', access_tier: 'critical' });
        const put = (key) =>
            http.put(`/v1/secrets/${namespace}/${key}`, { token, body: { value: 'w' } });

        (await put('SENSITIVE')).expect(200);
        (await put('CRITICAL')).expect(403, 'SCOPE_DENIED');
    });

    test('does not hide a higher secret from the list, which shows no value', async () => {
        const namespace = unique('listed');
        const token = await agent.newToken([`secrets:read:${namespace}/*`]);
        await tenant.putSecret(`${namespace}/KEY`, {
            value: 'a-guarded-value',
            access_tier: 'critical',
        });
        const answer = await http.get(`/v1/secrets?namespace=${namespace}`, { token });
        assert.deepEqual(
            answer.expect(200).items.map((item) => item.access_tier),
            ['critical'],
        );
        assert.ok(!answer.text.includes('a-guarded-value'));
    });
});

describe('a tier', () => {
    let tenant;
    let agent;
    const put = async (path, token, body) =>
        (await http.put(`/v1/secrets/${path}`, { token, body })).expect(200);
    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
    });

    for (const sent of ['standard', undefined]) {
        test(`is kept when an agent sends ${sent ?? 'none'}`, async () => {
            const path = `${unique('kept')}/KEY`;
            await tenant.putSecret(path, { value: 'v', access_tier: 'sensitive' });
            const token = await agent.newToken([`secrets:write:${path}`]);

            const stored = await put(path, token, { value: 'w', access_tier: sent });

            assert.equal(stored.access_tier, 'sensitive');
            const [row] = await stack.rows(
                `select access_tier from store.secrets
                 where tenant_id = '${tenant.id}' and path = '${path}'`,
            );
            assert.equal(row.access_tier, 1);
        });
    }

    test('is raised when an agent sends a higher one', async () => {
        const path = `${unique('higher')}/KEY`;
        const token = await agent.newToken([`secrets:write:${path}`]);
        assert.equal((await put(path, token, { value: 'v' })).access_tier, 'standard');
        const raised = await put(path, token, { value: 'w', access_tier: 'sensitive' });
        assert.equal(raised.access_tier, 'sensitive');
    });

    test('is lowered by a person, and kept when the person sends none', async () => {
        const path = `${unique('lowered')}/KEY`;
        await tenant.putSecret(path, { value: 'v', access_tier: 'critical' });
        const kept = await tenant.putSecret(path, { value: 'w' });
        const lowered = await tenant.putSecret(path, { value: 'x', access_tier: 'standard' });
        assert.equal(kept.access_tier, 'critical');
        assert.equal(lowered.access_tier, 'standard');
    });

    test('of a new secret is standard', async () => {
        const stored = await tenant.putSecret(`${unique('new')}/KEY`, { value: 'v' });
        assert.equal(stored.access_tier, 'standard');
    });
});
