// From a request to its token: who may decide, what comes of it, and what is never given.
// contract.md §5. What tenants ask for beyond is the subject of approval-policies, many at once of
// approval-races.
import { Asking } from './asking.mjs';
import { assert, assertShape, before, describe, kTimestamp, kUuid, test } from './claim.mjs';
import { partsOf } from './forge.mjs';
import { Stack } from './stack.mjs';

const kNobody = '00000000-0000-4000-8000-000000000123';

const stack = Stack.shared();
const http = stack.client;
const claimsOf = (token) => partsOf(token).claims;
const reasonsOf = (events) => events.map(({ type, reason }) => [type, reason]);

describe('an approved request', () => {
    let asking;
    before(async () => {
        asking = await Asking.start(stack);
    });

    test('gives its token to the same POST, and the secret is read with it', async () => {
        const { id, send } = await asking.ask();

        const approved = (await asking.approve(id)).expect(200);

        assert.equal(approved.status, 'approved');
        assert.match(approved.decided_at, kTimestamp);
        const issued = (await send()).expect(200);
        assertShape(issued, {
            token: /^eyJ/,
            token_id: approved.token_id,
            expires_at: kTimestamp,
            requires_approval: false,
            approval_id: null,
            scopes: [`secrets:read:${asking.path}`],
            agent_id: asking.agent.id,
        });
        assert.equal((await asking.read(issued.token)).expect(200).value, 'value-of-sensitive');
    });

    test('gives the same bytes however often it is asked, and by polling', async () => {
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        const first = (await send()).expect(200);
        assert.deepEqual((await send()).expect(200), first);
        const polled = (await asking.poll(id)).expect(200);
        assert.deepEqual(
            [polled.status, polled.token, polled.token_id, polled.token_expires_at, polled.scopes],
            ['approved', first.token, first.token_id, first.expires_at, first.scopes],
        );
    });

    test('gives one token, scopes in any order', async () => {
        const other = await asking.newSecret();
        const scopes = [`secrets:read:${asking.path}`, `secrets:read:${other}`];
        const { id, body, send } = await asking.ask({ scopes });
        (await asking.approve(id)).expect(200);
        const first = (await send()).expect(200);
        const again = await asking.agent.requestToken({ ...body, scopes: [...scopes].reverse() });
        assert.equal(again.expect(200).token, first.token);
    });

    test('has a lifetime that begins with its approval', async () => {
        const { id, body, send } = await asking.ask();
        await asking.age(id, 7200);
        const { decided_at: decided } = (await asking.approve(id)).expect(200);
        const { token, expires_at: expires } = (await send()).expect(200);
        assert.equal(Date.parse(expires) - Date.parse(decided), body.ttl * 1000);
        const { iat, exp } = claimsOf(token);
        assert.deepEqual([exp - iat, exp * 1000], [body.ttl, Date.parse(expires)]);
    });

    test('stores no token: the database holds nothing of its text', async () => {
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        const { token } = (await send()).expect(200);
        const rows = await stack.psql(
            `select t::text from store.tokens t where tenant_id = '${asking.tenant.id}';
             select a::text from store.approvals a where tenant_id = '${asking.tenant.id}';
             select d::text from store.audit_events d where tenant_id = '${asking.tenant.id}';
             select o::text from store.outbox o where tenant_id = '${asking.tenant.id}'`,
        );
        assert.ok(!rows.includes(token.split('.')[1]) && !rows.includes(token.split('.')[2]));
    });

    test('is shown to people with its token id, and never with the token', async () => {
        const { id, send } = await asking.ask();
        const answers = [await asking.approve(id)];
        const { token, token_id: tokenId } = (await send()).expect(200);
        answers.push(await asking.show(id), await asking.tenant.call('GET', '/v1/approvals'));
        for (const answer of answers) {
            answer.expect(200);
            assert.ok(!answer.text.includes(token.split('.')[1]), answer.text);
        }
        assert.equal(answers[1].json.token_id, tokenId);
    });

    test('is listed among the live tokens with its tier', async () => {
        const { id } = await asking.ask();
        const { token_id: tokenId } = (await asking.approve(id)).expect(200);
        const listed = await asking.tenant.call('GET', '/v1/tokens?limit=200');
        const found = listed.expect(200).items.find((item) => item.id === tokenId);
        assert.equal(found.access_tier, 'sensitive');
    });

    test('keeps the addresses that it was asked for', async () => {
        const addresses = ['10.0.0.0/8', '2001:db8::/32'];
        const { id, send } = await asking.ask({ ip_allowlist: addresses });
        (await asking.approve(id)).expect(200);
        const { token } = (await send()).expect(200);
        assert.deepEqual(claimsOf(token).ips, addresses);
        (await asking.read(token)).expect(403, 'SCOPE_DENIED');
    });

    test('is collected under an Idempotency-Key that was sent before', async () => {
        const key = { headers: { 'Idempotency-Key': `approved-${asking.path}` } };
        const body = { scopes: [`secrets:read:${asking.path}`], ttl: 77 };
        const send = () => http.post('/v1/tokens', { token: asking.agent.key, body, ...key });
        const asked = (await send()).expect(200);
        assert.equal((await send()).expect(200).approval_id, asked.approval_id);
        (await asking.approve(asked.approval_id)).expect(200);
        assert.match((await send()).expect(200).token, /^eyJ/);
    });

    test('is on record: asked for, granted, issued once, and again as repeated', async () => {
        const { id, send } = await asking.ask();
        const approved = await asking.approve(id, { reason: 'planned' });
        const { token_id: tokenId } = approved.expect(200);
        (await send()).expect(200);
        (await send()).expect(200);
        (await asking.poll(id)).expect(200);

        const events = await asking.events(id);

        assert.deepEqual(
            events.map(({ type, by, details }) => [type, by, details.repeated]),
            [
                ['approval.requested', 'agent', undefined],
                ['approval.granted', 'user', undefined],
                ['token.issued', 'agent', undefined],
                ['token.issued', 'agent', true],
                ['token.issued', 'agent', true],
            ],
        );
        assert.equal(events[1].token_id, tokenId);
        assert.deepEqual(
            [events[1].details.approvals, events[1].details.required, events[1].details.complete],
            [1, 1, true],
        );
        assert.equal((await asking.tenant.auditOf(approved.requestId)).resource_id, id);
    });

    test('is told of: what is wanted, and what became of it', async () => {
        const { id } = await asking.ask({ reason: 'the nightly job' });
        (await asking.approve(id, { reason: 'planned' })).expect(200);

        const [requested, decided, ...more] = await asking.messages(id);

        assert.deepEqual(
            [requested.type, decided.type, more.length],
            ['approval.requested', 'approval.decided', 0],
        );
        assert.equal(requested.payload.status, 'pending');
        assert.equal(requested.payload.reason, 'the nightly job');
        assert.equal(requested.payload.agent_name, asking.agent.created.name);
        assert.deepEqual(requested.payload.matched_secrets, { count: 1, names: [asking.path] });
        assert.match(requested.payload.summary, new RegExp(`asks to read ${asking.path}`));
        assert.deepEqual([requested.payload.approvals, requested.payload.owner_only], [1, false]);
        assert.equal(decided.payload.status, 'approved');
        assert.deepEqual(
            decided.payload.decisions.map(({ decision, role, reason }) => [decision, role, reason]),
            [['approved', 'owner', 'planned']],
        );
    });

    test('is told of to owners alone, where it takes an owner', async () => {
        const scopes = [`secrets:read:${await asking.newSecret('critical')}`];
        const { id } = await asking.ask({ scopes });
        const [requested] = await asking.messages(id);
        assert.equal(requested.payload.owner_only, true);
    });

    test('shows who decided, and why', async () => {
        const { id } = await asking.ask();
        (await asking.approve(id, { reason: 'planned' })).expect(200);
        const { decisions } = (await asking.show(id)).expect(200);
        assert.equal(decisions.length, 1);
        assertShape(decisions[0], {
            decision: 'approved',
            decided_by: kUuid,
            decided_by_type: 'user',
            email: asking.tenant.email,
            role: 'owner',
            reason: 'planned',
            decided_at: kTimestamp,
        });
    });
});

