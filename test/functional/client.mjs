// HTTP clients that do not tidy up what a test wants to send: the request target goes out byte
// for byte. Every answer is checked against what contract.md §1 promises of every answer, so each
// test of the suite tests those rules too.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import https from 'node:https';
import tls from 'node:tls';

import { recordAnswer } from './coverage.mjs';
import { checkDescribed } from './described.mjs';

const kCodeOfStatus = {
    400: ['INVALID_REQUEST'],
    401: ['UNAUTHORIZED'],
    403: ['SCOPE_DENIED', 'PLAN_LIMIT_REACHED'],
    404: ['SECRET_NOT_FOUND', 'NOT_FOUND', 'STRIPE_CUSTOMER_NOT_FOUND'],
    405: ['INVALID_REQUEST'],
    409: ['VERSION_CONFLICT', 'ALREADY_REVOKED', 'APPROVAL_NOT_PENDING', 'INVALID_REQUEST'],
    410: ['SECRET_EXPIRED', 'APPROVAL_EXPIRED'],
    413: ['INVALID_REQUEST'],
    414: ['INVALID_REQUEST'],
    415: ['INVALID_REQUEST'],
    421: ['INVALID_REQUEST'],
    429: ['RATE_LIMITED'],
    431: ['INVALID_REQUEST'],
    500: ['INTERNAL_ERROR'],
    501: ['INVALID_REQUEST'],
    503: ['INTERNAL_ERROR'],
    505: ['INVALID_REQUEST'],
};

// Once each, or a proxy in between picks the one that it likes.
const kHeadersOfEveryAnswer = {
    'x-request-id': /^[0-9a-f]{32}$/,
    'cache-control': /^no-store$/,
    'x-content-type-options': /^nosniff$/,
    'strict-transport-security': /^max-age=\d+/,
};

export class Answer {
    // `headers`: lower-case name → array of values.
    constructor(status, headers, text) {
        this.status = status;
        this.headers = headers;
        this.text = text;
    }
    header(name) {
        const values = this.headers[name];
        return values === undefined ? undefined : values.join(', ');
    }
    get requestId() {
        return this.header('x-request-id');
    }
    get json() {
        return JSON.parse(this.text);
    }
    get code() {
        return this.json.error?.code;
    }
    get message() {
        return this.json.error?.message;
    }
    // Asserts the status (and code) and returns the parsed body, where there is one.
    expect(status, code) {
        const seen = `${this.status} ${this.text.slice(0, 600)} [request ${this.requestId}]`;
        assert.equal(this.status, status, seen);
        if (code !== undefined) assert.equal(this.code, code, seen);
        return this.text === '' ? undefined : this.json;
    }
}

function checkError(answer, where) {
    const body = answer.json;
    // Of GET /health alone a monitor reads more, beside the envelope.
    const more = body.status === 'degraded' ? ['service', 'status', 'version'] : [];
    assert.deepEqual(Object.keys(body).sort(), ['detail', 'error', ...more], where);
    assert.deepEqual(Object.keys(body.error).sort(), ['code', 'message'], where);
    assert.equal(typeof body.error.message, 'string', where);
    assert.ok(body.error.message.length > 0, where);
    assert.equal(body.detail, body.error.message, where);
    const codes = kCodeOfStatus[answer.status];
    assert.ok(codes?.includes(body.error.code), where);
    if (answer.status === 401)
        assert.match(answer.header('www-authenticate') ?? '', /^Bearer\b/, where);
    if (answer.status === 405) assert.ok(answer.header('allow') !== undefined, where);
    if (answer.status === 429 || answer.status === 503) {
        assert.match(answer.header('retry-after') ?? '', /^\d+$/, where);
    }
}

// An export of the audit log is the one answer that is no JSON document.
const kExport = /^GET \/v1\/audit\?(?:.*&)?format=(csv|jsonl)(?:&|$)/;
const kTypeOfExport = { csv: /^text\/csv\b/, jsonl: /^application\/(x-ndjson|jsonl)\b/ };

