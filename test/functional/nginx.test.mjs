// What nginx does by itself, and what it must never do: architecture.md §6. That every one of its
// errors is JSON with the headers of all answers is checked in client.mjs.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';

import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { kPatience, kSlowdown, kSmallPlans, run, Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;
const host = () => `Host: ${http.url.host}`;
const rawRequest = (lines, body = '') =>
    http.raw(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));

// Every file below nginx's temporary folders, and when each folder last changed.
function temporaryFiles(of = stack) {
    const root = path.join(of.state, 'nginx-temp');
    const files = [];
    const times = {};
    const walk = (folder) => {
        times[folder] = fs.statSync(folder).mtimeMs;
        for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
            const name = path.join(folder, entry.name);
            if (entry.isDirectory()) walk(name);
            else files.push(name);
        }
    };
    walk(root);
    return { files, times };
}

describe('an error of nginx itself', () => {
    let token;
    before(async () => {
        const tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
    });

    const get = (target, ...headers) => [
        `GET ${target} HTTP/1.1`,
        host(),
        'Connection: close',
        ...headers,
    ];
    const malformed = [
        ['a request line that is none', ['this is not HTTP']],
        ['a header without a colon', get('/v1/health', 'no colon here')],
        ['a header with a space in its name', get('/v1/health', 'bad name: x')],
        ['no Host', ['GET /v1/health HTTP/1.1', 'Connection: close']],
        ['two Hosts', get('/v1/health', 'Host: other')],
        ['a Host that is none', ['GET /v1/health HTTP/1.1', 'Host: a b', 'Connection: close']],
        [
            'two Content-Lengths',
            [
                'POST /v1/tokens HTTP/1.1',
                host(),
                'Connection: close',
                'Content-Length: 2',
                'Content-Length: 3',
            ],
            'ab',
        ],
        [
            'a Content-Length that is no number',
            ['POST /v1/tokens HTTP/1.1', host(), 'Connection: close', 'Content-Length: x'],
            'ab',
        ],
        [
            'a negative Content-Length',
            ['POST /v1/tokens HTTP/1.1', host(), 'Connection: close', 'Content-Length: -1'],
            'ab',
        ],
        [
            'Content-Length beside chunked',
            [
                'POST /v1/tokens HTTP/1.1',
                host(),
                'Connection: close',
                'Content-Length: 4',
                'Transfer-Encoding: chunked',
            ],
            '0\r\n\r\n',
        ],
        [
            'a broken chunk',
            ['POST /v1/tokens HTTP/1.1', host(), 'Connection: close', 'Transfer-Encoding: chunked'],
            'zz\r\nab\r\n0\r\n\r\n',
        ],
        [
            'two Authorization headers',
            get('/v1/agents', 'Authorization: Bearer a', 'Authorization: Bearer b'),
        ],
        ['a control character in the target', get('/v1/\u0001')],
        ['a NUL in a header', get('/v1/health', 'X-Test: a\u0000b')],
        ['a percent-encoded NUL', get('/v1/%00')],
        ['a broken percent-encoding', get('/v1/%zz')],
        ['a climb above the root', get('/v1/../../x')],
    ];
    for (const [what, lines, body] of malformed) {
        test(`for ${what} is a 400 in JSON`, async () => {
            (await rawRequest(lines, body)).expect(400, 'INVALID_REQUEST');
        });
    }

    test('outside /v1 is a 404 in JSON, whatever the path ends in', async () => {
        for (const target of [
            '/',
            '/index.html',
            '/favicon.ico',
            '/v2/agents',
            '/.well-known/x.css',
            '/.secretstore/400',
            '/nginx_status',
        ]) {
            (await http.get(target)).expect(404, 'NOT_FOUND');
        }
    });

    for (const method of ['TRACE', 'CONNECT']) {
        test(`for ${method} is a 405 or 400 in JSON`, async () => {
            const target = method === 'CONNECT' ? 'localhost:443' : '/v1/health';
            const answer = await rawRequest([
                `${method} ${target} HTTP/1.1`,
                host(),
                'Connection: close',
            ]);
            assert.ok([400, 405].includes(answer.status), `${answer.status}`);
        });
    }

    test('for a body over 1 MiB is a 413 in JSON, before the body is sent', async () => {
        const lines = [
            'POST /v1/tokens HTTP/1.1',
            host(),
            'Connection: close',
            'Content-Type: application/json',
            'Content-Length: 1048577',
        ];
        (await rawRequest(lines)).expect(413, 'INVALID_REQUEST');
    });

    test('for a chunked body over 1 MiB is a 413 in JSON', async () => {
        const answer = await http.put('/v1/secrets/nginx/KEY', {
            token,
            body: `{"value":"${'x'.repeat(1_100_000)}"}`,
            chunked: true,
        });
        answer.expect(413, 'INVALID_REQUEST');
    });

    for (const withLength of [true, false]) {
        const how = withLength ? 'with' : 'without';
        test(`for an HTTP/2 body over 1 MiB ${how} a length is a 413 in JSON`, async () => {
            const session = await http.openHttp2();
            try {
                const body = Buffer.alloc(1_100_000, 0x20);
                const answer = await http.http2Call(session, 'PUT', '/v1/secrets/nginx/KEY', {
                    token,
                    body,
                    contentLength: withLength,
                });
                answer.expect(413, 'INVALID_REQUEST');
            } finally {
                session.close();
            }
        });
    }

    test('for a target over 8 KiB is a 414 in JSON, over HTTP/1.1 and HTTP/2', async () => {
        const target = `/v1/secrets?namespace=${'n'.repeat(8300)}`;
        (await rawRequest(get(target))).expect(414, 'INVALID_REQUEST');
        const session = await http.openHttp2();
        try {
            (await http.http2Call(session, 'GET', target, { token })).expect(
                414,
                'INVALID_REQUEST',
            );
        } finally {
            session.close();
        }
    });

    test('does not come for a target of exactly 8 KiB', async () => {
        const start = '/v1/secrets?namespace=';
        const target = start + 'n'.repeat(8192 - start.length);
        (await http.get(target, { token })).expect(400, 'INVALID_REQUEST');
    });

    test('for headers over 16 KiB is a 431 in JSON', async () => {
        const headers = Array.from({ length: 6 }, (_, i) => `X-Test-${i}: ${'x'.repeat(4000)}`);
        (await rawRequest(get('/v1/health', ...headers))).expect(431, 'INVALID_REQUEST');
    });

    test('for one header over 16 KiB is a 431 in JSON', async () => {
        (await rawRequest(get('/v1/health', `X-Test: ${'x'.repeat(16_500)}`))).expect(
            431,
            'INVALID_REQUEST',
        );
    });

    test('for headers over 16 KiB on HTTP/2 is a 431 in JSON', async () => {
        const session = await http.openHttp2();
        try {
            const headers = Object.fromEntries(
                Array.from({ length: 5 }, (_, i) => [`x-test-${i}`, '!'.repeat(4000)]),
            );
            (await http.http2Call(session, 'GET', '/v1/health', { headers })).expect(
                431,
                'INVALID_REQUEST',
            );
        } finally {
            session.close();
        }
    });

    test('does not come for headers of a little below 16 KiB', async () => {
        const headers = Array.from({ length: 4 }, (_, i) => `X-Test-${i}: ${'x'.repeat(3900)}`);
        (await rawRequest(get('/v1/health', ...headers))).expect(200);
        (await rawRequest(get('/v1/health', `X-Test: ${'x'.repeat(15_600)}`))).expect(200);
    });

    test('for plain HTTP on this port is a 400 in JSON', async () => {
        const { stdout } = await run('/usr/bin/curl', [
            '-s',
            '-i',
            '--max-time',
            '10',
            `http://127.0.0.1:${http.url.port}/v1/health`,
        ]);
        assert.match(stdout, /^HTTP\/1\.1 400 /);
        assert.match(stdout, /"code":"INVALID_REQUEST"/);
    });

    test('for a host that is not ours ends the handshake or is a 421 in JSON', async () => {
        const [outcome] = await Promise.all([
            new Promise((resolve) => {
                const socket = tls.connect({
                    host: '127.0.0.1',
                    port: Number(http.url.port),
                    servername: 'evil.example',
                    rejectUnauthorized: false,
                });
                socket.on('secureConnect', () => resolve('connected'));
                socket.on('error', (error) => resolve(error.code ?? error.message));
            }),
        ]);
        assert.notEqual(outcome, 'connected');
        const answer = await rawRequest([
            'GET /v1/health HTTP/1.1',
            'Host: evil.example',
            'Connection: close',
        ]);
        assert.ok([400, 421].includes(answer.status), `${answer.status}`);
    });

    test('never names nginx or its version', async () => {
        const answer = await rawRequest(get('/nothing'));
        assert.doesNotMatch(`${answer.text}${answer.header('server')}`, /nginx\/\d/);
    });
});