describe('an approved token', () => {
    test('is found by a rotation, and the agent then asks anew', async () => {
        const asking = await Asking.start(stack);
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        const { token } = (await send()).expect(200);

        const rotated = await asking.tenant.call('POST', `/v1/secrets/${asking.path}/rotate`);

        assert.equal(rotated.expect(200).revoked_tokens, 1);
        (await asking.read(token)).expect(401, 'UNAUTHORIZED');
        const again = (await send()).expect(200);
        assert.equal(again.requires_approval, true);
        assert.notEqual(again.approval_id, id);
        assert.equal((await asking.poll(id)).expect(200).token, null);
    });

    const ends = {
        'was revoked': (asking, id) => asking.tenant.call('POST', `/v1/tokens/${id}/revoke`),
        'has expired': (asking, id) =>
            stack.psql(
                `update store.tokens set issued_at = now() - interval '2 hours',
                        expires_at = now() - interval '1 second' where token_id = '${id}'`,
            ),
        'was used up': (asking, id) =>
            stack.psql(`update store.tokens set uses = max_uses where token_id = '${id}'`),
        'was swept away': (asking, id) =>
            stack.psql(`delete from store.tokens where token_id = '${id}'`),
        'is of a key that was replaced': async (asking) => {
            const target = `/v1/agents/${asking.agent.id}/rotate-key`;
            asking.agent.key = (await asking.tenant.call('POST', target)).expect(200).api_key;
        },
    };
    for (const [what, end] of Object.entries(ends)) {
        test(`that ${what} is not given again: the same request asks anew`, async () => {
            const asking = await Asking.start(stack);
            const { id, body } = await asking.ask({ max_uses: 3 });
            const { token_id: tokenId } = (await asking.approve(id)).expect(200);
            await end(asking, tokenId);

            const again = (await asking.agent.requestToken(body)).expect(200);

            assert.equal(again.requires_approval, true);
            assert.notEqual(again.approval_id, id);
            const polled = (await asking.poll(id)).expect(200);
            assert.deepEqual([polled.status, polled.token], ['approved', null]);
        });
    }

    test('counts its uses as any other', async () => {
        const asking = await Asking.start(stack);
        const { id, send } = await asking.ask({ max_uses: 2 });
        (await asking.approve(id)).expect(200);
        const { token } = (await send()).expect(200);
        (await asking.read(token)).expect(200);
        (await asking.read(token)).expect(200);
        (await asking.read(token)).expect(401, 'UNAUTHORIZED');
    });

    test('does what its agent may do now, not what it might', async () => {
        const asking = await Asking.start(stack);
        const { id, send } = await asking.ask();
        (await asking.approve(id)).expect(200);
        const { token } = (await send()).expect(200);
        const agent = `/v1/agents/${asking.agent.id}`;
        const narrowed = { allowed_namespaces: ['elsewhere'] };
        (await asking.tenant.call('PATCH', agent, { body: narrowed })).expect(200);
        (await asking.read(token)).expect(403, 'SCOPE_DENIED');
        (await asking.tenant.call('DELETE', agent)).expect(204);
        (await asking.read(token)).expect(401, 'UNAUTHORIZED');
    });
});

