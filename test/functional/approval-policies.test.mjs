// What a tenant asks for beyond the tiers of its secrets: GET and PUT /approval-policies, and what
// they mean for requests that wait. contract.md §5. Which policy governs which secret is told case
// by case in test/unit/service/approval_rules_test.cpp.
import { Asking } from './asking.mjs';
import { assert, before, describe, inParallel, kTimestamp, test, unique } from './claim.mjs';
import { partsOf } from './forge.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

const kPolicy = {
    namespace: '*',
    access_tier: null,
    approvals: 1,
    delay: 0,
    owner_only: false,
    allow_self_approval: false,
};

describe('GET and PUT /approval-policies', () => {
    let tenant;
    const get = (of = tenant) => of.call('GET', '/v1/approval-policies');
    const put = (body, options) =>
        tenant.call('PUT', '/v1/approval-policies', { body, ...options });
    before(async () => {
        tenant = await stack.newTenant();
    });

    test('begin with none', async () => {
        const answer = await get(await stack.newTenant());
        assert.deepEqual(answer.expect(200), { version: 0, policies: [] });
        assert.equal(answer.header('etag'), '"0"');
    });

    test('replace all of them, and show them with every default, by namespace', async () => {
        await put({ policies: [{ namespace: 'gone' }] });
        const { version } = (await get()).expect(200);

        const answer = await put({
            policies: [
                { namespace: 'prod', access_tier: 'critical', approvals: 2, owner_only: true },
                { namespace: '*' },
                { namespace: 'prod', delay: '15m', allow_self_approval: true },
            ],
        });

        assert.deepEqual(answer.expect(200), {
            version: version + 1,
            policies: [
                kPolicy,
                { ...kPolicy, namespace: 'prod', delay: 900, allow_self_approval: true },
                {
                    ...kPolicy,
                    namespace: 'prod',
                    access_tier: 'critical',
                    approvals: 2,
                    owner_only: true,
                },
            ],
        });
        const shown = await get();
        assert.deepEqual(shown.expect(200), answer.json);
        assert.equal(shown.header('etag'), `"${version + 1}"`);
    });

    test('take them away again', async () => {
        assert.deepEqual((await put({ policies: [] })).expect(200).policies, []);
    });

    test('lose no change: another version than the expected one is refused, on record', async () => {
        const { version } = (await get()).expect(200);
        const body = { policies: [{ namespace: unique('a') }] };
        (await put({ ...body, expected_version: version })).expect(200);

        const answers = [
            await put({ ...body, expected_version: version }),
            await put(body, { headers: { 'If-Match': `"${version}"` } }),
        ];

        for (const answer of answers) {
            answer.expect(409, 'VERSION_CONFLICT');
            const event = await tenant.auditOf(answer.requestId);
            assert.deepEqual(
                [event.event_type, event.reason],
                ['approval.policies.denied', 'version_conflict'],
            );
        }
        (await put(body, { headers: { 'If-Match': `"${version + 1}"` } })).expect(200);
    });

    test('let exactly one of twenty pass who saw the same version', async () => {
        const { version } = (await get()).expect(200);
        const answers = await inParallel(20, 20, (i) =>
            put({ policies: [{ namespace: `n${i}` }], expected_version: version }),
        );
        const won = answers.filter((answer) => answer.status === 200);
        assert.equal(won.length, 1);
        for (const answer of answers) if (answer !== won[0]) answer.expect(409, 'VERSION_CONFLICT');
        assert.deepEqual((await get()).expect(200), won[0].json);
    });

    test('are on record, with what they have become', async () => {
        const answer = await put({ policies: [{ namespace: 'prod', approvals: 3 }] });
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.resource_type, event.resource_id, event.details],
            ['approval.policies_updated', 'tenant', tenant.id, answer.json],
        );
    });

    test('are seen by every member, and replaced by owners', async () => {
        for (const role of ['viewer', 'approver', 'admin', 'owner']) {
            const { token } = await tenant.newMember(role);
            (await http.get('/v1/approval-policies', { token })).expect(200);
            const answer = await put({ policies: [] }, { token });
            if (role === 'owner') answer.expect(200);
            else answer.expect(403, 'SCOPE_DENIED');
        }
    });

    test('are of one tenant', async () => {
        (await put({ policies: [{ namespace: 'mine' }] })).expect(200);
        const other = await stack.newTenant();
        const answer = await other.call('PUT', '/v1/approval-policies', {
            body: { policies: [{ namespace: 'theirs' }] },
        });
        assert.equal(answer.expect(200).version, 1);
        assert.equal((await get()).expect(200).policies[0].namespace, 'mine');
    });

    const faults = [
        [{}, /'policies'/],
        [{ policies: {} }, /'policies'/],
        [{ policies: null }, /'policies'/],
        [{ policies: ['*'] }, /'policies\[0\]'/],
        [{ policies: [{}] }, /'policies\[0\]'.*'namespace'/],
        [{ policies: [{ namespace: 7 }] }, /'namespace'/],
        [{ policies: [{ namespace: '' }] }, /'policies\[0\]'/],
        [{ policies: [{ namespace: 'a/*' }] }, /'policies\[0\]'/],
        [{ policies: [{ namespace: 'a/' }] }, /'policies\[0\]'/],
        [{ policies: [{ namespace: 'a', approvals: 0 }] }, /'approvals'.*1 to 5/],
        [{ policies: [{ namespace: 'a', approvals: 6 }] }, /'approvals'.*1 to 5/],
        [{ policies: [{ namespace: 'a', approvals: '2' }] }, /'approvals'/],
        [{ policies: [{ namespace: 'a', delay: -1 }] }, /'delay'/],
        [{ policies: [{ namespace: 'a', delay: 43_201 }] }, /'delay'.*12h/],
        [{ policies: [{ namespace: 'a', delay: '1d' }] }, /'delay'/],
        [{ policies: [{ namespace: 'a', delay: true }] }, /'delay'/],
        [{ policies: [{ namespace: 'a', owner_only: 1 }] }, /'owner_only'/],
        [{ policies: [{ namespace: 'a', allow_self_approval: 'no' }] }, /'allow_self_approval'/],
        [{ policies: [{ namespace: 'a', access_tier: 'standard' }] }, /'access_tier'/],
        [{ policies: [{ namespace: 'a', access_tier: 'top' }] }, /'access_tier'/],
        [{ policies: [{ namespace: 'a', colour: 'red' }] }, /'colour'/],
        [{ policies: [{ namespace: 'a' }, { namespace: 'a' }] }, /'policies\[1\]'.*another policy/],
        [{ policies: Array.from({ length: 101 }, (_, i) => ({ namespace: `n${i}` })) }, /100/],
        [{ policies: [], expected_version: -1 }, /'expected_version'/],
        [{ policies: [], version: 1 }, /'version'/],
    ];
    for (const [body, message] of faults) {
        test(`are refused where they say ${JSON.stringify(body).slice(0, 70)}`, async () => {
            const before = (await get()).text;
            const answer = await put(body);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
            assert.equal((await get()).text, before);
        });
    }

    test('take 100 policies, 5 approvals and 12 hours', async () => {
        const policies = Array.from({ length: 100 }, (_, i) => ({
            namespace: `n${i}`,
            approvals: 5,
            delay: '12h',
        }));
        assert.equal((await put({ policies })).expect(200).policies.length, 100);
    });
});

