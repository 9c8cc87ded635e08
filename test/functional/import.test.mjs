// POST /secrets/import: whole .env files in one transaction. contract.md §6; how a file is read is
// the subject of the dotenv tests.
import { assert, assertShape, before, describe, inParallel, test, unique } from './claim.mjs';
import { kPatience, Stack } from './stack.mjs';

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
const importWith = (credential, body) =>
    http.post('/v1/secrets/import', { token: credential, body });
const importAll = (namespace, content, more = {}) =>
    importWith(token, { namespace, content, ...more });
const read = async (path) => (await http.get(`/v1/secrets/${path}`, { token })).expect(200);
const keysOf = async (namespace) => {
    const target = `/v1/secrets?namespace=${encodeURIComponent(namespace)}&limit=200`;
    const { items } = (await http.get(target, { token })).expect(200);
    return items.map((item) => item.key);
};

describe('an import', () => {
    test('answers as the reference shows, and with what the CLI reads', async () => {
        const namespace = `${unique('production')}/gemini`;
        const answer = await importWith(token, {
            namespace,
            content: 'GEMINI_API_KEY=gemini-api-key-example',
            secret_type: 'api_key',
            access_tier: 'standard',
            metadata: { source: '.env' },
        });

        assertShape(answer.expect(200), {
            namespace,
            imported: ['GEMINI_API_KEY'],
            imported_count: 1,
            keys: ['GEMINI_API_KEY'],
            skipped: 0,
        });
        const stored = await read(`${namespace}/GEMINI_API_KEY`);
        assert.deepEqual(
            [stored.value, stored.secret_type, stored.access_tier, stored.metadata, stored.version],
            ['gemini-api-key-example', 'api_key', 'standard', { source: '.env' }, 1],
        );
    });

    test('never repeats a value', async () => {
        const answer = await importAll(unique('import'), 'KEY=a-value-to-keep-quiet');
        answer.expect(200);
        assert.ok(!answer.text.includes('a-value-to-keep-quiet'));
    });

    test('reads comments, export, quotes, several lines, CRLF and a byte order mark', async () => {
        const namespace = unique('import');
        const content = [
            '\ufeff# a comment',
            'PLAIN=plain value # and a comment',
            'export EXPORTED=exported',
            '',
            "SINGLE='single # \\n quoted'",
            'DOUBLE="line one\\nline two"',
            'BACK=`back "quoted"`',
            'MANY="first',
            'second"',
            '  SPACED  =  spaced  ',
        ].join('\r\n');

        (await importAll(namespace, content)).expect(200);

        const values = {};
        for (const key of await keysOf(namespace))
            values[key] = (await read(`${namespace}/${key}`)).value;
        assert.deepEqual(values, {
            PLAIN: 'plain value',
            EXPORTED: 'exported',
            SINGLE: 'single # \\n quoted',
            DOUBLE: 'line one\nline two',
            BACK: 'back "quoted"',
            MANY: 'first\nsecond',
            SPACED: 'spaced',
        });
    });

    test('does not expand what looks like a variable', async () => {
        const namespace = unique('import');
        (await importAll(namespace, 'A=one\nB=$A\nC="${A}"')).expect(200);
        assert.equal((await read(`${namespace}/B`)).value, '$A');
        assert.equal((await read(`${namespace}/C`)).value, '${A}');
    });

    test('of a key that stands twice takes the last', async () => {
        const namespace = unique('import');
        const answer = (await importAll(namespace, 'A=first\nB=other\nA=last')).expect(200);
        assert.deepEqual([...answer.imported].sort(), ['A', 'B']);
        assert.equal(answer.imported_count, 2);
        const stored = await read(`${namespace}/A`);
        assert.deepEqual([stored.value, stored.version], ['last', 1]);
    });

    test('makes no new version of what did not change', async () => {
        const namespace = unique('import');
        (await importAll(namespace, 'A=one\nB=two\nC=three')).expect(200);

        const again = (await importAll(namespace, 'A=one\nB=changed\nC=three\nD=new')).expect(200);

        assert.equal(again.skipped, 2);
        assert.deepEqual([...again.imported].sort(), ['B', 'D']);
        assert.equal(again.imported_count, 2);
        const versions = [];
        for (const key of ['A', 'B', 'C', 'D'])
            versions.push((await read(`${namespace}/${key}`)).version);
        assert.deepEqual(versions, [1, 2, 1, 1]);
    });

    test('of the same file again changes nothing at all', async () => {
        const namespace = unique('import');
        (await importAll(namespace, 'A=one\nB=two')).expect(200);
        const before = await tenant.state({ except: ['audit_events', 'processed_requests'] });

        const again = (await importAll(namespace, 'A=one\nB=two')).expect(200);

        assert.deepEqual([again.imported, again.imported_count, again.skipped], [[], 0, 2]);
        assert.deepEqual(
            await tenant.state({ except: ['audit_events', 'processed_requests'] }),
            before,
        );
    });

    test('raises the tier also of what did not change', async () => {
        const namespace = unique('import');
        (await importAll(namespace, 'A=one')).expect(200);
        (await importAll(namespace, 'A=one', { access_tier: 'sensitive' })).expect(200);
        const target = `/v1/secrets?namespace=${namespace}`;
        const { items } = (await http.get(target, { token })).expect(200);
        assert.deepEqual(
            items.map((item) => item.access_tier),
            ['sensitive'],
        );
    });

    test('starts anew what was deleted', async () => {
        const namespace = unique('import');
        (await importAll(namespace, 'A=one')).expect(200);
        (await importAll(namespace, 'A=two')).expect(200);
        (await tenant.call('DELETE', `/v1/secrets/${namespace}/A`)).expect(200);

        const answer = (await importAll(namespace, 'A=two')).expect(200);

        assert.deepEqual(answer.imported, ['A']);
        assert.equal((await read(`${namespace}/A`)).version, 1);
    });

    test('by a person stores as well', async () => {
        const namespace = unique('import');
        const answer = await importWith(tenant.userToken, { namespace, content: 'A=one' });
        assert.equal(answer.expect(200).imported_count, 1);
        assert.equal((await read(`${namespace}/A`)).value, 'one');
    });

    test('of type and tier that it does not name is custom and standard', async () => {
        const namespace = unique('import');
        (await importAll(namespace, 'A=one')).expect(200);
        const stored = await read(`${namespace}/A`);
        assert.deepEqual(
            [stored.secret_type, stored.access_tier, stored.metadata],
            ['custom', 'standard', null],
        );
    });

    test('keeps type and metadata of what is there where it names none', async () => {
        const namespace = unique('import');
        await tenant.putSecret(`${namespace}/A`, {
            value: 'one',
            secret_type: 'ssh_key',
            metadata: { a: 1 },
        });
        (await importAll(namespace, 'A=two')).expect(200);
        const stored = await read(`${namespace}/A`);
        assert.deepEqual(
            [stored.value, stored.secret_type, stored.metadata],
            ['two', 'ssh_key', { a: 1 }],
        );
    });

    test('takes 1,000 keys', { timeout: 60_000 * kPatience }, async () => {
        const namespace = unique('import');
        const answer = (await importAll(namespace, linesOf(1000))).expect(200);
        assert.equal(answer.imported_count, 1000);
        assert.equal((await read(`${namespace}/KEY_1000`)).value, 'value-1000');
        const listed = (
            await http.get(`/v1/secrets?namespace=${namespace}&limit=1`, { token })
        ).expect(200);
        assert.equal(listed.total, 1000);
    });

    test('takes a value of exactly 64 KiB', async () => {
        const namespace = unique('import');
        const value = 'x'.repeat(65_536);
        (await importAll(namespace, `BIG=${value}`)).expect(200);
        assert.equal((await read(`${namespace}/BIG`)).value, value);
    });

    test('counts as one use of a token', async () => {
        const namespace = unique('import');
        const counted = await agent.newToken([`secrets:write:${namespace}/*`], { max_uses: 1 });
        (await importWith(counted, { namespace, content: 'A=one\nB=two' })).expect(200);
        (await importWith(counted, { namespace, content: 'A=one' })).expect(401, 'UNAUTHORIZED');
    });

    test('is on record, key by key or as a whole, without a value', async () => {
        const namespace = unique('import');
        const answer = await importAll(namespace, 'A=a-value-to-keep-quiet\nB=another-of-them');
        answer.expect(200);
        const rows = await tenant.audit(answer.requestId);
        assert.ok(rows.length >= 1);
        for (const row of rows) {
            assert.equal(row.event_type, 'secret.imported');
            assert.equal(row.namespace, namespace);
            assert.equal(row.actor_id, agent.id);
        }
        assert.ok(!JSON.stringify(rows).includes('a-value-to-keep-quiet'));
    });
});

