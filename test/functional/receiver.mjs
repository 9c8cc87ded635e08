// Somebody who is told: an https server with the stack's certificate for localhost. Each path behaves
// as it is named; what came is kept, by path.
import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';

import { eventually } from './claim.mjs';

// What README.md tells a receiver to do, word for word.
export function isGenuine(secret, headers, body, now = Date.now()) {
    const timestamp = headers['x-secretstore-timestamp'];
    if (Math.abs(now / 1000 - Number(timestamp)) > 300) return false;
    const mac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    return headers['x-secretstore-signature']
        .split(',')
        .some((one) => one.length === 67 && timingSafeEqual(Buffer.from(one), Buffer.from(`v1=${mac}`)));
}

const kBehaviours = {
    ok: (response) => response.writeHead(200).end('thank you'),
    'no-content': (response) => response.writeHead(204).end(),
    error: (response) => response.writeHead(500).end('no'),
    gone: (response) => response.writeHead(410).end(),
    redirect: (response, { url }) => response.writeHead(302, { Location: `${url}/ok` }).end(),
    // Neither an answer nor the end of the connection.
    hang: () => undefined,
    // An answer that never ends.
    endless: (response) => {
        response.writeHead(200);
        const more = () => response.destroyed || response.write('x'.repeat(65536), more);
        more();
    },
    // More, or less, than was announced.
    'too-much': (response) => {
        response.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' + 'x'.repeat(100_000));
        response.socket.end();
    },
    'too-little': (response) => {
        response.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nxx');
        response.socket.end();
    },
    'huge-headers': (response) => {
        response.socket.write('HTTP/1.1 200 OK\r\n');
        response.socket.write(`X-Filler: ${'x'.repeat(1_000_000)}\r\n\r\n`);
        response.socket.end();
    },
    'no-http': (response) => response.socket.end('this is not HTTP\r\n\r\n'),
    closes: (response) => response.socket.destroy(),
};

export class Receiver {
    #server;
    #behaviours = new Map();
    requests = [];

    static async start(stack) {
        const receiver = new Receiver();
        const tls = path.join(stack.state, 'tls');
        receiver.#server = https.createServer(
            {
                key: fs.readFileSync(path.join(tls, 'server.key')),
                cert: fs.readFileSync(path.join(tls, 'server.pem')),
            },
            (request, response) => receiver.#take(request, response),
        );
        await new Promise((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
        receiver.url = `https://localhost:${receiver.#server.address().port}`;
        return receiver;
    }

    async #take(request, response) {
        const chunks = [];
        request.on('error', () => undefined);
        response.on('error', () => undefined);
        for await (const chunk of request) chunks.push(chunk);
        const body = Buffer.concat(chunks).toString('utf8');
        const [, name] = request.url.split('/');
        const { method, url, headers } = request;
        this.requests.push({ at: Date.now(), method, url, headers, body });
        (this.#behaviours.get(name) ?? kBehaviours[name] ?? kBehaviours.ok)(response, this);
    }

    // From now on `name` behaves like another.
    behave(name, like) {
        this.#behaviours.set(name, kBehaviours[like]);
    }

    // What came to this path so far.
    at(url) {
        return this.requests.filter((request) => request.url === new URL(url).pathname);
    }

    // The messages that came to this path, once there are as many.
    async messages(url, count = 1, options) {
        await eventually(`${count} at ${url}`, () => this.at(url).length >= count, options);
        return this.at(url).map(({ body }) => JSON.parse(body));
    }

    stop() {
        this.#server.closeAllConnections();
        return new Promise((resolve) => this.#server.close(resolve));
    }
}

// Every request that came to this path was signed with one of the secrets, and none was sent twice as
// two different messages.
export function assertGenuine(requests, secret) {
    assert.ok(requests.length > 0);
    for (const { headers, body, at } of requests) {
        assert.ok(isGenuine(secret, headers, body, at), 'a signature is wrong');
        assert.equal(headers['x-secretstore-id'], JSON.parse(body).id);
        assert.equal(headers['content-type'], 'application/json');
    }
}
