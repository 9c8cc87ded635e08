// Personal tokens: long-lived keys of people, never wider than what their holder may do at that
// moment.
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
import { operations, targetOf } from './operations.mjs';
import { kPatience, Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;
const all = await operations(http);

const kToken = /^ass_user_[0-9A-Za-z]{48}$/;
const kDay = 86_400_000;

let tenant;
before(async () => {
    tenant = await stack.newTenant();
});

const create = (body, token = tenant.userToken, options = {}) =>
    http.post('/v1/me/tokens', { token, body, ...options });
const list = async (token = tenant.userToken) =>
    (await http.get('/v1/me/tokens?limit=200', { token })).expect(200);
const revoke = (id, token = tenant.userToken) =>
    http.call('DELETE', `/v1/me/tokens/${id}`, { token });
const me = (token, options = {}) => http.get('/v1/me', { token, ...options });
const alter = (id, set) =>
    stack.psql(`update store.personal_tokens set ${set} where personal_token_id = '${id}'`);
const kPast = `created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'`;

describe('POST /me/tokens', () => {
    test('makes a token that is shown this once', async () => {
        const answer = await create({ name: 'laptop' });
        const made = answer.expect(200);
        assertShape(made, {
            id: kUuid,
            name: 'laptop',
            prefix: made.token.slice(0, 13),
            role: 'owner',
            created_at: kTimestamp,
            expires_at: kTimestamp,
            last_used_at: null,
            token: kToken,
        });
        const { token, ...shown } = made;
        const listed = await http.get('/v1/me/tokens?limit=200', { token: tenant.userToken });
        assert.deepEqual(
            listed.expect(200).items.find(({ id }) => id === made.id),
            shown,
        );
        assert.ok(!listed.text.includes(token.slice(0, 20)));
        const stored = await stack.rows(
            `select to_jsonb(p)::text as row from store.personal_tokens p
             where personal_token_id = '${made.id}'`,
        );
        assert.ok(!stored[0].row.includes(token.slice(19)));
    });

    test('is on record, without the token', async () => {
        const answer = await create({ name: 'recorded', role: 'viewer', ttl: '7d' });
        const made = answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.resource_type, event.resource_id],
            ['user_token.created', 'user_token', made.id],
        );
        assert.deepEqual(event.details, {
            name: 'recorded',
            role: 'viewer',
            expires_at: made.expires_at,
        });
    });

    test('lives for 30 days unless asked otherwise', async () => {
        const { expires_at: until } = (await create({ name: 'default' })).expect(200);
        assert.ok(Math.abs(Date.parse(until) - Date.now() - 30 * kDay) < 5000);
    });

    for (const [ttl, days] of [
        ['90d', 90],
        [90 * 86_400, 90],
        ['12h', 0.5],
        [null, 30],
    ]) {
        test(`takes ${JSON.stringify(ttl)} for its life`, async () => {
            const { expires_at: until } = (await create({ name: 'ttl', ttl })).expect(200);
            assert.ok(Math.abs(Date.parse(until) - Date.now() - days * kDay) < 5000);
        });
    }

    for (const ttl of [0, -1, '0s', '91d', 90 * 86_400 + 1, 1.5, 'soon', true, 1e300]) {
        test(`refuses ${JSON.stringify(ttl)} for its life`, async () => {
            const answer = await create({ name: 'ttl', ttl });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /'ttl'/);
        });
    }

    for (const name of ['', 'a'.repeat(65), 'a\nb', 'ü', 7, null]) {
        test(`refuses the name ${JSON.stringify(name).slice(0, 20)}`, async () => {
            const answer = await create({ name });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /'name'/);
        });
    }

    test('gives no role above that of its holder, on record', async () => {
        const admin = await tenant.newMember('admin');
        const answer = await create({ name: 'wide', role: 'owner' }, admin.token);
        answer.expect(403, 'SCOPE_DENIED');
        assert.equal((await tenant.auditOf(answer.requestId)).reason, 'role_too_low');
        assert.equal((await create({ name: 'own' }, admin.token)).expect(200).role, 'admin');
        const narrow = await create({ name: 'narrow', role: 'viewer' }, admin.token);
        assert.equal(narrow.expect(200).role, 'viewer');
        (await create({ name: 'x', role: 'king' }, admin.token)).expect(400, 'INVALID_REQUEST');
    });

    test('takes an ID token: a personal token makes no other', async () => {
        const { token } = (await create({ name: 'first' })).expect(200);
        const answer = await create({ name: 'second' }, token);
        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /an ID token, not a personal token/);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual(
            [event.event_type, event.reason],
            ['auth.failed', 'wrong_kind_of_credential'],
        );
    });

    test('gives at most 50 at a time to one member, however fast they ask', async () => {
        const greedy = await tenant.newMember('viewer');
        const answers = await inParallel(60, 12, (i) => create({ name: `t${i}` }, greedy.token));
        const made = answers.filter(({ status }) => status === 200);
        assert.equal(made.length, 50);
        for (const answer of answers)
            if (answer.status !== 200) answer.expect(403, 'PLAN_LIMIT_REACHED');
        (await revoke(made[0].json.id, greedy.token)).expect(204);
        (await create({ name: 'again' }, greedy.token)).expect(200);
    });
});