describe('imports at once', () => {
    test('of the same keys in any order all succeed, one after another', async () => {
        const namespace = unique('import');
        const keys = Array.from({ length: 40 }, (_, i) => `KEY_${i}`);
        const shuffled = (by) => keys.map((_, i) => keys[(i * 7 + by * 3) % keys.length]);
        const contents = Array.from({ length: 8 }, (_, by) =>
            shuffled(by)
                .map((key) => `${key}=value-of-import-${by}`)
                .join('\n'),
        );

        const answers = await inParallel(8, 8, (by) => importAll(namespace, contents[by]));

        for (const answer of answers) assert.equal(answer.expect(200).imported_count, 40);
        const stored = await inParallel(40, 8, (i) => read(`${namespace}/${keys[i]}`));
        assert.deepEqual([...new Set(stored.map((secret) => secret.version))], [8]);
        assert.equal(new Set(stored.map((secret) => secret.value)).size, 1);
    });

    test('beside single writes lose none', async () => {
        const namespace = unique('import');
        const answers = await inParallel(24, 24, (i) =>
            i % 3 === 0
                ? importAll(namespace, `A=import-${i}\nB=import-${i}`)
                : http.put(`/v1/secrets/${namespace}/A`, { token, body: { value: `put-${i}` } }),
        );
        for (const answer of answers) answer.expect(200);
        assert.equal((await read(`${namespace}/A`)).version, 24);
        assert.equal((await read(`${namespace}/B`)).version, 8);
    });
});

