// The first sign-in of somebody whom nobody knows: who gets a tenant, by the operator's policy. The
// issuer is one of the tests' own, whose key set secretstore-egress fetches.
import {
    after,
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
import { Forge } from './forge.mjs';
import { answerWith, Authority, Front, newKey } from './providers.mjs';
import { kPatience, Stack } from './stack.mjs';

let authority;
let issuer;
let key;
before(async () => {
    authority = await Authority.create();
    issuer = await Front.start(authority);
    key = newKey();
    const discovery = answerWith({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` });
    const keys = answerWith({ keys: [key.jwk] });
    issuer.serve((request, response) =>
        (request.url === '/keys' ? keys : discovery)(request, response),
    );
});
after(async () => {
    await issuer?.close();
    authority?.remove();
});

// A store that trusts the issuer, and has its keys.
async function start(...conf) {
    const stack = await Stack.start({
        workers: 2,
        threads: 8,
        conf: [
            'issuers:',
            `  - issuer: ${issuer.url}`,
            '    audience: sign-up',
            'egress:',
            `  ca_file: ${authority.caFile}`,
            ...conf,
            '',
        ].join('\n'),
    });
    await eventually(
        'a key set',
        async () => (await stack.rows('select issuer from store.key_sets')).length === 2,
        { timeoutMs: 15_000 * kPatience },
    );
    return stack;
}

// Somebody of the issuer: { subject, email, token }.
function newPerson({ domain = 'a.example', ...more } = {}) {
    const subject = unique('subject');
    const email = `${subject}@${domain}`;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
        iss: issuer.url,
        aud: 'sign-up',
        sub: subject,
        email,
        email_verified: true,
        iat: now,
        exp: now + 3600,
        ...more,
    };
    const forge = new Forge(
        Buffer.alloc(32, 7),
        key.privateKey.export({ type: 'pkcs8', format: 'der' }),
    );
    const token = forge.rs256({ alg: 'RS256', typ: 'JWT', kid: key.kid }, claims);
    return { subject, email, token };
}

const meOf = (stack, { token }, options = {}) => stack.client.get('/v1/me', { token, ...options });
const counts = async (stack) =>
    (
        await stack.rows(
            `select (select count(*)::int from store.tenants) as tenants,
                    (select count(*)::int from store.users) as users,
                    (select count(*)::int from store.members) as members`,
        )
    )[0];

// Is refused, and leaves nothing behind.
async function refused(stack, person, options) {
    const before = await counts(stack);
    const answer = await meOf(stack, person, options);
    answer.expect(403, 'SCOPE_DENIED');
    assert.match(answer.message, /ask an owner or admin of one for an invitation/);
    assert.deepEqual(await counts(stack), before);
}

describe('where everybody may sign up', () => {
    let stack;
    before(
        async () => {
            stack = await start('sign_up:', '  policy: allow', '  most_per_hour: 1000');
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => stack?.stop());

    test('the first sign-in makes a tenant with its owner, on record', async () => {
        const ann = newPerson();
        const answer = await meOf(stack, ann);
        const me = answer.expect(200);
        assertShape(me, {
            id: kUuid,
            email: ann.email,
            name: 'a.example',
            plan: 'free',
            subscription_status: 'none',
            secret_count: 0,
            agent_count: 0,
            notification_preferences: { approval_requests: true, security_alerts: true },
            created_at: kTimestamp,
            user_id: kUuid,
            role: 'owner',
            tenants: [{ id: me.id, name: 'a.example', role: 'owner' }],
        });
        const events = await stack.rows(
            `select event_type, actor_type, actor_id, resource_id, details, request_id
             from store.audit_events where tenant_id = '${me.id}'`,
        );
        assert.deepEqual(events, [
            {
                event_type: 'tenant.created',
                actor_type: 'user',
                actor_id: me.user_id,
                resource_id: me.id,
                details: { plan: 'free', owner: me.user_id },
                request_id: answer.requestId,
            },
        ]);
    });

    test('every later one is of that tenant', async () => {
        const ann = newPerson();
        const first = (await meOf(stack, ann)).expect(200);
        const before = await counts(stack);
        assert.deepEqual((await meOf(stack, ann)).expect(200), first);
        assert.deepEqual(await counts(stack), before);
    });

    test('the new tenant works: agents, secrets, tokens, members', async () => {
        const { token } = newPerson();
        const http = stack.client;
        const agent = await http.post('/v1/agents', {
            token,
            body: { name: 'first', allowed_namespaces: ['*'] },
        });
        const secret = await http.put('/v1/secrets/first/KEY', { token, body: { value: 'v-1' } });
        secret.expect(200);
        const scoped = await http.post('/v1/tokens', {
            token: agent.expect(200).api_key,
            body: { scopes: ['secrets:read:first/*'] },
        });
        const read = await http.get('/v1/secrets/first/KEY', { token: scoped.expect(200).token });
        assert.equal(read.expect(200).value, 'v-1');
        const body = { email: 'bob@people.example', role: 'admin' };
        (await http.post('/v1/members', { token, body })).expect(200);
    });

    for (const [what, person] of [
        ['an unverified address', { email_verified: false }],
        ['no address', { email: undefined }],
        ['an address that is none', { email: 'somebody' }],
    ]) {
        test(`${what} names no tenant, and nobody`, async () => {
            const { name, email } = (await meOf(stack, newPerson(person))).expect(200);
            assert.deepEqual([name, email], ['My tenant', '']);
        });
    }

    test('twenty first sign-ins at once make one tenant', { timeout: 60_000 * kPatience }, async () => {
        for (let round = 0; round < 5; ++round) {
            const ann = newPerson();
            const before = await counts(stack);
            const answers = await inParallel(20, 20, () => meOf(stack, ann));
            const ids = new Set(answers.map((answer) => answer.expect(200).id));
            assert.equal(ids.size, 1);
            assert.deepEqual(await counts(stack), {
                tenants: before.tenants + 1,
                users: before.users + 1,
                members: before.members + 1,
            });
        }
    });

    test('people of the local issuer are made by the operator alone', async () => {
        await refused(stack, { token: await stack.idToken('stranger@a.example') });
    });

    test('who asks for a tenant by its id gets no other', async () => {
        const { id } = (await meOf(stack, newPerson())).expect(200);
        await refused(stack, newPerson(), { headers: { 'X-Tenant-Id': id } });
    });

    test('who accepts an invitation first gets no tenant of their own', async () => {
        const tenant = await stack.newTenant();
        const ann = newPerson();
        const invited = await tenant.invite('viewer', ann.email);
        const joined = await stack.client.post('/v1/invitations/accept', {
            token: ann.token,
            body: { token: invited.invitation_token },
        });
        joined.expect(200);
        const me = (await meOf(stack, ann)).expect(200);
        assert.deepEqual([me.id, me.role, me.tenants.length], [tenant.id, 'viewer', 1]);
    });

    test('who was removed gets no tenant by coming again', async () => {
        const tenant = await stack.newTenant();
        const ann = newPerson();
        const invited = await tenant.invite('viewer', ann.email);
        const joined = await stack.client.post('/v1/invitations/accept', {
            token: ann.token,
            body: { token: invited.invitation_token },
        });
        (await tenant.call('DELETE', `/v1/members/${joined.expect(200).user_id}`)).expect(204);
        await refused(stack, ann);
    });

    test('no more than so many an hour do, and nobody else notices', async () => {
        const known = newPerson();
        (await meOf(stack, known)).expect(200);
        const filler = unique('flood');
        await stack.psql(
            `insert into store.tenants (tenant_id, name, plan, rate_limit_key)
             select gen_random_uuid(), '${filler}', 'free',
                    left(replace(gen_random_uuid()::text, '-', ''), 24)
             from generate_series(1, 1000)`,
        );
        const before = await counts(stack);
        const late = newPerson();
        const answer = await meOf(stack, late);
        answer.expect(429, 'RATE_LIMITED');
        assert.match(answer.header('retry-after'), /^\d+$/);
        (await meOf(stack, known)).expect(200);
        assert.deepEqual(await counts(stack), before);

        await stack.psql(
            `update store.tenants set created_at = created_at - interval '61 minutes'
             where name = '${filler}'`,
        );
        (await meOf(stack, late)).expect(200);
    });
});

describe('where those of listed domains may sign up', () => {
    let stack;
    before(
        async () => {
            stack = await start('sign_up:', '  policy: domains', '  domains: a.example,b.example');
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => stack?.stop());

    for (const domain of ['a.example', 'b.example', 'A.Example']) {
        test(`somebody of ${domain} gets a tenant`, async () => {
            const me = (await meOf(stack, newPerson({ domain }))).expect(200);
            assert.deepEqual([me.name, me.role], [domain.toLowerCase(), 'owner']);
        });
    }

    for (const [what, person] of [
        ['another domain', { domain: 'c.example' }],
        ['a domain below', { domain: 'sub.a.example' }],
        ['a domain that ends in one', { domain: 'xa.example' }],
        ['a domain that begins with one', { domain: 'a.example.c.example' }],
        ['two addresses', { email: 'x@c.example,y@a.example' }],
        ['no address', { email: undefined }],
        ['an unverified address', { email_verified: false }],
        ['an address nearly verified', { email_verified: 'true' }],
        ['an address of which nobody says so', { email_verified: undefined }],
    ]) {
        test(`somebody with ${what} is refused`, async () => {
            await refused(stack, newPerson(person));
        });
    }
});

describe('where the operator has said nothing', () => {
    let stack;
    before(
        async () => {
            stack = await start();
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => stack?.stop());

    test('nobody signs up', async () => {
        await refused(stack, newPerson());
    });

    test('who is invited joins', async () => {
        const tenant = await stack.newTenant();
        const ann = newPerson();
        const invited = await tenant.invite('approver', ann.email);
        (
            await stack.client.post('/v1/invitations/accept', {
                token: ann.token,
                body: { token: invited.invitation_token },
            })
        ).expect(200);
        const me = (await meOf(stack, ann)).expect(200);
        assert.deepEqual([me.id, me.role, me.email], [tenant.id, 'approver', ann.email]);
    });
});
