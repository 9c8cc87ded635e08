// The people of a tenant: invitations, roles, leaving and being removed; and which tenant a person
// of several means.
import { createHash } from 'node:crypto';

import {
    assert,
    assertShape,
    before,
    describe,
    eventually,
    inParallel,
    kTimestamp,
    kUuid,
    test,
    unique,
} from './claim.mjs';
import { kPatience, Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

const kInvitationToken = /^ass_invite_[0-9A-Za-z]{43}$/;
const kWeek = 7 * 86_400_000;

let tenant;
before(async () => {
    tenant = await stack.newTenant();
});

const inviteAs = (token, email, role) =>
    http.post('/v1/members', { token, body: { email, role } });
const acceptAs = (token, invitationToken, options = {}) =>
    http.post('/v1/invitations/accept', { token, body: { token: invitationToken }, ...options });
const changeAs = (token, id, role) =>
    http.call('PATCH', `/v1/members/${id}`, { token, body: { role } });
const removeAs = (token, id) => http.call('DELETE', `/v1/members/${id}`, { token });
const membersOf = async (of) => (await of.call('GET', '/v1/members?limit=200')).expect(200);
const ownerOf = async (of) => (await membersOf(of)).items.find(({ email }) => email === of.email);
const address = (name = 'person') => `${unique(name)}@people.example`;
// The one audit row of a refused request, and why it was refused.
const reasonOf = async (of, answer) => (await of.auditOf(answer.requestId)).reason;

describe('GET /members', () => {
    test('shows who created the tenant as its owner', async () => {
        const own = await stack.newTenant();
        const { items, total } = await membersOf(own);
        assert.equal(total, 1);
        assertShape(items[0], {
            id: kUuid,
            email: own.email,
            role: 'owner',
            status: 'active',
            created_at: kTimestamp,
            expires_at: null,
        });
    });

    test('shows members before who is invited, page by page, and counts both', async () => {
        const own = await stack.newTenant();
        await own.invite('viewer', 'a@people.example');
        await own.newMember('viewer', 'b@people.example');
        await own.invite('viewer', 'c@people.example');
        const seen = [];
        for (const page of [1, 2, 3]) {
            const target = `/v1/members?limit=2&page=${page}`;
            const { items, total } = (await own.call('GET', target)).expect(200);
            assert.equal(total, 4);
            seen.push(...items.map(({ email, status }) => `${email} ${status}`));
        }
        assert.deepEqual(seen, [
            `${own.email} active`,
            'b@people.example active',
            'a@people.example invited',
            'c@people.example invited',
        ]);
    });
});

describe('POST /members', () => {
    test('invites, and shows the token this once', async () => {
        const email = address();
        const answer = await inviteAs(tenant.userToken, email, 'approver');
        const invited = answer.expect(200);
        assertShape(invited, {
            id: kUuid,
            email,
            role: 'approver',
            status: 'invited',
            created_at: kTimestamp,
            expires_at: kTimestamp,
            invitation_token: kInvitationToken,
        });
        const lifetime = Date.parse(invited.expires_at) - Date.now();
        assert.ok(Math.abs(lifetime - kWeek) < 5000, `it lives ${lifetime} ms`);
        const { invitation_token: token, ...shown } = invited;
        const { items } = await membersOf(tenant);
        assert.deepEqual(
            items.find(({ id }) => id === invited.id),
            shown,
        );
        const digest = createHash('sha256').update(token).digest('hex');
        const rows = await stack.rows(
            `select encode(token_digest, 'hex') as digest from store.invitations
             where invitation_id = '${invited.id}'`,
        );
        assert.deepEqual(rows, [{ digest }]);
    });

    test('is on record, and tells it with an id and no token', async () => {
        const email = address();
        const answer = await inviteAs(tenant.userToken, email, 'viewer');
        const { id, expires_at: expires, invitation_token: token } = answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.equal(event.event_type, 'member.invited');
        assert.deepEqual([event.resource_type, event.resource_id], ['invitation', id]);
        assert.deepEqual(event.details, { email, role: 'viewer' });
        const told = await stack.rows(
            `select payload, encode(mail_box, 'escape') as box from store.outbox
             where tenant_id = '${tenant.id}' and event_type = 'member.invited'
               and payload ->> 'invitation_id' = '${id}'`,
        );
        assert.deepEqual(told[0].payload, {
            invitation_id: id,
            email,
            role: 'viewer',
            expires_at: expires,
        });
        // It is for the mail alone, and sealed.
        assert.ok(told[0].box.length > 0 && !told[0].box.includes(token.slice(-20)));
    });

    test('again for the same address replaces the invitation, whose token is dead', async () => {
        const own = await stack.newTenant();
        const first = await own.invite('viewer', 'ann@People.example');
        const second = await own.invite('admin', 'ann@people.EXAMPLE');
        assert.notEqual(second.id, first.id);
        const { items } = await membersOf(own);
        assert.deepEqual(
            items.filter(({ status }) => status === 'invited').map(({ id, role }) => [id, role]),
            [[second.id, 'admin']],
        );
        const ann = await stack.idToken('ann@people.example');
        (await acceptAs(ann, first.invitation_token)).expect(404, 'NOT_FOUND');
        assert.equal((await acceptAs(ann, second.invitation_token)).expect(200).role, 'admin');
    });

    for (const email of [
        '',
        'ann',
        'ann@',
        '@people.example',
        'a b@people.example',
        'ann@people..example',
        'ann@people.example\n',
        'änn@people.example',
        `${'a'.repeat(250)}@people.example`,
        7,
        null,
    ]) {
        test(`refuses the address ${JSON.stringify(email).slice(0, 40)}`, async () => {
            const answer = await inviteAs(tenant.userToken, email, 'viewer');
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /'email'/);
        });
    }

    for (const role of ['', 'Owner', 'king', 'member', 7, null, undefined]) {
        test(`refuses the role ${JSON.stringify(role)}`, async () => {
            const answer = await inviteAs(tenant.userToken, address(), role);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /'role'/);
        });
    }

    test('takes no more than 100 that are pending, expired ones not among them', async () => {
        const own = await stack.newTenant();
        await stack.psql(
            `insert into store.invitations (tenant_id, invitation_id, email, role, token_digest,
                                            created_at, expires_at)
             select '${own.id}', gen_random_uuid(), 'p' || n || '@people.example', 'viewer',
                    sha256(convert_to('${own.id}' || n, 'UTF8')), now() - interval '2 days',
                    now() + case when n <= 99 then interval '1 day' else interval '-1 day' end
             from generate_series(1, 120) n`,
        );
        (await inviteAs(own.userToken, 'last@people.example', 'viewer')).expect(200);
        const answer = await inviteAs(own.userToken, 'more@people.example', 'viewer');
        answer.expect(403, 'PLAN_LIMIT_REACHED');
        (await inviteAs(own.userToken, 'p1@people.example', 'viewer')).expect(200);
    });
});

