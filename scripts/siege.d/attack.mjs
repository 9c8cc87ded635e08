// One kind of attack, in a process of its own that siege.mjs starts. Says { standing } when it is
// under way, goes on until it is told to end, and then says { done, html }: how much it did, and how
// many answers looked like HTML.
//
// In the field an attacker has processors of its own. This one shares the server's, so it goes after
// it in priority, and resumes its TLS sessions.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import tls from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';

import { block, frame, kFlag, kFrame, kPreface, request } from '../../test/functional/frames.mjs';

// { kind, count, perSecond, port, host, ca, token, name }: `count` connections that stand, or
// `perSecond` attempts a second.
const given = JSON.parse(process.env.SIEGE);
const ca = fs.readFileSync(given.ca);
const kAtOnce = 100;
const kSilenceMs = 300;
const kOpenedPerSecond = 1000;
// Often enough that no timeout between two bytes is ever met.
const kDripMs = 8000;
// nginx limits by address: an attack comes from many. All of 127.0.0.0/8 is this machine.
const kAddresses = 250;

const seen = { done: 0, html: 0 };
let ending = false;
const ended = new Promise((resolve) => process.once('message', resolve)).then(() => {
    ending = true;
});

// What siege.mjs has taken for itself and the store, less something.
os.setPriority(os.getPriority() + 5);

// --- connections --------------------------------------------------------------------------------

const look = (chunk) => {
    if (/<\s*(html|!doctype|center)/i.test(chunk.toString('latin1'))) ++seen.html;
};

let connections = 0;
const nextAddress = () => `127.0.1.${1 + (connections++ % kAddresses)}`;

const sessions = new Map();

// A socket, or nothing where the server would have none. What comes back is looked at and dropped.
function connect(protocol = 'http/1.1') {
    return new Promise((resolve) => {
        const socket = tls.connect({
            host: '127.0.0.1',
            port: given.port,
            localAddress: nextAddress(),
            servername: 'localhost',
            ca,
            ALPNProtocols: [protocol],
            session: sessions.get(protocol),
        });
        socket.on('session', (one) => sessions.set(protocol, one));
        socket.once('secureConnect', () => resolve(socket));
        socket.on('error', () => resolve(undefined));
        socket.on('data', look);
    });
}

function connectWithoutTls() {
    return new Promise((resolve) => {
        const socket = net.connect({
            host: '127.0.0.1',
            port: given.port,
            localAddress: nextAddress(),
        });
        socket.once('connect', () => resolve(socket));
        socket.on('error', () => resolve(undefined));
        socket.on('data', look);
    });
}

// --- what all kinds do --------------------------------------------------------------------------

// One connection after another, as tools for such attacks do it. All at once would be another one:
// on the processors, by handshakes.
let last = 0;
function turn() {
    const now = performance.now();
    last = Math.max(now, last + 1000 / kOpenedPerSecond);
    return pause(last - now);
}

// Keeps `count` connections that `open` makes, and drips into each of them; what the server cuts is
// made again.
async function stand(open, drip) {
    const sockets = new Set();
    const add = async () => {
        while (!ending) {
            await turn();
            const socket = await open();
            if (!socket) continue;
            ++seen.done;
            sockets.add(socket);
            const timer = setInterval(() => drip(socket), kDripMs);
            socket.once('close', () => {
                clearInterval(timer);
                sockets.delete(socket);
                add();
            });
            return;
        }
    };
    await Promise.all(Array.from({ length: given.count }, add));
    process.send({ standing: sockets.size });
    await ended;
    for (const socket of sockets) socket.destroy();
}

// So many a second, evenly, as far as the server keeps up.
async function repeat(task) {
    const began = performance.now();
    let started = 0;
    let underWay = 0;
    process.send({ standing: given.perSecond });
    while (!ending) {
        const due = ((performance.now() - began) / 1000) * given.perSecond;
        for (; started < due && underWay < kAtOnce; ++started) {
            ++underWay;
            task(started).then((done) => {
                --underWay;
                if (done) ++seen.done;
            });
        }
        await pause(2);
    }
}

// Sends bytes, and waits for the server to end the connection, or to have nothing to say.
async function throwAt(bytes, protocol) {
    const socket = await connect(protocol);
    if (!socket) return false;
    await new Promise((resolve) => {
        socket.setTimeout(kSilenceMs, () => socket.destroy());
        socket.once('close', resolve);
        socket.write(bytes);
    });
    return true;
}

// Until something came, or nothing will.
function takeOneBite(socket) {
    return new Promise((resolve) => {
        const done = () => {
            socket.off('data', done).off('close', done).pause();
            resolve();
        };
        socket.on('data', done).on('close', done).resume();
    });
}

// --- what is sent -------------------------------------------------------------------------------

const head = (method, target, ...lines) =>
    [`${method} ${target} HTTP/1.1`, `Host: ${given.host}`, ...lines].join('\r\n');
const put = (i, length) =>
    `${head(
        'PUT',
        `/v1/secrets/siege/${given.name}-${i}`,
        `Authorization: Bearer ${given.token}`,
        'Content-Type: application/json',
        `Content-Length: ${length}`,
    )}\r\n\r\n`;
