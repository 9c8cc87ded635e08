// User tokens of Firebase and of any OpenID Connect issuer: security.md §2, rules 6 and 7. The
// providers are the real ones of npm; what secretstore-egress fetches of them comes by https.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';

import { after, assert, before, describe, eventually, test } from './claim.mjs';
import { Forge, partsOf } from './forge.mjs';
import { answerWith, Authority, FirebaseDouble, Front, newKey, OidcDouble } from './providers.mjs';
import { kPatience, kSlowdown, Stack } from './stack.mjs';
import { attackUserTokens } from './user-token-attacks.mjs';

const kProject = 'demo-project';
const kFirebaseIssuer = `https://securetoken.google.com/${kProject}`;

let authority;
let firebase;
let oidc;
let odd; // an issuer whose answers are whatever a test wants
let oddKey;
let stack;
let tenant;
let agent;

before(
    async () => {
        authority = await Authority.create();
        firebase = await FirebaseDouble.start(authority, kProject);
        oidc = await OidcDouble.start(authority);
        odd = await Front.start(authority);
        oddKey = newKey();
        odd.serve(oddProvider({ keys: [oddKey.jwk] }));
        stack = await Stack.start({
            workers: 2,
            threads: 8,
            conf: [
                'issuers:',
                `  - firebase: ${kProject}`,
                `    jwks_uri: ${firebase.jwksUri}`,
                `  - issuer: ${oidc.issuer}`,
                `    audience: ${OidcDouble.kClient}`,
                `  - issuer: ${odd.url}`,
                '    audience: odd',
                'egress:',
                `  ca_file: ${authority.caFile}`,
                '',
            ].join('\n'),
        });
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        await tenant.putSecret('issuers/KEY', { value: 'v' });
        await join(kFirebaseIssuer, 'alice');
        await join(oidc.issuer, 'bob');
        await join(odd.url, 'carol');
        for (const issuer of [kFirebaseIssuer, oidc.issuer, odd.url]) await fetched(issuer);
    },
    { timeout: 90_000 * kPatience },
);

after(async () => {
    await stack?.stop();
    await Promise.all([firebase?.stop(), oidc?.stop(), odd?.close()]);
    authority?.remove();
});

// --- arranging ------------------------------------------------------------------------------------

// Makes somebody of an issuer an owner of the tenant.
function join(issuer, subject) {
    const user = randomUUID();
    return stack.psql(`
        insert into store.users (user_id, issuer, subject, email)
        values ('${user}', '${issuer}', '${subject}', '${subject}@example.com');
        insert into store.members (tenant_id, user_id, role)
        values ('${tenant.id}', '${user}', 'owner');`);
}

const listAgents = (token) => stack.client.get('/v1/agents', { token });

// Discovery and JWKS of an issuer that is nobody's product.
function oddProvider(keySet, { issuer = odd.url, jwksUri = `${odd.url}/keys` } = {}) {
    const discovery = answerWith({ issuer, jwks_uri: jwksUri });
    const keys = typeof keySet === 'function' ? keySet : answerWith(keySet);
    return (request, response) =>
        (request.url === '/keys' ? keys : discovery)(request, response);
}

const oddToken = (subject = 'carol', key = oddKey) => {
    const seconds = Math.floor(Date.now() / 1000);
    const claims = { iss: odd.url, aud: 'odd', sub: subject, iat: seconds, exp: seconds + 3600 };
    const header = { alg: 'RS256', typ: 'JWT', kid: key.kid };
    return forgeOf(key).rs256(header, claims);
};

const forgeOf = (key) =>
    new Forge(Buffer.alloc(32, 7), key.privateKey.export({ type: 'pkcs8', format: 'der' }));

const state = async (issuer) =>
    (
        await stack.rows(
            `select f.failures, f.trouble, f.attempted_at, k.key_set, k.fetched_at,
                    -- While an attempt is under way, the next one is due a minute after it began.
                    f.next_fetch_at <> f.attempted_at + interval '1 minute' as is_recorded
             from store.key_set_fetches f left join store.key_sets k using (issuer)
             where f.issuer = '${issuer}'`,
        )
    )[0];