describe('a policy that wants several approvals', () => {
    let asking;
    let people;
    before(async () => {
        asking = await Asking.start(stack);
        people = [];
        for (const role of ['approver', 'approver', 'admin', 'admin', 'owner'])
            people.push(await asking.tenant.newMember(role));
    });
    const approve = (id, i, body) => asking.approve(id, body, people[i].token);

    test('gives no token before the last of them', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const { id, send } = await asking.ask();

        const first = (await approve(id, 0, { reason: 'fine' })).expect(200);

        assert.deepEqual(
            [first.status, first.required.approvals, first.required.approved, first.token_id],
            ['pending', 2, 1, null],
        );
        assert.equal((await send()).expect(200).approval_id, id);
        assert.equal((await asking.poll(id)).expect(200).token, null);

        const second = (await approve(id, 1)).expect(200);

        assert.equal(second.status, 'approved');
        assert.deepEqual(
            second.decisions.map(({ decided_by: by, reason }) => [by, reason]),
            [
                [people[0].id, 'fine'],
                [people[1].id, null],
            ],
        );
        (await asking.read((await send()).expect(200).token)).expect(200);
    });

    test('records each of them, and tells of the last', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const { id } = await asking.ask();
        (await approve(id, 0)).expect(200);
        (await approve(id, 1)).expect(200);
        const granted = (await asking.events(id)).filter(({ type }) => type === 'approval.granted');
        assert.deepEqual(
            granted.map(({ details }) => [details.approvals, details.required, details.complete]),
            [
                [1, 2, false],
                [2, 2, true],
            ],
        );
        assert.deepEqual(
            (await asking.messages(id)).map(({ type }) => type),
            ['approval.requested', 'approval.decided'],
        );
    });

    test('takes one of each person', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const { id } = await asking.ask();
        (await approve(id, 0)).expect(200);
        const shown = (await asking.show(id, people[0].token)).expect(200);
        assert.match(shown.required.objection, /already/);

        const again = await approve(id, 0);

        again.expect(409, 'APPROVAL_NOT_PENDING');
        const event = await asking.tenant.auditOf(again.requestId);
        assert.deepEqual(
            [event.event_type, event.reason],
            ['approval.decision.denied', 'approved_twice'],
        );
        assert.equal((await asking.show(id)).expect(200).required.approved, 1);
    });

    test('of five takes five', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 5 }])).expect(200);
        const { id } = await asking.ask();
        for (let i = 0; i < 5; ++i) {
            const { status } = (await approve(id, i)).expect(200);
            assert.equal(status, i < 4 ? 'pending' : 'approved');
        }
    });

    test('ends with one denial, by somebody who had approved, too', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const { id, send } = await asking.ask();
        (await approve(id, 0)).expect(200);
        const denied = await asking.deny(id, { reason: 'on second thought' }, people[0].token);
        assert.equal(denied.expect(200).status, 'denied');
        (await approve(id, 1)).expect(409, 'APPROVAL_NOT_PENDING');
        (await send()).expect(403, 'SCOPE_DENIED');
    });

    test('gives what all of them have left', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const namespace = asking.path.split('/')[0];
        const { id } = await asking.ask({ scopes: [`secrets:read:${namespace}/*`], max_uses: 9 });
        const first = { scopes: [`secrets:read:${namespace}/K*`], max_uses: 5 };
        (await approve(id, 0, first)).expect(200);
        for (const more of [{ scopes: [`secrets:read:${namespace}/*`] }, { max_uses: 6 }])
            (await approve(id, 1, more)).expect(400, 'INVALID_REQUEST');
        (await approve(id, 1, { ttl: 60, max_uses: 4 })).expect(200);
        const { token } = (await asking.poll(id)).expect(200);
        const { claims } = partsOf(token);
        assert.deepEqual([claims.scp, claims.mxu, claims.exp - claims.iat], [first.scopes, 4, 60]);
    });

    test('counts nobody who has left, or lost the role, since', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const [left, demoted] = [
            await asking.tenant.newMember('approver'),
            await asking.tenant.newMember('admin'),
        ];
        const { id } = await asking.ask();
        (await asking.approve(id, undefined, left.token)).expect(200);
        await stack.psql(`delete from store.members where user_id = '${left.id}'`);
        const second = (await asking.approve(id, undefined, demoted.token)).expect(200);
        assert.deepEqual([second.status, second.required.approved], ['pending', 1]);
        await stack.psql(
            `update store.members set role = 'viewer' where user_id = '${demoted.id}'`,
        );
        assert.equal((await approve(id, 0)).expect(200).required.approved, 1);
        assert.equal((await approve(id, 1)).expect(200).status, 'approved');
    });
});