describe('accepting an invitation', () => {
    test('makes somebody whom nobody knew a member, on record', async () => {
        const email = address();
        const invited = await tenant.invite('approver', email);
        const token = await stack.idToken(email);
        (await http.get('/v1/me', { token })).expect(403, 'SCOPE_DENIED');

        const answer = await acceptAs(token, invited.invitation_token);

        const joined = answer.expect(200);
        assertShape(joined, { tenant_id: tenant.id, user_id: kUuid, role: 'approver' });
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.actor_type, event.actor_id, event.resource_id],
            ['member.joined', 'user', joined.user_id, joined.user_id],
        );
        assert.deepEqual(event.details, { invitation_id: invited.id, role: 'approver' });
        const me = (await http.get('/v1/me', { token })).expect(200);
        assert.deepEqual([me.id, me.role, me.email], [tenant.id, 'approver', email]);
        const { items } = await membersOf(tenant);
        assert.deepEqual(
            items.filter((item) => item.email === email).map(({ id, status }) => [id, status]),
            [[joined.user_id, 'active']],
        );
    });

    test('adds a tenant to those of somebody who is known', async () => {
        const [first, second] = [await stack.newTenant(), await stack.newTenant()];
        const ann = await first.newMember('viewer');
        const invited = await second.invite('admin', ann.email);
        const joined = (await acceptAs(ann.token, invited.invitation_token)).expect(200);
        assert.equal(joined.user_id, ann.id);
        const { tenants } = (await http.get('/v1/me', { token: ann.token })).expect(200);
        assert.deepEqual(
            tenants.map(({ id, role }) => [id, role]),
            [
                [first.id, 'viewer'],
                [second.id, 'admin'],
            ],
        );
    });

    test('compares the domain without its case, and what stands before it with it', async () => {
        const name = unique('Ann');
        const invited = await tenant.invite('viewer', `${name}@People.Example`);
        const other = await stack.idToken(`${name.toLowerCase()}@people.example`);
        (await acceptAs(other, invited.invitation_token)).expect(404, 'NOT_FOUND');
        const ann = await stack.idToken(`${name}@PEOPLE.example`);
        (await acceptAs(ann, invited.invitation_token)).expect(200);
    });

    // What happens to an invitation before somebody comes with its token.
    const kDead = {
        'that was accepted': async (invited) => {
            const token = await stack.idToken(invited.email, { sub: unique('another-identity') });
            (await acceptAs(token, invited.invitation_token)).expect(200);
        },
        'that was withdrawn': async (invited) =>
            (await removeAs(tenant.userToken, invited.id)).expect(204),
        'that was replaced': (invited) => tenant.invite('viewer', invited.email),
        'that has expired': (invited) =>
            stack.psql(
                `update store.invitations set created_at = now() - interval '8 days',
                        expires_at = now() - interval '1 second'
                 where invitation_id = '${invited.id}'`,
            ),
    };
    for (const [what, die] of Object.entries(kDead)) {
        test(`is refused for one ${what}, as for a token that names nothing`, async () => {
            const invited = await tenant.invite('viewer');
            await die(invited);
            const token = await stack.idToken(invited.email);
            const answer = await acceptAs(token, invited.invitation_token);
            answer.expect(404, 'NOT_FOUND');
            const none = await acceptAs(token, `ass_invite_${'0'.repeat(43)}`);
            assert.equal(answer.text, none.text);
            (await http.get('/v1/me', { token })).expect(403, 'SCOPE_DENIED');
        });
    }

    test('is refused for another address, in the same words, and on record', async () => {
        const invited = await tenant.invite('owner');
        const known = await tenant.newMember('viewer');
        const unknown = await stack.idToken(address('thief'));
        for (const token of [known.token, unknown]) {
            const answer = await acceptAs(token, invited.invitation_token);
            answer.expect(404, 'NOT_FOUND');
            const none = await acceptAs(token, `ass_invite_${'0'.repeat(43)}`);
            assert.equal(answer.text, none.text);
            const event = await tenant.auditOf(answer.requestId);
            assert.deepEqual(
                [event.event_type, event.reason, event.resource_type, event.resource_id],
                ['auth.failed', 'another_address', 'invitation', invited.id],
            );
        }
        const rightful = await stack.idToken(invited.email);
        (await acceptAs(rightful, invited.invitation_token)).expect(200);
    });

    for (const [what, claims] of [
        ['an unverified', { email_verified: false }],
        ['a no longer said to be verified', { email_verified: undefined }],
        ['a nearly verified', { email_verified: 'true' }],
        ['no', { email: undefined }],
        ['a malformed', { email: 'people.example' }],
    ]) {
        test(`takes more than an ID token with ${what} address`, async () => {
            const invited = await tenant.invite('viewer');
            const token = await stack.idToken(invited.email, claims);
            const answer = await acceptAs(token, invited.invitation_token);
            answer.expect(403, 'SCOPE_DENIED');
            assert.match(answer.message, /verified e-mail/);
        });
    }

    test('takes an ID token and no personal token', async () => {
        const invited = await tenant.invite('viewer', tenant.email);
        const { token } = await tenant.newPersonalToken();
        const answer = await acceptAs(token, invited.invitation_token);
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /an ID token, not a personal token/);
        assert.equal(await reasonOf(tenant, answer), 'wrong_kind_of_credential');
    });

    test('changes nothing for who is a member already', async () => {
        const own = await stack.newTenant();
        const ann = await own.newMember('admin');
        const invited = await own.invite('viewer', ann.email);
        (await acceptAs(ann.token, invited.invitation_token)).expect(400, 'INVALID_REQUEST');
        assert.equal((await http.get('/v1/me', { token: ann.token })).expect(200).role, 'admin');
    });

    for (const token of ['', 'ass_invite_', `ass_live_${'0'.repeat(48)}`, 7, null]) {
        test(`refuses ${JSON.stringify(token)} for a token`, async () => {
            const answer = await acceptAs(await stack.idToken(address()), token);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /'token'/);
        });
    }

    test('twenty times at once by one person makes one member', async () => {
        const own = await stack.newTenant();
        const invited = await own.invite('viewer');
        const token = await stack.idToken(invited.email);
        const answers = await inParallel(20, 20, () => acceptAs(token, invited.invitation_token));
        const won = answers.filter(({ status }) => status === 200);
        assert.equal(won.length, 1);
        for (const answer of answers) if (answer !== won[0]) answer.expect(404, 'NOT_FOUND');
        assert.equal((await membersOf(own)).total, 2);
    });

    test('by ten identities with the same address at once lets one of them in', async () => {
        const own = await stack.newTenant();
        const invited = await own.invite('viewer');
        const tokens = await inParallel(10, 10, (i) =>
            stack.idToken(invited.email, { sub: `${invited.email}-${i}` }),
        );
        const answers = await inParallel(10, 10, (i) =>
            acceptAs(tokens[i], invited.invitation_token),
        );
        assert.equal(answers.filter(({ status }) => status === 200).length, 1);
        assert.equal((await membersOf(own)).total, 2);
    });
});