// What contract.md §1 promises of every answer. `sent`: texts that an error must not repeat.
export function checkAnswer(answer, { sent = [], head = false, what = '' } = {}) {
    const where = `${what} -> ${answer.status} ${answer.text.slice(0, 400)}`;
    for (const [name, pattern] of Object.entries(kHeadersOfEveryAnswer)) {
        const values = answer.headers[name] ?? [];
        assert.equal(values.length, 1, `${name} ${values.length} times: ${where}`);
        assert.match(values[0], pattern, `${name}: ${where}`);
    }
    assert.equal(answer.headers['server']?.[0]?.includes('/') ?? false, false, where);
    const format = answer.status === 200 ? kExport.exec(what)?.[1] : undefined;
    if (format) {
        assert.match(answer.header('content-type') ?? '', kTypeOfExport[format], where);
    } else if (answer.text !== '') {
        assert.equal(answer.header('content-type'), 'application/json', where);
        assert.doesNotThrow(() => JSON.parse(answer.text), where);
    }
    if (answer.status >= 300 && answer.status !== 304 && !head) {
        checkError(answer, where);
        for (const text of sent) {
            if (text) assert.ok(!answer.text.includes(text), `an error repeats a secret: ${where}`);
        }
    }
    return answer;
}

function headerArrays(rawHeaders) {
    const headers = {};
    for (let i = 0; i < rawHeaders.length; i += 2) {
        const name = rawHeaders[i].toLowerCase();
        (headers[name] ??= []).push(rawHeaders[i + 1]);
    }
    return headers;
}

// A credential in a header; a value in a body.
function secretsOf(headers, body) {
    const found = [];
    const credential = /^Bearer (\S{20,})$/.exec(headers.Authorization ?? '');
    if (credential) found.push(credential[1]);
    if (
        body &&
        typeof body === 'object' &&
        typeof body.value === 'string' &&
        body.value.length > 7
    ) {
        found.push(body.value);
    }
    return found;
}

export class Client {
    // `url`: https://host:port. `coverage`: a file that gets a line for each answer.
    constructor({ url, ca, coverage, maxSockets = 64 }) {
        this.url = new URL(url);
        this.ca = ca;
        this.coverage = coverage;
        this.agent = new https.Agent({ keepAlive: true, maxSockets, ca });
    }

    close() {
        this.agent.destroy();
    }

    // One request. `target`: sent as it stands. `body`: an object becomes JSON, a string or Buffer
    // goes as it is; with `chunked` it is sent without Content-Length.
    async call(method, target, { token, body, headers = {}, chunked = false, localAddress } = {}) {
        const all = { ...headers };
        if (token !== undefined) all.Authorization = `Bearer ${token}`;
        let bytes;
        if (body !== undefined) {
            const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
            bytes = Buffer.from(isRaw ? body : JSON.stringify(body));
            if (!Object.keys(all).some((name) => name.toLowerCase() === 'content-type')) {
                all['Content-Type'] = 'application/json';
            }
            // Of a method that usually has no body, Node would send one without any framing.
            if (chunked) all['Transfer-Encoding'] = 'chunked';
            else all['Content-Length'] = bytes.length;
        }
        for (const name of Object.keys(all)) if (all[name] === null) delete all[name];
        const answer = await this.#exchange(method, target, all, bytes, localAddress);
        this.record(method, target, answer);
        checkDescribed(method, target, answer);
        return checkAnswer(answer, {
            sent: secretsOf(all, body),
            head: method === 'HEAD',
            what: `${method} ${target.slice(0, 300)}`,
        });
    }