describe('a policy', () => {
    let asking;
    let approver;
    let owner;
    before(async () => {
        asking = await Asking.start(stack);
        approver = await asking.tenant.newMember('approver');
        owner = await asking.tenant.newMember('owner');
    });

    test('that wants owners, takes nobody else, and no fresh sign-in', async () => {
        (await asking.putPolicies([{ namespace: '*', owner_only: true }])).expect(200);
        const { id } = await asking.ask();
        const [{ payload }] = await asking.messages(id);
        assert.deepEqual([payload.access_tier, payload.owner_only], ['sensitive', true]);
        (await asking.approve(id, undefined, approver.token)).expect(403, 'SCOPE_DENIED');
        const stale = await stack.idToken(owner.email, { auth_time: 1, iat: 1 });
        (await asking.approve(id, undefined, stale)).expect(200);
    });

    test('takes nothing from what a tier wants', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 1, owner_only: false }])).expect(
            200,
        );
        const scopes = [`secrets:read:${await asking.newSecret('critical')}`];
        const { id } = await asking.ask({ scopes });
        (await asking.approve(id, undefined, approver.token)).expect(403, 'SCOPE_DENIED');
    });

    test('lets those approve who made the agent, where it says so', async () => {
        const agent = await asking.newAgent({}, approver.id);
        (await asking.putPolicies([])).expect(200);
        const { id } = await asking.ask({}, agent);
        (await asking.approve(id, undefined, approver.token)).expect(403, 'SCOPE_DENIED');
        (await asking.putPolicies([{ namespace: '*', allow_self_approval: true }])).expect(200);
        (await asking.approve(id, undefined, approver.token)).expect(200);
    });

    test('of the most specific namespace governs, the strictest over all that is covered', async () => {
        const namespace = unique('nested');
        await asking.newSecret('sensitive', `${namespace}/lax`);
        await asking.newSecret('sensitive', `${namespace}/strict`);
        (
            await asking.putPolicies([
                { namespace: '*', approvals: 5 },
                { namespace, approvals: 2 },
                { namespace: `${namespace}/lax`, approvals: 1 },
                { namespace: `${namespace}/strict`, owner_only: true, delay: '1m' },
            ])
        ).expect(200);
        const wanted = async (pattern) => {
            const { id } = await asking.ask({ scopes: [`secrets:read:${pattern}`] });
            const { required } = (await asking.show(id)).expect(200);
            return [required.approvals, required.owner_only, required.delay];
        };
        assert.deepEqual(await wanted(asking.path), [5, false, 0]);
        assert.deepEqual(await wanted(`${namespace}/lax/KEY`), [1, false, 0]);
        assert.deepEqual(await wanted(`${namespace}/strict/KEY`), [1, true, 60]);
        assert.deepEqual(await wanted(`${namespace}/*`), [1, true, 60]);
        await asking.newSecret('sensitive', namespace);
        assert.deepEqual(await wanted(`${namespace}/*`), [2, true, 60]);
    });

    test('of one tier governs secrets of that tier', async () => {
        const policies = [{ namespace: '*', access_tier: 'critical', approvals: 2 }];
        (await asking.putPolicies(policies)).expect(200);
        const scopes = [`secrets:read:${await asking.newSecret('critical')}`];
        const critical = await asking.ask({ scopes });
        assert.equal((await asking.show(critical.id)).expect(200).required.approvals, 2);
        (await asking.approve((await asking.ask()).id, undefined, approver.token)).expect(200);
    });
});

