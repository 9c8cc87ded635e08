// The account: GET and PATCH /me, GET /me/status. contract.md §6.
import { assert, assertShape, before, describe, kTimestamp, kUuid, test } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();

let tenant;
before(async () => {
    tenant = await stack.newTenant();
});
const me = (of = tenant) => of.call('GET', '/v1/me');
const patch = (body, of = tenant) => of.call('PATCH', '/v1/me', { body });

describe('GET /me', () => {
    test('shows the profile as the reference does', async () => {
        const own = await stack.newTenant({ plan: 'pro' });
        assertShape((await me(own)).expect(200), {
            id: own.id,
            email: own.email,
            name: (name) => typeof name === 'string' && name.length > 0,
            plan: 'pro',
            subscription_status: 'none',
            secret_count: 0,
            agent_count: 0,
            notification_preferences: { approval_requests: true, security_alerts: true },
            created_at: kTimestamp,
            user_id: kUuid,
            role: 'owner',
            tenants: ([only, ...more]) =>
                more.length === 0 && only.id === own.id && only.role === 'owner' && only.name,
        });
    });

    test('counts secrets and agents that live', async () => {
        const own = await stack.newTenant();
        const counts = async () => {
            const { secret_count: secrets, agent_count: agents } = (await me(own)).expect(200);
            return [secrets, agents];
        };
        await own.putSecret('me/A', { value: 'v' });
        await own.putSecret('me/B', { value: 'v' });
        await own.putSecret('me/B', { value: 'w' });
        const [agent] = [await own.newAgent(), await own.newAgent()];
        assert.deepEqual(await counts(), [2, 2]);

        (await own.call('DELETE', '/v1/secrets/me/A')).expect(200);
        (await own.call('DELETE', `/v1/agents/${agent.id}`)).expect(204);
        assert.deepEqual(await counts(), [1, 1]);
    });

    test('takes no query', async () => {
        (await tenant.call('GET', '/v1/me?fields=plan')).expect(400, 'INVALID_REQUEST');
    });
});

describe('GET /me/status', () => {
    for (const plan of ['free', 'pro', 'enterprise']) {
        test(`shows the plan ${plan}`, async () => {
            const own = await stack.newTenant({ plan });
            assertShape((await own.call('GET', '/v1/me/status')).expect(200), {
                has_subscription: (value) => typeof value === 'boolean',
                plan,
                subscription_status: 'none',
            });
        });
    }

    test('has a subscription when the billing says that one is active', async () => {
        const own = await stack.newTenant({ plan: 'pro' });
        await stack.psql(
            `update store.tenants set subscription_status = 'active' where tenant_id = '${own.id}'`,
        );
        const status = (await own.call('GET', '/v1/me/status')).expect(200);
        assert.deepEqual(status, {
            has_subscription: true,
            plan: 'pro',
            subscription_status: 'active',
        });
    });
});

describe('PATCH /me', () => {
    test('changes the name and answers with the profile', async () => {
        const own = await stack.newTenant();
        const before = (await me(own)).expect(200);
        const answer = await patch({ name: 'Ácme & Söhne “Inc” 🔑' }, own);
        const name = 'Ácme & Söhne “Inc” 🔑';
        const tenants = [{ ...before.tenants[0], name }];
        assert.deepEqual(answer.expect(200), { ...before, name, tenants });
        assert.deepEqual((await me(own)).json, answer.json);
    });

    for (const member of ['approval_requests', 'security_alerts']) {
        test(`changes ${member} and keeps the other preference`, async () => {
            const own = await stack.newTenant();
            const body = { notification_preferences: { [member]: false } };
            const answer = (await patch(body, own)).expect(200);
            const wanted = { approval_requests: true, security_alerts: true, [member]: false };
            assert.deepEqual(answer.notification_preferences, wanted);
            assert.deepEqual((await me(own)).json.notification_preferences, wanted);
        });
    }

    for (const [what, options] of [
        ['an empty object', { body: {} }],
        ['no body', {}],
        ['empty preferences', { body: { notification_preferences: {} } }],
    ]) {
        test(`with ${what} changes nothing`, async () => {
            const before = (await me()).expect(200);
            (await tenant.call('PATCH', '/v1/me', options)).expect(200);
            assert.deepEqual((await me()).json, before);
        });
    }

    test('changes one tenant alone', async () => {
        const other = await stack.newTenant();
        const before = (await me(other)).expect(200);
        (
            await patch({ name: 'Ours', notification_preferences: { security_alerts: false } })
        ).expect(200);
        assert.deepEqual((await me(other)).json, before);
    });

    test('is on record, as the act of that person', async () => {
        const answer = await patch({ name: 'Recorded' });
        answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual([event.event_type, event.actor_type], ['tenant.profile_updated', 'user']);
    });

    const faults = [
        ['an empty name', { name: '' }, /name/],
        ['a name of 201 characters', { name: 'n'.repeat(201) }, /name/],
        ['a name that is a number', { name: 7 }, /name/],
        ['a plan', { plan: 'enterprise' }, /plan/],
        ['an e-mail address', { email: 'new@example.com' }, /email/],
        ['a subscription', { subscription_status: 'active' }, /subscription_status/],
        ['preferences that are a list', { notification_preferences: [] }, /notification_pref/],
        [
            'a preference that is unknown',
            { notification_preferences: { weekly_digest: true } },
            /weekly_digest/,
        ],
        [
            'a preference that is text',
            { notification_preferences: { security_alerts: 'no' } },
            /security_alerts/,
        ],
        [
            'a preference that is a number',
            { notification_preferences: { approval_requests: 0 } },
            /approval_requests/,
        ],
    ];
    for (const [what, body, message] of faults) {
        test(`with ${what} is refused and changes nothing`, async () => {
            const before = (await me()).expect(200);
            const answer = await patch(body);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
            assert.deepEqual((await me()).json, before);
        });
    }

    test('with one good and one bad member changes neither', async () => {
        const before = (await me()).expect(200);
        const body = { name: 'Half', notification_preferences: { security_alerts: null, x: 1 } };
        (await patch(body)).expect(400, 'INVALID_REQUEST');
        assert.deepEqual((await me()).json, before);
    });

    test('takes a name of 200 characters', async () => {
        const name = 'ü'.repeat(200);
        assert.equal((await patch({ name })).expect(200).name, name);
    });
});
