// How much of everything a tenant may have by its plan, counted exactly, and for how long its audit
// events are kept.
import { after, assert, before, describe, inParallel, test, unique } from './claim.mjs';
import { kPatience, Stack } from './stack.mjs';

const kFree = { agents: 3, secrets: 5, members: 3, audit: '7d' };
const kPro = { agents: 6, secrets: 12 };
const kConf = `plans:
  free:
    requests_per_minute: unlimited
    agents: ${kFree.agents}
    secrets: ${kFree.secrets}
    members: ${kFree.members}
    audit_retention: ${kFree.audit}
  pro:
    requests_per_minute: unlimited
    agents: ${kPro.agents}
    secrets: ${kPro.secrets}
    audit_retention: 400d
`;

let stack;
before(
    async () => {
        stack = await Stack.start({ workers: 2, threads: 16, conf: kConf });
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

const changePlan = (tenant, plan) => stack.ctl(['tenant', 'plan', tenant.id, plan]);
const createAgent = (tenant) =>
    tenant.call('POST', '/v1/agents', {
        body: { name: unique('agent'), allowed_namespaces: ['planned'] },
    });
const put = (tenant, key, value = 'v') =>
    tenant.call('PUT', `/v1/secrets/planned/${key}`, { body: { value } });
const importOf = (tenant, keys) =>
    tenant.call('POST', '/v1/secrets/import', {
        body: { namespace: 'planned', content: keys.map((key) => `${key}=v`).join('\n') },
    });
const keysOf = (count, prefix = 'K') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const countsOf = async (tenant) => {
    const me = (await tenant.call('GET', '/v1/me')).expect(200);
    return { agents: me.agent_count, secrets: me.secret_count };
};

function expectNoRoom(answer, limit, things) {
    answer.expect(403, 'PLAN_LIMIT_REACHED');
    assert.match(answer.message, new RegExp(`'free' allows ${limit} ${things}`));
}

describe('agents', () => {
    test('can be made up to the number of the plan, which the refusal names', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        for (let i = 0; i < kFree.agents; ++i) (await createAgent(tenant)).expect(200);

        const beyond = await createAgent(tenant);

        expectNoRoom(beyond, kFree.agents, 'agents');
        assert.equal((await countsOf(tenant)).agents, kFree.agents);
        const record = await tenant.auditOf(beyond.requestId);
        assert.equal(record.event_type, 'auth.failed');
        assert.equal(record.reason, 'plan_limit_reached');
    });

    test('make room where they are revoked', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        const made = [];
        for (let i = 0; i < kFree.agents; ++i) made.push((await createAgent(tenant)).json);

        (await tenant.call('DELETE', `/v1/agents/${made[0].id}`)).expect(204);

        (await createAgent(tenant)).expect(200);
        expectNoRoom(await createAgent(tenant), kFree.agents, 'agents');
    });

    test('are counted exactly where many are made at once', async () => {
        for (let round = 0; round < 10; ++round) {
            const tenant = await stack.newTenant({ plan: 'free' });
            const answers = await inParallel(12, 12, () => createAgent(tenant));
            assert.equal(answers.filter(({ status }) => status === 200).length, kFree.agents);
            assert.equal((await countsOf(tenant)).agents, kFree.agents);
        }
    });

    test('that the operator makes are counted too', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        const args = ['agent', 'create', 'one', '--tenant', tenant.id, '--namespace', 'planned'];
        for (let i = 0; i < kFree.agents; ++i) await stack.ctl(args);
        await assert.rejects(stack.ctl(args), /exit 5.*'free' allows 3 agents/s);
    });

    test('are as many as one likes where the plan has no number', async () => {
        const tenant = await stack.newTenant({ plan: 'enterprise' });
        await inParallel(kPro.agents + 10, 8, async () => (await createAgent(tenant)).expect(200));
    });
});