describe('roles reach so far:', () => {
    let own;
    const people = {};
    before(async () => {
        own = await stack.newTenant();
        for (const role of ['viewer', 'approver', 'admin', 'owner'])
            people[role] = await own.newMember(role);
    });

    // manager → the roles that they give and take.
    const kReach = { admin: ['viewer', 'approver'], owner: ['viewer', 'approver', 'admin', 'owner'] };
    for (const manager of ['admin', 'owner']) {
        for (const role of kReach.owner) {
            const reaches = kReach[manager].includes(role);
            const verb = reaches ? 'manages' : 'does not manage';

            test(`an ${manager} ${verb} members with the role ${role}`, async () => {
                const by = people[manager].token;
                const member = await own.newMember(role);
                const invited = await own.invite(role);
                const other = role === 'viewer' ? 'approver' : 'viewer';
                const newcomer = address();
                const steps = [
                    () => inviteAs(by, newcomer, role),
                    () => inviteAs(by, invited.email, 'viewer'),
                    () => changeAs(by, member.id, other),
                    () => removeAs(by, member.id),
                ];
                for (const step of steps) {
                    const before = await own.state({ except: ['audit_events'] });
                    const answer = await step();
                    if (reaches) {
                        assert.ok([200, 204].includes(answer.status), answer.text);
                        continue;
                    }
                    answer.expect(403, 'SCOPE_DENIED');
                    assert.equal(await reasonOf(own, answer), 'role_out_of_reach');
                    assert.deepEqual(await own.state({ except: ['audit_events'] }), before);
                }
            });

            test(`an ${manager} ${verb === 'manages' ? 'gives' : 'does not give'} the role ${role}`, async () => {
                const member = await own.newMember(role === 'viewer' ? 'approver' : 'viewer');
                const answer = await changeAs(people[manager].token, member.id, role);
                if (reaches) assert.equal(answer.expect(200).role, role);
                else answer.expect(403, 'SCOPE_DENIED');
            });
        }
    }

    test('a new role counts at the next request', async () => {
        const member = await own.newMember('viewer');
        const create = () =>
            http.post('/v1/agents', {
                token: member.token,
                body: { name: unique('agent'), allowed_namespaces: ['a'] },
            });
        (await create()).expect(403, 'SCOPE_DENIED');
        const answer = await changeAs(own.userToken, member.id, 'admin');
        answer.expect(200);
        const event = await own.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.resource_id, event.details],
            ['member.role_changed', member.id, { from: 'viewer', to: 'admin' }],
        );
        (await create()).expect(200);
        (await changeAs(own.userToken, member.id, 'viewer')).expect(200);
        (await create()).expect(403, 'SCOPE_DENIED');
    });

    test('the same role again is no change', async () => {
        const member = await own.newMember('viewer');
        const answer = await changeAs(own.userToken, member.id, 'viewer');
        answer.expect(200);
        assert.deepEqual(await own.audit(answer.requestId), []);
    });

    test('the role in an invitation changes too', async () => {
        const invited = await own.invite('viewer');
        assert.equal((await changeAs(own.userToken, invited.id, 'admin')).expect(200).role, 'admin');
        const token = await stack.idToken(invited.email);
        assert.equal((await acceptAs(token, invited.invitation_token)).expect(200).role, 'admin');
    });

    for (const id of ['00000000-0000-4000-8000-000000000123', 'nobody', '%20', 'A'.repeat(36)]) {
        test(`nobody is ${id}`, async () => {
            (await changeAs(own.userToken, id, 'viewer')).expect(404, 'NOT_FOUND');
            (await removeAs(own.userToken, id)).expect(404, 'NOT_FOUND');
        });
    }
});