describe('an import that may not be', () => {
    test('is refused for one path beyond the scope, which it names, and stores nothing', async () => {
        const namespace = unique('import');
        const narrow = await agent.newToken([
            `secrets:write:${namespace}/A`,
            `secrets:write:${namespace}/C`,
        ]);

        const answer = await importWith(narrow, { namespace, content: 'A=1\nB=2\nC=3' });

        answer.expect(403, 'SCOPE_DENIED');
        assert.equal(answer.message, `Token scope does not cover path '${namespace}/B'`);
        assert.deepEqual(await keysOf(namespace), []);
    });

    test('is refused to a token that reads, whether the secrets exist or not', async () => {
        const namespace = unique('import');
        await tenant.putSecret(`${namespace}/A`, { value: 'v' });
        const reader = await agent.newToken([`secrets:read:${namespace}/*`]);
        const there = await importWith(reader, { namespace, content: 'A=1' });
        const absent = await importWith(reader, { namespace, content: 'B=1' });
        there.expect(403, 'SCOPE_DENIED');
        assert.equal(there.text.replaceAll('/A', '/B'), absent.text);
    });

    test('is on record as a refusal', async () => {
        const reader = await agent.newToken(['secrets:read:elsewhere/*']);
        const answer = await importWith(reader, { namespace: 'elsewhere', content: 'A=1' });
        answer.expect(403);
        const event = await tenant.auditOf(answer.requestId);
        assert.equal(event.event_type, 'secret.write.denied');
    });

    test('keeps a standard token from what is critical, and stores nothing', async () => {
        const namespace = unique('import');
        const writer = await agent.newToken([`secrets:write:${namespace}/*`]);
        await tenant.putSecret(`${namespace}/B`, { value: 'v', access_tier: 'critical' });

        const answer = await importWith(writer, { namespace, content: 'A=1\nB=2\nC=3' });

        answer.expect(403, 'SCOPE_DENIED');
        assert.match(answer.message, /approval/i);
        assert.deepEqual(await keysOf(namespace), ['B']);
    });

    for (const tier of ['standard', undefined]) {
        test(`does not lower a tier where an agent sends ${tier ?? 'none'}`, async () => {
            const namespace = unique('import');
            await tenant.putSecret(`${namespace}/A`, { value: 'v', access_tier: 'sensitive' });
            const writer = await agent.newToken([`secrets:write:${namespace}/*`]);
            const body = { namespace, content: 'A=2\nB=2', access_tier: tier };
            (await importWith(writer, body)).expect(200);
            const { items } = (
                await tenant.call('GET', `/v1/secrets?namespace=${namespace}`)
            ).expect(200);
            assert.deepEqual(
                items.map((item) => [item.key, item.access_tier, item.version]),
                [
                    ['A', 'sensitive', 2],
                    ['B', 'standard', 1],
                ],
            );
        });
    }
});

