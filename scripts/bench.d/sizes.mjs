// What must not grow with what lies in the tables: a rotation and a token issue with 10^3 and 10^6
// live tokens of other secrets, and the audit log of a tenant with five million events.
import fs from 'node:fs';
import https from 'node:https';

const kFewTokens = 1000;
const kManyTokens = 1_000_000;
const kEvents = 5_000_000;
const kRotations = 100;
const kPages = 200;
const kExported = 1_000_000;

const say = (text) => process.stdout.write(`${text}\n`);
const at = (sorted, share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

// Milliseconds of each call, one after another, as a figure of the table.
async function timed(count, call) {
    const millis = [];
    const started = performance.now();
    for (let i = 0; i < count; ++i) {
        const before = performance.now();
        await call(i);
        millis.push(performance.now() - before);
    }
    const seconds = (performance.now() - started) / 1000;
    millis.sort((a, b) => a - b);
    return { per_s: count / seconds, p50_ms: at(millis, 0.5), p99_ms: at(millis, 0.99) };
}

// Live tokens that read other secrets, up to `total` of them; copies of a true row.
async function seedTokens(bench, total) {
    await bench.stack.psql(
        `
        create temp table filler as
            select n, gen_random_uuid() as token_id
            from generate_series((select count(*) + 1 from store.tokens), ${total}) n;
        insert into store.tokens (tenant_id, token_id, agent_id, signing_key_id, plan_hint,
                                  token_epoch, agent_limits_version, scopes, issued_at, expires_at,
                                  request_digest, request_id)
            select t.tenant_id, f.token_id, t.agent_id, t.signing_key_id, t.plan_hint,
                   t.token_epoch, t.agent_limits_version,
                   array['secrets:read:bench/other/K' || f.n], now(), now() + interval '12 hours',
                   sha256(f.n::text::bytea), 'filler'
            from filler f, (select * from store.tokens where tenant_id = '${bench.tenant.id}'
                            limit 1) t;
        insert into store.token_patterns (tenant_id, literal_prefix, token_id, ordinal, like_pattern)
            select '${bench.tenant.id}', 'bench/other/K' || f.n, f.token_id, 1,
                   'bench/other/K' || f.n
            from filler f;
        vacuum analyze store.tokens;
        vacuum analyze store.token_patterns;
        checkpoint;`,
        { timeoutMs: 1_800_000 },
    );
}

// Each rotation meets one token that it must revoke, and only that one.
async function measureRotations(bench, name) {
    const [agent] = bench.agents;
    const secret = 'rotated/KEY'; // which no other token may read
    await bench.tenant.putSecret(secret, { value: 'the first' });
    const client = bench.stack.client;
    const millis = [];
    for (let i = 0; i < kRotations; ++i) {
        await agent.issue([`secrets:read:${secret}`], { ttl: 7200 + i });
        const before = performance.now();
        const answer = await client.post(`/v1/secrets/${secret}/rotate`, {
            token: bench.tenant.userToken,
        });
        millis.push(performance.now() - before);
        const revoked = answer.expect(200).revoked_tokens;
        if (revoked !== 1) throw new Error(`a rotation revoked ${revoked} tokens, not 1`);
    }
    millis.sort((a, b) => a - b);
    const sum = millis.reduce((total, one) => total + one, 0);
    bench.keep(name, {
        per_s: (millis.length * 1000) / sum,
        p50_ms: at(millis, 0.5),
        p99_ms: at(millis, 0.99),
    });
}

async function seedEvents(bench) {
    // Spread over the months that have a partition and are past, most of them not today.
    await bench.stack.psql(
        `
        insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                        resource_type, resource_id, namespace, key, version,
                                        ip_address, user_agent, request_id, created_at)
            select '${bench.tenant.id}', gen_random_uuid(),
                   case when n % 1000 = 0 then 'secret.updated' else 'secret.read' end, 'agent',
                   '${bench.agents[0].id}', 'secret', gen_random_uuid(), 'bench/space',
                   'K' || n % 5000, 1, '127.0.0.1', 'bench', md5(n::text),
                   b.first + (b.last - b.first) * (n::float8 / ${kEvents})
            from generate_series(1, ${kEvents}) n,
                 (select date_trunc('month', now() - interval '1 month') as first,
                         now() - interval '10 minutes' as last) b;`,
        { timeoutMs: 1_800_000 },
    );
    await bench.stack.psql('vacuum analyze store.audit_events; checkpoint;', {
        timeoutMs: 1_800_000,
    });
    await bench.stack.ctl(['maintain'], { timeoutMs: 600_000 });
}

async function measureAudit(bench) {
    const client = bench.stack.client;
    const token = bench.tenant.userToken;
    const page = async (query) => (await client.get(`/v1/audit?${query}`, { token })).expect(200);
    const first = await page('limit=100');
    if (first.total < kEvents) throw new Error(`the total is ${first.total}`);
    bench.keep('audit_first_page', await timed(kPages, () => page('limit=100')));

    // The same number of pages in a row, from the newest events on and from far below.
    const walk = async (name, cursor) => {
        let next = cursor;
        const figure = await timed(kPages, async () => {
            next = (await page(`limit=100&cursor=${next}`)).next_cursor;
        });
        bench.keep(name, figure);
    };
    await walk('audit_cursor_top', first.next_cursor);
    const [{ deep }] = await bench.stack.rows(
        `select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as deep
         from store.audit_events where tenant_id = '${bench.tenant.id}'
         order by created_at offset 500000 limit 1`,
        { timeoutMs: 600_000 },
    );
    await walk('audit_cursor_deep', (await page(`limit=1&to=${deep}`)).next_cursor);
    bench.keep(
        'audit_by_type',
        await timed(kPages, () => page('limit=100&event_type=secret.updated')),
    );
    bench.keep(
        'audit_by_path',
        await timed(kPages, (i) => page(`limit=100&namespace=bench/space&key=K${i}`)),
    );
}

// Reads an answer to its end and keeps nothing of it.
function countLines(client, target, token) {
    return new Promise((resolve, reject) => {
        const request = https.get(
            {
                host: client.url.hostname,
                port: client.url.port,
                ca: client.ca,
                path: target,
                headers: { Authorization: `Bearer ${token}` },
            },
            (answer) => {
                let lines = 0;
                answer.on('data', (chunk) => {
                    for (const byte of chunk) if (byte === 10) ++lines;
                });
                answer.on('error', reject);
                answer.on('end', () => resolve({ lines, status: answer.statusCode }));
            },
        );
        request.on('error', reject);
    });
}

// Streams the newest million events, and looks at what the workers keep meanwhile.
async function measureExport(bench) {
    const [{ from }] = await bench.stack.rows(
        `select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as from
         from store.audit_events where tenant_id = '${bench.tenant.id}'
         order by created_at desc offset ${kExported} limit 1`,
        { timeoutMs: 600_000 },
    );
    const peak = () =>
        Math.max(
            ...bench.stack.workerPids().map((pid) => {
                const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
                return Number(/VmHWM:\s+(\d+)/.exec(status)[1]);
            }),
        );
    const before = peak();
    const started = performance.now();
    const { lines, status } = await countLines(
        bench.stack.client,
        `/v1/audit?format=jsonl&from=${from}`,
        bench.tenant.userToken,
    );
    const seconds = (performance.now() - started) / 1000;
    if (status !== 200 || lines < kExported)
        throw new Error(`the export gave ${lines} lines with status ${status}`);
    bench.keep('audit_export', { per_s: lines / seconds, p50_ms: seconds * 1000, p99_ms: 0 });
    bench.exportMemory = { before_kib: before, after_kib: peak(), rows: lines };
}

export async function measureSizes(bench, { rounds }) {
    say('\n  what must not grow with the tables');
    await seedTokens(bench, kFewTokens);
    for (let n = 1; n <= rounds; ++n) {
        await bench.measure('tokens_16_few', { kind: 'token', connections: 16 });
        await measureRotations(bench, 'rotate_few_tokens');
    }
    await seedTokens(bench, kManyTokens);
    for (let n = 1; n <= rounds; ++n) {
        await bench.measure('tokens_16_many', { kind: 'token', connections: 16 });
        await measureRotations(bench, 'rotate_many_tokens');
    }
    say('  seeding five million audit events ...');
    await seedEvents(bench);
    await measureAudit(bench);
    await measureExport(bench);
}

export function sizeVerdicts(figures, bench) {
    if (!figures.audit_first_page) return [];
    return [
        [
            'a rotation, 10^6 / 10^3 live tokens',
            figures.rotate_many_tokens.p50_ms / figures.rotate_few_tokens.p50_ms,
            '<=',
            1.5,
        ],
        [
            'token issue, 10^6 / 10^3 live tokens',
            figures.tokens_16_many.per_s / figures.tokens_16_few.per_s,
            '>=',
            0.8,
        ],
        ['audit, first page with total, p99 ms', figures.audit_first_page.p99_ms, '<=', 50],
        [
            'audit, a page from deep / from the top',
            figures.audit_cursor_deep.p50_ms / figures.audit_cursor_top.p50_ms,
            '<=',
            1.5,
        ],
        ['audit, a page by type, p99 ms', figures.audit_by_type.p99_ms, '<=', 50],
        ['audit, a page by path, p99 ms', figures.audit_by_path.p99_ms, '<=', 50],
        [
            'export of 10^6 rows, growth of a worker, MiB',
            (bench.exportMemory.after_kib - bench.exportMemory.before_kib) / 1024,
            '<=',
            32,
        ],
    ];
}
