// Workers come and go under load and no client notices: architecture.md §7.
import { after, assert, before, describe, eventually, test } from './claim.mjs';
import { isAlive, kPatience, kSlowdown, Stack } from './stack.mjs';

let stack;
let token;

before(
    async () => {
        stack = await Stack.start({ workers: 2, threads: 16 });
        const tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        await tenant.putSecret('pool/KEY', { value: 'a-test-value' });
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

// Kept-alive clients that read and write until told to stop: what went wrong, how much went right.
function startLoad(clients = 16) {
    const failures = [];
    let answered = 0;
    let running = true;
    async function client(i) {
        for (let n = 0; running; ++n) {
            try {
                const answer = await (n % 4 === 3
                    ? stack.client.put(`/v1/secrets/pool/W${i}`, {
                          token,
                          body: { value: `value-${n}` },
                      })
                    : stack.client.get('/v1/secrets/pool/KEY', { token }));
                if (answer.status === 200) ++answered;
                else failures.push(`${answer.status} ${answer.text}`);
            } catch (error) {
                failures.push(String(error));
            }
        }
    }
    const lanes = Array.from({ length: clients }, (_, i) => client(i));
    return {
        answered: () => answered,
        failures,
        async stop() {
            running = false;
            await Promise.all(lanes);
        },
    };
}

// Waits until `count` workers live and none of them is one of `before`.
function replaced(before, count = 2) {
    return eventually(
        'workers were replaced',
        () => {
            const pids = stack.workerPids();
            return pids.length === count && pids.every((pid) => !before.includes(pid));
        },
        { timeoutMs: 20_000 * kPatience },
    );
}

describe('under load', () => {
    test(
        'SIGTERM to one worker after another, 20 rounds, fails no request',
        { timeout: 120_000 * kPatience },
        async () => {
            const load = startLoad();
            let ended = 0;
            await eventually('load runs', () => load.answered() > 100);
            for (let round = 0; round < 20; ++round) {
                const [first, second] = stack.workerPids();
                const victim = round % 2 === 0 ? first : second;
                process.kill(victim, 'SIGTERM');
                await eventually(
                    'the worker left and another came',
                    () => {
                        const pids = stack.workerPids();
                        return !isAlive(victim) && pids.length === 2 && !pids.includes(victim);
                    },
                    { timeoutMs: 20_000 * kPatience },
                );
                const seen = load.answered();
                await eventually('load goes on', () => load.answered() > seen + 20);
                ++ended;
            }
            await load.stop();

            assert.equal(ended, 20);
            assert.deepEqual(load.failures, [], `of ${load.answered()} requests`);
        },
    );

    test(
        'SIGHUP to the pool replaces every worker and fails no request',
        { timeout: 60_000 * kPatience },
        async () => {
            const load = startLoad();
            await eventually('load runs', () => load.answered() > 100);
            const before = stack.workerPids();
            process.kill(stack.poolPid(), 'SIGHUP');
            await replaced(before);
            const seen = load.answered();
            await eventually('load goes on', () => load.answered() > seen + 100);
            await load.stop();
            assert.deepEqual(load.failures, [], `of ${load.answered()} requests`);
        },
    );

    test(
        'a worker that is killed is replaced, and what it had not begun is served',
        { timeout: 60_000 * kPatience },
        async () => {
            const load = startLoad();
            await eventually('load runs', () => load.answered() > 100);
            const [victim] = stack.workerPids();
            process.kill(victim, 'SIGKILL');
            await eventually('another came', () => {
                const pids = stack.workerPids();
                return pids.length === 2 && !pids.includes(victim);
            });
            const seen = load.answered();
            await eventually('load goes on', () => load.answered() > seen + 100);
            await load.stop();
            // Only what the killed one was working on: at most one request a thread, as a 503.
            assert.ok(load.failures.length <= 16, load.failures.join('\n'));
            for (const failure of load.failures) assert.match(failure, /^503 /);
        },
    );

    test(
        'killing a worker loses no write that was acknowledged',
        { timeout: 60_000 * kPatience },
        async () => {
            const acknowledged = [];
            let running = true;
            const writers = Array.from({ length: 8 }, async (_, i) => {
                for (let n = 0; running; ++n) {
                    const answer = await stack.client.put(`/v1/secrets/pool/acknowledged/W${i}`, {
                        token,
                        body: { value: `v${i}-${n}` },
                    });
                    if (answer.status === 200)
                        acknowledged.push([
                            `pool/acknowledged/W${i}?version=${answer.json.version}`,
                            `v${i}-${n}`,
                        ]);
                }
            });
            for (let round = 0; round < 3; ++round) {
                const seen = acknowledged.length;
                await eventually('writes go on', () => acknowledged.length > seen + 40);
                const before = stack.workerPids();
                process.kill(before[round % 2], 'SIGKILL');
                await eventually('another came', () => {
                    const pids = stack.workerPids();
                    return pids.length === 2 && !pids.includes(before[round % 2]);
                });
            }
            running = false;
            await Promise.all(writers);
            for (const [path, value] of acknowledged) {
                assert.equal(
                    (await stack.client.get(`/v1/secrets/${path}`, { token })).expect(200).value,
                    value,
                );
            }
        },
    );
});

describe('a worker', () => {
    test('leaves within its time when nothing is asked of it', async () => {
        const [victim] = stack.workerPids();
        const began = Date.now();
        process.kill(victim, 'SIGTERM');
        await eventually('it left', () => !isAlive(victim));
        assert.ok(Date.now() - began < 3000 * kSlowdown);
        await eventually('another came', () => stack.workerPids().length === 2);
    });

    test('outlives clients that connect and say nothing', async () => {
        const before = stack.workerPids();
        const silent = await Promise.all(
            Array.from({ length: 40 }, () => stack.client.openHttp2()),
        );
        (await stack.client.get('/v1/secrets/pool/KEY', { token })).expect(200);
        for (const session of silent) session.destroy();
        assert.deepEqual(stack.workerPids(), before);
    });

    test('takes SIGHUP as a word about its log and goes on', async () => {
        // One that is not ready yet would take it for the end.
        const before = await stack.fullPool(2);
        for (const pid of before) process.kill(pid, 'SIGHUP');
        (await stack.client.get('/v1/secrets/pool/KEY', { token })).expect(200);
        assert.deepEqual(stack.workerPids(), before);
    });
});