const post = (...lines) => head('POST', '/v1/tokens', 'Connection: close', ...lines);
const get = (target, ...lines) => head('GET', target, 'Connection: close', ...lines);

const malformed1 = [
    'this is not HTTP\r\n\r\n',
    `${get(`/${'a'.repeat(9000)}`)}\r\n\r\n`,
    `${get(`/v1/secrets?namespace=${'a'.repeat(40_000)}`)}\r\n\r\n`,
    'GET /v1/health HTTP/9.9\r\n\r\n',
    `${get('/v1/health', 'no colon')}\r\n\r\n`,
    `${get('/v1/health', `X: ${'y'.repeat(40_000)}`)}\r\n\r\n`,
    `${get('/v1/health', ...Array.from({ length: 1000 }, (_, i) => `X-${i}: y`))}\r\n\r\n`,
    `${get('/v1/%zz')}\r\n\r\n`,
    `${get('/v1/%00')}\r\n\r\n`,
    `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}\r\n\r\n0\r\n\r\n`,
    `${post('Content-Length: 5', 'Content-Length: 6')}\r\n\r\nabcdef`,
    `${post('Transfer-Encoding: chunked')}\r\n\r\nzz\r\n`,
    `${post('Content-Length: 99999999999999999999')}\r\n\r\n`,
    `${post('Content-Length: 2000000')}\r\n\r\n`,
    `${put('bad', 8).replace('\r\n', '\r\nConnection: close\r\n')}{"value"`,
    `${put('deep', 60_000).replace('\r\n', '\r\nConnection: close\r\n')}${'['.repeat(60_000)}`,
    Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0x00]),
    Buffer.alloc(2000, 0),
];
const http2 = (...frames) =>
    Buffer.concat([
        kPreface,
        frame(kFrame.settings, 0, 0),
        ...frames,
        frame(kFrame.goaway, 0, 0, Buffer.alloc(8)),
    ]);
const kWhole = kFlag.endHeaders | kFlag.endStream;
const malformed2 = [
    http2(frame(kFrame.headers, kWhole, 1, Buffer.from([0xff, 0xff, 0xff, 0xff]))),
    http2(frame(kFrame.headers, kWhole, 1, block([[':method', 'GET']]))),
    http2(frame(kFrame.headers, kWhole, 1, request(given.host, [['X-Upper', 'v']]))),
    http2(frame(kFrame.headers, kWhole, 1, request(given.host, [['x', 'y'.repeat(15_000)]]))),
    http2(frame(kFrame.headers, kWhole, 0, request(given.host))),
    http2(frame(kFrame.continuation, 0, 1)),
    http2(frame(kFrame.data, 0, 1, Buffer.alloc(0), 0xffffff)),
    http2(...Array.from({ length: 500 }, () => frame(kFrame.ping, 0, 0, Buffer.alloc(8)))),
];
const rapidReset = http2(
    ...Array.from({ length: 100 }, (_, n) => [
        frame(kFrame.headers, kWhole, 2 * n + 1, request(given.host)),
        frame(kFrame.reset, 0, 2 * n + 1, Buffer.from([0, 0, 0, 8])),
    ]).flat(),
);

// How a ClientHello of 512 bytes begins (RFC 8446 §4.1.2), a byte at a time.
const clientHello = Buffer.from('1603010200010001fc0303', 'hex');

const kinds = {
    slowHeaders: () =>
        stand(
            async () => {
                const socket = await connect();
                socket?.write(`${head('GET', '/v1/health')}\r\nX-Slow: `);
                return socket;
            },
            (socket) => socket.write('x'),
        ),
    slowBodies: () =>
        stand(
            async () => {
                const socket = await connect();
                socket?.write(`${put('slow', 1000)}{"value":"`);
                return socket;
            },
            (socket) => socket.write('x'),
        ),
    // More than the socket's buffers hold; of it a little is taken now and then.
    slowReaders: () =>
        stand(
            async () => {
                const socket = await connect();
                if (!socket) return undefined;
                socket.write(`${head('GET', '/v1/openapi.json')}\r\n\r\n`.repeat(2));
                await takeOneBite(socket);
                return socket;
            },
            (socket) => takeOneBite(socket),
        ),
    slowHandshakes: () =>
        stand(connectWithoutTls, (socket) => {
            const at = socket.bytesWritten;
            socket.write(clientHello.subarray(at, at + 1));
        }),
    halfUploads: () =>
        repeat(async (i) => {
            const socket = await connect();
            if (!socket) return false;
            await new Promise((resolve) => {
                socket.once('close', resolve);
                socket.write(`${put(i, 20_000)}{"value":"${'x'.repeat(10_000)}`, () =>
                    socket.destroy(),
                );
            });
            return true;
        }),
    malformed1: () => repeat((i) => throwAt(malformed1[i % malformed1.length])),
    malformed2: () => repeat((i) => throwAt(malformed2[i % malformed2.length], 'h2')),
    rapidReset: () => repeat(() => throwAt(rapidReset, 'h2')),
};

await Promise.all([kinds[given.kind](), ended]);
process.send(seen, () => process.exit());