describe('a personal token', () => {
    let made;
    before(async () => {
        made = await tenant.newPersonalToken();
    });

    for (const operation of all.filter(({ kinds }) => kinds.includes('user'))) {
        const send = () =>
            http.call(operation.method, targetOf(operation), {
                token: made.token,
                body: operation.takesBody ? {} : undefined,
            });
        if (operation.takesPersonalTokens) {
            test(`may call ${operation.name}`, async () => {
                const answer = await send();
                assert.notEqual(answer.status, 401, answer.text);
                if (answer.status === 403) assert.match(answer.message, /a secret's value/);
            });
        } else {
            test(`may not call ${operation.name}`, async () => {
                const answer = await send();
                answer.expect(403, 'SCOPE_DENIED');
                assert.match(answer.message, /an ID token, not a personal token/);
            });
        }
    }

    test('acts as its holder: what it does is on record as theirs', async () => {
        const { user_id: user } = (await me(made.token)).expect(200);
        const body = { name: unique('agent'), allowed_namespaces: ['a'] };
        const answer = await http.post('/v1/agents', { token: made.token, body });
        answer.expect(200);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual([event.actor_type, event.actor_id], ['user', user]);
    });

    test('tells nothing of other tenants of its holder', async () => {
        const other = await stack.newTenant();
        const ann = await tenant.newMember('viewer');
        await other.newMember('viewer', ann.email);
        const { token } = await tenant.newPersonalToken({}, ann.token);
        assert.equal((await me(ann.token)).expect(200).tenants.length, 2);
        assert.deepEqual(
            (await me(token)).expect(200).tenants.map(({ id }) => id),
            [tenant.id],
        );
    });

    test('does no more than its own role', async () => {
        const { token } = await tenant.newPersonalToken({ role: 'viewer' });
        assert.equal((await me(token)).expect(200).role, 'viewer');
        const body = { name: unique('agent'), allowed_namespaces: ['a'] };
        (await http.post('/v1/agents', { token, body })).expect(403, 'SCOPE_DENIED');
        const invite = { email: 'x@people.example', role: 'viewer' };
        (await http.post('/v1/members', { token, body: invite })).expect(403, 'SCOPE_DENIED');
    });

    test('manages no members that its own role does not reach', async () => {
        const { token } = await tenant.newPersonalToken({ role: 'admin' });
        const invite = (role) =>
            http.post('/v1/members', { token, body: { email: `${unique('m')}@a.example`, role } });
        (await invite('approver')).expect(200);
        (await invite('admin')).expect(403, 'SCOPE_DENIED');
        const owner = await tenant.newMember('owner');
        (await http.call('DELETE', `/v1/members/${owner.id}`, { token })).expect(
            403,
            'SCOPE_DENIED',
        );
    });

    test('shrinks with its holder and never grows with them', async () => {
        const ann = await tenant.newMember('admin');
        const { token } = await tenant.newPersonalToken({}, ann.token);
        const roleNow = async () => (await me(token)).expect(200).role;
        const become = async (role) =>
            (await tenant.call('PATCH', `/v1/members/${ann.id}`, { body: { role } })).expect(200);
        assert.equal(await roleNow(), 'admin');
        await become('viewer');
        assert.equal(await roleNow(), 'viewer');
        await become('owner');
        assert.equal(await roleNow(), 'admin');
    });

    test('says when it was last used, to the minute', async () => {
        const { id, token } = await tenant.newPersonalToken();
        const lastUsed = async () =>
            (await list()).items.find((item) => item.id === id).last_used_at;
        assert.equal(await lastUsed(), null);
        (await me(token)).expect(200);
        assert.ok(Math.abs(Date.parse(await lastUsed()) - Date.now()) < 5000);
    });

    test('is no write with every use, but one a minute', async () => {
        const { id, token } = await tenant.newPersonalToken();
        const version = async () =>
            (
                await stack.rows(
                    `select xmin::text as row_version from store.personal_tokens
                     where personal_token_id = '${id}'`,
                )
            )[0].row_version;
        (await me(token)).expect(200);
        const first = await version();
        await inParallel(20, 10, async () => (await me(token)).expect(200));
        assert.equal(await version(), first);
        await alter(id, `last_used_at = now() - interval '61 seconds'`);
        const older = await version();
        await inParallel(20, 10, async () => (await me(token)).expect(200));
        assert.notEqual(await version(), older);
    });
});

describe('a personal token that is no longer good', () => {
    const kDeaths = {
        revoked: [({ id }) => revoke(id), 'user_token_revoked'],
        'past its time': [({ id }) => alter(id, kPast), 'user_token_expired'],
        'with a MAC that was changed': [
            ({ id }) => alter(id, 'key_mac = sha256(key_mac)'),
            'wrong_key',
        ],
    };
    for (const [what, [die, reason]] of Object.entries(kDeaths)) {
        test(`(${what}) gets the 401 of one that nobody knows, on record`, async () => {
            const made = await tenant.newPersonalToken();
            (await me(made.token)).expect(200);
            await die(made);
            const answer = await me(made.token);
            answer.expect(401, 'UNAUTHORIZED');
            const unknown = await me(`${made.token.slice(0, -1)}${made.token.endsWith('A') ? 'B' : 'A'}`);
            assert.equal(answer.text, unknown.text);
            assert.equal(answer.header('www-authenticate'), unknown.header('www-authenticate'));
            const event = await tenant.auditOf(answer.requestId);
            assert.deepEqual(
                [event.event_type, event.reason, event.resource_type, event.resource_id],
                ['auth.failed', reason, 'user_token', made.id],
            );
        });
    }

    test('opens nothing from the row of another: the MAC binds tenant, row and token', async () => {
        const other = await stack.newTenant();
        const [mine, theirs] = [await tenant.newPersonalToken(), await other.newPersonalToken()];
        // Someone who can write rows.
        await stack.psql(`
            update store.personal_tokens set key_public_id = 'moved-away-' || key_public_id
            where personal_token_id = '${mine.id}';
            update store.personal_tokens t
            set key_mac = m.key_mac, key_public_id = '${mine.token.slice(9, 19)}'
            from store.personal_tokens m
            where m.personal_token_id = '${mine.id}' and t.personal_token_id = '${theirs.id}'`);
        (await me(mine.token)).expect(401, 'UNAUTHORIZED');
    });

    test('is not listed', async () => {
        const ann = await tenant.newMember('viewer');
        const [kept, revoked, expired] = [
            await tenant.newPersonalToken({}, ann.token),
            await tenant.newPersonalToken({}, ann.token),
            await tenant.newPersonalToken({}, ann.token),
        ];
        (await revoke(revoked.id, ann.token)).expect(204);
        await alter(expired.id, kPast);
        const { items, total } = await list(ann.token);
        assert.deepEqual([items.map(({ id }) => id), total], [[kept.id], 1]);
    });
});

describe('DELETE /me/tokens/:id', () => {
    test('revokes, on record; once', async () => {
        const { id, token } = await tenant.newPersonalToken();
        const answer = await revoke(id);
        answer.expect(204);
        const event = await tenant.auditOf(answer.requestId);
        assert.deepEqual([event.event_type, event.resource_id], ['user_token.revoked', id]);
        (await me(token)).expect(401, 'UNAUTHORIZED');
        (await revoke(id)).expect(404, 'NOT_FOUND');
    });

    test('works with the token itself', async () => {
        const { id, token } = await tenant.newPersonalToken({ role: 'viewer' });
        (await revoke(id, token)).expect(204);
        (await me(token)).expect(401, 'UNAUTHORIZED');
    });

    test("does not find other people's, not even an owner's", async () => {
        const ann = await tenant.newMember('viewer');
        const { id, token } = await tenant.newPersonalToken({}, ann.token);
        (await revoke(id)).expect(404, 'NOT_FOUND');
        (await me(token)).expect(200);
        assert.ok(!(await list()).items.some((item) => item.id === id));
    });

    for (const id of ['00000000-0000-4000-8000-000000000123', 'nobody', 'A'.repeat(36)])
        test(`does not find ${id}`, async () => {
            (await revoke(id)).expect(404, 'NOT_FOUND');
        });
});

describe('while requests are under way', () => {
    test('a revocation is in effect for every request that is sent after it', async () => {
        const { id, token } = await tenant.newPersonalToken();
        let revokedAt = Infinity;
        let stop = false;
        const late = [];
        const readers = inParallel(8, 8, async () => {
            while (!stop) {
                const sentAt = performance.now();
                const { status } = await me(token);
                if (sentAt > revokedAt && status !== 401) late.push(status);
            }
        });
        await eventually('it was used', async () =>
            (await list()).items.find((item) => item.id === id).last_used_at,
        );
        (await revoke(id)).expect(204);
        revokedAt = performance.now();
        for (let i = 0; i < 20; ++i) (await me(token)).expect(401, 'UNAUTHORIZED');
        stop = true;
        await readers;
        assert.deepEqual(late, []);
    });

    test('no token survives the removal of a member who makes them', { timeout: 60_000 * kPatience }, async () => {
        await inParallel(10, 2, async () => {
            const ann = await tenant.newMember('viewer');
            const making = inParallel(6, 6, () => create({ name: 'race' }, ann.token));
            const removed = tenant.call('DELETE', `/v1/members/${ann.id}`);
            for (const answer of await making)
                assert.ok([200, 401, 403].includes(answer.status), answer.text);
            (await removed).expect(204);
            const left = await stack.rows(
                `select personal_token_id from store.personal_tokens where user_id = '${ann.id}'`,
            );
            assert.deepEqual(left, []);
        });
    });
});