describe('the tier of an approved token', () => {
    test('lets it read up to what it covers, and no more', async () => {
        const asking = await Asking.start(stack, { tier: 'sensitive' });
        const namespace = asking.path.split('/')[0];
        const { id, send } = await asking.ask({ scopes: [`secrets:*:${namespace}/*`] });
        (await asking.approve(id)).expect(200);
        const { token } = (await send()).expect(200);
        assert.equal(claimsOf(token).tier, 1);
        (await asking.read(token)).expect(200);

        await asking.newSecret('critical', `${namespace}/later`);
        await asking.tenant.putSecret(asking.path, { value: 'v', access_tier: 'critical' });

        (await asking.read(token)).expect(403, 'SCOPE_DENIED');
        (await asking.read(token, `${namespace}/later/KEY`)).expect(403, 'SCOPE_DENIED');
        const put = await http.put(`/v1/secrets/${asking.path}`, { token, body: { value: 'w' } });
        put.expect(403, 'SCOPE_DENIED');
    });

    test('critical lets it read, write and import what is critical', async () => {
        const asking = await Asking.start(stack, { tier: 'critical' });
        const namespace = asking.path.split('/')[0];
        const { id, send } = await asking.ask({ scopes: [`secrets:*:${namespace}/*`] });
        (await asking.approve(id)).expect(200);
        const { token } = (await send()).expect(200);
        assert.equal(claimsOf(token).tier, 2);
        assert.equal((await asking.read(token)).expect(200).value, 'value-of-critical');
        const put = await http.put(`/v1/secrets/${asking.path}`, { token, body: { value: 'w' } });
        assert.deepEqual([put.expect(200).access_tier, put.json.version], ['critical', 2]);
        const imported = await http.post('/v1/secrets/import', {
            token,
            body: { namespace, content: 'KEY=imported' },
        });
        assert.deepEqual(imported.expect(200).imported, ['KEY']);
        assert.equal((await asking.read(token)).expect(200).value, 'imported');
    });

    test('is that of what was asked for at the time of the decision', async () => {
        const asking = await Asking.start(stack, { tier: 'sensitive' });
        const { id, send } = await asking.ask();
        await asking.tenant.putSecret(asking.path, { value: 'v', access_tier: 'critical' });
        assert.equal((await asking.show(id)).expect(200).access_tier, 'critical');
        const approver = await asking.tenant.newMember('approver');
        const refused = await asking.approve(id, undefined, approver.token);
        refused.expect(403, 'SCOPE_DENIED');
        assert.match(refused.message, /owner/);
        (await asking.approve(id)).expect(200);
        assert.equal(claimsOf((await send()).expect(200).token).tier, 2);
    });

    test('is none where nothing that it covers needs approval any more', async () => {
        const asking = await Asking.start(stack, { tier: 'sensitive' });
        const { id } = await asking.ask();
        (await asking.tenant.call('DELETE', `/v1/secrets/${asking.path}`)).expect(200);
        (await asking.approve(id)).expect(200);
        assert.equal(claimsOf((await asking.poll(id)).expect(200).token).tier, 0);
    });
});