describe('a file that cannot be read', () => {
    const long = 'K'.repeat(129);
    const faults = [
        ['a line without an equals sign', 'A=1\nB=2\nthis is no entry\nC=3', 3],
        ['a key that is empty', 'A=1\n=2', 2],
        ['a key with a space', 'A=1\n\nB C=2', 3],
        ['a key with a slash', 'A/B=1', 1],
        ['a key with a character that is none of a path', 'A=1\nKÄY=2', 2],
        ['a key of 129 characters', `A=1\n${long}=2`, 2],
        ['a key that is two dots', 'A=1\nB=2\n..=3', 3],
        ['a quote that is never closed', 'A=1\nB="never\nclosed', 2],
        ['text behind a closing quote', 'A=1\nB="two" three', 2],
        ['a value that is empty', '# comment\nA=1\nB=\nC=2', 3],
        ['a value that is empty in quotes', 'A=1\nB=""', 2],
        ['a value above 64 KiB', `A=1\nB=${'x'.repeat(65_537)}`, 2],
        ['1,001 keys', linesOf(1001), 1001],
    ];
    for (const [what, content, line] of faults) {
        test(`for ${what} is refused with its line, and stores nothing`, async () => {
            const namespace = unique('import');

            const answer = await importAll(namespace, content);

            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, new RegExp(`\\bline ${line}\\b`));
            assert.deepEqual(await keysOf(namespace), []);
        });
    }

    for (const [what, content] of [
        ['nothing', ''],
        ['white space', ' \n\t\r\n'],
        ['comments alone', '# one\n# two\n'],
        ['a byte order mark alone', '\ufeff'],
    ]) {
        test(`for it holds ${what} is refused`, async () => {
            (await importAll(unique('import'), content)).expect(400, 'INVALID_REQUEST');
        });
    }

    test('is refused with the first of several bad lines', async () => {
        const answer = await importAll(unique('import'), 'A=1\nbad line\nB=\nalso bad');
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /\bline 2\b/);
    });

    test('is refused without a word of what a line holds', async () => {
        const marker = unique('marker');
        for (const content of [
            `A=1\n${marker} is no entry`,
            `A="${marker}\nB=2`,
            `A="x" ${marker}`,
            `A=${marker}${'x'.repeat(65_536)}`,
        ]) {
            const answer = await importAll(unique('import'), content);
            answer.expect(400, 'INVALID_REQUEST');
            assert.ok(!answer.text.includes(marker), answer.text);
        }
    });

    test('together with the namespace breaks the limit of a path at its line', async () => {
        const namespace = Array(3).fill('n'.repeat(127)).join('/');
        const answer = await importAll(namespace, `A=1\n${'K'.repeat(128)}=2`);
        answer.expect(200);
        const longer = `${namespace}/${'n'.repeat(100)}`;
        const over = await importAll(longer, `A=1\n${'K'.repeat(128)}=2`);
        over.expect(400, 'INVALID_REQUEST');
        assert.match(over.message, /\bline 2\b/);
        assert.deepEqual(await keysOf(longer), []);
    });
});

describe('a request to import', () => {
    const good = { namespace: 'import/faults', content: 'A=1' };
    const faults = [
        ['no namespace', { namespace: undefined }, /namespace/],
        ['no content', { content: undefined }, /content/],
        ['a namespace that is a number', { namespace: 1 }, /namespace/],
        ['content that is an object', { content: { A: '1' } }, /content/],
        ['content that is null', { content: null }, /content/],
        ['an empty namespace', { namespace: '' }, /namespace|segment/i],
        ['a namespace with a dot segment', { namespace: 'a/../b' }, /\.\./],
        ['a namespace with a leading slash', { namespace: '/a' }, /./],
        ['a namespace with a trailing slash', { namespace: 'a/' }, /./],
        ['a namespace with a star', { namespace: 'a/*' }, /\*/],
        ['a namespace of 17 segments', { namespace: Array(17).fill('a').join('/') }, /16/],
        ['a type that does not exist', { secret_type: 'pin' }, /secret_type.*api_key/],
        ['a tier that does not exist', { access_tier: 'top' }, /access_tier.*standard/],
        ['metadata that is a list', { metadata: [] }, /metadata/],
        ['metadata above 8 KiB', { metadata: { m: 'x'.repeat(8_300) } }, /metadata/],
        ['an unknown member', { overwrite: true }, /overwrite/],
        ['a value, which is for PUT', { value: 'v-of-nobody' }, /value/],
    ];
    for (const [what, change, message] of faults) {
        test(`with ${what} is refused`, async () => {
            const answer = await importWith(token, { ...good, ...change });
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
            assert.deepEqual(await keysOf('import/faults'), []);
        });
    }

    test('is made by POST alone; the namespace of that name is listed by the query form', async () => {
        await tenant.putSecret('import/KEY', { value: 'v' });
        const answer = await http.get('/v1/secrets/import', { token });
        answer.expect(405, 'INVALID_REQUEST');
        assert.equal(answer.header('allow'), 'POST');
        assert.deepEqual(await keysOf('import'), ['KEY']);
        assert.equal((await read('import/KEY')).value, 'v');
    });
});

function linesOf(count) {
    return Array.from({ length: count }, (_, i) => `KEY_${i + 1}=value-${i + 1}`).join('\n');
}