describe('secrets', () => {
    test('can be stored up to the number of the plan, and changed beyond it', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        for (const key of keysOf(kFree.secrets)) (await put(tenant, key)).expect(200);

        const beyond = await put(tenant, 'MORE');
        const changed = await put(tenant, 'K0', 'another value');

        expectNoRoom(beyond, kFree.secrets, 'secrets');
        assert.equal(changed.expect(200).version, 2);
        const record = await tenant.auditOf(beyond.requestId);
        assert.equal(record.event_type, 'secret.write.denied');
        assert.equal(record.reason, 'plan_limit_reached');
        assert.equal((await countsOf(tenant)).secrets, kFree.secrets);
    });

    test('are limited for agents as for people', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        const agent = await tenant.newAgent();
        const token = await agent.newToken(['secrets:*:*']);
        for (const key of keysOf(kFree.secrets)) (await put(tenant, key)).expect(200);

        const beyond = await stack.client.put('/v1/secrets/planned/MORE', {
            token,
            body: { value: 'v' },
        });

        expectNoRoom(beyond, kFree.secrets, 'secrets');
    });

    test('make room where they are deleted, and take it where they come back', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        for (const key of keysOf(kFree.secrets)) (await put(tenant, key)).expect(200);

        (await tenant.call('DELETE', '/v1/secrets/planned/K0')).expect(200);

        assert.equal((await put(tenant, 'K0', 'v')).expect(200).version, 1);
        expectNoRoom(await put(tenant, 'MORE'), kFree.secrets, 'secrets');
    });

    test('are counted exactly where many are stored at once', async () => {
        for (let round = 0; round < 10; ++round) {
            const tenant = await stack.newTenant({ plan: 'free' });
            const answers = await inParallel(16, 16, (i) => put(tenant, `K${i}`));
            assert.equal(answers.filter(({ status }) => status === 200).length, kFree.secrets);
            assert.equal((await countsOf(tenant)).secrets, kFree.secrets);
        }
    });

    test('that several store at once under the last free name are one secret', async () => {
        for (let round = 0; round < 10; ++round) {
            const tenant = await stack.newTenant({ plan: 'free' });
            for (const key of keysOf(kFree.secrets - 1)) (await put(tenant, key)).expect(200);

            const answers = await inParallel(8, 8, (i) => put(tenant, 'LAST', `value-${i}`));

            const versions = answers.map((answer) => answer.expect(200).version);
            assert.deepEqual(
                versions.sort(),
                keysOf(8).map((_, i) => i + 1),
            );
        }
    });

    test('are imported all or not at all', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        (await put(tenant, 'K0')).expect(200);

        const tooMany = await importOf(tenant, keysOf(kFree.secrets + 1));
        const before = await countsOf(tenant);
        const fitting = await importOf(tenant, keysOf(kFree.secrets));

        expectNoRoom(tooMany, kFree.secrets, 'secrets');
        assert.match(tooMany.message, /5 more/);
        assert.equal(before.secrets, 1);
        assert.equal(fitting.expect(200).imported_count, kFree.secrets - 1);
    });

    test('are counted exactly where imports and writes race', async () => {
        for (let round = 0; round < 10; ++round) {
            const tenant = await stack.newTenant({ plan: 'free' });
            const answers = await inParallel(9, 9, (i) =>
                i % 3 === 0 ? importOf(tenant, keysOf(3, `I${i}_`)) : put(tenant, `P${i}`),
            );
            for (const answer of answers) assert.ok([200, 403].includes(answer.status));
            const stored = answers
                .filter(({ status }) => status === 200)
                .reduce((sum, { json }) => sum + (json.imported_count ?? 1), 0);
            assert.ok(stored <= kFree.secrets, `${stored}`);
            assert.equal((await countsOf(tenant)).secrets, stored);
        }
    });

    test('beyond a smaller plan stay, can be read and changed, and grow no more', async () => {
        const tenant = await stack.newTenant({ plan: 'pro' });
        for (const key of keysOf(kPro.secrets)) (await put(tenant, key)).expect(200);
        const agent = await tenant.newAgent();
        const token = await agent.newToken(['secrets:*:*']);

        await changePlan(tenant, 'free');

        assert.equal((await countsOf(tenant)).secrets, kPro.secrets);
        (await stack.client.get('/v1/secrets/planned/K11', { token })).expect(200);
        (await put(tenant, 'K11', 'changed')).expect(200);
        expectNoRoom(await put(tenant, 'MORE'), kFree.secrets, 'secrets');
        await changePlan(tenant, 'enterprise');
        (await put(tenant, 'MORE')).expect(200);
    });

    test('of a tenant wait for no other of its writers where nothing is added', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        (await put(tenant, 'K0')).expect(200);
        const session = stack.openSession();
        await session.execute(
            `begin; select from store.tenants where tenant_id = '${tenant.id}' for no key update`,
        );
        try {
            (await put(tenant, 'K0', 'changed meanwhile')).expect(200);
            const agent = await tenant.call('GET', '/v1/agents');
            agent.expect(200);
            // While who wants to add one waits, until the lock's time is over.
            (await put(tenant, 'NEW')).expect(503);
        } finally {
            await session.close();
        }
        (await put(tenant, 'NEW')).expect(200);
    });
});