describe('the last owner', () => {
    test('stays: neither removed nor demoted, by nobody', async () => {
        const own = await stack.newTenant();
        const { id } = await ownerOf(own);
        await own.newMember('admin');
        await own.invite('owner');
        for (const answer of [
            await removeAs(own.userToken, id),
            await changeAs(own.userToken, id, 'admin'),
            await changeAs(own.userToken, id, 'viewer'),
        ]) {
            answer.expect(403, 'SCOPE_DENIED');
            assert.match(answer.message, /at least one owner/);
            assert.equal(await reasonOf(own, answer), 'last_owner');
        }
        assert.equal((await ownerOf(own)).role, 'owner');
    });

    test('goes once there is another', async () => {
        const own = await stack.newTenant();
        const { id } = await ownerOf(own);
        const second = await own.newMember('owner');
        (await removeAs(own.userToken, id)).expect(204);
        (await http.get('/v1/me', { token: own.userToken })).expect(403, 'SCOPE_DENIED');
        (await removeAs(second.token, second.id)).expect(403, 'SCOPE_DENIED');
    });

    // What each of two owners does at once, to the other or to themselves.
    const kAtOnce = {
        'removes the other': (me, other) => removeAs(me.token, other.id),
        leaves: (me) => removeAs(me.token, me.id),
        'demotes the other': (me, other) => changeAs(me.token, other.id, 'viewer'),
        'demotes themselves': (me) => changeAs(me.token, me.id, 'admin'),
    };
    for (const [what, act] of Object.entries(kAtOnce)) {
        test(`is left, of two each of whom ${what} at once`, { timeout: 60_000 * kPatience }, async () => {
            await inParallel(15, 3, async () => {
                const own = await stack.newTenant();
                const first = { id: (await ownerOf(own)).id, token: own.userToken };
                const second = await own.newMember('owner');
                const answers = await Promise.all([act(first, second), act(second, first)]);
                const done = answers.filter(({ status }) => status < 300);
                assert.equal(done.length, 1, answers.map(({ text }) => text).join());
                const [{ count }] = await stack.rows(
                    `select count(*)::int as count from store.members
                     where tenant_id = '${own.id}' and role = 'owner'`,
                );
                assert.equal(count, 1);
            });
        });
    }

    test('is left, of eight who all remove all others at once', { timeout: 60_000 * kPatience }, async () => {
        const own = await stack.newTenant();
        const owners = [{ id: (await ownerOf(own)).id, token: own.userToken }];
        while (owners.length < 8) owners.push(await own.newMember('owner'));
        const pairs = owners.flatMap((me) => owners.filter((it) => it !== me).map((it) => [me, it]));
        const answers = await inParallel(pairs.length, 16, (i) =>
            removeAs(pairs[i][0].token, pairs[i][1].id),
        );
        for (const { status, text } of answers) assert.ok([204, 403, 404].includes(status), text);
        assert.equal(answers.filter(({ status }) => status === 204).length, 7);
        const [{ count }] = await stack.rows(
            `select count(*)::int as count from store.members where tenant_id = '${own.id}'`,
        );
        assert.equal(count, 1);
    });
});