const fetched = (issuer) =>
    eventually(`a key set of ${issuer}`, async () => (await state(issuer))?.key_set, {
        timeoutMs: 15_000 * kPatience,
    });

// As though the max-age of the set had passed: the next look of egress fetches it.
const fetchNow = (issuer) =>
    stack.psql(
        `update store.key_set_fetches set next_fetch_at = now() where issuer = '${issuer}'`,
    );

// As though nobody had asked for a fetch within the last minute.
const forgetWish = (issuer) =>
    stack.psql(
        `update store.key_set_fetches
         set refresh_wanted_at = refresh_wanted_at - interval '1 minute'
         where issuer = '${issuer}'`,
    );

// Waits for an attempt that began after `act`, and for its result.
async function nextAttempt(issuer, act) {
    await act();
    const [{ mark }] = await stack.rows('select clock_timestamp() as mark');
    return eventually(
        `another attempt at the keys of ${issuer}`,
        async () => {
            await stack.psql(
                `update store.key_set_fetches set next_fetch_at = now()
                 where issuer = '${issuer}' and attempted_at <= '${mark}'`,
            );
            const [{ has_begun }] = await stack.rows(
                `select attempted_at > '${mark}' as has_begun
                 from store.key_set_fetches where issuer = '${issuer}'`,
            );
            const now = await state(issuer);
            return has_begun && now.is_recorded && now;
        },
        { timeoutMs: 20_000 * kPatience, pollMs: 100 },
    );
}

// --- what is taken --------------------------------------------------------------------------------

describe('a member', () => {
    test('of Firebase is let in by an ID token', async () => {
        const answer = (await listAgents(await firebase.signIn('alice'))).expect(200);
        assert.ok(answer.items.some((item) => item.id === agent.id));
    });

    test('of an OpenID Connect provider is let in after signing in there', async () => {
        const token = await oidc.signIn('bob');
        assert.equal(partsOf(token).claims.iss, oidc.issuer);
        const answer = (await listAgents(token)).expect(200);
        assert.ok(answer.items.some((item) => item.id === agent.id));
    });

    test('of the built-in issuer is let in beside them', async () => {
        (await listAgents(tenant.userToken)).expect(200);
    });

    test('is nobody where another issuer says the same name', async () => {
        for (const token of [await firebase.signIn('bob'), oddToken('alice')]) {
            const answer = await listAgents(token);
            const items = answer.status === 200 ? answer.json.items : [];
            assert.ok(!items.some((item) => item.id === agent.id));
        }
    });

    test('is let in by no token of another project with the same keys', async () => {
        const token = await firebase.signIn('alice', {
            iss: 'https://securetoken.google.com/other',
            aud: 'other',
        });
        (await listAgents(token)).expect(401, 'UNAUTHORIZED');
    });

    test('of Firebase without auth_time is refused, of OpenID Connect not', async () => {
        const { auth_time: _, ...claims } = firebase.claims('alice');
        const header = { alg: 'RS256', typ: 'JWT', kid: firebase.key.kid };
        (await listAgents(forgeOf(firebase.key).rs256(header, claims))).expect(401);
        (await listAgents(oddToken())).expect(200);
    });
});

describe('attacks on tokens of Firebase', () => {
    let refusal;
    before(async () => {
        refusal = (await listAgents('nothing-that-was-ever-signed')).text;
    });
    attackUserTokens(
        () => ({
            forge: forgeOf(firebase.key),
            person: {
                header: { alg: 'RS256', typ: 'JWT', kid: firebase.key.kid },
                claims: firebase.claims('alice'),
            },
            request: listAgents,
            refusal,
        }),
        { required: ['exp', 'iat', 'auth_time'] },
    );
});

