// What stands between strangers and the workers: nothing that is sent kills a worker, is answered
// in HTML, is taken for something else, or keeps others waiting. `make siege` does the same in
// thousands and measures.
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';

import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { checkAnswer, parseAnswer } from './client.mjs';
import { block, bodiesOf, exchange, frame, kFlag, kFrame, kPreface, request } from './frames.mjs';
import { kNobody, operations, targetOf } from './operations.mjs';
import { kPatience, kSmallPlans, Stack } from './stack.mjs';

let stack;
let http;
let tenant;
let agent;
let token;
let pids;
before(
    async () => {
        stack = await Stack.start({ workers: 2, threads: 8, conf: kSmallPlans });
        http = stack.client;
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:*:*']);
        await tenant.putSecret('front/KEY', { value: 'a-test-value' });
        pids = stack.workerPids();
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

const read = () => http.get('/v1/secrets/front/KEY', { token });

// After whatever was sent: the same workers serve, and nothing was said in HTML.
async function nothingHappened() {
    (await read()).expect(200);
    assert.deepEqual(stack.workerPids(), pids);
}

function isNoHtml(text) {
    assert.doesNotMatch(text, /<\s*(!doctype|html|body|head|center|title)/i);
}

// What client.mjs holds every answer of the suite against is here asked of every endpoint, by both
// protocols, with the statuses that any endpoint can give. What one gives by itself (200, 404, 409,
// 410 and so on) is met by the tests of that endpoint; run.mjs names what nobody met.
describe('every status of every endpoint', () => {
    const kTooBig = 'x'.repeat(1024 * 1024 + 1);
    let all;
    let limited;
    before(async () => {
        all = await operations(http);
        limited = await credentialsOf(await stack.newTenant());
    });

    async function credentialsOf(owner) {
        const asking = await owner.newAgent();
        return {
            tenant: owner,
            agent: asking.key,
            token: await asking.newToken(['secrets:*:*']),
            user: owner.userToken,
        };
    }
    const right = () => ({ agent: agent.key, token, user: tenant.userToken });
    const rightFor = (one, of = right()) => of[one.kinds[0]];
    const wrongFor = (one) => (one.kinds.includes('agent') ? token : agent.key);

    // Calls `task` with what sends a request.
    const protocols = {
        'HTTP/1.1': (task) => task((method, target, options) => http.call(method, target, options)),
        // With a session of its own, which no pause has ended.
        'HTTP/2': async (task) => {
            const session = await http.openHttp2();
            try {
                await task((method, target, { chunked, ...options }) =>
                    http.http2Call(session, method, target, {
                        ...options,
                        contentLength: !chunked,
                    }),
                );
            } finally {
                session.close();
            }
        },
    };
    const anybody = () => true;
    const withCredential = ({ kinds }) => kinds.length > 0;
    // Those of POST /v1/invitations/accept say who is asking, and of no tenant yet.
    const ofTenant = ({ kinds, role }) => kinds.length > 0 && !(kinds[0] === 'user' && !role);
    // status → { whose: which operations can give it, send: what makes them }
    const ways = {
        400: {
            whose: anybody,
            send: (one, target) => ({
                target: `${target}?no_such_parameter=1`,
                token: rightFor(one),
            }),
        },
        401: { whose: withCredential, send: () => ({}) },
        403: { whose: withCredential, send: (one) => ({ token: wrongFor(one) }) },
        405: { whose: anybody, send: () => ({ method: 'OPTIONS' }) },
        413: {
            whose: anybody,
            send: (one) => ({ token: rightFor(one), body: kTooBig, chunked: true }),
        },
        414: {
            whose: anybody,
            send: (one, target) => ({ target: `${target}?a=${'x'.repeat(8200)}` }),
        },
        415: {
            whose: ({ takesBody }) => takesBody,
            send: (one) => ({
                token: rightFor(one),
                body: 'x',
                headers: { 'content-type': 'text/plain' },
            }),
        },
        // Not of letters, which HTTP/2 would make shorter.
        431: {
            whose: anybody,
            send: () => ({
                headers: Object.fromEntries(
                    Array.from({ length: 5 }, (_, i) => [`x-filler-${i}`, '!'.repeat(4000)]),
                ),
            }),
        },
        429: { whose: ofTenant, send: (one) => ({ token: rightFor(one, limited) }) },
    };

    const crawl = (protocol, status) =>
        protocols[protocol](async (ask) => {
            const { whose, send } = ways[status];
            const chosen = all.filter(whose);
            assert.ok(chosen.length > 20, `${chosen.length} of ${all.length} endpoints`);
            for (const one of chosen) {
                const usual = targetOf(one, kNobody);
                const { method = one.method, target = usual, ...options } = send(one, usual);
                const answer = await ask(method, target, options);
                isRefusal(answer, Number(status), `${protocol} ${one.name}`);
            }
        });

    // The headers of all answers, once each, are looked at in client.mjs.
    function isRefusal(answer, status, what) {
        assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 300)}`);
        assert.equal(answer.header('content-type'), 'application/json', what);
        isNoHtml(answer.text);
    }

    for (const protocol of Object.keys(protocols)) {
        for (const status of Object.keys(ways).filter((one) => one !== '429')) {
            test(`has the security headers and no HTML: ${status} over ${protocol}`, () =>
                crawl(protocol, status));
        }
    }

    test('has them where the tenant has used up its limit: 429 over both', async () => {
        // Enterprise until now: its token, which says so, is not shed by nginx.
        await stack.ctl(['tenant', 'plan', limited.tenant.id, 'free']);
        (await limited.tenant.call('GET', '/v1/me')).expect(200);

        for (const protocol of Object.keys(protocols)) await crawl(protocol, '429');
    });

    test('has them where all is well, where nothing is found, and over HTTP/2 too', async () => {
        const seen = [];
        for (const over of Object.values(protocols))
            await over(async (ask) => {
                for (const [target, headers] of [
                    ['/v1/secrets/front/KEY', {}],
                    ['/v1/secrets/front/NONE', {}],
                    ['/nothing', {}],
                    ['/v1/secrets/front/KEY', { 'if-none-match': '"1"' }],
                ])
                    seen.push((await ask('GET', target, { token, headers })).status);
            });
        assert.deepEqual(seen, [200, 404, 404, 304, 200, 404, 404, 304]);
    });
});

// What breaks the store comes with one of its own.
describe('every endpoint of a store that is broken', () => {
    let broken;
    let of;
    before(
        async () => {
            broken = await Stack.start({ workers: 1, threads: 4 });
            const owner = await broken.newTenant();
            const asking = await owner.newAgent();
            of = {
                agent: asking.key,
                token: await asking.newToken(['secrets:*:*']),
                user: owner.userToken,
            };
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => broken?.stop());

    async function crawl(status) {
        const all = await operations(broken.client);
        const chosen = all.filter(
            ({ kinds, role }) => kinds.length > 0 && (kinds[0] !== 'user' || role),
        );
        for (const one of chosen) {
            const target = targetOf(one, kNobody);
            const answer = await broken.client.call(one.method, target, {
                token: of[one.kinds[0]],
            });
            assert.equal(answer.status, status, `${one.name}: ${answer.text.slice(0, 300)}`);
            isNoHtml(answer.text);
        }
    }

    test('has the security headers with every 500', async () => {
        // What a migration that forgot its grants would do.
        const from = 'from public, secretstore_app, secretstore_reader';
        await broken.psql(`revoke all on all tables in schema store ${from};
                           revoke all on all functions in schema store ${from}`);
        await crawl(500);
    });

    test('has them with every 503', async () => {
        await broken.stopPostgres('immediate');
        await crawl(503);
        (await broken.client.get('/v1/health')).expect(503);
    });
});

// Side by side, for each of these waits until nothing more comes.
const kAtOnce = { concurrency: 12 };
const kQuietMs = 1000 * kPatience;

// RFC 9112 §11.2. nginx cuts requests off a connection and hands a worker one at a time, its body
// whole: what could be read in two ways it refuses, and then it ends the connection.
describe('a request that two servers could cut differently', kAtOnce, () => {
    const host = () => `Host: ${http.url.host}`;
    // A request that would store something, hidden in another one.
    const hiddenFor = (name) =>
        [
            `PUT /v1/secrets/front/${name} HTTP/1.1`,
            host(),
            `Authorization: Bearer ${token}`,
            'Content-Type: application/json',
            'Content-Length: 13',
            '',
            '{"value":"x"}',
        ].join('\r\n');
    const post = (headers, body) =>
        [
            'POST /v1/tokens HTTP/1.1',
            host(),
            'Content-Type: application/json',
            ...headers,
            '',
            body,
        ].join('\r\n');
    const kChunked = 'Transfer-Encoding: chunked';
    const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const kEnd = '0\r\n\r\n';

    // [what, the statuses of the answers, the bytes]
    const shapes = [
        [
            'Content-Length before Transfer-Encoding',
            [400],
            (hidden) => post(['Content-Length: 5', kChunked], `${kEnd}${hidden}`),
        ],
        [
            'Transfer-Encoding before Content-Length',
            [400],
            (hidden) => post([kChunked, 'Content-Length: 5'], `${kEnd}${hidden}`),
        ],
        [
            'two Content-Lengths',
            [400],
            (hidden) => post(['Content-Length: 0', `Content-Length: ${hidden.length}`], hidden),
        ],
        [
            'the same Content-Length twice',
            [400],
            (hidden) => post(['Content-Length: 0', 'Content-Length: 0'], hidden),
        ],
        [
            'two Content-Lengths in one',
            [400],
            (hidden) => post([`Content-Length: 0, ${hidden.length}`], hidden),
        ],
        ['a Content-Length with a sign', [400], (hidden) => post(['Content-Length: +0'], hidden)],
        [
            'a Content-Length in hexadecimal',
            [400],
            (hidden) => post(['Content-Length: 0x10'], hidden),
        ],
        [
            'a Content-Length beyond 64 bits',
            [400],
            (hidden) => post(['Content-Length: 18446744073709551616'], hidden),
        ],
        [
            'an unknown Transfer-Encoding',
            [501],
            (hidden) => post(['Transfer-Encoding: xchunked', 'Content-Length: 0'], hidden),
        ],
        [
            'chunked that is not the last',
            [501],
            (hidden) => post([`${kChunked}, identity`], chunk(hidden) + kEnd),
        ],
        ['chunked twice', [400], (hidden) => post([kChunked, kChunked], chunk(hidden) + kEnd)],
        [
            'white space before the colon',
            [400],
            (hidden) =>
                post(['Content-Length: 0', 'Transfer-Encoding : chunked'], chunk(hidden) + kEnd),
        ],
        [
            'a folded header',
            [400],
            (hidden) =>
                post(['Content-Length: 0', 'Transfer-Encoding:\r\n chunked'], chunk(hidden) + kEnd),
        ],
        [
            'a vertical tab in a value',
            [501],
            (hidden) =>
                post(['Content-Length: 0', 'Transfer-Encoding: \vchunked'], chunk(hidden) + kEnd),
        ],
        [
            'a NUL in a value',
            [400],
            (hidden) => post(['X-Test: a\0b', 'Content-Length: 0'], hidden),
        ],
        [
            'a bare carriage return in a value',
            [400],
            (hidden) => post([`X-Test: a\r${hidden}`], ''),
        ],
        [
            'a chunk size that overflows',
            [400],
            (hidden) => post([kChunked], `ffffffffffffffff1\r\n${hidden}`),
        ],
        ['a negative chunk size', [400], (hidden) => post([kChunked], `-1\r\n${hidden}`)],
        [
            'a chunk that is longer than it says',
            [400],
            (hidden) => post([kChunked], `1\r\n${hidden}\r\n${kEnd}`),
        ],
        [
            'a chunk size without digits',
            [400],
            (hidden) => post([kChunked], `\r\n${hidden}\r\n${kEnd}`),
        ],
        [
            'a request in the target of another',
            [400],
            (hidden) => `GET /v1/health HTTP/1.1\r ${hidden}`,
        ],
        ['a request in front of its own Host', [400], (hidden) => `GET http://x\r\n${hidden}`],
        // Plainly two, one behind the other: the second is somebody's own, with a credential.
        [
            'none, with bare line feeds',
            [401, 200],
            (hidden) => post(['Content-Length: 0'], '').replaceAll('\r\n', '\n') + hidden,
        ],
        [
            'none, behind a body in chunks',
            [401, 200],
            (hidden) => post([kChunked], `${kEnd}${hidden}`),
        ],
        // The body of the first, whole, and no request.
        [
            'none, with a request as its body',
            [415],
            (hidden) =>
                `GET /v1/health HTTP/1.1\r\n${host()}\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
        ],
        [
            'none, with a request as its chunks',
            [401],
            (hidden) => post([kChunked], chunk(hidden) + kEnd),
        ],
        [
            'none, with a request in a chunk extension',
            [401],
            (hidden) => post([kChunked], `0;${hidden.replaceAll('\r\n', ' ')}\r\n\r\n`),
        ],
    ];
    for (const [what, statuses, shape] of shapes) {
        test(`(${what}) gets ${statuses.join(' and ')}, and no more than that is done`, async () => {
            const name = unique('SMUGGLED');

            const answers = await answersTo(Buffer.from(shape(hiddenFor(name)), 'latin1'));

            assert.deepEqual(
                answers.map(({ status }) => status),
                statuses,
            );
            for (const answer of answers) isNoHtml(answer.text);
            const stored = await http.get(`/v1/secrets/front/${name}`, { token });
            assert.equal(stored.status, statuses.includes(200) ? 200 : 404);
            await nothingHappened();
        });
    }

    // Everything that comes back on one connection, cut into answers.
    async function answersTo(bytes) {
        // The quiet before an answer must not pass for the quiet behind the last.
        let rest = await http.rawBytes([bytes], { timeoutMs: 4 * kQuietMs });
        const answers = [];
        while (rest.length > 0) {
            const end = rest.indexOf('\r\n\r\n') + 4;
            const head = rest.subarray(0, end).toString('latin1');
            const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1]);
            assert.ok(end > 3 && length > 0, `answers are cut by their lengths: ${head}`);
            const answer = parseAnswer(rest.subarray(0, end + length));
            answers.push(checkAnswer(answer, { what: bytes.toString('latin1').slice(0, 200) }));
            rest = rest.subarray(end + length);
        }
        return answers;
    }
});

describe('malformed HTTP/2', kAtOnce, () => {
    const authority = () => http.url.host;
    const headers = (payload, stream = 1, flags = kFlag.endHeaders | kFlag.endStream) =>
        frame(kFrame.headers, flags, stream, payload);
    // What would be stored if it were believed.
    const put = (body, length) => [
        headers(
            request(
                authority(),
                [
                    ['authorization', `Bearer ${token}`],
                    ['content-type', 'application/json'],
                    ['content-length', String(length)],
                ],
                { method: 'PUT', path: '/v1/secrets/front/LIED' },
            ),
            1,
            kFlag.endHeaders,
        ),
        frame(kFrame.data, kFlag.endStream, 1, Buffer.from(body)),
    ];
    const shapes = {
        'an upper-case header name': () => [headers(request(authority(), [['X-Test', 'v']]))],
        'no path': () => [
            headers(
                block([
                    [':method', 'GET'],
                    [':scheme', 'https'],
                    [':authority', authority()],
                ]),
            ),
        ],
        'no method': () => [
            headers(
                block([
                    [':path', '/v1/health'],
                    [':scheme', 'https'],
                    [':authority', authority()],
                ]),
            ),
        ],
        'two paths': () => [headers(request(authority(), [[':path', '/v1/agents']]))],
        'a pseudo-header behind others': () => [
            headers(
                block([
                    ['x-test', 'v'],
                    [':method', 'GET'],
                    [':path', '/v1/health'],
                ]),
            ),
        ],
        'an unknown pseudo-header': () => [headers(request(authority(), [[':protocol', 'x']]))],
        'an empty path': () => [headers(request(authority(), [], { path: '' }))],
        'a path without a slash': () => [headers(request(authority(), [], { path: 'v1/health' }))],
        'a line break in a value': () => [
            headers(request(authority(), [['x-test', 'a\r\nx-forged: b']])),
        ],
        'a line break in the path': () => [
            headers(request(authority(), [], { path: '/v1/health HTTP/1.1\r\nX: y' })),
        ],
        'a NUL in a value': () => [headers(request(authority(), [['x-test', 'a\0b']]))],
        'a colon in a name': () => [headers(request(authority(), [['x:test', 'v']]))],
        'Transfer-Encoding': () => [
            headers(request(authority(), [['transfer-encoding', 'chunked']])),
        ],
        Connection: () => [headers(request(authority(), [['connection', 'keep-alive']]))],
        'another Host than authority': () => [
            headers(request(authority(), [['host', 'evil.example']])),
        ],
        'a Content-Length that is too small': () => put('{"value":"x"}', 5),
        'a Content-Length that is too large': () => put('{"value":"x"}', 50),
        'a Content-Length that is none': () => put('{"value":"x"}', '13, 13'),
        'a body in chunks': () => put('d\r\n{"value":"x"}\r\n0\r\n\r\n', 23),
        'a header block that is no HPACK': () => [
            headers(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
        ],
        'a header block that is cut off': () => [headers(request(authority()).subarray(0, 20))],
        'a header of 100 KiB': () => [
            headers(request(authority(), [['x-test', 'v'.repeat(15_000)]]), 1, kFlag.endStream),
            ...Array.from({ length: 6 }, (_, i) =>
                frame(
                    kFrame.continuation,
                    i === 5 ? kFlag.endHeaders : 0,
                    1,
                    block([['x-more', 'v'.repeat(15_000)]]),
                ),
            ),
        ],
        'a CONTINUATION without HEADERS': () => [frame(kFrame.continuation, kFlag.endHeaders, 1)],
        'a thousand empty CONTINUATIONs': () => [
            headers(request(authority()), 1, kFlag.endStream),
            ...Array.from({ length: 1000 }, () => frame(kFrame.continuation, 0, 1)),
        ],
        'DATA on a stream that is not open': () => [frame(kFrame.data, 0, 1, Buffer.from('x'))],
        'HEADERS on stream 0': () => [headers(request(authority()), 0)],
        'HEADERS on an even stream': () => [headers(request(authority()), 2)],
        'HEADERS on an older stream': () => [
            headers(request(authority()), 5),
            headers(request(authority()), 3),
        ],
        'a frame that is longer than allowed': () => [
            frame(kFrame.data, 0, 1, Buffer.alloc(0), 0xffffff),
        ],
        'padding that is longer than the frame': () => [
            headers(Buffer.from([255, 1, 2]), 1, kFlag.endHeaders | kFlag.padded),
        ],
        'a stream that depends on itself': () => [
            frame(kFrame.priority, 0, 1, Buffer.from([0, 0, 0, 1, 1])),
        ],
        'a window that overflows': () => [
            frame(kFrame.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
            frame(kFrame.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
        ],
        'settings of a wrong size': () => [frame(kFrame.settings, 0, 0, Buffer.from([0, 1, 0]))],
        'a PUSH_PROMISE': () => [
            frame(kFrame.push, kFlag.endHeaders, 1, Buffer.from([0, 0, 0, 2])),
        ],
        'a frame of an unknown type': () => [
            frame(0xbb, 0xff, 0, Buffer.from('anything')),
            headers(request(authority())),
        ],
        'ten thousand pings': () =>
            Array.from({ length: 10_000 }, () => frame(kFrame.ping, 0, 0, Buffer.alloc(8))),
        'ten thousand settings': () =>
            Array.from({ length: 10_000 }, () => frame(kFrame.settings, 0, 0)),
        'five thousand requests that are reset at once': () =>
            Array.from({ length: 5000 }, (_, i) => [
                headers(request(authority()), 2 * i + 1),
                frame(kFrame.reset, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8])),
            ]).flat(),
        'HTTP/1.1 behind the preface': () => [
            Buffer.from(`GET /v1/health HTTP/1.1\r\nHost: ${authority()}\r\n\r\n`),
        ],
    };
    for (const [what, shape] of Object.entries(shapes)) {
        test(`(${what}) is answered in JSON, or not at all`, async () => {
            const { frames } = await exchange(http, shape(), { quietMs: kQuietMs });
            for (const body of bodiesOf(frames)) {
                isNoHtml(body);
                assert.doesNotThrow(() => JSON.parse(body), body);
            }
            (await http.get('/v1/secrets/front/LIED', { token })).expect(404);
            await nothingHappened();
        });
    }
});

describe('headers that only a proxy of ours could send', () => {
    const kForgedAddress = '192.0.2.66';
    const kForgedId = '0123456789abcdef'.repeat(2);
    const forged = {
        'X-Forwarded-For': kForgedAddress,
        'X-Real-IP': kForgedAddress,
        Forwarded: `for=${kForgedAddress};proto=http;host=evil.example`,
        'X-Client-IP': kForgedAddress,
        'True-Client-IP': kForgedAddress,
        'CF-Connecting-IP': kForgedAddress,
        'Remote-Addr': kForgedAddress,
        REMOTE_ADDR: kForgedAddress,
        HTTP_X_FORWARDED_FOR: kForgedAddress,
        'X-Request-Id': kForgedId,
        'Request-Id': kForgedId,
        REQUEST_ID: kForgedId,
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'http',
        'X-Original-URL': '/v1/agents',
        'X-Rewrite-URL': '/v1/agents',
        REQUEST_URI: '/v1/agents',
        'Script-Name': '/v1/agents',
        'X-HTTP-Method-Override': 'DELETE',
        REQUEST_METHOD: 'DELETE',
        HTTP_AUTHORIZATION: 'Bearer of-somebody-else',
        'Content-Length-1': '0',
        Proxy: 'http://evil.example',
        'X-Accel-Redirect': '/v1/agents',
        'X-Sendfile': '/etc/passwd',
    };
    // A request that names itself takes a location of its own, where a worker sees all headers.
    const asked = {
        'with a read': (headers) => http.get('/v1/secrets/front/KEY', { token, headers }),
        'with a write that names itself': (headers) =>
            http.put('/v1/secrets/front/FORGED', {
                token,
                body: { value: unique('value') },
                headers: { 'Idempotency-Key': unique('key'), ...headers },
            }),
    };
    for (const [name, value] of Object.entries(forged)) {
        for (const [how, ask] of Object.entries(asked)) {
            test(`(${name}) have no effect ${how}`, async () => {
                const answer = await ask({ [name]: value });

                answer.expect(200);
                assert.notEqual(answer.requestId, value);
                const record = await tenant.auditOf(answer.requestId);
                assert.match(record.ip_address, /^(127\.0\.0\.1|::1)$/);
                assert.match(record.event_type, /^secret\.(read|created|updated)$/);
            });
        }
    }

    test('have one where the operator trusts the proxy that sent them', async () => {
        const shipped = fs.readFileSync(path.join(stack.state, 'nginx/realip.conf'), 'utf8');
        assert.doesNotMatch(shipped, /^\s*[^#\s]/m, 'everything in it is commented out');
        const file = path.join(stack.state, 'nginx/local-realip.conf');
        // As an operator uncomments it, with a proxy on this host.
        const uncommented = shipped
            .replaceAll(/^# ?(set_real_ip_from|real_ip_header|real_ip_recursive)\b/gm, '$1')
            .replaceAll(/^set_real_ip_from .*$/gm, 'set_real_ip_from 127.0.0.1;');
        fs.writeFileSync(file, uncommented, { mode: 0o644 });
        const reload = () => process.kill(stack.pidOf('nginx.pid'), 'SIGHUP');
        const addressOf = async (headers) => {
            const answer = await http.get('/v1/secrets/front/KEY', { token, headers });
            return (await tenant.auditOf(answer.requestId)).ip_address;
        };
        const chain = { 'X-Forwarded-For': '203.0.113.9, 192.0.2.66' };
        try {
            reload();
            await eventually(
                'the address of the client counts',
                // The last one that no trusted proxy is: what stands before it, anybody can write.
                async () => (await addressOf(chain)) === '192.0.2.66',
            );
        } finally {
            fs.rmSync(file);
            reload();
        }
        await eventually('it counts no more', async () =>
            /^(127\.0\.0\.1|::1)$/.test(await addressOf(chain)),
        );
        // Those that nginx still keeps by its former configuration.
        http.close();
    });
});

// More of them than the pool has threads: whoever held one would keep the others waiting for good.
describe('clients that keep a connection and hardly use it', () => {
    const kClients = 200;
    const connect = (protocol = 'http/1.1') =>
        new Promise((resolve, reject) => {
            const socket = tls.connect({
                host: 'localhost',
                port: Number(http.url.port),
                servername: 'localhost',
                ca: http.ca,
                ALPNProtocols: [protocol],
            });
            socket.once('secureConnect', () => {
                socket.removeAllListeners('error').on('error', () => undefined);
                resolve(socket);
            });
            socket.once('error', reject);
        });
    const putHead = (target, length) =>
        [
            `PUT ${target} HTTP/1.1`,
            `Host: ${http.url.host}`,
            `Authorization: Bearer ${token}`,
            'Content-Type: application/json',
            `Content-Length: ${length}`,
            '\r\n',
        ].join('\r\n');
    const kinds = {
        'say half a request line': { begin: (socket) => socket.write('GET /v1/hea') },
        'say half of their headers': {
            begin: (socket) =>
                socket.write(`GET /v1/health HTTP/1.1\r\nHost: ${http.url.host}\r\nX-Slow: `),
        },
        'send half of their body': {
            begin: (socket) => socket.write(`${putHead('/v1/secrets/front/SLOW', 1000)}{"value":"`),
        },
        'never read their answer': {
            begin: (socket) => {
                const get = `GET /v1/openapi.json HTTP/1.1\r\nHost: ${http.url.host}\r\n\r\n`;
                socket.pause();
                socket.write(get.repeat(20));
            },
        },
        'send half of 20 bodies each, over HTTP/2': {
            protocol: 'h2',
            begin: (socket) => {
                const fields = [
                    ['authorization', `Bearer ${token}`],
                    ['content-type', 'application/json'],
                ];
                const half = Array.from({ length: 20 }, (_, i) => [
                    frame(
                        kFrame.headers,
                        kFlag.endHeaders,
                        2 * i + 1,
                        request(http.url.host, fields, {
                            method: 'PUT',
                            path: '/v1/secrets/front/SLOW',
                        }),
                    ),
                    frame(kFrame.data, 0, 2 * i + 1, Buffer.from('{"value":"')),
                ]);
                const settings = frame(kFrame.settings, 0, 0);
                socket.write(Buffer.concat([kPreface, settings, ...half.flat()]));
            },
        },
    };
    for (const [what, { protocol, begin }] of Object.entries(kinds)) {
        test(`(they ${what}) keep nobody waiting, ${kClients} at once`, async () => {
            const sockets = await inParallel(kClients, 50, () => connect(protocol));
            try {
                sockets.forEach((socket) => begin(socket));
                const answers = await inParallel(200, 8, read);
                for (const answer of answers) answer.expect(200);
            } finally {
                for (const socket of sockets) socket.destroy();
            }
            await nothingHappened();
        });
    }

    test('and go away in the middle of a body do no harm, 500 times', async () => {
        const name = unique('half');

        await inParallel(500, 50, async (i) => {
            const socket = await connect();
            const head = putHead(`/v1/secrets/${name}/K${i}`, 40_000);
            await new Promise((resolve) => {
                socket.once('close', resolve);
                socket.write(`${head}{"value":"${'x'.repeat(20_000)}`, () => socket.destroy());
            });
        });

        const listed = await http.get(`/v1/secrets?namespace=${name}`, { token });
        assert.equal(listed.expect(200).total, 0);
        await nothingHappened();
    });
});