describe('a member who', () => {
    test('was removed is refused at once, with an ID token and a personal one', async () => {
        const own = await stack.newTenant();
        const ann = await own.newMember('admin');
        const { token } = await own.newPersonalToken({}, ann.token);
        (await http.get('/v1/agents', { token: ann.token })).expect(200);
        (await http.get('/v1/agents', { token })).expect(200);

        const answer = await removeAs(own.userToken, ann.id);

        answer.expect(204);
        const event = await own.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.resource_type, event.resource_id, event.details],
            ['member.removed', 'user', ann.id, { email: ann.email, role: 'admin' }],
        );
        (await http.get('/v1/agents', { token: ann.token })).expect(403, 'SCOPE_DENIED');
        (await http.get('/v1/agents', { token })).expect(401, 'UNAUTHORIZED');
        assert.ok(!(await membersOf(own)).items.some(({ id }) => id === ann.id));
    });

    test('was removed and invited again finds no personal token alive', async () => {
        const own = await stack.newTenant();
        const ann = await own.newMember('admin');
        const { token } = await own.newPersonalToken({}, ann.token);
        (await removeAs(own.userToken, ann.id)).expect(204);
        const again = await own.newMember('admin', ann.email);
        assert.equal(again.id, ann.id);
        (await http.get('/v1/agents', { token: ann.token })).expect(200);
        (await http.get('/v1/agents', { token })).expect(401, 'UNAUTHORIZED');
    });

    test('leaves is gone, whatever their role', async () => {
        const own = await stack.newTenant();
        for (const role of ['viewer', 'approver', 'admin', 'owner']) {
            const ann = await own.newMember(role);
            (await removeAs(ann.token, ann.id)).expect(204);
            (await http.get('/v1/me', { token: ann.token })).expect(403, 'SCOPE_DENIED');
        }
        assert.equal((await membersOf(own)).total, 1);
    });

    test('belongs to another tenant as well stays there', async () => {
        const [first, second] = [await stack.newTenant(), await stack.newTenant()];
        const ann = await first.newMember('viewer');
        await second.newMember('viewer', ann.email);
        (await removeAs(first.userToken, ann.id)).expect(204);
        const me = (await http.get('/v1/me', { token: ann.token })).expect(200);
        assert.equal(me.id, second.id);
        assert.equal(me.tenants.length, 1);
    });
});