describe('who approves', () => {
    let asking;
    let people;
    before(async () => {
        asking = await Asking.start(stack);
        people = {};
        for (const role of ['viewer', 'approver', 'admin', 'owner'])
            people[role] = await asking.tenant.newMember(role);
        asking.critical = await asking.newSecret('critical');
    });
    const askCritical = (action = 'read') =>
        asking.ask({ scopes: [`secrets:${action}:${asking.critical}`] });

    for (const role of ['approver', 'admin', 'owner']) {
        test(`what is sensitive, may be an ${role}`, async () => {
            const { id } = await asking.ask();
            const shown = (await asking.show(id, people[role].token)).expect(200);
            assert.deepEqual([shown.required.may_approve, shown.required.objection], [true, null]);
            (await asking.approve(id, undefined, people[role].token)).expect(200);
        });
    }

    for (const decision of ['approve', 'deny']) {
        test(`is no viewer, who is told so, and may not ${decision}`, async () => {
            const { id } = await asking.ask();
            const shown = (await asking.show(id, people.viewer.token)).expect(200);
            assert.equal(shown.required.may_approve, false);
            assert.match(shown.required.objection, /approver/);
            const answer = await asking[decision](id, undefined, people.viewer.token);
            answer.expect(403, 'SCOPE_DENIED');
            assert.match(answer.message, /approver/);
            assert.equal((await asking.show(id)).expect(200).status, 'pending');
        });
    }

    for (const action of ['read', 'write', '*']) {
        for (const role of ['approver', 'admin']) {
            test(`secrets:${action} of what is critical, is no ${role}`, async () => {
                const { id } = await askCritical(action);
                const shown = (await asking.show(id, people[role].token)).expect(200);
                assert.match(shown.required.objection, /owner/);
                const answer = await asking.approve(id, undefined, people[role].token);
                answer.expect(403, 'SCOPE_DENIED');
                assert.match(answer.message, /owner/);
                const [, event] = await asking.events(id);
                assert.deepEqual(
                    [event.type, event.reason, event.actor_id],
                    ['approval.decision.denied', 'owner_needed', people[role].id],
                );
            });
        }

        test(`secrets:${action} of what is critical, is an owner who has just signed in`, async () => {
            const { id, send } = await askCritical(action);
            (await asking.approve(id, undefined, people.owner.token)).expect(200);
            assert.equal(claimsOf((await send()).expect(200).token).tier, 2);
        });
    }

    const signedIn = (secondsAgo) =>
        stack.idToken(people.owner.email, {
            auth_time: Math.floor(Date.now() / 1000) - secondsAgo,
            iat: Math.floor(Date.now() / 1000) - secondsAgo,
        });

    test('what is critical, has signed in within the last ten minutes', async () => {
        const { id } = await askCritical();
        const stale = await signedIn(605);
        const answer = await asking.approve(id, undefined, stale);
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /sign in again/);
        const [, event] = await asking.events(id);
        assert.deepEqual(
            [event.type, event.reason],
            ['approval.decision.denied', 'sign_in_too_old'],
        );
        (await asking.approve(id, undefined, await signedIn(590))).expect(200);
    });

    test('what is critical, has a token that tells of a sign-in: its time of issue is none', async () => {
        const { id } = await askCritical();
        const token = await stack.idToken(people.owner.email, { auth_time: undefined });
        (await asking.approve(id, undefined, token)).expect(403, 'SCOPE_DENIED');
    });

    test('what is sensitive, may have signed in long ago', async () => {
        const { id } = await asking.ask();
        (await asking.approve(id, undefined, await signedIn(3000))).expect(200);
    });

    test('what is critical, may deny it whenever the sign-in was', async () => {
        const { id } = await askCritical();
        (await asking.deny(id, undefined, await signedIn(3000))).expect(200);
    });

    test('is somebody else than who made the agent, where two can', async () => {
        const agent = await asking.newAgent({}, people.approver.id);
        const { id } = await asking.ask({}, agent);
        const shown = (await asking.show(id, people.approver.token)).expect(200);
        assert.match(shown.required.objection, /created the agent/);
        const answer = await asking.approve(id, undefined, people.approver.token);
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /somebody else/);
        const events = await asking.events(id);
        assert.equal(events.at(-1).reason, 'own_agent');
        (await asking.approve(id, undefined, people.admin.token)).expect(200);
    });

    test('may be who made the agent, where nobody else can', async () => {
        const alone = await Asking.start(stack);
        const [{ id: owner }] = await stack.rows(
            `select user_id as id from store.members where tenant_id = '${alone.tenant.id}'`,
        );
        const agent = await alone.newAgent({}, owner);
        await alone.tenant.newMember('viewer');
        const { id } = await alone.ask({}, agent);
        (await alone.approve(id)).expect(200);
        // Only owners can approve what is critical: one approver more changes nothing there.
        await alone.tenant.newMember('approver');
        const scopes = [`secrets:read:${await alone.newSecret('critical')}`];
        (await alone.approve((await alone.ask({ scopes }, agent)).id)).expect(200);
        (await alone.approve((await alone.ask({}, agent)).id)).expect(403, 'SCOPE_DENIED');
    });

    test('may deny what the own agent asks for', async () => {
        const agent = await asking.newAgent({}, people.approver.id);
        const { id } = await asking.ask({}, agent);
        (await asking.deny(id, undefined, people.approver.token)).expect(200);
    });
});