describe('attacks on tokens of OpenID Connect', () => {
    let refusal;
    before(async () => {
        refusal = (await listAgents('nothing-that-was-ever-signed')).text;
    });
    attackUserTokens(() => ({
        forge: forgeOf(oidc.key),
        person: {
            header: { alg: 'RS256', typ: 'JWT', kid: oidc.key.kid },
            claims: oidc.claims('bob'),
        },
        request: listAgents,
        refusal,
    }));
});

// --- keys come and go -----------------------------------------------------------------------------

describe('keys of an issuer', () => {
    test('that are new are taken soon after somebody signs in with one', async () => {
        const old = firebase.key;
        const tokenOfOld = await firebase.signIn('alice');
        await firebase.replaceKey();
        await forgetWish(kFirebaseIssuer);
        const token = await firebase.signIn('alice');
        (await listAgents(token)).expect(401, 'UNAUTHORIZED');
        await eventually('the new key is taken', async () => (await listAgents(token)).status === 200, {
            timeoutMs: 6_000 * kSlowdown,
            pollMs: 100,
        });
        await eventually(
            'the old key is refused',
            async () => (await listAgents(tokenOfOld)).status === 401,
            { timeoutMs: 14_000 * kSlowdown, pollMs: 200 },
        );
        assert.notEqual(old.kid, firebase.key.kid);
    });

    test('are asked for once a minute, however many unknown ones are sent', { timeout: 60_000 * kPatience }, async () => {
        const stranger = newKey();
        await forgetWish(odd.url);
        const { attempted_at: earlier } = await state(odd.url);
        // More than one, for a thread that has asked within 10 s does not ask again.
        await eventually('one fetch, to its end', async () => {
            (await listAgents(oddToken('carol', stranger))).expect(401);
            const now = await state(odd.url);
            return now.attempted_at !== earlier && now.is_recorded;
        }, { timeoutMs: 20_000 * kPatience });
        const before = odd.requests.length;
        for (let i = 0; i < 200; ++i)
            (await listAgents(oddToken('carol', newStrangeKid(stranger, i)))).expect(401);
        // The fetch of another issuer that is due now passes while theirs would have come.
        await nextAttempt(oidc.issuer, () => undefined);
        assert.equal(odd.requests.length, before);
    });

    // Only root may look into a worker.
    test('are fetched by no worker', { skip: process.getuid() !== 0 }, () => {
        const [request] = odd.requests;
        assert.equal(request, '/.well-known/openid-configuration');
        for (const pid of stack.workerPids()) assert.deepEqual(networkSocketsOf(pid), []);
    });
});

const newStrangeKid = (key, i) => ({ ...key, kid: `strange-${i}` });

// Sockets of a process that are neither of the kernel's nor local: by the tables of its network.
function networkSocketsOf(pid) {
    const inodes = new Set(
        fs
            .readdirSync(`/proc/${pid}/fd`)
            .map((name) => {
                try {
                    return fs.readlinkSync(`/proc/${pid}/fd/${name}`);
                } catch {
                    return '';
                }
            })
            .map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1])
            .filter(Boolean),
    );
    return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
        fs
            .readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
            .split('\n')
            .slice(1)
            .filter((line) => inodes.has(line.trim().split(/\s+/)[9])),
    );
}

