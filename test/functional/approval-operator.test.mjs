// Approvals from the host: secretstorectl approval list|approve|deny, which work when HTTP is down,
// and secretstorectl maintain, which says of what nobody decided in time that it has expired.
import { Asking } from './asking.mjs';
import { after, assert, before, describe, inParallel, test } from './claim.mjs';
import { partsOf } from './forge.mjs';
import { kPatience, run, Stack } from './stack.mjs';

const kNobody = '00000000-0000-4000-8000-000000000123';

let stack;
before(
    async () => {
        stack = await Stack.start({ workers: 1, threads: 8 });
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

describe('secretstorectl approval', () => {
    let asking;
    before(async () => {
        asking = await Asking.start(stack, { agent: { name: 'deploy' } });
    });
    const ctl = (...args) => stack.ctl(['approval', ...args, '--tenant', asking.tenant.id]);
    // { code, stderr } of a command that must fail.
    const refused = async (...args) => {
        const { code, stderr } = await run(
            `${stack.state}/bin/secretstorectl`,
            ['--config', stack.config, 'approval', ...args, '--tenant', asking.tenant.id],
            { ...stack.owner, cwd: '/' },
        );
        assert.notEqual(code, 0);
        return { code, stderr };
    };

    test('list shows what waits, in a line each, and as JSON', async () => {
        const { id } = await asking.ask({ ttl: '1h', reason: 'the nightly job' });
        const lines = (await ctl('list')).trim().split('\n');
        const line = lines.find((one) => one.startsWith(id));
        assert.match(
            line,
            new RegExp(
                `^${id}  pending  \\S+Z  deploy asks to read ${asking.path} \\(sensitive\\) for 1h` +
                    ': the nightly job$',
            ),
        );
        const { items, total } = JSON.parse(await ctl('list', '--json'));
        assert.equal(items.length, total);
        const item = items.find((one) => one.id === id);
        assert.deepEqual([item.agent_id, item.approvals, item.approved], [asking.agent.id, 1, 0]);
    });

    test('list shows those of another status where it is asked for', async () => {
        const { id } = await asking.ask();
        await ctl('deny', id);
        assert.ok((await ctl('list', '--status', 'denied')).includes(id));
        assert.ok(!(await ctl('list')).includes(id));
    });

    test('approve gives the agent its token, of what is critical, too', async () => {
        const scopes = [`secrets:read:${await asking.newSecret('critical')}`];
        const { id, send } = await asking.ask({ scopes });
        const said = await ctl('approve', id, '--reason', 'by hand');
        assert.match(said, new RegExp(`^${id}  approved`));
        const { token } = (await send()).expect(200);
        assert.equal(partsOf(token).claims.tier, 2);
        assert.ok(!said.includes(token));
    });

    test('approve and deny are on record as the operator, with the reason', async () => {
        const [one, two] = [await asking.ask(), await asking.ask()];
        await ctl('approve', one.id, '--reason', 'by hand');
        await ctl('deny', two.id, '--reason', 'not today');
        for (const [{ id }, type, reason] of [
            [one, 'approval.granted', 'by hand'],
            [two, 'approval.denied', 'not today'],
        ]) {
            const [, event] = await asking.events(id);
            assert.deepEqual([event.type, event.by, event.actor_id], [type, 'operator', null]);
            const { decisions } = (await asking.show(id)).expect(200);
            assert.deepEqual(
                [decisions[0].decided_by, decisions[0].role, decisions[0].reason],
                ['operator', 'owner', reason],
            );
        }
        assert.match((await two.send()).message, /denied: not today/);
    });

    test('approve counts as one person of several', async () => {
        (await asking.putPolicies([{ namespace: '*', approvals: 2 }])).expect(200);
        const { id } = await asking.ask();
        assert.match(await ctl('approve', id), /pending/);
        const again = await refused('approve', id);
        assert.match(again.stderr, /already/);
        assert.equal((await asking.approve(id)).expect(200).status, 'approved');
        (await asking.putPolicies([])).expect(200);
    });

    test('tells a script by its exit code what was wrong', async () => {
        const { id } = await asking.ask();
        await ctl('deny', id);
        const cases = [
            [1, /decided already/, 'approve', id],
            [4, /no such approval/, 'approve', kNobody],
            [2, /no id of an approval/, 'deny', 'some'],
            [2, /500 characters/, 'deny', id, '--reason', 'x'.repeat(501)],
            [2, /--status/, 'list', '--status', 'open'],
        ];
        for (const [wanted, message, ...args] of cases) {
            const { code, stderr } = await refused(...args);
            assert.deepEqual([code, message.test(stderr)], [wanted, true], `${args}: ${stderr}`);
        }
    });

    test('decides nothing of another tenant', async () => {
        const { id } = await asking.ask();
        const other = await stack.newTenant();
        const { code } = await run(
            `${stack.state}/bin/secretstorectl`,
            ['--config', stack.config, 'approval', 'approve', id, '--tenant', other.id],
            { ...stack.owner, cwd: '/' },
        );
        assert.equal(code, 4);
        assert.equal((await asking.show(id)).expect(200).status, 'pending');
    });
});

describe('secretstorectl maintain', () => {
    test('marks what nobody decided in time, of all tenants, records it and tells of it', async () => {
        const askings = [await Asking.start(stack), await Asking.start(stack)];
        const late = [];
        for (const asking of askings) late.push([asking, (await asking.ask()).id]);
        const [{ id: waiting }, { id: decided }] = [await askings[0].ask(), await askings[0].ask()];
        (await askings[0].deny(decided)).expect(200);
        for (const [asking, id] of late) await asking.age(id, 86_401);
        await askings[0].age(decided, 86_401);

        assert.match(await stack.ctl(['maintain']), /undecided approvals expired: 2\n/);

        for (const [asking, id] of late) {
            const [row] = await stack.rows(
                `select status, decided_at is not null as is_decided from store.approvals
                 where approval_id = '${id}'`,
            );
            assert.deepEqual(row, { status: 'expired', is_decided: true });
            const events = await asking.events(id);
            assert.deepEqual(
                events.map(({ type, by }) => [type, by]),
                [
                    ['approval.requested', 'agent'],
                    ['approval.expired', 'operator'],
                ],
            );
            const [, expired] = await asking.messages(id);
            assert.deepEqual(
                [expired.type, expired.payload.status, expired.payload.agent_id],
                ['approval.expired', 'expired', asking.agent.id],
            );
        }
        assert.equal((await askings[0].show(waiting)).expect(200).status, 'pending');
        assert.equal((await askings[0].show(decided)).expect(200).status, 'denied');
        assert.match(await stack.ctl(['maintain']), /undecided approvals expired: 0\n/);
    });

    test('goes on in batches until all are marked', async () => {
        const asking = await Asking.start(stack);
        const { id } = await asking.ask();
        // 2,300 rows like it, past their time; no two are the same request.
        await stack.psql(
            `insert into store.approvals (tenant_id, approval_id, agent_id, request_digest,
                 requested_scopes, ttl_seconds, access_tier, ip_address, created_at, expires_at)
             select tenant_id, gen_random_uuid(), agent_id, sha256(n::text::bytea),
                    requested_scopes, ttl_seconds, access_tier, ip_address,
                    now() - interval '2 days', now() - interval '1 day'
             from store.approvals, generate_series(1, 2300) as n where approval_id = '${id}'`,
        );
        assert.match(await stack.ctl(['maintain']), /undecided approvals expired: 2300\n/);
        const [{ events, messages }] = await stack.rows(
            `select (select count(*)::int from store.audit_events e
                     where e.tenant_id = '${asking.tenant.id}'
                       and e.event_type = 'approval.expired') as events,
                    (select count(*)::int from store.outbox o
                     where o.tenant_id = '${asking.tenant.id}'
                       and o.event_type = 'approval.expired') as messages`,
        );
        assert.deepEqual([events, messages], [2300, 2300]);
    });

    test('leaves alone what somebody decides at that very moment', async () => {
        const asking = await Asking.start(stack);
        const { id } = await asking.ask();
        await asking.age(id, 86_401);
        const session = stack.openSession();
        await session.execute('begin');
        await session.execute(`select from store.approvals where approval_id = '${id}' for update`);
        assert.match(await stack.ctl(['maintain']), /undecided approvals expired: 0\n/);
        await session.execute('rollback');
        await session.close();
        assert.match(await stack.ctl(['maintain']), /undecided approvals expired: 1\n/);
    });

    test('and agents that ask and people who decide at once agree on every request', async () => {
        const asking = await Asking.start(stack);
        const requests = await inParallel(20, 4, () => asking.ask());
        for (const { id } of requests)
            await asking.alter(id, `expires_at = clock_timestamp() + interval '200 ms'`);
        const [decided] = await Promise.all([
            inParallel(20, 4, (i) => asking.approve(requests[i].id)),
            stack.ctl(['maintain']),
            inParallel(20, 4, (i) => requests[i].send()),
        ]);
        await stack.ctl(['maintain']);
        for (const [i, { id }] of requests.entries()) {
            const events = (await asking.events(id)).map(({ type }) => type);
            const passed = decided[i].status === 200;
            assert.equal(
                events.filter((type) => type === 'approval.granted').length,
                passed ? 1 : 0,
            );
            assert.ok(events.filter((type) => type === 'approval.expired').length <= 1);
            assert.ok(!(passed && events.includes('approval.expired')), String(events));
        }
    });
});
