// Many decide, collect and let expire at once: exactly one decision, at most one token, and whoever
// is told something is told the truth. security.md §3.
import { Asking } from './asking.mjs';
import { assert, before, describe, inParallel, test } from './claim.mjs';
import { kPatience, Stack } from './stack.mjs';

const kRequests = 100;
const kDecisions = 20;
// How many of the requests decide at once: 10 × 20 requests are under way.
const kAtOnce = 10;

const stack = Stack.shared();

describe(`${kRequests} requests with ${kDecisions} decisions, collections and expiries each`, () => {
    let asking;
    let people;
    const requests = [];
    // The answers of all decisions and collections, by request.
    const answers = new Map();

    before(
        async () => {
            asking = await Asking.start(stack);
            people = [];
            for (let i = 0; i < 4; ++i) people.push(await asking.tenant.newMember('approver'));
            requests.push(...(await inParallel(kRequests, 8, () => asking.ask())));
            await inParallel(kRequests, kAtOnce, async (i) => answers.set(i, await race(i)));
        },
        { timeout: 120_000 * kPatience },
    );

    // Some expire before, some in the middle, some not at all.
    function deadline(i) {
        if (i % 4 === 0) return `expires_at = clock_timestamp() - interval '1 ms'`;
        if (i % 4 === 1)
            return `expires_at = clock_timestamp() + interval '${200 + ((i * 53) % 2000)} ms'`;
        return 'expires_at = expires_at';
    }

    async function race(i) {
        const { id, send } = requests[i];
        const token = people[i % people.length].token;
        await asking.alter(id, deadline(i));
        const moves = [
            ...Array.from({ length: 7 }, () => ['approve', () => asking.approve(id, {}, token)]),
            ...Array.from({ length: 6 }, () => ['deny', () => asking.deny(id, {}, token)]),
            ...Array.from({ length: 4 }, () => ['collect', send]),
            ...Array.from({ length: 3 }, () => ['poll', () => asking.poll(id)]),
        ];
        // In another order for each request, and the same in each run.
        const shuffled = moves
            .map((move, n) => [((n * 7919 + i * 104_729) % 1009) * 31, move])
            .sort(([a], [b]) => a - b)
            .map(([, move]) => move);
        assert.equal(shuffled.length, kDecisions);
        return Promise.all(shuffled.map(async ([kind, go]) => ({ kind, answer: await go() })));
    }

    const won = (i) =>
        answers
            .get(i)
            .filter(({ kind, answer }) => /approve|deny/.test(kind) && answer.status === 200);
    const stored = () =>
        stack.rows(
            `select a.approval_id as id, a.status, a.token_id, count(d.*)::int as decisions,
                    coalesce(max(d.decision), '') as decision
             from store.approvals a
             left join store.approval_decisions d using (tenant_id, approval_id)
             where a.tenant_id = '${asking.tenant.id}'
             group by a.approval_id, a.status, a.token_id`,
        );

    test('have exactly one decision each, and everybody else is told so', async () => {
        const counts = { decided: 0, refused: 0, expired: 0 };
        for (let i = 0; i < kRequests; ++i) {
            assert.ok(won(i).length <= 1, `${won(i).length} decisions won`);
            for (const { kind, answer } of answers.get(i)) {
                if (!/approve|deny/.test(kind)) continue;
                if (answer.status === 200) ++counts.decided;
                else if (answer.status === 409) ++counts.refused;
                else ++counts.expired;
                if (answer.status === 409) answer.expect(409, 'APPROVAL_NOT_PENDING');
                else if (answer.status !== 200) answer.expect(410, 'APPROVAL_EXPIRED');
            }
        }
        console.log(`    decisions: ${JSON.stringify(counts)}`);
        assert.ok(counts.decided > 0 && counts.refused > 0 && counts.expired > 0);
    });

    test('are stored as they were answered', async () => {
        const rows = new Map((await stored()).map((row) => [row.id, row]));
        const counts = {};
        for (let i = 0; i < kRequests; ++i) {
            const row = rows.get(requests[i].id);
            const [winner] = won(i);
            counts[row.status] = (counts[row.status] ?? 0) + 1;
            if (winner) {
                const status = winner.kind === 'approve' ? 'approved' : 'denied';
                assert.deepEqual(
                    [row.status, row.decisions, row.decision],
                    [status, 1, status],
                    row.id,
                );
            } else {
                assert.equal(row.decisions, 0);
                assert.ok(['pending', 'expired'].includes(row.status), row.status);
            }
            assert.equal(row.token_id !== null, row.status === 'approved');
        }
        console.log(`    requests: ${JSON.stringify(counts)}`);
    });

    test('have at most one token each, the same for everybody', async () => {
        const tokens = new Set();
        for (let i = 0; i < kRequests; ++i) {
            const given = answers
                .get(i)
                .filter(({ kind }) => kind === 'collect' || kind === 'poll')
                .map(({ answer }) => answer.json.token)
                .filter((token) => token);
            assert.ok(new Set(given).size <= 1, 'two tokens of one request');
            if (won(i)[0]?.kind !== 'approve') assert.deepEqual(given, []);
            given.forEach((token) => tokens.add(token));
        }
        const approved = (await stored()).filter(({ status }) => status === 'approved');
        const made = await asking.tokens();
        console.log(`    tokens: ${made.length} made, ${tokens.size} given in the race`);
        assert.equal(made.length, approved.length);
        assert.deepEqual(
            made.map(({ id }) => id).sort(),
            approved.map(({ token_id: id }) => id).sort(),
        );
    });

    test('are on record, each decision once, and told of once', async () => {
        const rows = await stack.rows(
            `select resource_id as id, event_type as type, count(*)::int from store.audit_events
             where tenant_id = '${asking.tenant.id}'
               and event_type in ('approval.granted', 'approval.denied', 'approval.expired')
             group by 1, 2`,
        );
        for (const { count } of rows) assert.equal(count, 1);
        const ended = (await stored()).filter(({ status }) => status !== 'pending');
        assert.equal(new Set(rows.map(({ id }) => id)).size, ended.length);
        assert.equal(rows.length, ended.length);
        const [{ count: messages }] = await stack.rows(
            `select count(*)::int from store.outbox where tenant_id = '${asking.tenant.id}'
               and event_type in ('approval.decided', 'approval.expired')`,
        );
        assert.equal(messages, ended.length);
    });

    test('ask anew at most once where they were in vain', async () => {
        const [{ most }] = await stack.rows(
            `select max(n)::int as most from (
                 select count(*) as n from store.approvals
                 where tenant_id = '${asking.tenant.id}' and status = 'pending'
                 group by agent_id, request_digest) x`,
        );
        assert.equal(most, 1);
    });
});