describe('TLS', () => {
    const connect = (options) =>
        new Promise((resolve) => {
            const socket = tls.connect({
                host: 'localhost',
                port: Number(http.url.port),
                servername: 'localhost',
                ca: http.ca,
                ...options,
            });
            socket.on('secureConnect', () => {
                const result = {
                    protocol: socket.getProtocol(),
                    cipher: socket.getCipher().standardName,
                    ticket: Boolean(socket.getTLSTicket()),
                };
                socket.destroy();
                resolve(result);
            });
            socket.on('error', (error) => resolve({ error: error.code ?? error.message }));
        });

    test('speaks 1.3 and 1.2', async () => {
        assert.equal((await connect({})).protocol, 'TLSv1.3');
        assert.equal((await connect({ maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
    });

    test('does not speak 1.1', async () => {
        assert.ok(
            (
                await connect({
                    minVersion: 'TLSv1',
                    maxVersion: 'TLSv1.1',
                    ciphers: 'DEFAULT@SECLEVEL=0',
                })
            ).error,
        );
    });

    for (const ciphers of [
        'AES128-SHA',
        'ECDHE-ECDSA-AES128-SHA',
        'ECDHE-ECDSA-AES256-SHA384',
        'DHE-RSA-AES128-GCM-SHA256',
    ]) {
        test(`does not speak ${ciphers}`, async () => {
            assert.ok(
                (await connect({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })).error,
            );
        });
    }

    test('gives no tickets in 1.2', async () => {
        assert.equal((await connect({ maxVersion: 'TLSv1.2' })).ticket, false);
    });
});

describe('the worker', () => {
    let tenant;
    let token;
    before(async () => {
        tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        await tenant.putSecret('raw/KEY', { value: 'a-test-value' });
    });

    test('sees the target as it was sent, and refuses what nginx routes away', async () => {
        for (const target of [
            '/v1/%2e%2e/v1/secrets/raw/KEY',
            '/x/../v1/secrets/raw/KEY',
            '/v1/secrets/x/%2e%2e/raw/KEY',
            '//v1/secrets/raw/KEY',
            '/v1//secrets/raw/KEY',
        ]) {
            const answer = await http.rawGet(target, { token });
            assert.ok([400, 404].includes(answer.status), `${target}: ${answer.status}`);
        }
    });

    test('sees %2F as part of the path', async () => {
        (await http.get('/v1/secrets/raw%2FKEY', { token })).expect(200);
        const listed = (await http.get('/v1/secrets/raw%2FKEY', { token })).expect(200);
        assert.equal(listed.namespace, 'raw/KEY');
    });

    test('sees only the headers that it is meant to see', async () => {
        const headers = {
            'X-Anything': 'x'.repeat(2000),
            Proxy: 'http://evil.example',
            'Content-Encoding': 'gzip',
            Range: 'bytes=0-1',
            Expect: '',
        };
        delete headers.Expect;
        const secret = (await http.get('/v1/secrets/raw/KEY', { token, headers })).expect(200);
        assert.equal(secret.value, 'a-test-value');
    });

    test('gets the request over HTTP/2 as over HTTP/1.1', async () => {
        const session = await http.openHttp2();
        try {
            const answers = await Promise.all(
                Array.from({ length: 50 }, () =>
                    http.http2Call(session, 'GET', '/v1/secrets/raw/KEY', { token }),
                ),
            );
            for (const answer of answers) assert.equal(answer.expect(200).value, 'a-test-value');
        } finally {
            session.close();
        }
    });

    test("has the same request id in its answer and in nginx's log", async () => {
        const answer = await http.get('/v1/secrets/raw/KEY', { token });
        await eventually('the access log has the line', () => {
            const lines = fs
                .readFileSync(path.join(stack.state, 'log/access.log'), 'utf8')
                .split('\n');
            return lines.some((line) => line.includes(answer.requestId));
        });
    });

    test("is not asked twice, and the client's range and encoding change nothing", async () => {
        const answer = await http.get('/v1/secrets/raw/KEY', {
            token,
            headers: { 'Accept-Encoding': 'gzip, br', Range: 'bytes=0-3' },
        });
        answer.expect(200);
        assert.equal(answer.header('content-encoding'), undefined);
        assert.equal((await tenant.auditOf(answer.requestId)).event_type, 'secret.read');
    });
});

describe('a body of 1 MiB', () => {
    let tenant;
    let token;
    let earlier;
    // Valid, and padded by white space to the very limit.
    const bodyOf = (value) => JSON.stringify({ value }).padEnd(1024 * 1024, ' ');

    before(async () => {
        tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        earlier = temporaryFiles();
    });

    const ways = {
        'over HTTP/1.1': (target, body) => http.put(target, { token, body }),
        'in chunks over HTTP/1.1': (target, body) =>
            http.put(target, { token, body, chunked: true }),
        'over HTTP/2 with a length': (target, body) => viaHttp2(target, body, true),
        'over HTTP/2 without a length': (target, body) => viaHttp2(target, body, false),
        'in many small pieces': (target, body) => {
            const pieces = [putHead(target, `Content-Length: ${body.length}`)];
            for (let at = 0; at < body.length; at += 10_000)
                pieces.push(body.slice(at, at + 10_000));
            return http.raw(pieces);
        },
        'in chunks of one byte': (target, body) => {
            const chunks = body.replace(/./g, '1\r\n$&\r\n');
            return http.raw([putHead(target, 'Transfer-Encoding: chunked'), `${chunks}0\r\n\r\n`]);
        },
    };
    const putHead = (target, ...headers) =>
        http.rawHead('PUT', target, {
            token,
            headers: ['Content-Type: application/json', ...headers],
        });
    async function viaHttp2(target, body, contentLength) {
        const session = await http.openHttp2();
        try {
            return await http.http2Call(session, 'PUT', target, { token, body, contentLength });
        } finally {
            session.close();
        }
    }

    for (const [way, send] of Object.entries(ways)) {
        test(`${way} is stored, and never touches a file`, async () => {
            const name = `${unique('large')}/KEY`;
            const value = `value-of-${name}`;

            (await send(`/v1/secrets/${name}`, bodyOf(value))).expect(200);

            assert.equal(
                (await http.get(`/v1/secrets/${name}`, { token })).expect(200).value,
                value,
            );
            assert.deepEqual(temporaryFiles(), earlier);
            assert.deepEqual(earlier.files, []);
        });
    }

    test('from 20 clients at once never touches a file', async () => {
        const answers = await inParallel(20, 20, (i) =>
            http.put(`/v1/secrets/${unique('many')}/KEY`, {
                token,
                body: bodyOf(`v${i}`),
                chunked: i % 2 === 0,
            }),
        );
        for (const answer of answers) answer.expect(200);
        assert.deepEqual(temporaryFiles(), earlier);
    });

    test('and an answer of more than 1 MiB never touches a file', async () => {
        const namespace = unique('wide');
        const metadata = { note: 'n'.repeat(8100) };
        await inParallel(150, 16, (i) =>
            tenant.putSecret(`${namespace}/K${i}`, { value: 'v', metadata }),
        );
        const answer = await http.get(`/v1/secrets?namespace=${namespace}&limit=200`, { token });
        answer.expect(200);
        assert.ok(answer.text.length > 1_200_000);
        assert.deepEqual(temporaryFiles(), earlier);
    });
});

describe('the logs of nginx', () => {
    test('hold neither query, nor credential, nor body', async () => {
        const tenant = await stack.newTenant();
        const token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        const marker = unique('marker');
        (await http.get(`/v1/secrets?namespace=${marker}`, { token })).expect(200);
        (await http.get(`/v1/agents?token=${marker}`)).expect(400);
        (await http.put('/v1/secrets/nginx-logs/KEY', { token, body: { value: marker } })).expect(
            200,
        );
        (
            await rawRequest([
                `GET /v1/agents?q=${marker} HTTP/1.1`,
                host(),
                'Connection: close',
                'Content-Length: x',
                `Authorization: Bearer ${marker}`,
            ])
        ).expect(400);
        const last = await http.get('/v1/health');
        await eventually('the log has all of it', () => logs().includes(last.requestId));
        assert.ok(!logs().includes(marker));
        assert.ok(!logs().includes(token));

        function logs() {
            return stack
                .logFiles()
                .map((file) => fs.readFileSync(file, 'utf8'))
                .join('\n');
        }
    });

    test('are JSON lines', async () => {
        const answer = await http.get('/v1/health', {
            headers: { 'User-Agent': 'a "quoted" \\ agent' },
        });
        const line = await eventually('the line is there', () =>
            fs
                .readFileSync(path.join(stack.state, 'log/access.log'), 'utf8')
                .split('\n')
                .find((one) => one.includes(answer.requestId)),
        );
        const entry = JSON.parse(line);
        assert.equal(entry.path, '/v1/health');
        assert.equal(entry.status, '200');
        assert.equal(entry.user_agent, 'a "quoted" \\ agent');
    });
});

const isStopped = (pid) =>
    fs
        .readdirSync(`/proc/${pid}/task`)
        .every((tid) => /^State:\tT/m.test(fs.readFileSync(`/proc/${pid}/task/${tid}/status`)));

describe('without workers', () => {
    let own;
    before(
        async () => {
            own = await Stack.start({ workers: 1, threads: 4, rateLimit: 40, conf: kSmallPlans });
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => own?.stop());

    test('a flood from one address is answered with 429 in JSON', async () => {
        const answers = await inParallel(300, 32, () => own.client.get('/v1/health'));
        const limited = answers.filter((answer) => answer.status === 429);
        assert.ok(limited.length > 0 && limited.length < 300, `${limited.length} of 300`);
        for (const answer of limited) answer.expect(429, 'RATE_LIMITED');
        await eventually(
            'the flood is over',
            async () => (await own.client.get('/v1/health')).status === 200,
        );
    });

    test('that answer within 15 s the client gets 503, not 504', { timeout: 40_000 * kPatience }, async () => {
        const pids = own.workerPids();
        // A moment of quiet, or it is the limit that answers.
        await eventually(
            'the limit lets ten pass',
            async () =>
                (await inParallel(10, 10, () => own.client.get('/v1/health'))).every(
                    (answer) => answer.status === 200,
                ),
            { pollMs: 300 },
        );
        for (const pid of pids) process.kill(pid, 'SIGSTOP');
        try {
            // Each thread stops for itself, and may serve a request before it does.
            await eventually('all threads have stopped', () => pids.every(isStopped));
            const began = Date.now();
            (await own.client.get('/v1/health')).expect(503, 'INTERNAL_ERROR');
            assert.ok(Date.now() - began < 20_000, `${Date.now() - began} ms`);
        } finally {
            for (const pid of pids) process.kill(pid, 'SIGCONT');
        }
        await eventually(
            'the worker goes on',
            async () => (await own.client.get('/v1/health')).status === 200,
        );
    });

    test('that live, and after one that died late, the client gets 503 within 20 s', async () => {
        const kDiesAfterMs = 6000;
        const tenant = await own.newTenant();
        await tenant.putSecret('late/KEY', { value: 'v' });
        const [worker] = own.workerPids();
        const pool = own.poolPid();
        const session = own.openSession();
        // The worker has the request and waits for the lock; then it and its pool stand still.
        await session.execute('begin; lock table store.secrets');
        const began = Date.now();
        const deleting = tenant.call('DELETE', '/v1/secrets/late/KEY');
        await eventually(
            'it waits for the lock',
            async () => (await own.rows('select 1 from pg_locks where not granted')).length > 0,
        );
        for (const pid of [pool, worker]) process.kill(pid, 'SIGSTOP');
        try {
            // Or a thread that has not stopped yet would delete it after all.
            await eventually('all threads have stopped', () => isStopped(worker));
            await session.execute('rollback');
            await pause(kDiesAfterMs);
            process.kill(worker, 'SIGKILL');
            (await deleting).expect(503, 'INTERNAL_ERROR');
            assert.ok(Date.now() - began < 20_000, `${Date.now() - began} ms`);
        } finally {
            process.kill(pool, 'SIGCONT');
            await session.close();
        }
        await eventually(
            'another worker goes on',
            async () => (await own.client.get('/v1/health')).status === 200,
        );
    });

    test('that listen the client gets 503 at once, not 502', async () => {
        process.kill(own.poolPid(), 'SIGTERM');
        await eventually('the pool is gone', () => own.workerPids().length === 0);
        const began = Date.now();
        (await own.client.get('/v1/health')).expect(503, 'INTERNAL_ERROR');
        assert.ok(Date.now() - began < 1000 * kSlowdown);
    });
});