    #exchange(method, target, headers, bytes, localAddress) {
        return new Promise((resolve, reject) => {
            const request = https.request({
                host: this.url.hostname,
                port: this.url.port,
                method,
                path: target,
                headers,
                localAddress,
                agent: localAddress ? undefined : this.agent,
                ca: this.ca,
                timeout: 25_000,
            });
            request.on('response', (response) => {
                const chunks = [];
                response.on('data', (chunk) => chunks.push(chunk));
                response.on('error', reject);
                response.on('end', () => {
                    const text = Buffer.concat(chunks).toString('utf8');
                    const headersOf = headerArrays(response.rawHeaders);
                    resolve(new Answer(response.statusCode, headersOf, text));
                });
            });
            request.on('timeout', () =>
                request.destroy(new Error(`no answer: ${method} ${target}`)),
            );
            request.on('error', reject);
            // A body is held back by nobody: it goes at once, so a refusal may overtake it.
            request.end(bytes);
        });
    }

    record(method, target, answer) {
        if (this.coverage) recordAnswer(this.coverage, method, target, answer);
    }

    get(target, options) {
        return this.call('GET', target, options);
    }
    put(target, options) {
        return this.call('PUT', target, options);
    }
    post(target, options) {
        return this.call('POST', target, options);
    }
    patch(target, options) {
        return this.call('PATCH', target, options);
    }
    delete(target, options) {
        return this.call('DELETE', target, options);
    }

    // Bytes over a TLS connection of their own; everything that comes back until it closes. The
    // request should say `Connection: close`. `parts` are sent one after another.
    rawBytes(parts, { timeoutMs = 15_000 } = {}) {
        return new Promise((resolve, reject) => {
            const chunks = [];
            const socket = tls.connect({
                host: this.url.hostname,
                port: Number(this.url.port),
                servername: this.url.hostname === 'localhost' ? 'localhost' : undefined,
                ca: this.ca,
                ALPNProtocols: ['http/1.1'],
            });
            socket.setTimeout(timeoutMs, () =>
                socket.destroy(new Error('the server says nothing')),
            );
            socket.on('secureConnect', () => {
                for (const part of [parts].flat()) socket.write(part);
            });
            socket.on('data', (chunk) => chunks.push(chunk));
            // After the answer a reset is as good as an end: nginx drops what it will not read.
            socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)));
            socket.on('close', () => resolve(Buffer.concat(chunks)));
        });
    }

    // A raw request, its one answer, checked.
    async raw(parts, options) {
        const bytes = await this.rawBytes(parts, options);
        const answer = parseAnswer(bytes);
        return checkAnswer(answer, { what: String([parts].flat()[0]).slice(0, 300), ...options });
    }

    // The head of a request of its own connection, byte for byte; `headers` are whole lines.
    rawHead(method, target, { token, headers = [] } = {}) {
        const lines = [`Host: ${this.url.host}`, 'Connection: close', ...headers];
        if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
        const head = `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
        return Buffer.from(head, 'latin1');
    }

    // GET with any bytes as target.
    rawGet(target, options) {
        return this.raw(this.rawHead('GET', target, options));
    }

    openHttp2() {
        return new Promise((resolve, reject) => {
            const session = http2.connect(this.url.origin, { ca: this.ca });
            session.once('connect', () => resolve(session));
            session.once('error', reject);
        });
    }

    // One request in an HTTP/2 session.
    async http2Call(
        session,
        method,
        target,
        { token, body, headers = {}, contentLength = true } = {},
    ) {
        const all = { ':method': method, ':path': target, ...headers };
        if (token !== undefined) all.authorization = `Bearer ${token}`;
        const bytes = body === undefined ? undefined : Buffer.from(body);
        if (bytes) {
            all['content-type'] ??= 'application/json';
            if (contentLength) all['content-length'] = bytes.length;
        }
        const answer = await new Promise((resolve, reject) => {
            const stream = session.request(all, { endStream: bytes === undefined });
            const chunks = [];
            let status = 0;
            let received = {};
            stream.on('response', (headersOf, _flags, rawHeaders) => {
                status = headersOf[':status'];
                received = rawHeaders
                    ? headerArrays(
                          rawHeaders.filter((_, i, all2) => !all2[i - (i % 2)].startsWith(':')),
                      )
                    : Object.fromEntries(
                          Object.entries(headersOf).map(([k, v]) => [k, [v].flat()]),
                      );
            });
            stream.on('data', (chunk) => chunks.push(chunk));
            stream.on('end', () => {
                resolve(new Answer(status, received, Buffer.concat(chunks).toString('utf8')));
            });
            stream.on('error', (error) => (status ? undefined : reject(error)));
            stream.setTimeout(20_000, () => stream.destroy(new Error('no answer over HTTP/2')));
            if (bytes) stream.end(bytes);
        });
        this.record(method, target, answer);
        return checkAnswer(answer, { what: `h2 ${method} ${target.slice(0, 300)}` });
    }
}

// An HTTP/1.1 answer out of its bytes.
export function parseAnswer(bytes) {
    const end = bytes.indexOf('\r\n\r\n');
    assert.ok(end > 0, `no HTTP answer: ${JSON.stringify(bytes.toString('latin1').slice(0, 200))}`);
    const [statusLine, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
    const headers = {};
    for (const line of lines) {
        const colon = line.indexOf(':');
        (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
    }
    let body = bytes.subarray(end + 4);
    if (headers['transfer-encoding']?.[0] === 'chunked') body = dechunk(body);
    return new Answer(status, headers, body.toString('utf8'));
}

function dechunk(bytes) {
    const parts = [];
    for (let at = 0; ;) {
        const line = bytes.indexOf('\r\n', at);
        const size = parseInt(bytes.subarray(at, line).toString('latin1'), 16);
        if (!(size > 0)) return Buffer.concat(parts);
        parts.push(bytes.subarray(line + 2, line + 2 + size));
        at = line + 2 + size + 2;
    }
}