describe('members', () => {
    const invite = (tenant) =>
        tenant.call('POST', '/v1/members', {
            body: { email: `${unique('guest')}@plans.example`, role: 'viewer' },
        });

    test('can be invited up to the number of the plan, the owner included', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        for (let i = 1; i < kFree.members; ++i) (await invite(tenant)).expect(200);

        const beyond = await invite(tenant);

        expectNoRoom(beyond, kFree.members, 'members');
        assert.equal((await tenant.auditOf(beyond.requestId)).reason, 'plan_limit_reached');
    });

    test('that are invited again take no more room, and make some where they go', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        const guests = [];
        for (let i = 1; i < kFree.members; ++i) guests.push((await invite(tenant)).expect(200));

        const [first] = guests;
        const again = { body: { email: first.email, role: 'viewer' } };
        const renewed = (await tenant.call('POST', '/v1/members', again)).expect(200);
        (await tenant.call('DELETE', `/v1/members/${renewed.id}`)).expect(204);

        (await invite(tenant)).expect(200);
        expectNoRoom(await invite(tenant), kFree.members, 'members');
    });

    test('are counted exactly where many are invited at once', async () => {
        for (let round = 0; round < 5; ++round) {
            const tenant = await stack.newTenant({ plan: 'free' });
            const answers = await inParallel(8, 8, () => invite(tenant));
            assert.equal(answers.filter(({ status }) => status === 200).length, kFree.members - 1);
        }
    });

    test('do not join by an old invitation beyond a plan that became smaller', async () => {
        const tenant = await stack.newTenant({ plan: 'enterprise' });
        for (let i = 1; i < kFree.members; ++i) await tenant.newMember('viewer');
        const invited = await tenant.invite('viewer');
        const accept = async () =>
            stack.client.post('/v1/invitations/accept', {
                token: await stack.idToken(invited.email),
                body: { token: invited.invitation_token },
            });

        await changePlan(tenant, 'free');
        expectNoRoom(await accept(), kFree.members, 'members');
        await changePlan(tenant, 'enterprise');
        (await accept()).expect(200);
    });
});

describe('the audit log', () => {
    const addEvent = (tenant, age) =>
        stack.psql(
            `insert into store.audit_events (tenant_id, event_id, event_type, actor_type,
                                             resource_type, created_at)
             values ('${tenant.id}', gen_random_uuid(), 'secret.read', 'agent', 'secret',
                     now() - interval '${age}')`,
        );
    const readsOf = async (tenant) =>
        (await tenant.call('GET', '/v1/audit?event_type=secret.read')).expect(200);

    test('is kept as long as the plan says, and its totals stay right', async () => {
        await stack.psql(
            `select store.create_audit_partitions((current_date - interval '6 months')::date,
                                                  current_date)`,
        );
        const free = await stack.newTenant({ plan: 'free' });
        const pro = await stack.newTenant({ plan: 'pro' });
        for (const tenant of [free, pro])
            for (const age of ['100 days', '8 days', '6 days', '10 minutes'])
                await addEvent(tenant, age);

        const said = await stack.ctl(['maintain']);
        await stack.ctl(['maintain']);

        assert.match(said, /audit events removed: 2\n/);
        assert.match(said, /audit months dropped: 0\n/);
        const [ofFree, ofPro] = [await readsOf(free), await readsOf(pro)];
        assert.deepEqual([ofFree.total, ofFree.events.length], [2, 2]);
        assert.deepEqual([ofPro.total, ofPro.events.length], [4, 4]);
    });

    test('loses nothing to a smaller plan for the first 30 days', async () => {
        const tenant = await stack.newTenant({ plan: 'pro' });
        await addEvent(tenant, '20 days');
        await changePlan(tenant, 'free');

        await stack.ctl(['maintain']);
        const early = (await readsOf(tenant)).total;
        await stack.psql(
            `update store.tenants set plan_changed_at = now() - interval '31 days'
             where tenant_id = '${tenant.id}'`,
        );
        await stack.ctl(['maintain']);

        assert.equal(early, 1);
        assert.equal((await readsOf(tenant)).total, 0);
    });
});

describe('secretstorectl tenant plan', () => {
    test('shows the new plan at once', async () => {
        const tenant = await stack.newTenant({ plan: 'free' });
        const said = await changePlan(tenant, 'pro');
        assert.match(said, /had the plan free and has pro/);
        assert.equal((await tenant.call('GET', '/v1/me')).expect(200).plan, 'pro');
    });

    for (const [what, args, pattern] of [
        ['a plan that does not exist', ['TENANT', 'gold'], /exit 2.*gold.*free.*pro.*enterprise/s],
        ['no plan', ['TENANT'], /exit 2/],
        ['a tenant that is no id', ['acme', 'pro'], /exit 2.*no tenant id/s],
        [
            'a tenant that is not there',
            ['00000000-0000-4000-8000-000000000123', 'pro'],
            /exit 4.*no such tenant/s,
        ],
        [
            'a number for a plan that has one',
            ['TENANT', 'pro', '--requests-per-minute', '5'],
            /exit 2.*only an enterprise/s,
        ],
        [
            'a number that is none',
            ['TENANT', 'enterprise', '--requests-per-minute', 'many'],
            /exit 2.*whole number/s,
        ],
        [
            'a number that is too large',
            ['TENANT', 'enterprise', '--requests-per-minute', '5000001'],
            /exit 2.*5000000/s,
        ],
    ]) {
        test(`refuses ${what}`, async () => {
            const tenant = await stack.newTenant({ plan: 'free' });
            const given = args.map((arg) => (arg === 'TENANT' ? tenant.id : arg));
            await assert.rejects(stack.ctl(['tenant', 'plan', ...given]), pattern);
            assert.equal((await tenant.call('GET', '/v1/me')).expect(200).plan, 'free');
        });
    }
});
