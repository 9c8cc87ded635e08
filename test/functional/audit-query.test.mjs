// Searching, paging through and exporting the audit log: contract.md §6.
import { assert, before, describe, eventually, inParallel, test } from './claim.mjs';
import { Stack } from './stack.mjs';

const kNobody = '00000000-0000-4000-8000-000000000123';

const stack = Stack.shared();
const http = stack.client;

let tenant;
let agent;
let other;
let issued;
let secret;
let everything;
const audit = (query = '', of = tenant) => of.call('GET', `/v1/audit${query}`);
const eventsOf = async (query, of = tenant) => (await audit(query, of)).expect(200).events;

// A tenant whose log is known: nothing below writes into it (reading the log leaves no trace).
before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    other = await tenant.newAgent();
    secret = await tenant.putSecret('logged/deep/KEY', { value: 'v' });
    await tenant.putSecret('logged/deep/OTHER', { value: 'v' });
    await tenant.putSecret('logged/KEY', { value: 'v' });
    issued = await agent.issue(['secrets:read:logged/*']);
    const theirs = await other.issue(['secrets:read:logged/*']);
    const read = (path, { token }, userAgent) =>
        http.get(`/v1/secrets/${path}`, { token, headers: { 'User-Agent': userAgent } });
    (await read('logged/deep/KEY', issued, 'plain/1.0')).expect(200);
    (await read('logged/deep/KEY', theirs, 'with "quotes", commas; and \\ more')).expect(200);
    (await read('logged/deep/NONE', issued, '=cmd|calc')).expect(404);
    (await read('elsewhere/KEY', issued, 'plain/1.0')).expect(403);
    everything = (await audit('?limit=200')).expect(200);
});