describe('what waits while policies change', () => {
    let asking;
    let people;
    before(async () => {
        asking = await Asking.start(stack);
        people = [];
        for (let i = 0; i < 3; ++i) people.push(await asking.tenant.newMember('approver'));
    });
    const wants = async (approvals, more) =>
        (await asking.putPolicies([{ namespace: '*', approvals, ...more }])).expect(200);
    const approve = (id, i) => asking.approve(id, undefined, people[i].token);

    test('is decided by the policy at the decision: more is wanted', async () => {
        await wants(1);
        const { id, send } = await asking.ask();
        await wants(2);
        assert.equal((await approve(id, 0)).expect(200).status, 'pending');
        await wants(3);
        assert.equal((await approve(id, 1)).expect(200).status, 'pending');
        assert.equal((await send()).expect(200).token, null);
        assert.equal((await approve(id, 2)).expect(200).status, 'approved');
    });

    test('is decided by the policy at the decision: less is wanted', async () => {
        await wants(3);
        const { id } = await asking.ask();
        (await approve(id, 0)).expect(200);
        await wants(2);
        assert.equal((await approve(id, 1)).expect(200).status, 'approved');
    });

    for (const how of ['the same POST', 'polling']) {
        test(`has its token by ${how} where what is there is enough now`, async () => {
            await wants(2);
            const { id, send } = await asking.ask();
            (await approve(id, 0)).expect(200);
            await wants(1);
            const answer = how === 'polling' ? await asking.poll(id) : await send();
            (await asking.read(answer.expect(200).token)).expect(200);
            const shown = (await asking.show(id)).expect(200);
            assert.deepEqual([shown.status, shown.required.approved], ['approved', 1]);
            const [, decided] = await asking.messages(id);
            assert.deepEqual(
                [decided.type, decided.payload.status],
                ['approval.decided', 'approved'],
            );
        });
    }

    test('is not undone: what was approved stays so', async () => {
        await wants(1);
        const { id, send } = await asking.ask();
        (await approve(id, 0)).expect(200);
        await wants(5, { owner_only: true });
        (await asking.read((await send()).expect(200).token)).expect(200);
    });

    test('loses an approval that would not be taken now', async () => {
        await wants(2);
        const { id } = await asking.ask();
        (await approve(id, 0)).expect(200);
        await wants(1, { owner_only: true });
        assert.equal((await asking.poll(id)).expect(200).status, 'pending');
        const shown = (await asking.show(id)).expect(200);
        assert.deepEqual([shown.required.approved, shown.required.owner_only], [0, true]);
        (await asking.approve(id)).expect(200);
    });
});

