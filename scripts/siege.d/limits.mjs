// How many requests each limit lets pass: sent, accepted, refused by a worker, refused by nginx. The
// numbers are as they are shipped, but for those of the rows that say 'nginx', which a sender here
// could not reach. All of a row is sent within one window. Prints a table and judges nothing; the
// tests do (rate-limits, nginx-limits).
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';

import { eventually, inParallel } from '../../test/functional/claim.mjs';
import { LimitsFile } from '../../test/functional/limits-file.mjs';
import { kSmallPlans, Stack } from '../../test/functional/stack.mjs';

const kWidth = 32;
const kCredentials = 4;
const kColumns = [52, 8, 10, 11, 10];
const cells = (texts) =>
    texts.map((text, i) =>
        i === 0 ? text.padEnd(kColumns[i]) : String(text).padStart(kColumns[i]),
    );

// Agents, each with a token, and one secret to read.
async function newReaders(stack, limits, plan) {
    const tenant = await stack.newTenant({ plan });
    await tenant.putSecret('limited/KEY', { value: 'v' });
    const tokens = [];
    for (let i = 0; i < kCredentials; ++i)
        tokens.push(await (await tenant.newAgent()).newToken(['secrets:read:limited/*']));
    // A new window: what it took to get here does not count.
    limits.age(60_000);
    return { tenant, tokens };
}

class Table {
    constructor(say) {
        this.say = say;
        say(cells(['limit', 'sent', 'accepted', 'by worker', 'by nginx']).join(''));
    }

    // `accepted`: the status of a request that the limit let pass.
    async row(stack, what, count, send, accepted = 200) {
        const answers = await inParallel(count, kWidth, send);
        const passed = answers.filter(({ status }) => status === accepted).length;
        const limited = answers.filter(({ status }) => status === 429);
        if (passed + limited.length !== count) throw new Error(`${what}: other answers too`);
        const asked = await askedWorkers(stack, limited);
        this.say(cells([what, count, passed, asked, limited.length - asked]).join(''));
    }
}

// How many of these answers a worker gave: nginx's log has the time that it took.
async function askedWorkers(stack, answers) {
    const ids = new Set(answers.map(({ requestId }) => requestId));
    const entries = await eventually('the log has all of them', () => {
        const text = fs.readFileSync(path.join(stack.state, 'log/access.log'), 'utf8');
        const found = text
            .slice(0, text.lastIndexOf('\n') + 1)
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line))
            .filter((entry) => ids.has(entry.request_id));
        return found.length === ids.size && found;
    });
    return entries.filter((entry) => /\d/.test(entry.worker_seconds)).length;
}

async function tenants(stack, table) {
    const limits = new LimitsFile(stack);
    const read =
        ({ tokens }) =>
        (i) =>
            stack.client.get('/v1/secrets/limited/KEY', {
                token: tokens[i % tokens.length],
                // nginx's limit by address is another row.
                localAddress: `127.0.2.${1 + (i % 8)}`,
            });
    for (const [plan, count] of [
        ['free', 150],
        ['free', 500],
        ['pro', 1500],
        ['pro', 3500],
        ['enterprise', 3500],
    ]) {
        const readers = await newReaders(stack, limits, plan);
        await table.row(
            stack,
            `plan ${plan}, by ${kCredentials} credentials`,
            count,
            read(readers),
        );
    }
    const special = await newReaders(stack, limits, 'enterprise');
    const { id } = special.tenant;
    await stack.ctl(['tenant', 'plan', id, 'enterprise', '--requests-per-minute', '250']);
    await table.row(stack, 'enterprise with a number of its own, 250', 400, read(special));
    limits.age(60_000);
    const fails = (last) => () =>
        stack.client.get('/v1/agents', { token: 'x'.repeat(40), localAddress: `127.0.3.${last}` });
    await table.row(stack, 'credentials that fail, 30 a minute and address', 100, fails(1), 401);
    await table.row(stack, 'the same from another address', 100, fails(2), 401);
}

async function nginx(stack, table) {
    const limits = new LimitsFile(stack);
    const health = (address) => () => stack.client.get('/v1/health', { localAddress: address });
    await table.row(stack, 'nginx: 40 a second and address, 80 at once', 300, health('127.0.4.1'));
    const { tokens } = await newReaders(stack, limits, 'enterprise');
    await table.row(stack, 'nginx: 40 a second and credential, 80 at once', 300, (i) =>
        stack.client.get('/v1/secrets/limited/KEY', {
            token: tokens[0],
            localAddress: `127.0.5.${1 + (i % 250)}`,
        }),
    );
    const held = await Promise.all(
        Array.from({ length: 16 }, () => halfRequest(stack, '127.0.6.1')),
    );
    try {
        await eventually(
            'the connections count',
            async () => (await health('127.0.6.1')()).status === 429,
        );
        await table.row(
            stack,
            'nginx: beside 16 of 16 requests under way',
            20,
            health('127.0.6.1'),
        );
        await table.row(stack, 'the same from another address', 20, health('127.0.6.2'));
    } finally {
        for (const socket of held) socket.destroy();
    }
}

function halfRequest(stack, localAddress) {
    return new Promise((resolve, reject) => {
        const { url, ca } = stack.client;
        const socket = tls.connect({
            host: '127.0.0.1',
            port: Number(url.port),
            servername: 'localhost',
            localAddress,
            ca,
        });
        socket.on('error', reject);
        socket.on('secureConnect', () => {
            socket.write(
                `POST /v1/tokens HTTP/1.1\r\nHost: ${url.host}\r\n` +
                    'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
            );
            resolve(socket);
        });
    });
}

async function withStack(options, task) {
    const stack = await Stack.start({ workers: 2, threads: 16, ...options });
    try {
        await task(stack);
    } finally {
        await stack.stop();
    }
}

export async function measureLimits(say) {
    const table = new Table(say);
    await withStack({ rateLimit: 1000, failedAuthentications: 30 }, (stack) =>
        tenants(stack, table),
    );
    const conf = `${kSmallPlans}rate_limit: {address_connections: 16}\n`;
    await withStack({ rateLimit: 40, conf }, (stack) => nginx(stack, table));
}