describe('an approval of less', () => {
    let asking;
    let namespace;
    before(async () => {
        asking = await Asking.start(stack);
        namespace = asking.path.split('/')[0];
    });
    const askAll = (body) =>
        asking.ask({ scopes: [`secrets:read:${namespace}/*`, 'namespaces:read'], ...body });

    test('gives a token for less: scopes, lifetime and uses', async () => {
        const { id, send } = await askAll();
        const less = { scopes: [`secrets:read:${namespace}/KEY`], ttl: '15m', max_uses: 1 };

        const approved = (await asking.approve(id, less)).expect(200);

        assert.deepEqual(
            [approved.granted_scopes, approved.granted_ttl, approved.granted_max_uses],
            [less.scopes, 900, 1],
        );
        const issued = (await send()).expect(200);
        assert.deepEqual(issued.scopes, less.scopes);
        const { iat, exp, scp, mxu } = claimsOf(issued.token);
        assert.deepEqual([exp - iat, scp, mxu], [900, less.scopes, 1]);
        assert.deepEqual((await asking.poll(id)).expect(200).scopes, less.scopes);
        assert.equal((await send()).expect(200).token, issued.token);
        (await asking.read(issued.token)).expect(200);
        (await asking.read(issued.token)).expect(401, 'UNAUTHORIZED');
    });

    test('is judged by what is left: an approver may leave out what takes an owner', async () => {
        const critical = await asking.newSecret('critical', `${namespace}/vault`);
        const approver = await asking.tenant.newMember('approver');
        const { id, send } = await askAll();
        const approve = (body) => asking.approve(id, body, approver.token);
        (await approve()).expect(403, 'SCOPE_DENIED');

        (await approve({ scopes: [`secrets:read:${namespace}/KEY`] })).expect(200);

        const { token } = (await send()).expect(200);
        assert.equal(claimsOf(token).tier, 1);
        (await asking.read(token, critical)).expect(403, 'SCOPE_DENIED');
        (await asking.tenant.call('DELETE', `/v1/secrets/${critical}`)).expect(200);
    });

    const beyond = [
        [{ scopes: ['secrets:read:*'] }, /'secrets:read:\*' lies in none/],
        [{ scopes: ['secrets:*:NS/KEY'] }, /lies in none/],
        [{ scopes: ['secrets:write:NS/KEY'] }, /lies in none/],
        [{ scopes: ['secrets:read:NS*'] }, /lies in none/],
        [{ scopes: [] }, /1 to 32/],
        [{ scopes: ['read'] }, /secrets:ACTION:PATTERN/],
        [{ ttl: '2d' }, /'ttl'/],
        [{ ttl: 0 }, /'ttl'/],
        [{ ttl: 'soon' }, /'ttl'/],
        [{ max_uses: 6 }, /'max_uses'/],
        [{ max_uses: 0 }, /'max_uses'/],
        [{ reason: 'x'.repeat(501) }, /'reason'/],
        [{ request_digest: 'abc' }, /'request_digest'/],
        [{ colour: 'red' }, /'colour'/],
    ];
    for (const [body, message] of beyond) {
        test(`is none: ${JSON.stringify(body).slice(0, 60)} is refused`, async () => {
            const { id } = await askAll({ max_uses: 5 });
            const text = JSON.stringify(body).replaceAll('NS', namespace);
            const answer = await asking.approve(id, text);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
            const shown = (await asking.show(id)).expect(200);
            assert.deepEqual([shown.status, shown.granted_scopes], ['pending', null]);
        });
    }

    test('is none of a token that would be too long to be signed', async () => {
        const { id } = await askAll();
        const scopes = Array.from(
            { length: 32 },
            (_, i) => `secrets:read:${namespace}/${'x'.repeat(100)}/${'y'.repeat(100)}/${i}`,
        );
        const answer = await asking.approve(id, { scopes });
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /fewer or shorter scopes/);
    });

    test('takes nulls for what is not lessened', async () => {
        const { id, body, send } = await askAll();
        const nulls = { scopes: null, ttl: null, max_uses: null, reason: null };
        (await asking.approve(id, { ...nulls, request_digest: null })).expect(200);
        const { iat, exp, scp, mxu } = claimsOf((await send()).expect(200).token);
        assert.deepEqual([exp - iat, scp, mxu], [body.ttl, body.scopes, undefined]);
    });
});

