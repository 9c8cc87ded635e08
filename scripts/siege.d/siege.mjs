// What the front bears: first how many requests each limit lets pass (limits.mjs), then what eight
// good clients notice of attacks in the thousands. Each attack is measured in rounds, without and
// with it in turn, and the samples of all rounds are taken together: machines drift. Prints tables.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { inParallel } from '../../test/functional/claim.mjs';
import { Stack } from '../../test/functional/stack.mjs';
import { measureLimits } from './limits.mjs';

const kFolder = path.dirname(fileURLToPath(import.meta.url));
const kSecrets = 100;
const kGoodClients = 8;
// Of each of them. What nginx lets pass of one address is twice as much, all together.
const kReadsPerSecond = 50;
// An attack that comes to so many does not get on.
const kMostRounds = 40;
// No attack needs as long to get going, or to end.
const kPatienceMs = 180_000;

const say = (text) => process.stdout.write(`${text}\n`);

const standing = ({ connections }) => ({ count: connections });
const passing = ({ uploads }) => ({ perSecond: 500, total: uploads });
const kAttacks = [
    { what: 'slow headers', kind: 'slowHeaders', extent: standing },
    { what: 'slow bodies', kind: 'slowBodies', extent: standing },
    { what: 'answers that are hardly read', kind: 'slowReaders', extent: standing },
    { what: 'handshakes that go no further', kind: 'slowHandshakes', extent: standing },
    { what: 'uploads that break off', kind: 'halfUploads', extent: passing },
    { what: 'malformed HTTP/1.1', kind: 'malformed1', extent: passing },
    { what: 'malformed HTTP/2', kind: 'malformed2', extent: passing },
    {
        what: '100 streams, reset at once',
        kind: 'rapidReset',
        extent: ({ uploads }) => ({ perSecond: 5, total: Math.ceil(uploads / 100) }),
    },
];

function parseArguments(args) {
    const options = {
        connections: 5000,
        uploads: 10_000,
        seconds: 10,
        rounds: 2,
        attacks: [],
    };
    for (let i = 0; i < args.length; i += 2) {
        const attack = args[i] === '--attack' && kAttacks.find(({ kind }) => kind === args[i + 1]);
        if (attack) {
            options.attacks.push(attack);
            continue;
        }
        const name = /^--(connections|uploads|seconds|rounds)$/.exec(args[i])?.[1];
        const value = Number(args[i + 1]);
        if (!name || !Number.isInteger(value) || value < 1)
            throw new Error(`'${args[i]} ${args[i + 1]}' is not understood; see --help`);
        options[name] = value;
    }
    return options.attacks.length > 0 ? options : { ...options, attacks: kAttacks };
}

// --- good clients -------------------------------------------------------------------------------

class GoodTraffic {
    constructor(stack, token) {
        this.stack = stack;
        this.token = token;
        const ca = fs.readFileSync(stack.env.ASS_CA_CERT);
        this.agent = new https.Agent({ keepAlive: true, maxSockets: kGoodClients, ca });
    }

    // Reads for so long: { latencies in milliseconds, failed }. A read that starts late because the
    // one before it was slow counts from when it should have started.
    async run(seconds) {
        const result = { latencies: [], failed: 0 };
        const began = performance.now();
        await inParallel(kGoodClients, kGoodClients, async (lane) => {
            for (let i = 0; i < seconds * kReadsPerSecond; ++i) {
                const due = began + ((i + lane / kGoodClients) * 1000) / kReadsPerSecond;
                const wait = due - performance.now();
                if (wait > 0) await pause(wait);
                const from = wait > 0 ? performance.now() : due;
                if (await this.#read(1 + ((i * kGoodClients + lane) % kSecrets)))
                    result.latencies.push(performance.now() - from);
                else ++result.failed;
            }
        });
        return result;
    }

    close() {
        this.agent.destroy();
    }

    #read(i) {
        const url = `${this.stack.url}/v1/secrets/good/K${i}`;
        const headers = { Authorization: `Bearer ${this.token}` };
        return new Promise((resolve) => {
            const request = https.get(url, { agent: this.agent, headers }, (response) => {
                let text = '';
                response.on('data', (chunk) => (text += chunk));
                response.on('error', () => resolve(false));
                response.on('end', () =>
                    resolve(response.statusCode === 200 && text.includes(`"a-value-${i}"`)),
                );
            });
            request.on('error', () => resolve(false));
        });
    }
}