describe('a delay', () => {
    let asking;
    before(async () => {
        asking = await Asking.start(stack);
        (await asking.putPolicies([{ namespace: '*', delay: '1h' }])).expect(200);
    });

    test('keeps the token back, whoever approves, and says until when', async () => {
        const { id, send } = await asking.ask();
        const approved = (await asking.approve(id)).expect(200);
        assert.deepEqual(
            [approved.status, approved.required.approved, approved.token_id],
            ['pending', 1, null],
        );
        const { created_at: asked, required } = approved;
        assert.match(required.not_before, kTimestamp);
        assert.equal(Date.parse(required.not_before) - Date.parse(asked), 3_600_000);
        assert.match(approved.outlook, /^It is approved: .* from .*Z on/);
        assert.equal((await send()).expect(200).approval_id, id);
        assert.equal((await asking.poll(id)).expect(200).status, 'pending');
        const [, event] = await asking.events(id);
        assert.deepEqual(
            [event.details.complete, event.details.not_before],
            [false, required.not_before],
        );
    });

    for (const how of ['the same POST', 'polling']) {
        test(`gives it by ${how} once it has passed, with its whole lifetime`, async () => {
            const { id, body, send } = await asking.ask();
            (await asking.approve(id)).expect(200);
            await asking.age(id, 3601);

            const answer = how === 'polling' ? await asking.poll(id) : await send();

            const { token } = answer.expect(200);
            const { iat, exp } = partsOf(token).claims;
            assert.equal(exp - iat, body.ttl);
            assert.ok(Math.abs(iat * 1000 - Date.now()) < 5000, 'it begins now');
            assert.equal((await send()).expect(200).token, token);
            assert.equal((await asking.poll(id)).expect(200).token, token);
            assert.equal((await asking.tokens()).filter(({ tier }) => tier === 1).length > 0, true);
        });
    }

    test('gives it with the approval where it has passed before', async () => {
        const { id } = await asking.ask();
        await asking.age(id, 3601);
        assert.equal((await asking.approve(id)).expect(200).status, 'approved');
    });

    test('is time to think better of it', async () => {
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        (await asking.deny(id)).expect(200);
        await asking.alter(id, `created_at = created_at - interval '2 hours'`);
        assert.equal((await asking.poll(id)).expect(200).token, null);
        (await send()).expect(403, 'SCOPE_DENIED');
    });

    test('ends with the request: what nobody fetched in time has expired', async () => {
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        await asking.age(id, 86_401);
        assert.equal((await asking.poll(id)).expect(200).token, null);
        assert.notEqual((await send()).expect(200).approval_id, id);
    });

    test('gives nothing to an agent that was narrowed meanwhile', async () => {
        const agent = await asking.newAgent();
        const { id, send } = await asking.ask({}, agent);
        (await asking.approve(id)).expect(200);
        const target = `/v1/agents/${agent.id}`;
        const narrowed = { allowed_namespaces: ['elsewhere'] };
        (await asking.tenant.call('PATCH', target, { body: narrowed })).expect(200);
        await asking.age(id, 3601);
        const polled = (await asking.poll(id, agent)).expect(200);
        assert.deepEqual([polled.status, polled.token], ['pending', null]);
        (await send()).expect(403, 'SCOPE_DENIED');
    });

    test('gives nothing where the request was changed meanwhile', async () => {
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        await asking.age(id, 3601);
        await asking.alter(id, `requested_scopes = '{secrets:read:*}'`);
        (await asking.poll(id)).expect(409, 'VERSION_CONFLICT');
        (await send()).expect(409, 'VERSION_CONFLICT');
    });
});