describe('a filter', () => {
    // A query → which of all events it should leave.
    const filters = [
        ['event_type=secret.read', () => (event) => event.event_type === 'secret.read'],
        [
            'event_type=secret.read.denied',
            () => (event) => event.event_type === 'secret.read.denied',
        ],
        ['event_type=agent.created', () => (event) => event.event_type === 'agent.created'],
        ['actor_type=user', () => (event) => event.actor_type === 'user'],
        ['actor_type=agent', () => (event) => event.actor_type === 'agent'],
        [() => `actor_id=${agent.id}`, () => (event) => event.actor_id === agent.id],
        ['resource_type=secret', () => (event) => event.resource_type === 'secret'],
        ['resource_type=token', () => (event) => event.resource_type === 'token'],
        [() => `resource_id=${secret.id}`, () => (event) => event.resource_id === secret.id],
        [
            () => `resource_id=${issued.token_id}`,
            () => (event) => event.resource_id === issued.token_id,
        ],
        ['namespace=logged', () => (event) => event.metadata.namespace === 'logged'],
        ['namespace=logged%2Fdeep', () => (event) => event.metadata.namespace === 'logged/deep'],
        [
            'namespace=logged/deep&key=KEY',
            () => (event) =>
                event.metadata.namespace === 'logged/deep' && event.metadata.key === 'KEY',
        ],
        [
            () => `actor_id=${agent.id}&event_type=secret.read&namespace=logged/deep`,
            () => (event) =>
                event.actor_id === agent.id &&
                event.event_type === 'secret.read' &&
                event.metadata.namespace === 'logged/deep',
        ],
        ['from=2020-01-01T00:00:00Z', () => () => true],
        ['to=2100-01-01T00:00:00Z', () => () => true],
    ];
    for (const [query, wanted] of filters) {
        const name = typeof query === 'string' ? query : String(query).replace(/^.*`(.*)`$/, '$1');
        test(`by ${name} leaves what it says, and counts it`, async () => {
            const text = typeof query === 'string' ? query : query();
            const expected = everything.events.filter(wanted());
            assert.ok(expected.length > 0, 'the test has nothing to find');

            const found = (await audit(`?${text}`)).expect(200);

            assert.deepEqual(found.events, expected);
            assert.equal(found.total, expected.length);
        });
    }

    for (const query of [
        'event_type=secret.deleted',
        `actor_id=${kNobody}`,
        `resource_id=${kNobody}`,
        'namespace=logge',
        'namespace=logged/deep/KEY',
        'namespace=logged/deep&key=KE',
        'actor_type=operator&event_type=secret.read',
        'from=2100-01-01T00:00:00Z',
        'to=2020-01-01T00:00:00Z',
    ]) {
        test(`by ${query} leaves none`, async () => {
            const found = (await audit(`?${query}`)).expect(200);
            assert.deepEqual([found.events, found.total], [[], 0]);
        });
    }

    test('from a time holds that moment, and to a time does not', async () => {
        const [{ at }] = await stack.rows(
            `select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
             from store.audit_events
             where tenant_id = '${tenant.id}' and event_type = 'token.issued'
             order by created_at limit 1`,
        );
        const id = everything.events.findLast((event) => event.event_type === 'token.issued').id;
        const has = (events) => events.some((event) => event.id === id);

        assert.ok(has(await eventsOf(`?from=${at}`)));
        assert.ok(!has(await eventsOf(`?to=${at}`)));
        const both = [await eventsOf(`?from=${at}`), await eventsOf(`?to=${at}`)];
        assert.equal(both[0].length + both[1].length, everything.total);
    });

    test('of a time takes any offset', async () => {
        const utc = await eventsOf('?from=2020-01-01T12:00:00Z&to=2090-01-01T12:00:00Z');
        const local = await eventsOf(
            '?from=2020-01-01T14:00:00%2B02:00&to=2090-01-01T07:00:00-05:00',
        );
        assert.deepEqual(local, utc);
    });

    test('of a time across the months loses none', async () => {
        const own = await stack.newTenant();
        await own.putSecret('old/KEY', { value: 'v' });
        await stack.psql(
            `insert into store.audit_events (tenant_id, event_id, event_type, actor_type,
                 resource_type, created_at)
             select '${own.id}', gen_random_uuid(), 'secret.read', 'agent', 'secret',
                    now() + make_interval(days => d) from generate_series(-20, 340, 20) d`,
        );
        assert.equal((await audit('?event_type=secret.read', own)).expect(200).total, 19);
        const seen = await eventsOf('?event_type=secret.read&limit=200', own);
        const times = seen.map((event) => event.created_at);
        assert.deepEqual(times, [...times].sort().reverse());
    });

    for (const [query, message] of [
        ['event_type=', /event_type/],
        ['actor_type=robot', /actor_type/],
        ['actor_type=', /actor_type/],
        ['actor_id=no-uuid', /actor_id/],
        ['resource_id=no-uuid', /resource_id/],
        ['key=KEY', /namespace/],
        ['namespace=', /namespace/],
        ['namespace=a/../b', /\.\./],
        ['namespace=a/*', /\*/],
        ['namespace=logged&key=a/b', /key/],
        ['from=yesterday', /from/],
        ['from=2026-06-01', /from/],
        ['from=2026-06-01T10:00:00', /from/],
        ['to=2026-02-30T10:00:00Z', /to/],
        ['to=', /to/],
        ['cursor=', /cursor/],
        ['cursor=nonsense', /cursor/],
        ['format=xml', /format/],
        ['format=', /format/],
        ['event=secret.read', /event/],
        ['limit=201', /limit/],
        ['actor_type=user&actor_type=agent', /actor_type/],
    ]) {
        test(`of ${query} is refused with a message that names it`, async () => {
            const answer = await audit(`?${query}`);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
        });
    }

    test('never reaches another tenant', async () => {
        const stranger = await stack.newTenant();
        for (const query of [
            `?actor_id=${agent.id}`,
            `?resource_id=${secret.id}`,
            '?namespace=logged/deep',
            '?namespace=logged/deep&key=KEY',
            '?event_type=secret.read',
        ]) {
            const found = (await audit(query, stranger)).expect(200);
            assert.deepEqual([found.events, found.total], [[], 0], query);
        }
    });
});