describe('a denied request', () => {
    let asking;
    before(async () => {
        asking = await Asking.start(stack);
    });

    test('tells its agent why, by the same POST and by polling, and gives nothing', async () => {
        const { id, send } = await asking.ask();
        const denied = (await asking.deny(id, { reason: 'Unexpected access pattern' })).expect(200);
        assert.deepEqual(
            [denied.status, denied.token_id, denied.decisions[0].reason],
            ['denied', null, 'Unexpected access pattern'],
        );

        const answer = await send();

        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /was denied: Unexpected access pattern/);
        assert.ok(answer.message.includes(id), answer.message);
        const event = await asking.tenant.auditOf(answer.requestId);
        assert.deepEqual([event.event_type, event.reason], ['token.denied', 'approval_denied']);
        const polled = (await asking.poll(id)).expect(200);
        assert.deepEqual(
            [polled.status, polled.token, polled.decision_reason],
            ['denied', null, 'Unexpected access pattern'],
        );
        assert.match(polled.decided_at, kTimestamp);
    });

    test('makes no other request for ten minutes, and then asks people anew', async () => {
        const { id, send } = await asking.ask();
        (await asking.deny(id)).expect(200);
        await asking.age(id, 590);
        (await send()).expect(403, 'SCOPE_DENIED');
        await asking.age(id, 20);
        const again = (await send()).expect(200);
        assert.equal(again.requires_approval, true);
        assert.notEqual(again.approval_id, id);
    });

    test('is no obstacle to asking for something else', async () => {
        const { id } = await asking.ask();
        (await asking.deny(id)).expect(200);
        assert.notEqual((await asking.ask()).id, id);
    });

    test('is on record and told of', async () => {
        const { id } = await asking.ask();
        const answer = await asking.deny(id, { reason: 'no' });
        assert.equal((await asking.tenant.auditOf(answer.requestId)).event_type, 'approval.denied');
        const [, decided] = await asking.messages(id);
        assert.deepEqual(
            [decided.type, decided.payload.status, decided.payload.decisions[0].reason],
            ['approval.decided', 'denied', 'no'],
        );
    });

    test('is denied without a body, with an empty one, and with a reason of 500 characters', async () => {
        for (const body of [undefined, {}, { reason: null }, { reason: '🔑'.repeat(500) }]) {
            const { id } = await asking.ask();
            assert.equal((await asking.deny(id, body)).expect(200).status, 'denied');
        }
        const { id } = await asking.ask();
        const answer = await asking.deny(id, { reason: 'x'.repeat(501) });
        answer.expect(400, 'INVALID_REQUEST');
    });
});

describe('a request that is decided already', () => {
    let asking;
    before(async () => {
        asking = await Asking.start(stack);
    });
    for (const first of ['approve', 'deny']) {
        for (const second of ['approve', 'deny']) {
            test(`by ${first}, is answered with 409 for ${second}, on record`, async () => {
                const { id } = await asking.ask();
                (await asking[first](id)).expect(200);
                const before = await asking.show(id);
                const answer = await asking[second](id);
                answer.expect(409, 'APPROVAL_NOT_PENDING');
                assert.equal((await asking.show(id)).text, before.text);
                const event = await asking.tenant.auditOf(answer.requestId);
                assert.deepEqual(
                    [event.event_type, event.reason],
                    ['approval.decision.denied', 'approval_not_pending'],
                );
            });
        }
    }
});