describe('a request that wants two approvals', () => {
    test('gets one token from twenty approvers at once, and two who approved it', async () => {
        const asking = await Asking.start(stack);
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const people = await inParallel(20, 4, () => asking.tenant.newMember('approver'));
        const { id, send } = await asking.ask();

        const given = await Promise.all(people.map(({ token }) => asking.approve(id, {}, token)));

        const passed = given.filter(({ status }) => status === 200);
        assert.equal(passed.length, 2);
        assert.deepEqual(passed.map(({ json }) => json.status).sort(), ['approved', 'pending']);
        for (const answer of given)
            if (answer.status !== 200) answer.expect(409, 'APPROVAL_NOT_PENDING');
        assert.match((await send()).expect(200).token, /^eyJ/);
        assert.equal((await asking.tokens()).length, 1);
    });

    test('counts an approver once who sends twenty at once', async () => {
        const asking = await Asking.start(stack);
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const { id } = await asking.ask();
        const given = await Promise.all(Array.from({ length: 20 }, () => asking.approve(id)));
        assert.equal(given.filter(({ status }) => status === 200).length, 1);
        const { required, status } = (await asking.show(id)).expect(200);
        assert.deepEqual([status, required.approved], ['pending', 1]);
    });
});

describe('a delay that has passed', () => {
    test('gives one token to forty collections at once', async () => {
        const asking = await Asking.start(stack);
        (await asking.putPolicies([{ namespace: '*', delay: '1h' }])).expect(200);
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        await asking.age(id, 3601);

        const given = await Promise.all(
            Array.from({ length: 40 }, (_, i) => (i % 2 ? send() : asking.poll(id))),
        );

        const tokens = new Set(given.map((answer) => answer.expect(200).token));
        assert.equal(tokens.size, 1);
        assert.ok([...tokens][0]);
        assert.equal((await asking.tokens()).length, 1);
        const events = await asking.events(id);
        const issued = events.filter(({ type }) => type === 'token.issued');
        assert.equal(issued.length, 40);
        assert.equal(issued.filter(({ details }) => !details.repeated).length, 1);
    });
});

describe('policies that change all the time', () => {
    test(
        'never let a request through with less than one of them wants',
        { timeout: 60_000 * kPatience },
        async () => {
            const asking = await Asking.start(stack);
            const people = await inParallel(4, 2, () => asking.tenant.newMember('approver'));
            const requests = await inParallel(30, 4, () => asking.ask());
            let changing = true;
            // Two or three, never one.
            const change = async () => {
                for (let i = 0; changing; ++i)
                    (await asking.putPolicies([{ namespace: '*', approvals: 2 + (i % 2) }])).expect(
                        200,
                    );
            };
            (await asking.putPolicies([{ namespace: '*', approvals: 3 }])).expect(200);
            const changes = change();
            try {
                await inParallel(30, 4, async (i) => {
                    await Promise.all([
                        ...people.map(({ token }) => asking.approve(requests[i].id, {}, token)),
                        requests[i].send(),
                    ]);
                });
            } finally {
                changing = false;
                await changes;
            }
            const rows = await stack.rows(
                `select a.status, count(d.*)::int as approvals from store.approvals a
             join store.approval_decisions d using (tenant_id, approval_id)
             where a.tenant_id = '${asking.tenant.id}' group by a.approval_id, a.status`,
            );
            assert.equal(rows.length, 30);
            for (const { status, approvals } of rows) {
                assert.equal(status, 'approved');
                assert.ok(approvals === 2 || approvals === 3, `${approvals} approvals`);
            }
            const granted = await stack.rows(
                `select (details ->> 'approvals')::int as approvals,
                    (details ->> 'required')::int as required from store.audit_events
             where tenant_id = '${asking.tenant.id}' and event_type = 'approval.granted'
               and (details ->> 'complete')::boolean`,
            );
            for (const { approvals, required } of granted) assert.ok(approvals >= required);
        },
    );
});
