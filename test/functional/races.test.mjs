// What must hold while many ask at once: the traps of security.md §3 that are races. Workers that
// die meanwhile are the subject of the kill tests, the same request twice of exactly-once.
import { assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { kPatience, Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
let token;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    // Not for what is rotated below: that would be its end.
    const places = ['uses', 'writers', 'racing', 'creators', 'torn', 'expiring'];
    token = await agent.newToken(places.map((place) => `secrets:*:${place}-*`));
});
const put = (path, body, by = token) => http.put(`/v1/secrets/${path}`, { token: by, body });
const get = (path, by = token) => http.get(`/v1/secrets/${path}`, { token: by });

describe('max_uses', () => {
    test('of 10 lets exactly 10 of 200 parallel reads pass', async () => {
        const path = `${unique('uses')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        const counted = await agent.newToken([`secrets:read:${path}`], { max_uses: 10 });

        const answers = await inParallel(200, 50, () => get(path, counted));

        const passed = answers.filter((answer) => answer.status === 200);
        assert.equal(passed.length, 10);
        for (const answer of answers) if (answer.status !== 200) answer.expect(401, 'UNAUTHORIZED');
    });

    test('never passes its number when reads, writes, lists and imports race', async () => {
        const namespace = unique('uses');
        (await put(`${namespace}/KEY`, { value: 'v' })).expect(200);
        const counted = await agent.newToken([`secrets:*:${namespace}/*`], { max_uses: 7 });
        const requests = [
            (i) => put(`${namespace}/KEY`, { value: `v${i}` }, counted),
            () => get(`${namespace}/KEY`, counted),
            () => http.get(`/v1/secrets?namespace=${namespace}`, { token: counted }),
            () => http.get('/v1/namespaces', { token: counted }),
            (i) =>
                http.post('/v1/secrets/import', {
                    token: counted,
                    body: { namespace, content: `KEY=i${i}\nOTHER=i${i}` },
                }),
        ];

        const answers = await inParallel(75, 30, (i) => requests[i % requests.length](i));

        assert.equal(answers.filter((answer) => answer.status === 200).length, 7);
        assert.equal(answers.filter((answer) => answer.status === 401).length, 68);
    });
});

describe('a version', () => {
    test('is stepped by one by each of 32 writers at once, and none is lost', async () => {
        const path = `${unique('writers')}/KEY`;
        const values = Array.from({ length: 32 }, (_, i) => `value-of-writer-${i}`);

        const answers = await inParallel(32, 32, (i) => put(path, { value: values[i] }));

        const versions = answers.map((answer) => answer.expect(200).version);
        assert.deepEqual(
            [...versions].sort((a, b) => a - b),
            Array.from({ length: 32 }, (_, i) => i + 1),
        );
        const stored = await inParallel(32, 8, async (i) =>
            (await get(`${path}?version=${versions[i]}`)).expect(200),
        );
        assert.deepEqual(
            stored.map((secret) => secret.value),
            values,
        );
    });

    test('that 32 writers expect is replaced by exactly one', async () => {
        const path = `${unique('racing')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        const answers = await inParallel(32, 32, (i) =>
            put(path, { value: `w${i}`, expected_version: 1 }),
        );
        const won = answers.filter((answer) => answer.status === 200);
        assert.equal(won.length, 1);
        for (const answer of answers) if (answer !== won[0]) answer.expect(409, 'VERSION_CONFLICT');
        assert.equal((await get(path)).expect(200).version, 2);
    });

    test('1 of a new secret is made by exactly one of 32 who expect none', async () => {
        const path = `${unique('creators')}/KEY`;
        const answers = await inParallel(32, 32, (i) =>
            put(path, { value: `v${i}`, expected_version: 0 }),
        );
        assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
        assert.equal(answers.filter((answer) => answer.status === 409).length, 31);
    });

    test('is stepped by one by writers, rotations, rollbacks and imports at once', async () => {
        const namespace = unique('mixed');
        const path = `${namespace}/KEY`;
        const before = 9;
        for (let i = 1; i <= before; ++i) await tenant.putSecret(path, { value: `v-${i}` });
        // Each says something else: what the newest version says already would make none.
        const rollback = (version) =>
            tenant.call('POST', '/v1/versions/rollback', { body: { path, version } });
        const requests = [
            (i) => tenant.call('PUT', `/v1/secrets/${path}`, { body: { value: `put-${i}` } }),
            () => tenant.call('POST', `/v1/secrets/${path}/rotate`),
            (i) => rollback(1 + Math.floor(i / 4)),
            (i) =>
                tenant.call('POST', '/v1/secrets/import', {
                    body: { namespace, content: `KEY=import-${i}` },
                }),
        ];

        const answers = await inParallel(32, 16, (i) => requests[i % requests.length](i));

        for (const answer of answers) answer.expect(200);
        const { items, total } = (await tenant.call('GET', `/v1/versions?path=${path}`)).expect(
            200,
        );
        assert.equal(total, before + 32);
        assert.deepEqual(
            items.map((item) => item.version),
            Array.from({ length: total }, (_, i) => total - i),
        );
    });

    test('read while others are written is a value with its own version', async () => {
        const path = `${unique('torn')}/KEY`;
        (await put(path, { value: 'value-1' })).expect(200);
        let done = false;
        const writer = (async () => {
            for (let i = 2; i <= 40; ++i) (await put(path, { value: `value-${i}` })).expect(200);
            done = true;
        })();
        const seen = [];
        const readers = Array.from({ length: 4 }, async () => {
            while (!done) seen.push((await get(path)).expect(200));
        });
        await Promise.all([writer, ...readers]);
        assert.ok(seen.length > 0);
        for (const secret of seen) assert.equal(secret.value, `value-${secret.version}`);
    });
});

describe('while 50 clients loop, none succeeds that asked after', () => {
    // Each: makes what is asked for and by whom, then the change that must end it at once.
    const changes = {
        'the token was revoked': [
            401,
            async () => {
                const { path, issued } = await reader();
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('POST', `/v1/tokens/${issued.token_id}/revoke`),
                };
            },
        ],
        'the token, whose uses are counted, was revoked': [
            401,
            async () => {
                const { path, issued } = await reader({ max_uses: 1_000_000 });
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('POST', `/v1/tokens/${issued.token_id}/revoke`),
                };
            },
        ],
        'the token was revoked, by a write': [
            401,
            async () => {
                const { path, issued } = await reader();
                let n = 0;
                return {
                    attempt: () => put(path, { value: `v${++n}` }, issued.token),
                    change: () => tenant.call('POST', `/v1/tokens/${issued.token_id}/revoke`),
                };
            },
        ],
        'the token was revoked, by a list': [
            401,
            async () => {
                const { path, issued } = await reader();
                const target = `/v1/secrets?namespace=${path.split('/')[0]}`;
                return {
                    attempt: () => http.get(target, { token: issued.token }),
                    change: () => tenant.call('POST', `/v1/tokens/${issued.token_id}/revoke`),
                };
            },
        ],
        'the secret was rotated': [
            401,
            async () => {
                const { path, issued } = await reader();
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('POST', `/v1/secrets/${path}/rotate`),
                };
            },
        ],
        'the secret was deleted': [
            404,
            async () => {
                const { path, issued } = await reader();
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('DELETE', `/v1/secrets/${path}`),
                };
            },
        ],
        'its tier was raised above a token for a wildcard': [
            403,
            async () => {
                const { path, issued } = await reader();
                const body = { value: 'a-guarded-value', access_tier: 'sensitive' };
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('PUT', `/v1/secrets/${path}`, { body }),
                };
            },
        ],
        'the agent was narrowed': [
            403,
            async () => {
                const { path, issued, holder } = await reader();
                const body = { allowed_namespaces: ['elsewhere'] };
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('PATCH', `/v1/agents/${holder.id}`, { body }),
                };
            },
        ],
        'the agent was deleted': [
            401,
            async () => {
                const { path, issued, holder } = await reader();
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('DELETE', `/v1/agents/${holder.id}`),
                };
            },
        ],
        "the agent's key was replaced, with a token": [
            401,
            async () => {
                const { path, issued, holder } = await reader();
                return {
                    attempt: () => get(path, issued.token),
                    change: () => tenant.call('POST', `/v1/agents/${holder.id}/rotate-key`),
                };
            },
        ],
        "the agent's key was replaced, with the key": [
            401,
            async () => {
                const { path, holder } = await reader();
                return {
                    attempt: () => holder.requestToken({ scopes: [`secrets:read:${path}`] }),
                    change: () => tenant.call('POST', `/v1/agents/${holder.id}/rotate-key`),
                };
            },
        ],
    };

    async function reader(body) {
        const holder = await tenant.newAgent();
        const namespace = unique('late');
        const path = `${namespace}/KEY`;
        await tenant.putSecret(path, { value: 'the-value-of-before' });
        const issued = await holder.issue([`secrets:*:${namespace}/*`], body);
        return { path, issued, holder };
    }

    for (const [what, [refusal, prepare]] of Object.entries(changes)) {
        test(what, { timeout: 30_000 * kPatience }, async () => {
            const { attempt, change } = await prepare();
            let done = false;
            let changedAt = Infinity;
            let early = 0;
            let refused = 0;
            const late = [];
            const others = new Set();
            const lanes = Array.from({ length: 50 }, async () => {
                while (!done) {
                    // Taken before it is sent: who seems to ask before the change may have asked
                    // after it, never the other way round.
                    const sent = performance.now();
                    const answer = await attempt();
                    if (answer.status === 200) ++early;
                    if (answer.status === 200 && sent > changedAt) late.push(sent - changedAt);
                    if (answer.status === refusal) ++refused;
                    if (![200, refusal].includes(answer.status))
                        others.add(`${answer.status} ${answer.text}`);
                }
            });
            try {
                await eventually('they succeed', () => early > 200);
                const changed = await change();
                changedAt = performance.now();
                assert.ok([200, 204].includes(changed.status), changed.text);
                await eventually('they are refused', () => refused > 200);
            } finally {
                done = true;
                await Promise.all(lanes);
            }
            assert.deepEqual(late, []);
            assert.deepEqual([...others], []);
        });
    }
});

describe('a secret that is rotated again and again', () => {
    test(
        'is read as a value with its own version, and never with a token of before',
        { timeout: 60_000 * kPatience },
        async (t) => {
            const path = `${unique('rotated')}/KEY`;
            await tenant.putSecret(path, { value: 'value-of-version-1' });
            const holders = await inParallel(4, 4, () => tenant.newAgent());
            const wrong = [];
            const late = [];
            let reads = 0;
            let done = false;
            let rotations = 0;
            // When the last rotation that was answered was asked for.
            let last = { sent: -Infinity };

            const readers = Array.from({ length: 24 }, async (_, i) => {
                while (!done) {
                    const issued = await holders[i % 4].issue([`secrets:read:${path}`]);
                    const received = performance.now();
                    for (;;) {
                        const before = last;
                        const answer = await get(path, issued.token);
                        if (answer.status === 401) break;
                        const { value, version } = answer.expect(200);
                        ++reads;
                        if (value !== `value-of-version-${version}`) wrong.push([value, version]);
                        if (received < before.sent) late.push(before.sent - received);
                        if (done) break;
                    }
                }
            });
            const deadline = Date.now() + 4000;
            try {
                while (Date.now() < deadline) {
                    const seen = reads;
                    await eventually('reads go on', () => reads > seen + 100, { pollMs: 2 });
                    const sent = performance.now();
                    const answer = await tenant.call('POST', `/v1/secrets/${path}/rotate`, {
                        body: { new_value: `value-of-version-${rotations + 2}` },
                    });
                    assert.equal(answer.expect(200).version, rotations + 2);
                    last = { sent };
                    ++rotations;
                }
            } finally {
                done = true;
                await Promise.all(readers);
            }
            t.diagnostic(`${reads} reads under ${rotations} rotations`);
            assert.ok(rotations > 0);
            assert.deepEqual(wrong, []);
            assert.deepEqual(late, []);
        },
    );
});

describe('an expiry under load', () => {
    // Asks in 16 lanes from well before `expires` (ms since 1970) until well after it.
    async function readAround(expires, attempt) {
        const seen = [];
        await inParallel(16, 16, async () => {
            while (Date.now() < expires + 1500) {
                const sent = Date.now();
                const { status } = await attempt();
                seen.push({ status, sent, answered: Date.now() });
            }
        });
        return seen;
    }
    const databaseClock = async () =>
        Number(await stack.psql('select extract(epoch from clock_timestamp()) * 1000'));

    test("of a secret takes effect within a second of the database's clock", async (t) => {
        const path = `${unique('expiring')}/KEY`;
        const expires = Math.round(await databaseClock()) + 3000;
        await tenant.putSecret(path, { value: 'v', expires_at: new Date(expires).toISOString() });

        const seen = await readAround(expires, () => get(path));

        const served = seen.filter(({ status }) => status === 200);
        const refused = seen.filter(({ status }) => status === 410);
        assert.equal(served.length + refused.length, seen.length);
        assert.ok(served.length > 0 && refused.length > 0);
        const lastServed = Math.max(...served.map(({ sent }) => sent)) - expires;
        const firstRefused = Math.min(...refused.map(({ answered }) => answered)) - expires;
        t.diagnostic(`last served ${lastServed} ms, first refused ${firstRefused} ms after it`);
        assert.ok(lastServed < 1000, `served ${lastServed} ms after its expiry`);
        assert.ok(firstRefused > -1000, `refused ${-firstRefused} ms before its expiry`);
    });

    test("of a token takes effect within a second of the database's clock", async (t) => {
        const path = `${unique('expiring')}/KEY`;
        await tenant.putSecret(path, { value: 'v' });
        const short = await agent.issue([`secrets:read:${path}`], { ttl: 4 });
        const [{ at }] = await stack.rows(
            `select extract(epoch from expires_at)::float8 * 1000 as at from store.tokens
             where token_id = '${short.token_id}'`,
        );

        const seen = await readAround(at, () => get(path, short.token));

        const served = seen.filter(({ status }) => status === 200);
        const refused = seen.filter(({ status }) => status === 401);
        assert.equal(served.length + refused.length, seen.length);
        assert.ok(served.length > 0 && refused.length > 0);
        const lastServed = Math.max(...served.map(({ sent }) => sent)) - at;
        const firstRefused = Math.min(...refused.map(({ answered }) => answered)) - at;
        t.diagnostic(`last served ${lastServed} ms, first refused ${firstRefused} ms after it`);
        assert.ok(lastServed < 1000, `served ${lastServed} ms after its expiry`);
        assert.ok(firstRefused > -1000, `refused ${-firstRefused} ms before its expiry`);
    });
});