describe('an issuer that is away', () => {
    test('does not matter for a day, then to people alone', { timeout: 90_000 * kPatience }, async () => {
        const token = await firebase.signIn('alice');
        const scoped = await agent.newToken(['secrets:*:*']);
        const away = await nextAttempt(kFirebaseIssuer, () => firebase.front.close());
        assert.equal(away.trouble, 'unreachable');
        (await listAgents(token)).expect(200);

        await stack.psql(`update store.key_sets set fetched_at = now() - interval '25 hours'
                          where issuer = '${kFirebaseIssuer}'`);
        const refused = await eventually(
            'people hear that sign-in is not available',
            async () => {
                const answer = await listAgents(token);
                return answer.status === 503 && answer;
            },
            { timeoutMs: 14_000 * kPatience, pollMs: 200 },
        );
        refused.expect(503, 'INTERNAL_ERROR');
        assert.equal(refused.header('retry-after'), '60');
        assert.match(refused.message, /^Sign-in is not available/);

        // Whoever holds no true token learns nothing of it, and nobody else is concerned.
        const forged = `${token.slice(0, -4)}AAAA`;
        (await listAgents(forged)).expect(401, 'UNAUTHORIZED');
        (await listAgents(tenant.userToken)).expect(200);
        (await listAgents(oddToken())).expect(200);
        (await stack.client.get('/v1/secrets/issuers/KEY', { token: scoped })).expect(200);

        await firebase.front.listen();
        await fetchNow(kFirebaseIssuer);
        await eventually('sign-in is back', async () => (await listAgents(token)).status === 200, {
            timeoutMs: 14_000 * kPatience,
            pollMs: 200,
        });
        assert.equal((await state(kFirebaseIssuer)).failures, 0);
    });

    test('is told in the log with what is wrong', async () => {
        odd.lie = answerWith('gone', { status: 500 });
        await stack.logContains(
            /level=error event=key_set_trouble issuer="?https:\/\/localhost:\d+"? reason=bad_status failures=1 set_age_seconds=\d+/,
            () => fetchNow(odd.url),
        );
        odd.lie = null;
        await nextAttempt(odd.url, () => undefined);
    });

    test('is told to the tenants of its people when it lasts', { timeout: 60_000 * kPatience }, async () => {
        odd.lie = answerWith('gone', { status: 500 });
        await stack.psql(
            `update store.key_set_fetches set next_fetch_at = now(), failures = 4
             where issuer = '${odd.url}'`,
        );
        const [message] = await eventually(
            'the message is written',
            async () => {
                const rows = await stack.rows(
                    `select tenant_id, payload from store.outbox where event_type = 'key_set.trouble'`,
                );
                return rows.length > 0 && rows;
            },
            { timeoutMs: 30_000 * kPatience },
        );
        assert.equal(message.tenant_id, tenant.id);
        assert.equal(message.payload.issuer, odd.url);
        assert.equal(message.payload.reason, 'bad_status');
        const { fetched_at: since } = await state(odd.url);
        assert.equal(
            Date.parse(message.payload.refused_from),
            Math.floor(Date.parse(since) / 1000) * 1000 + 24 * 3_600_000,
        );
        odd.lie = null;
        await nextAttempt(odd.url, () => undefined);
    });

    test('and hangs delays no other', { timeout: 60_000 * kPatience }, async () => {
        odd.lie = () => undefined;
        const seen = odd.requests.length;
        await fetchNow(odd.url);
        await eventually('egress waits for it', () => odd.requests.length > seen);
        await nextAttempt(oidc.issuer, () => undefined);
        assert.equal((await state(oidc.issuer)).failures, 0);
        const after = await eventually(
            'it is given up',
            async () => {
                const now = await state(odd.url);
                return now.trouble && now;
            },
            { timeoutMs: 20_000 * kPatience },
        );
        assert.equal(after.trouble, 'timed_out');
        (await listAgents(oddToken())).expect(200);
        odd.lie = null;
        await nextAttempt(odd.url, () => undefined);
    });
});

function unannounced(request, response) {
    response.writeHead(200);
    for (let i = 0; i < 64; ++i) response.write(Buffer.alloc(16_384, 0x20));
    response.end();
}

function manyHeaders(request, response) {
    for (let i = 0; i < 25; ++i) response.setHeader(`X-${i}`, 'x'.repeat(4096));
    response.end('{}');
}

function brokenOff(request, response) {
    response.writeHead(200, { 'Content-Length': '5000' });
    response.write('{"keys":[');
    response.socket.end();
}

// --- lies -----------------------------------------------------------------------------------------

