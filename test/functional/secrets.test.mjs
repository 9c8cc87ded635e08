// Storing, reading and listing secrets, agents and tokens beyond the reference: contract.md §6. Many
// at once are the subject of the races.
import { assert, before, describe, eventually, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
let token;
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    token = await agent.newToken(['secrets:*:*']);
});
const put = (path, body, options = {}) =>
    http.put(`/v1/secrets/${path}`, { token, body, ...options });
const get = (path, options = {}) => http.get(`/v1/secrets/${path}`, { token, ...options });

describe('a version', () => {
    test('counts from 1 and is the newest unless another is asked for', async () => {
        const path = `${unique('versions')}/KEY`;
        for (const value of ['value-one', 'value-two', 'value-three'])
            (await put(path, { value })).expect(200);

        assert.deepEqual(pick((await get(path)).expect(200)), { value: 'value-three', version: 3 });
        assert.deepEqual(pick((await get(`${path}?version=1`)).expect(200)), {
            value: 'value-one',
            version: 1,
        });
        assert.deepEqual(pick((await get(`${path}?version=3`)).expect(200)), {
            value: 'value-three',
            version: 3,
        });
        (await get(`${path}?version=4`)).expect(404);
    });

    for (const version of ['0', '-1', '1.0', 'one', '', '01x', '9223372036854775808', '1e3']) {
        test(`of '${version}' is refused`, async () => {
            const path = `${unique('versions')}/KEY`;
            (await put(path, { value: 'v' })).expect(200);
            (await get(`${path}?version=${version}`)).expect(400, 'INVALID_REQUEST');
        });
    }

    test('that is expected and there is replaced', async () => {
        const path = `${unique('expected')}/KEY`;
        (await put(path, { value: 'v', expected_version: 0 })).expect(200);
        const second = (await put(path, { value: 'w', expected_version: 1 })).expect(200);
        assert.equal(second.version, 2);
    });

    test('that is expected and not there is a conflict, and nothing is stored', async () => {
        const path = `${unique('expected')}/KEY`;
        (await put(path, { value: 'v', expected_version: 1 })).expect(409, 'VERSION_CONFLICT');
        (await get(path)).expect(404, 'SECRET_NOT_FOUND');
        (await put(path, { value: 'v' })).expect(200);
        (await put(path, { value: 'w', expected_version: 0 })).expect(409, 'VERSION_CONFLICT');
        (await put(path, { value: 'w', expected_version: 2 })).expect(409, 'VERSION_CONFLICT');
        assert.equal((await get(path)).expect(200).value, 'v');
    });

    test('in If-Match is the same as expected_version', async () => {
        const path = `${unique('ifmatch')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        const wrong = await put(path, { value: 'w' }, { headers: { 'If-Match': '"7"' } });
        wrong.expect(409, 'VERSION_CONFLICT');
        const right = await put(path, { value: 'w' }, { headers: { 'If-Match': '"1"' } });
        assert.equal(right.expect(200).version, 2);
    });

    test('said twice and differently is refused', async () => {
        const path = `${unique('ifmatch')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        const body = { value: 'w', expected_version: 1 };
        (await put(path, body, { headers: { 'If-Match': '"2"' } })).expect(400, 'INVALID_REQUEST');
        (await put(path, body, { headers: { 'If-Match': '"1"' } })).expect(200);
    });

    for (const tag of ['*', 'W/"1"', '1', '"one"', '"1", "2"', '"-1"', '""']) {
        test(`in If-Match as ${tag} is refused`, async () => {
            const path = `${unique('ifmatch')}/KEY`;
            (await put(path, { value: 'v' })).expect(200);
            (await put(path, { value: 'w' }, { headers: { 'If-Match': tag } })).expect(
                400,
                'INVALID_REQUEST',
            );
        });
    }
});

describe('an update', () => {
    test('keeps what it does not name', async () => {
        const path = `${unique('keeps')}/KEY`;
        const expires = '2031-01-01T00:00:00Z';
        (
            await put(path, {
                value: 'v',
                secret_type: 'ssh_key',
                metadata: { a: 1 },
                expires_at: expires,
            })
        ).expect(200);

        const updated = (await put(path, { value: 'w' })).expect(200);

        assert.equal(updated.secret_type, 'ssh_key');
        assert.deepEqual(updated.metadata, { a: 1 });
        assert.equal(updated.expires_at, expires);
    });

    test('keeps metadata when it is null, and replaces it when it is an object', async () => {
        const path = `${unique('metadata')}/KEY`;
        (await put(path, { value: 'v', metadata: { a: 1 } })).expect(200);
        assert.deepEqual((await put(path, { value: 'w', metadata: null })).expect(200).metadata, {
            a: 1,
        });
        assert.deepEqual((await put(path, { value: 'x', metadata: {} })).expect(200).metadata, {});
    });

    test('moves updated_at and leaves id and created_at', async () => {
        const path = `${unique('times')}/KEY`;
        const first = (await put(path, { value: 'v' })).expect(200);
        let count = 0;
        const second = await eventually('the clock goes on by a second', async () => {
            const stored = (await put(path, { value: `value-${++count}` })).expect(200);
            return stored.updated_at !== first.updated_at && stored;
        });
        assert.equal(second.id, first.id);
        assert.equal(second.created_at, first.created_at);
    });
});

describe('an expiry', () => {
    test('in the past makes the secret gone', async () => {
        const path = `${unique('expired')}/KEY`;
        (await put(path, { value: 'an-expired-value', expires_at: '2020-01-01T00:00:00Z' })).expect(
            200,
        );
        const answer = await get(path);
        answer.expect(410, 'SECRET_EXPIRED');
        assert.ok(!answer.text.includes('an-expired-value'));
    });

    test('shows in the list as expired', async () => {
        const namespace = unique('expired');
        (await put(`${namespace}/OLD`, { value: 'v', expires_at: '2020-01-01T00:00:00Z' })).expect(
            200,
        );
        (await put(`${namespace}/NEW`, { value: 'v', expires_at: '2040-01-01T00:00:00Z' })).expect(
            200,
        );
        const { items } = (await http.get(`/v1/secrets?namespace=${namespace}`, { token })).expect(
            200,
        );
        assert.deepEqual(
            items.map((item) => [item.key, item.expired]),
            [
                ['NEW', false],
                ['OLD', true],
            ],
        );
    });

    test('of null lifts an earlier one', async () => {
        const path = `${unique('lifted')}/KEY`;
        (await put(path, { value: 'v', expires_at: '2020-01-01T00:00:00Z' })).expect(200);
        (await put(path, { value: 'w', expires_at: null })).expect(200);
        assert.equal((await get(path)).expect(200).expires_at, null);
    });
});

describe('an entity tag', () => {
    test('is the version, and a client that has it gets 304 and no value', async () => {
        const path = `${unique('etag')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        (await put(path, { value: 'w' })).expect(200);
        const first = await get(path);
        assert.equal(first.header('etag'), '"2"');

        const again = await get(path, { headers: { 'If-None-Match': '"2"' } });

        assert.equal(again.status, 304);
        assert.equal(again.text, '');
        assert.equal(again.header('etag'), '"2"');
        assert.equal((await tenant.auditOf(again.requestId)).event_type, 'secret.read');
    });

    test('of another version gives the value', async () => {
        const path = `${unique('etag')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        const answer = await get(path, { headers: { 'If-None-Match': '"9"' } });
        assert.equal(answer.expect(200).value, 'v');
    });

    test('does not spare a refusal', async () => {
        const path = `${unique('etag')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        const other = await agent.newToken(['secrets:read:elsewhere/*']);
        const answer = await get(path, { token: other, headers: { 'If-None-Match': '"1"' } });
        answer.expect(403, 'SCOPE_DENIED');
    });
});

describe('a value', () => {
    const values = {
        'one byte': 'x',
        'a NUL-like escape in text': 'a\\u0000b',
        'every printable ASCII character': Array.from({ length: 95 }, (_, i) =>
            String.fromCharCode(32 + i),
        ).join(''),
        'control characters': '\u0001\t\n\r\u001f\u007f',
        'line and paragraph separators': '\u2028\u2029',
        'characters beyond the basic plane': '😀𝔘𐍈',
        'a PEM block': `-----BEGIN TEST-----\n${'QUJD'.repeat(16)}\n-----END TEST-----\n`,
        'something that looks like JSON': '{"value":"x","error":{"code":"y"}}',
        'something that looks like SQL': "'; drop table store.secrets; --",
        'something that looks like HTML': '<script>alert(1)</script>',
        '63 bytes, one below a padding boundary': 'p'.repeat(59),
        '64 bytes with its length': 'p'.repeat(60),
        '65 bytes with its length': 'p'.repeat(61),
    };
    for (const [what, value] of Object.entries(values)) {
        test(`of ${what} comes back as it went in`, async () => {
            const path = `${unique('values')}/KEY`;
            (await put(path, { value })).expect(200);
            assert.equal((await get(path)).expect(200).value, value);
        });
    }

    test('is stored padded, so that its length is not told by the row', async () => {
        const namespace = unique('padded');
        (await put(`${namespace}/SHORT`, { value: 'x' })).expect(200);
        (await put(`${namespace}/LONGER`, { value: 'x'.repeat(50) })).expect(200);
        const rows = await stack.rows(
            `select octet_length(v.value_box) as size from store.secret_versions v
             join store.secrets s using (tenant_id, secret_id)
             where s.tenant_id = '${tenant.id}' and s.namespace = '${namespace}'`,
        );
        assert.deepEqual(
            rows.map((row) => row.size),
            [98 + 64, 98 + 64],
        );
    });
});

describe('metadata', () => {
    for (const [what, metadata] of [
        ['nested', { a: { b: [1, 'two', null, true, { c: [] }] } }],
        ['empty', {}],
        ['with names that need escapes', { 'a"b\\c\n': 'é😀', '': 'empty name' }],
        ['named like members of the answer', { value: 'not-the-value', error: { code: 'X' } }],
        ['named like a prototype', JSON.parse('{"__proto__":{"x":1}}')],
    ]) {
        test(`that is ${what} comes back as it went in`, async () => {
            const path = `${unique('metadata')}/KEY`;
            const stored = (await put(path, { value: 'v', metadata })).expect(200);
            assert.deepEqual(stored.metadata, metadata);
            assert.deepEqual((await get(path)).expect(200).metadata, metadata);
        });
    }
});

describe('max_uses', () => {
    test('counts a write and a list too', async () => {
        const namespace = unique('uses');
        const counted = await agent.newToken([`secrets:*:${namespace}/*`], { max_uses: 3 });
        (await put(`${namespace}/KEY`, { value: 'v' }, { token: counted })).expect(200);
        (await http.get(`/v1/secrets?namespace=${namespace}`, { token: counted })).expect(200);
        (await get(`${namespace}/KEY`, { token: counted })).expect(200);
        (await get(`${namespace}/KEY`, { token: counted })).expect(401, 'UNAUTHORIZED');
        (await put(`${namespace}/KEY`, { value: 'w' }, { token: counted })).expect(
            401,
            'UNAUTHORIZED',
        );
    });
});

describe('agents', () => {
    test('are listed oldest first, in pages', async () => {
        const other = await stack.newTenant();
        const made = [];
        for (const name of ['first', 'second', 'third'])
            made.push((await other.newAgent({ name })).id);
        const page = async (n) =>
            (await http.get(`/v1/agents?limit=2&page=${n}`, { token: other.userToken })).expect(
                200,
            );
        const seen = [...(await page(1)).items, ...(await page(2)).items].map((item) => item.id);
        assert.deepEqual(seen, made);
        assert.equal((await page(2)).total, 3);
        assert.deepEqual((await page(9)).items, []);
    });

    test('show when they were last active', async () => {
        const active = await tenant.newAgent();
        await active.newToken(['secrets:read:a/b']);
        await eventually('last_active_at is set', async () => {
            const { items } = (
                await http.get('/v1/agents?limit=200', { token: tenant.userToken })
            ).expect(200);
            return items.find((item) => item.id === active.id).last_active_at;
        });
    });

    test('take the largest name and description that the contract allows', async () => {
        const body = { name: `${unique('n')} .-_`.padEnd(64, 'x'), description: 'ü'.repeat(500) };
        const made = await tenant.newAgent(body);
        const { items } = (
            await http.get('/v1/agents?limit=200', { token: tenant.userToken })
        ).expect(200);
        assert.equal(items.find((item) => item.id === made.id).description, body.description);
    });
});

describe('a token', () => {
    for (const [ttl, seconds] of [
        ['90s', 90],
        ['15m', 900],
        ['24h', 86_400],
        ['1d', 86_400],
        [1, 1],
        [86_400, 86_400],
    ]) {
        test(`with a ttl of ${JSON.stringify(ttl)} lives ${seconds} s`, async () => {
            const asked = Date.now();
            const issued = await agent.issue(['secrets:read:a/b'], { ttl });
            const lives = (Date.parse(issued.expires_at) - asked) / 1000;
            assert.ok(Math.abs(lives - seconds) <= 2, `${lives} s`);
        });
    }

    test('dies when its time is over', async () => {
        const path = `${unique('dies')}/KEY`;
        (await put(path, { value: 'v' })).expect(200);
        const { token: short, expires_at: expires } = await agent.issue([`secrets:read:${path}`], {
            ttl: 4,
        });
        (await get(path, { token: short })).expect(200);
        await eventually(
            'the token expires',
            async () => (await get(path, { token: short })).status === 401,
        );
        const late = Date.now() - Date.parse(expires);
        assert.ok(late > -1100 && late < 1500, `it died ${late} ms after its expiry`);
    });

    test('names its plan in the first bytes, where nginx can cut them out', async () => {
        const claims = Buffer.from(token.split('.')[1], 'base64url').toString();
        assert.match(claims, /^\{"p":"ent","rlk":"[0-9A-Za-z]{24}","iss":/);
    });

    test('is never stored', async () => {
        const dump = await stack.psql(
            `select t::text from store.tokens t where tenant_id = '${tenant.id}'`,
        );
        assert.ok(dump.length > 0);
        assert.ok(!dump.includes(token.split('.')[2]));
    });
});

function pick({ value, version }) {
    return { value, version };
}