describe('X-Tenant-Id', () => {
    let first;
    let second;
    let ann;
    before(async () => {
        [first, second] = [await stack.newTenant(), await stack.newTenant()];
        ann = await first.newMember('admin');
        await second.newMember('viewer', ann.email);
    });
    const meAt = (tenantId, token = ann.token) =>
        http.get('/v1/me', { token, headers: { 'X-Tenant-Id': tenantId } });

    test('chooses among the tenants of a person, with the role that they have there', async () => {
        for (const [chosen, role] of [
            [first, 'admin'],
            [second, 'viewer'],
        ]) {
            const me = (await meAt(chosen.id)).expect(200);
            assert.deepEqual([me.id, me.role], [chosen.id, role]);
        }
        const body = { name: unique('agent'), allowed_namespaces: ['a'] };
        const create = (tenantId) =>
            http.post('/v1/agents', {
                token: ann.token,
                body,
                headers: { 'X-Tenant-Id': tenantId },
            });
        assert.equal((await create(first.id)).expect(200).tenant_id, first.id);
        (await create(second.id)).expect(403, 'SCOPE_DENIED');
    });

    test('left out means the one that they have belonged to for longest', async () => {
        const me = (await http.get('/v1/me', { token: ann.token })).expect(200);
        assert.equal(me.id, first.id);
    });

    test('that names a foreign tenant is as refused as one that names none', async () => {
        const foreign = await meAt(tenant.id);
        const absent = await meAt('00000000-0000-4000-8000-000000000123');
        for (const answer of [foreign, absent]) {
            answer.expect(403, 'SCOPE_DENIED');
            assert.equal(await reasonOf(first, answer), 'not_a_member');
        }
        assert.equal(foreign.text, absent.text);
        assert.deepEqual(await tenant.audit(foreign.requestId), []);
    });

    for (const text of ['x', '0', 'null', '{id}', 'ID', ' id x', 'id,id', 'id-']) {
        test(`${JSON.stringify(text)} is answered with 400`, async () => {
            const value = text.replaceAll('id', first.id).replace('ID', first.id.toUpperCase());
            const answer = await meAt(value);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /X-Tenant-Id/);
        });
    }

    test('of a credential that does not hold is not looked at', async () => {
        (await meAt('x', 'this-is-not-any-credential')).expect(401, 'UNAUTHORIZED');
    });

    test('has no effect on agents and their tokens', async () => {
        const agent = await first.newAgent();
        const headers = { 'X-Tenant-Id': tenant.id };
        const answer = await http.post('/v1/tokens', {
            token: agent.key,
            body: { scopes: ['namespaces:read'] },
            headers,
        });
        const { token } = answer.expect(200);
        (await http.get('/v1/namespaces', { token, headers })).expect(200);
    });

    test('of a personal token names its own tenant or is left out', async () => {
        const { token } = await first.newPersonalToken({}, ann.token);
        assert.equal((await meAt(first.id, token)).expect(200).id, first.id);
        for (const other of [second.id, tenant.id]) {
            const answer = await meAt(other, token);
            answer.expect(403, 'SCOPE_DENIED');
            assert.equal(await reasonOf(first, answer), 'not_a_member');
        }
        (await meAt('x', token)).expect(400, 'INVALID_REQUEST');
    });
});