describe('a request that nobody decided in time', () => {
    let asking;
    before(async () => {
        asking = await Asking.start(stack);
    });

    for (const decision of ['approve', 'deny']) {
        test(`is answered with 410 for ${decision}, on record`, async () => {
            const { id } = await asking.ask();
            await asking.age(id, 86_401);
            const answer = await asking[decision](id);
            answer.expect(410, 'APPROVAL_EXPIRED');
            const events = await asking.events(id);
            assert.deepEqual(reasonsOf(events).at(-1), [
                'approval.decision.denied',
                'approval_expired',
            ]);
        });
    }

    test('is decided until its last moment', async () => {
        const { id, send } = await asking.ask();
        await asking.age(id, 86_390);
        (await asking.approve(id)).expect(200);
        (await send()).expect(200);
    });

    test('is never granted by waiting: the same POST asks anew, and says so of the old', async () => {
        const { id, send } = await asking.ask();
        await asking.age(id, 86_401);
        assert.equal((await asking.poll(id)).expect(200).status, 'expired');

        const again = (await send()).expect(200);

        assert.deepEqual([again.requires_approval, again.token], [true, null]);
        assert.notEqual(again.approval_id, id);
        assert.deepEqual(
            (await asking.events(id)).map(({ type }) => type),
            ['approval.requested', 'approval.expired'],
        );
        assert.deepEqual(
            (await asking.messages(id)).map(({ type, payload }) => [type, payload.status]),
            [
                ['approval.requested', 'pending'],
                ['approval.expired', 'expired'],
            ],
        );
        (await asking.approve(id)).expect(410, 'APPROVAL_EXPIRED');
    });
});

describe('a request whose row was changed in the database', () => {
    const changes = {
        'its scopes': `requested_scopes = '{secrets:read:*}'`,
        'its lifetime': 'ttl_seconds = ttl_seconds + 1',
        'its uses': 'max_uses = 100',
        'its addresses': `ip_allowlist = '{0.0.0.0/0}'`,
        'what was granted': `granted_scopes = '{secrets:read:*}'`,
    };
    for (const [what, change] of Object.entries(changes)) {
        test(`(${what}) is not approved, and said so in the log`, async () => {
            const asking = await Asking.start(stack);
            const { id } = await asking.ask({ max_uses: 5, ip_allowlist: ['127.0.0.1'] });
            await asking.alter(id, change);
            const answer = await stack.logContains(/approval_row_changed/, () =>
                asking.approve(id),
            );
            answer.expect(409, 'VERSION_CONFLICT');
            assert.match(answer.message, /changed/);
            const event = await asking.tenant.auditOf(answer.requestId);
            assert.deepEqual(
                [event.event_type, event.reason],
                ['approval.decision.denied', 'request_changed'],
            );
            (await asking.deny(id)).expect(200);
        });

        test(`(${what}) gives no token, though it was approved before`, async () => {
            const asking = await Asking.start(stack);
            const { id, send } = await asking.ask({ max_uses: 5, ip_allowlist: ['127.0.0.1'] });
            (await asking.approve(id)).expect(200);
            await asking.alter(id, change);
            const answers = [await send(), await asking.poll(id)];
            for (const answer of answers) {
                answer.expect(409, 'VERSION_CONFLICT');
                const event = await asking.tenant.auditOf(answer.requestId);
                assert.deepEqual(
                    [event.event_type, event.reason],
                    ['token.denied', 'request_changed'],
                );
            }
        });
    }

    test('gives no token that is wider than the request', async () => {
        const asking = await Asking.start(stack);
        const { id, send } = await asking.ask();
        const { token_id: tokenId } = (await asking.approve(id)).expect(200);
        await stack.psql(
            `update store.tokens set scopes = '{secrets:*:*}' where token_id = '${tokenId}'`,
        );
        (await send()).expect(409, 'VERSION_CONFLICT');
        (await asking.poll(id)).expect(409, 'VERSION_CONFLICT');
    });

    test('gives no token for a status alone', async () => {
        const asking = await Asking.start(stack);
        const { id, send } = await asking.ask();
        await asking.alter(id, `status = 'approved', decided_at = now()`);
        assert.equal((await asking.poll(id)).expect(200).token, null);
        const again = (await send()).expect(200);
        assert.deepEqual([again.token, again.requires_approval], [null, true]);
    });

    test('is told by the digest that the approver saw', async () => {
        const asking = await Asking.start(stack);
        const { id } = await asking.ask();
        const other = (await asking.show((await asking.ask()).id)).expect(200);
        const { request_digest: digest } = (await asking.show(id)).expect(200);
        assert.match(digest, /^[0-9a-f]{64}$/);
        const answer = await asking.approve(id, { request_digest: other.request_digest });
        answer.expect(409, 'VERSION_CONFLICT');
        const event = await asking.tenant.auditOf(answer.requestId);
        assert.equal(event.reason, 'request_digest_differs');
        (await asking.approve(id, { request_digest: digest })).expect(200);
    });
});