describe('a cursor', () => {
    // Follows next_cursor to the end.
    async function walk(query, of = tenant, limit = 3) {
        const pages = [];
        let cursor = '';
        do {
            const target = `?limit=${limit}${query}${cursor && `&cursor=${cursor}`}`;
            const page = (await audit(target, of)).expect(200);
            pages.push(page.events);
            cursor = page.next_cursor;
            assert.ok(cursor === null || /^[\w.~-]+$/.test(cursor), cursor);
        } while (cursor !== null);
        return pages;
    }

    test('leads through all events, newest first, to a null', async () => {
        const pages = await walk('');
        assert.deepEqual(pages.flat(), everything.events);
        for (const page of pages.slice(0, -1)) assert.equal(page.length, 3);
    });

    test('keeps the filter that goes with it', async () => {
        const pages = await walk('&namespace=logged/deep', tenant, 2);
        const wanted = everything.events.filter(
            (event) => event.metadata.namespace === 'logged/deep',
        );
        assert.deepEqual(pages.flat(), wanted);
    });

    test('is null at once where all is on one page', async () => {
        assert.equal((await audit('?limit=200')).expect(200).next_cursor, null);
    });

    test('loses and repeats nothing while events are added', async () => {
        const own = await stack.newTenant();
        for (let i = 0; i < 12; ++i) await own.putSecret(`walk/K${i}`, { value: 'v' });
        const before = (await audit('?limit=200', own)).expect(200).events;

        const seen = [];
        let cursor = '';
        for (let added = 0; cursor !== null; ++added) {
            const page = (await audit(`?limit=4${cursor && `&cursor=${cursor}`}`, own)).expect(200);
            seen.push(...page.events);
            cursor = page.next_cursor;
            await own.putSecret(`walk/NEW${added}`, { value: 'v' });
        }

        assert.deepEqual(seen, before);
    });

    test('tells events of one moment apart', async () => {
        const own = await stack.newTenant();
        await stack.psql(
            `insert into store.audit_events (tenant_id, event_id, event_type, actor_type,
                 resource_type, created_at)
             select '${own.id}', gen_random_uuid(), 'secret.read', 'agent', 'secret',
                    date_trunc('minute', now()) from generate_series(1, 25)`,
        );
        const pages = await walk('&event_type=secret.read', own, 4);
        assert.equal(new Set(pages.flat().map((event) => event.id)).size, 25);
    });

    test('together with a page is refused', async () => {
        const { next_cursor: cursor } = (await audit('?limit=3')).expect(200);
        const answer = await audit(`?limit=3&page=2&cursor=${cursor}`);
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /cursor|page/);
    });

    test('of another tenant shows nothing of that tenant', async () => {
        const stranger = await stack.newTenant();
        await stranger.putSecret('mine/KEY', { value: 'v' });
        const { next_cursor: cursor } = (await audit('?limit=3')).expect(200);
        const answer = await audit(`?limit=3&cursor=${cursor}`, stranger);
        assert.ok([200, 400].includes(answer.status), answer.text);
        for (const { id } of everything.events) assert.ok(!answer.text.includes(id));
    });
});