describe('a set that is no good never replaces a good one:', () => {
    let stranger; // serves true keys, with a certificate that nobody vouches for
    let strangers;
    before(async () => {
        strangers = await Authority.create();
        stranger = await Front.start(strangers);
        stranger.serve(answerWith({ keys: [oddKey.jwk] }));
    });
    after(async () => {
        odd.lie = null;
        await stranger.close();
        strangers.remove();
    });
    const small = newKey(1024);
    const other = newKey();
    const discovery = (more) => oddProvider({ keys: [oddKey.jwk] }, more);
    const keys = (keySet, options) => oddProvider(answerWith(keySet, options));
    // Each gives, once the tests run, the listener that lies.
    const lies = {
        'a page of HTML': [() => keys('<!DOCTYPE html><p>Hello'), 'bad_key_set'],
        'an empty answer': [() => keys(''), 'bad_key_set'],
        'an empty set': [() => keys({ keys: [] }), 'bad_key_set'],
        'no set': [() => keys({ error: 'none' }), 'bad_key_set'],
        'keys for something else': [
            () => keys({ keys: [{ ...other.jwk, use: 'enc' }] }),
            'bad_key_set',
        ],
        'two keys with one kid': [
            () => keys({ keys: [oddKey.jwk, { ...other.jwk, kid: oddKey.kid }] }),
            'bad_key_set',
        ],
        'a key of 1,024 bits': [() => keys({ keys: [oddKey.jwk, small.jwk] }), 'bad_key_set'],
        'a private key': [() => keys({ keys: [oddKey.jwk, other.privateJwk] }), 'bad_key_set'],
        'a shared secret': [
            () => keys({ keys: [oddKey.jwk, { kty: 'oct', kid: 's', k: 'c2hhcmVk' }] }),
            'bad_key_set',
        ],
        'a member that stands twice': [
            () => keys(`{"keys":[],"keys":${JSON.stringify([oddKey.jwk])}}`),
            'bad_key_set',
        ],
        'a megabyte': [() => keys(Buffer.alloc(1 << 20, 0x20)), 'too_large'],
        'a megabyte that is not announced': [() => oddProvider(unannounced), 'too_large'],
        '100 KiB of headers': [() => oddProvider(manyHeaders), 'too_large'],
        'a redirect': [
            () => keys('', { status: 302, headers: { Location: `${odd.url}/elsewhere` } }),
            'bad_status',
        ],
        'a 404': [() => keys({ keys: [other.jwk] }, { status: 404 }), 'bad_status'],
        'a 500': [() => keys({ keys: [other.jwk] }, { status: 500 }), 'bad_status'],
        'an answer that breaks off': [() => oddProvider(brokenOff), 'unreachable'],
        'discovery in HTML': [() => answerWith('<html>'), 'bad_discovery'],
        'discovery by a redirect': [
            () => answerWith('', { status: 301, headers: { Location: `${odd.url}/keys` } }),
            'bad_status',
        ],
        'discovery of another issuer': [
            () => discovery({ issuer: 'https://localhost' }),
            'discovery_mismatch',
        ],
        'discovery of itself with a slash': [
            () => discovery({ issuer: `${odd.url}/` }),
            'discovery_mismatch',
        ],
        'discovery of keys by http': [
            () => discovery({ jwksUri: `${odd.url}/keys`.replace('https', 'http') }),
            'bad_discovery',
        ],
        'discovery of keys in a file': [
            () => discovery({ jwksUri: 'file:///etc/passwd' }),
            'bad_discovery',
        ],
        'discovery of no keys': [() => discovery({ jwksUri: null }), 'bad_discovery'],
        'discovery of keys under a certificate of a stranger': [
            () => discovery({ jwksUri: `${stranger.url}/keys` }),
            'tls',
        ],
        'discovery of keys where nobody listens': [
            () => discovery({ jwksUri: 'https://localhost:1/keys' }),
            'unreachable',
        ],
    };
    for (const [what, [lie, trouble]] of Object.entries(lies)) {
        test(what, async () => {
            const before = await state(odd.url);
            const after = await nextAttempt(odd.url, () => {
                odd.lie = lie();
            });
            assert.equal(after.trouble, trouble);
            assert.equal(after.key_set, before.key_set);
            assert.equal(after.fetched_at, before.fetched_at);
            (await listAgents(oddToken())).expect(200);
        });
    }
});
