// nginx's share of the limits, as `secretstorectl nginx-limits` makes it of the plans: it sheds what
// no client needs that keeps its limit, and believes no client.
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';

import { after, assert, before, describe, eventually, inParallel, test } from './claim.mjs';
import { LimitsFile } from './limits-file.mjs';
import { kPatience, runOrThrow, Stack } from './stack.mjs';

const kFree = 30;
const kConnections = 16;
const kConf = `plans:
  free: {requests_per_minute: ${kFree}}
  pro: {requests_per_minute: 45}
rate_limit: {address_connections: ${kConnections}}
`;

let stack;
let limits;
before(
    async () => {
        stack = await Stack.start({ workers: 2, threads: 8, conf: kConf });
        limits = new LimitsFile(stack);
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

const isLimited = (answer) => answer.status === 429;
// A worker tells of its quota; nginx does not know it.
const isOfNginx = (answer) => isLimited(answer) && answer.header('ratelimit') === undefined;

async function newToken(plan) {
    const tenant = await stack.newTenant({ plan });
    const token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
    await tenant.putSecret('shed/KEY', { value: 'v' });
    limits.age(60_000);
    return token;
}
const read = (token) => stack.client.get('/v1/secrets/shed/KEY', { token });

// A token whose readable part says something else.
function forged(token, change) {
    const [header, payload, signature] = token.split('.');
    const text = Buffer.from(payload, 'base64url').toString('utf8');
    assert.match(text, /^\{"p":"(fre|pro|ent)","rlk":"[0-9A-Za-z]{24}"/);
    return [header, Buffer.from(change(text)).toString('base64url'), signature].join('.');
}

// What is printed for a configuration with these lines: { zones, limits }.
async function printed(conf) {
    const config = path.join(stack.state, 'log', 'nginx-limits.yaml');
    fs.writeFileSync(config, conf, { mode: 0o644 });
    const print = (part) =>
        runOrThrow(
            path.join(stack.state, 'bin/secretstorectl'),
            ['--config', config, 'nginx-limits', part],
            { ...stack.owner, cwd: '/' },
        );
    const both = { zones: await print('zones'), limits: await print('limits') };
    fs.rmSync(config);
    return both;
}
const rateOf = (zones, zone) => new RegExp(`zone=${zone}:\\S+ rate=(\\S+);`).exec(zones)?.[1];
const burstOf = (text, zone) =>
    Number(new RegExp(`zone=${zone} burst=(\\d+) nodelay;`).exec(text)?.[1]);

describe('secretstorectl nginx-limits', () => {
    test('prints what the configuration says, twice the number as burst', async () => {
        const { zones, limits: text } = await printed(
            'plans: {free: {requests_per_minute: 30}, pro: {requests_per_minute: 600}}\n' +
                'rate_limit: {address_rate: 900, credential_rate: 800, address_connections: 77}\n',
        );
        assert.equal(rateOf(zones, 'secretstore_plan_free'), '30r/m');
        assert.equal(rateOf(zones, 'secretstore_plan_pro'), '600r/m');
        assert.equal(rateOf(zones, 'secretstore_address'), '900r/s');
        assert.equal(rateOf(zones, 'secretstore_credential'), '800r/s');
        assert.equal(burstOf(text, 'secretstore_plan_free'), 60);
        assert.equal(burstOf(text, 'secretstore_plan_pro'), 1200);
        assert.equal(burstOf(text, 'secretstore_address'), 1800);
        assert.match(text, /limit_conn secretstore_connections 77;/);
    });

    test('prints nothing for what has no limit', async () => {
        const { zones, limits: text } = await printed(
            'plans: {free: {requests_per_minute: unlimited}, pro: {requests_per_minute: unlimited}}\n' +
                'rate_limit: {address_rate: unlimited, credential_rate: unlimited, address_connections: unlimited}\n',
        );
        for (const printedText of [zones, text]) assert.doesNotMatch(printedText, /^(limit|map)/m);
    });

    test('lets one address send what the largest plan allows, whatever its own rate', async () => {
        const { limits: text } = await printed(
            'plans: {pro: {requests_per_minute: 20000}}\nrate_limit: {address_rate: 10}\n',
        );
        assert.equal(burstOf(text, 'secretstore_address'), 40_000);
    });

    // nginx's own arithmetic (ngx_http_limit_req_module.c): thousandths of a request, whole numbers.
    function refusedByNginx(rate, burst, times) {
        const perSecond = Math.trunc((Number(/^(\d+)r\/m$/.exec(rate)[1]) * 1000) / 60);
        let excess;
        let last;
        let refused = 0;
        for (const at of times) {
            const next =
                excess === undefined
                    ? 0
                    : Math.max(0, excess - Math.trunc((perSecond * (at - last)) / 1000) + 1000);
            if (next > burst * 1000) {
                ++refused;
                continue;
            }
            excess = next;
            last = at;
        }
        return refused;
    }

    // All N at the end of one window and all N at the beginning of the next, then N a minute for a
    // day: times in milliseconds.
    function worstPattern(limit) {
        const times = [0];
        for (let i = 1; i < limit; ++i) times.push(59_999);
        for (let window = 1; window <= 24 * 60; ++window)
            for (let i = 0; i < limit; ++i) times.push(window * 60_000);
        return times;
    }

    for (const limit of [1, 2, 7, 59, 60, 61, 100, 1000, 1001, 3333]) {
        test(`never refuses a client that keeps to ${limit} a minute`, async () => {
            const { zones, limits: text } = await printed(
                `plans: {free: {requests_per_minute: ${limit}}}\n`,
            );
            const rate = rateOf(zones, 'secretstore_plan_free');
            const burst = burstOf(text, 'secretstore_plan_free');

            assert.equal(refusedByNginx(rate, burst, worstPattern(limit)), 0);
            // And the model does refuse: as much at once as nobody may send.
            assert.ok(refusedByNginx(rate, burst, Array(2 * limit + 5).fill(0)) > 0);
        });
    }
});

describe('nginx', () => {
    test('passes all that a tenant may send, at the worst of times', async () => {
        const token = await newToken('free');

        const first = await inParallel(kFree, 8, () => read(token));
        limits.age(60_000);
        const second = await inParallel(kFree, 8, () => read(token));
        const beyond = await read(token);

        for (const answer of [...first, ...second]) answer.expect(200);
        beyond.expect(429, 'RATE_LIMITED');
        assert.ok(!isOfNginx(beyond));
    });

    test('sheds what goes on above the plan, and its answer says when to come again', async () => {
        const token = await newToken('free');

        const answers = await inParallel(5 * kFree, 8, () => read(token));

        assert.equal(answers.filter(({ status }) => status === 200).length, kFree);
        const shed = answers.filter(isOfNginx);
        assert.ok(shed.length >= 2 * kFree, `${shed.length} of ${answers.length}`);
        for (const answer of shed) {
            answer.expect(429, 'RATE_LIMITED');
            assert.equal(answer.header('retry-after'), '60');
        }
    });

    test('sheds nothing of a tenant without a limit', async () => {
        const token = await newToken('enterprise');
        const answers = await inParallel(8 * kFree, 8, () => read(token));
        for (const answer of answers) answer.expect(200);
    });

    test('sheds of one tenant, not of another', async () => {
        const [one, other] = [await newToken('free'), await newToken('free')];
        await inParallel(5 * kFree, 8, () => read(one));
        (await read(other)).expect(200);
    });

    test('writes into its log what it did', async () => {
        const token = await newToken('free');
        const answers = await inParallel(5 * kFree, 8, () => read(token));
        const passed = answers.find(({ status }) => status === 200);
        const shed = answers.find(isOfNginx);
        for (const [answer, word] of [
            [passed, 'PASSED'],
            [shed, 'REJECTED'],
        ]) {
            const line = await eventually('the line is there', () =>
                accessLog().find((one) => one.includes(answer.requestId)),
            );
            assert.equal(JSON.parse(line).limit, word);
        }
    });

    test('holds one address to its number of requests under way', async () => {
        // Of its own: what other tests have sent must not shed these.
        const localAddress = '127.0.0.30';
        const half = Array.from({ length: kConnections }, () => halfUpload(localAddress));
        try {
            const refused = await eventually('one more is refused', async () => {
                // What we ask here may have had the place of one of them, which was refused then.
                half.forEach((socket, i) => {
                    if (socket.destroyed) half[i] = halfUpload(localAddress);
                });
                const answer = await stack.client.get('/v1/health', { localAddress });
                return isLimited(answer) && answer;
            });
            refused.expect(429, 'RATE_LIMITED');
            assert.equal(refused.header('retry-after'), '60');
            (await stack.client.get('/v1/health', { localAddress: '127.0.0.31' })).expect(200);
        } finally {
            for (const socket of half) socket.destroy();
        }
        await eventually(
            'they are forgotten',
            async () => (await stack.client.get('/v1/health', { localAddress })).status === 200,
        );
    });

    test('only counts where it is told to try first what would be shed', async () => {
        const file = path.join(stack.state, 'nginx/local-dry-run.conf');
        const token = await newToken('free');
        const reload = async () => {
            const before = nginxWorkers();
            process.kill(stack.pidOf('nginx.pid'), 'SIGHUP');
            await eventually('new workers serve', () =>
                nginxWorkers().every((pid) => !before.includes(pid)),
            );
            // Kept connections end with the processes that hold them.
            stack.client.close();
        };
        fs.writeFileSync(file, 'limit_req_dry_run on;\nlimit_conn_dry_run on;\n', { mode: 0o644 });
        try {
            await reload();
            const answers = await inParallel(5 * kFree, 8, () => read(token));
            assert.equal(answers.filter(isOfNginx).length, 0);
            await eventually('the log tells of it', () =>
                accessLog().some((line) => line.includes('"limit":"REJECTED_DRY_RUN"')),
            );
        } finally {
            fs.rmSync(file);
            await reload();
        }
    });
});

describe('a forged hint', () => {
    test('of a plan without limit opens nothing', async () => {
        const token = await newToken('free');
        const lie = forged(token, (text) => text.replace('"p":"fre"', '"p":"ent"'));
        const answers = await inParallel(20, 8, () => read(lie));
        for (const answer of answers) answer.expect(401, 'UNAUTHORIZED');
        // And nothing of it was counted against the tenant that it names.
        const answer = await read(token);
        assert.equal(answer.header('x-ratelimit-remaining'), String(kFree - 1));
    });

    test('of a tenant that is not there opens nothing', async () => {
        const token = await newToken('free');
        const lie = forged(token, (text) =>
            text.replace(/"rlk":"[^"]+"/, `"rlk":"${'x'.repeat(24)}"`),
        );
        (await read(lie)).expect(401, 'UNAUTHORIZED');
    });

    test('does not get around the limit of the true tenant', async () => {
        const token = await newToken('free');
        await inParallel(kFree, 8, () => read(token));
        const lie = forged(token, (text) => text.replace('"p":"fre"', '"p":"pro"'));

        (await read(lie)).expect(401);
        const answer = await read(token);

        assert.ok(isLimited(answer) && !isOfNginx(answer));
    });
});

function accessLog() {
    return fs.readFileSync(path.join(stack.state, 'log/access.log'), 'utf8').split('\n');
}

// The processes that serve, of this store's nginx.
function nginxWorkers() {
    const master = stack.pidOf('nginx.pid');
    return fs
        .readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => {
            try {
                const status = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
                const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
                const parent = status.slice(status.lastIndexOf(')') + 2).split(' ')[1];
                return Number(parent) === master && !command.includes('shutting down');
            } catch {
                return false;
            }
        });
}

// A request whose body does not come.
function halfUpload(localAddress) {
    const socket = tls.connect({
        host: '127.0.0.1',
        localAddress,
        port: Number(stack.client.url.port),
        servername: 'localhost',
        ca: stack.client.ca,
    });
    socket.on('error', () => undefined);
    // It gets an answer only where it is refused.
    socket.on('data', () => socket.destroy());
    socket.on('secureConnect', () =>
        socket.write(
            `POST /v1/tokens HTTP/1.1\r\nHost: ${stack.client.url.host}\r\n` +
                'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
        ),
    );
    return socket;
}