describe('secretstorectl', () => {
    test('invites, signs a token for who is invited, and lists both', async () => {
        const own = await stack.newTenant();
        const email = address();
        const invite = ['user', 'invite', email, '--tenant', own.id, '--role', 'admin'];
        const invitation = (await stack.ctl(invite)).trim();
        assert.match(invitation, kInvitationToken);
        const list = ['user', 'list', '--tenant', own.id];
        assert.match(await stack.ctl(list), new RegExp(`  invited  admin  ${email}\n`));
        const token = (await stack.ctl(['user', 'token', email, '--tenant', own.id])).trim();
        (await acceptAs(token, invitation)).expect(200);
        assert.match(await stack.ctl(list), new RegExp(`  active  admin  ${email}\n`));
        const listed = JSON.parse(await stack.ctl([...list, '--json']));
        assert.deepEqual(listed, await membersOf(own));
        (await http.get('/v1/me', { token })).expect(200);
    });

    test('is on record as the operator', async () => {
        const own = await stack.newTenant();
        const email = address();
        const invite = ['user', 'invite', email, '--tenant', own.id, '--json'];
        const { id, role } = JSON.parse(await stack.ctl(invite));
        assert.equal(role, 'viewer');
        const rows = await stack.rows(
            `select actor_type, details from store.audit_events
             where tenant_id = '${own.id}' and event_type = 'member.invited'
               and resource_id = '${id}'`,
        );
        assert.deepEqual(rows, [{ actor_type: 'operator', details: { email, role: 'viewer' } }]);
    });

    test('refuses what is no address, no role and no tenant', async () => {
        const nobody = '00000000-0000-4000-8000-000000000123';
        for (const args of [
            ['nobody', '--tenant', tenant.id],
            ['ann@people.example', '--tenant', tenant.id, '--role', 'king'],
            ['ann@people.example', '--tenant', 'x'],
            ['ann@people.example', '--tenant', nobody],
            ['ann@people.example'],
        ])
            await assert.rejects(stack.ctl(['user', 'invite', ...args]));
    });

    test('maintain deletes what has expired, in batches, and nothing else', async () => {
        const own = await stack.newTenant();
        const kept = await own.invite('viewer');
        const keptToken = await own.newPersonalToken();
        await stack.psql(
            `insert into store.invitations (tenant_id, invitation_id, email, role, token_digest,
                                            created_at, expires_at)
             select '${own.id}', gen_random_uuid(), 'p' || n || '@people.example', 'viewer',
                    sha256(convert_to('${own.id}' || n, 'UTF8')), now() - interval '2 days',
                    now() - interval '1 day'
             from generate_series(1, 2300) n;
             insert into store.personal_tokens (tenant_id, personal_token_id, user_id, name, role,
                    key_public_id, key_pepper_id, key_mac, created_at, expires_at)
             select tenant_id, gen_random_uuid(), user_id, name, role, gen_random_uuid()::text,
                    key_pepper_id, key_mac, now() - interval '2 days', now() - interval '1 day'
             from store.personal_tokens, generate_series(1, 2300) n
             where personal_token_id = '${keptToken.id}'`,
        );
        // One at a time, and another test may be at it.
        const said = await eventually('maintenance is free', async () => {
            const text = await stack.ctl(['maintain']);
            return !text.includes('running already') && text;
        });
        const counts = [/expired personal tokens deleted: (\d+)/, /expired invitations deleted: (\d+)/]
            .map((pattern) => Number(pattern.exec(said)[1]));
        for (const count of counts) assert.ok(count >= 2300, said);
        const left = await stack.rows(
            `select (select json_agg(invitation_id) from store.invitations
                     where tenant_id = '${own.id}') as invitations,
                    (select json_agg(personal_token_id) from store.personal_tokens
                     where tenant_id = '${own.id}') as tokens`,
        );
        assert.deepEqual(left, [{ invitations: [kept.id], tokens: [keptToken.id] }]);
    });
});