describe('an export', () => {
    test('as jsonl holds one event a line, the same as the pages', async () => {
        const answer = await audit('?format=jsonl');
        assert.equal(answer.status, 200);
        const lines = answer.text.split('\n');
        assert.equal(lines.pop(), '');
        assert.deepEqual(
            lines.map((line) => JSON.parse(line)),
            everything.events,
        );
    });

    test('as csv holds a head and one record an event, quoted as RFC 4180 says', async () => {
        const answer = await audit('?format=csv');
        assert.equal(answer.status, 200);
        const [head, ...records] = parseCsv(answer.text);
        assert.equal(records.length, everything.total);
        const columns = [
            'id',
            'event_type',
            'actor_id',
            'actor_type',
            'resource_type',
            'resource_id',
            'ip_address',
            'created_at',
        ];
        for (const [i, record] of records.entries()) {
            assert.equal(record.length, head.length);
            for (const column of columns) {
                const value = record[head.indexOf(column)];
                assert.equal(value, everything.events[i][column] ?? '', column);
            }
        }
    });

    test('as csv brings a user agent with quotes and commas back whole', async () => {
        const [head, ...records] = parseCsv((await audit('?format=csv')).text);
        const userAgents = records.map((record) => record[head.indexOf('user_agent')]);
        assert.ok(userAgents.includes('with "quotes", commas; and \\ more'));
    });

    test('as csv holds no cell that a spreadsheet would run', async () => {
        const [, ...records] = parseCsv((await audit('?format=csv')).text);
        for (const cell of records.flat()) assert.doesNotMatch(cell, /^[=+@\t\r]|^-(?!\d)/, cell);
    });

    for (const format of ['csv', 'jsonl']) {
        test(`as ${format} takes the filters`, async () => {
            const wanted = everything.events.filter((one) => one.event_type === 'secret.read');
            const { text } = await audit(`?event_type=secret.read&format=${format}`);
            const records = text.trimEnd().split('\n').length - (format === 'csv' ? 1 : 0);
            assert.equal(records, wanted.length);
            for (const { id } of wanted) assert.ok(text.includes(id));
        });

        test(`as ${format} of nothing is no error`, async () => {
            const answer = await audit(`?event_type=secret.deleted&format=${format}`);
            assert.equal(answer.status, 200);
            assert.equal(answer.text.split('\n').filter(Boolean).length, format === 'csv' ? 1 : 0);
        });

        test(`as ${format} holds everything that matches, whatever a page holds`, async () => {
            const own = await stack.newTenant();
            await stack.psql(
                `insert into store.audit_events (tenant_id, event_id, event_type, actor_type,
                     resource_type, namespace, key, user_agent, created_at)
                 select '${own.id}', gen_random_uuid(), 'secret.read', 'agent', 'secret',
                        'many/' || n, 'KEY', repeat('u', 200), now() - make_interval(secs => n)
                 from generate_series(1, 5000) n`,
            );
            const answer = await audit(`?event_type=secret.read&format=${format}`, own);
            assert.equal(answer.status, 200);
            const found = answer.text.match(/many\/\d+/g);
            assert.equal(found.length, 5000);
            assert.deepEqual([found[0], found.at(-1)], ['many/1', 'many/5000']);
        });

        test(`as ${format} never holds another tenant's event`, async () => {
            const stranger = await stack.newTenant();
            const { text } = await audit(`?format=${format}`, stranger);
            for (const { id } of everything.events) assert.ok(!text.includes(id));
        });
    }

    for (const query of ['format=csv&page=2', 'format=csv&cursor=x', 'format=csv&key=K']) {
        test(`with ${query} is refused in JSON`, async () => {
            (await audit(`?${query}`)).expect(400, 'INVALID_REQUEST');
        });
    }

    test('never touches a file, and leaves the worker to others', async () => {
        const answers = await inParallel(8, 8, (i) =>
            i % 2 === 0 ? audit('?format=csv') : http.get('/v1/health'),
        );
        for (const answer of answers) assert.equal(answer.status, 200);
    });
});

describe('the total', () => {
    test('is exact while events are added', async () => {
        const own = await stack.newTenant();
        const before = (await audit('', own)).expect(200).total;
        await inParallel(30, 10, (i) => own.putSecret(`total/K${i}`, { value: 'v' }));
        await eventually(
            'the total has them all',
            async () => (await audit('', own)).expect(200).total === before + 30,
            { timeoutMs: 1000 },
        );
    });

    test('of each type adds up to that of all', async () => {
        const types = [...new Set(everything.events.map((event) => event.event_type))];
        const totals = await inParallel(types.length, 4, async (i) =>
            (await audit(`?event_type=${types[i]}`)).expect(200),
        );
        assert.equal(
            totals.reduce((sum, { total }) => sum + total, 0),
            everything.total,
        );
    });
});

// The records of RFC 4180 text.
function parseCsv(text) {
    const records = [];
    let record = [];
    for (const [, quoted, plain, end] of text.matchAll(
        /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy,
    )) {
        if (end === '' && quoted === undefined && plain === '' && record.length === 0) break;
        record.push(quoted !== undefined ? quoted.replaceAll('""', '"') : plain);
        if (end !== ',') {
            records.push(record);
            record = [];
        }
    }
    return records;
}