function percentile(latencies, share) {
    const sorted = [...latencies].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

// --- attacks ------------------------------------------------------------------------------------

class Attack {
    constructor(stack, { kind, count, perSecond, token }) {
        const url = new URL(stack.url);
        const given = {
            kind,
            count,
            perSecond,
            token,
            port: Number(url.port),
            host: url.host,
            ca: stack.env.ASS_CA_CERT,
            name: randomBytes(4).toString('hex'),
        };
        this.child = fork(path.join(kFolder, 'attack.mjs'), {
            env: { PATH: process.env.PATH, SIEGE: JSON.stringify(given) },
        });
        this.timer = setTimeout(() => this.child.kill('SIGKILL'), kPatienceMs);
        this.messages = [];
        this.exited = new Promise((resolve) => this.child.once('exit', resolve));
        this.child.on('message', (message) => this.messages.push(message));
    }

    async #told(name) {
        for (;;) {
            const found = this.messages.find((message) => name in message);
            if (found) return found;
            const { exitCode, signalCode } = this.child;
            if (exitCode !== null || signalCode !== null)
                throw new Error(`the attack said no '${name}': exit ${signalCode ?? exitCode}`);
            await pause(20);
        }
    }

    async standing() {
        return (await this.#told('standing')).standing;
    }

    async end() {
        this.child.send('end');
        const seen = await this.#told('done');
        await this.exited;
        clearTimeout(this.timer);
        return seen;
    }
}

class Siege {
    constructor(stack, options) {
        this.stack = stack;
        this.options = options;
        this.rows = [];
    }

    async prepare() {
        const tenant = await this.stack.newTenant();
        this.token = await (await tenant.newAgent()).newToken(['secrets:*:*'], { ttl: '2h' });
        for (let i = 1; i <= kSecrets; ++i)
            await tenant.putSecret(`good/K${i}`, { value: `a-value-${i}` });
        this.good = new GoodTraffic(this.stack, this.token);
        await this.good.run(2);
        this.pids = this.stack.workerPids();
    }

    async besiege(what, kind, { count = 0, perSecond = 0, total = 0 }) {
        const { rounds, seconds } = this.options;
        const row = { what, standing: 0, done: 0, html: 0, without: [], during: [], failed: 0 };
        for (let round = 0; round < rounds || row.done < total; ++round) {
            if (round === kMostRounds) throw new Error(`${kind}: ${row.done} of ${total} done`);
            this.#keep(row, 'without', await this.good.run(seconds));
            const { token } = this;
            const attack = new Attack(this.stack, { kind, count, perSecond, token });
            row.standing = Math.max(row.standing, await attack.standing());
            this.#keep(row, 'during', await this.good.run(seconds));
            const { done, html } = await attack.end();
            row.done += done;
            row.html += html;
        }
        const pids = this.stack.workerPids();
        row.deaths = this.pids.filter((pid) => !pids.includes(pid)).length;
        this.rows.push(row);
        say(line(row));
    }

    #keep(row, part, { latencies, failed }) {
        row[part].push(...latencies);
        row.failed += failed;
    }
}

const kColumns = [
    ['attack', 34],
    ['at once', 9],
    ['in all', 9],
    ['p50', 7],
    ['with', 7],
    ['p99', 8],
    ['with', 8],
    ['ratio', 8],
    ['failed', 8],
    ['deaths', 8],
    ['HTML', 6],
];
const cells = (texts) =>
    texts
        .map((text, i) => (i === 0 ? text.padEnd(kColumns[i][1]) : text.padStart(kColumns[i][1])))
        .join('');

const ratioOf = ({ without, during }) => percentile(during, 0.99) / percentile(without, 0.99);

function line(row) {
    const { what, standing, done, without, during, failed, deaths, html } = row;
    const ms = (value) => value.toFixed(1);
    return cells([
        what,
        String(standing),
        String(done),
        ms(percentile(without, 0.5)),
        ms(percentile(during, 0.5)),
        ms(percentile(without, 0.99)),
        ms(percentile(during, 0.99)),
        `${ratioOf(row).toFixed(2)} x`,
        String(failed),
        String(deaths),
        String(html),
    ]);
}

async function run(siege) {
    const { connections, uploads, attacks } = siege.options;
    await siege.prepare();
    say(
        `\nWorkers: ${siege.pids.join(', ')}. ${kGoodClients * kReadsPerSecond} good reads a second.`,
    );
    say(`${cells(kColumns.map(([name]) => name))}\n`);
    for (const { what, kind, extent } of attacks)
        await siege.besiege(what, kind, extent({ connections, uploads }));
    say(`\nWorkers: ${siege.stack.workerPids().join(', ')}.`);
    const bad = siege.rows.filter((row) => row.deaths + row.html + row.failed > 0);
    const slow = siege.rows.filter((row) => ratioOf(row) > 2);
    say(
        `Workers that died, HTML, or reads that failed: ${bad.length} of ${siege.rows.length} attacks.`,
    );
    say(`p99 more than twice what it was: ${slow.length} of ${siege.rows.length} attacks.`);
    return bad.length + slow.length === 0;
}

// The store and its good clients go before their attackers, and those before whatever else runs.
function goFirst() {
    try {
        os.setPriority(-15);
    } catch (error) {
        if (error.code !== 'ERR_SYSTEM_ERROR') throw error;
        say('Not as root: what else runs on this machine counts, too.');
    }
}

const options = parseArguments(process.argv.slice(2));
goFirst();
if (options.attacks === kAttacks) await measureLimits(say);
// As it is shipped, limits by address included.
const stack = await Stack.start({
    workers: 2,
    threads: 32,
    rateLimit: 1000,
    failedAuthentications: 30,
});
const siege = new Siege(stack, options);
try {
    if (!(await run(siege))) process.exitCode = 1;
} finally {
    siege.good?.close();
    await stack.stop();
}