describe('an agent that', () => {
    test('was revoked since, gets no approval', async () => {
        const asking = await Asking.start(stack);
        const { id } = await asking.ask();
        (await asking.tenant.call('DELETE', `/v1/agents/${asking.agent.id}`)).expect(204);
        const answer = await asking.approve(id);
        answer.expect(409, 'APPROVAL_NOT_PENDING');
        assert.match(answer.message, /not active/);
        assert.deepEqual(reasonsOf(await asking.events(id)).at(-1), [
            'approval.decision.denied',
            'agent_inactive',
        ]);
        (await asking.deny(id)).expect(200);
    });

    test('was narrowed since, gets what it may still have', async () => {
        const asking = await Asking.start(stack);
        const namespace = asking.path.split('/')[0];
        const { id } = await asking.ask({ scopes: [`secrets:read:${namespace}/*`] });
        const narrowed = { allowed_scopes: [`secrets:read:${asking.path}`] };
        const target = `/v1/agents/${asking.agent.id}`;
        (await asking.tenant.call('PATCH', target, { body: narrowed })).expect(200);

        const answer = await asking.approve(id);

        answer.expect(403, 'SCOPE_DENIED');
        assert.ok(answer.message.includes(`secrets:read:${namespace}/*`), answer.message);
        assert.deepEqual(reasonsOf(await asking.events(id)).at(-1), [
            'approval.decision.denied',
            'agent_limits_narrowed',
        ]);
        (await asking.approve(id, { scopes: narrowed.allowed_scopes })).expect(200);
        const { token } = (await asking.poll(id)).expect(200);
        (await asking.read(token)).expect(200);
    });

    test('got a token just before, gets no other way around an approval', async () => {
        const asking = await Asking.start(stack, { tier: 'standard' });
        const body = { scopes: [`secrets:read:${asking.path}`] };
        const first = (await asking.agent.requestToken(body)).expect(200);
        await asking.tenant.putSecret(asking.path, { value: 'v', access_tier: 'sensitive' });
        const asked = (await asking.agent.requestToken(body)).expect(200);
        assert.equal(asked.requires_approval, true);
        (await asking.approve(asked.approval_id)).expect(200);
        const approved = (await asking.agent.requestToken(body)).expect(200);
        assert.notEqual(approved.token_id, first.token_id);
        // Lowered again: what needs no approval is no longer given the approved one.
        await asking.tenant.putSecret(asking.path, { value: 'v', access_tier: 'standard' });
        const standard = (await asking.agent.requestToken(body)).expect(200);
        assert.equal(claimsOf(standard.token).tier, 0);
    });
});

describe('an approval of another tenant', () => {
    for (const decision of ['approve', 'deny']) {
        test(`is as absent as one that is not there, for ${decision}`, async () => {
            const asking = await Asking.start(stack);
            const { id } = await asking.ask();
            const other = await stack.newTenant();
            const theirs = await asking[decision](id, undefined, other.userToken);
            const nobodys = await asking[decision](kNobody, undefined, other.userToken);
            theirs.expect(404, 'NOT_FOUND');
            assert.equal(theirs.text, nobodys.text);
            (await asking[decision]('no-uuid')).expect(404, 'NOT_FOUND');
            assert.equal((await asking.show(id)).expect(200).status, 'pending');
        });
    }
});

describe('what approvers see', () => {
    test('is who wants what, and what comes of it, in two sentences', async () => {
        const asking = await Asking.start(stack, { tier: 'critical', agent: { name: 'deploy' } });
        const { id } = await asking.ask({ ttl: '1h', max_uses: 3 });
        const shown = (await asking.show(id)).expect(200);
        assert.equal(
            shown.summary,
            `deploy asks to read ${asking.path} (critical) for 1h, at most 3 times`,
        );
        assert.equal(
            shown.outlook,
            'With one approval the agent can fetch its token at once, for 1h',
        );
        assertShape(shown.required, {
            access_tier: 'critical',
            approvals: 1,
            approved: 0,
            owner_only: true,
            fresh_sign_in: true,
            delay: 0,
            not_before: shown.created_at,
            may_approve: true,
            objection: null,
        });
        assert.equal((await asking.approve(id)).expect(200).outlook, null);
    });

    test('counts many secrets and names one in the sentence', async () => {
        const asking = await Asking.start(stack, { agent: { name: 'deploy' } });
        const namespace = asking.path.split('/')[0];
        for (const more of ['a', 'b']) await asking.newSecret('sensitive', `${namespace}/${more}`);
        const { id } = await asking.ask({ scopes: [`secrets:*:${namespace}/*`], max_uses: 1 });
        assert.match(
            (await asking.show(id)).expect(200).summary,
            new RegExp(
                `^deploy asks to read and write 3 secrets, such as ${namespace}/KEY ` +
                    '\\(sensitive\\) for .*, once$',
            ),
        );
    });
});
