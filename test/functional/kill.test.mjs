// Workers are killed at random under load, and no client notices: security.md §5, by the retry of
// architecture.md §6 and the exactly-once of contract.md §7.
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { kPatience, kSanitized, Stack } from './stack.mjs';

const kWorkers = 4;
const kKills = kSanitized ? 30 : 300;
const kClients = 16;
const kImports = kSanitized ? 4 : 12;

let stack;
let tenant;
let token;
before(
    async () => {
        stack = await Stack.start({ workers: kWorkers, threads: 16 });
        tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

describe('a worker that is killed', () => {
    test(
        `${kKills} times under load fails no request and loses no write`,
        { timeout: 220_000 * kPatience },
        async (t) => {
            const failures = [];
            // For each client: the values that were acknowledged, in order. Version n is at n - 1.
            const acknowledged = Array.from({ length: kClients }, () => []);
            const wrong = [];
            let reads = 0;
            let running = true;
            const pathOf = (i) => `killed/${i}/KEY`;

            async function write(i, n) {
                // No two bodies are the same, or it would be no new version.
                const value = `value-${i}-${n}`;
                const answer = await stack.client.put(`/v1/secrets/${pathOf(i)}`, {
                    token,
                    body: { value },
                });
                if (answer.status !== 200)
                    return failures.push(`PUT ${answer.status} ${answer.text}`);
                acknowledged[i].push(value);
                if (answer.json.version !== acknowledged[i].length)
                    wrong.push(`version ${answer.json.version} of write ${acknowledged[i].length}`);
            }
            async function read(i) {
                const newest = acknowledged[i].length;
                const answer = await stack.client.get(`/v1/secrets/${pathOf(i)}`, { token });
                if (answer.status !== 200)
                    return failures.push(`GET ${answer.status} ${answer.text}`);
                ++reads;
                const { value, version } = answer.json;
                if (version !== newest || value !== acknowledged[i][newest - 1])
                    wrong.push(`read ${value} of ${version}, written ${newest}`);
            }
            // Each client has a secret of its own, and reads what it wrote.
            const clients = Array.from({ length: kClients }, async (_, i) => {
                await write(i, 0);
                for (let n = 1; running; ++n) {
                    const act = chance(`${i} ${n}`) < 0.7 ? read(i) : write(i, n);
                    await act.catch((error) => failures.push(String(error)));
                }
            });

            let kills = 0;
            const began = Date.now();
            try {
                await eventually('load runs', () => reads > 100);
                while (kills < kKills && failures.length === 0 && wrong.length === 0) {
                    const pids = await stack.fullPool(kWorkers);
                    // One that a pid file still names may be gone: only a death counts.
                    if (killed(pids[Math.floor(chance(`kill ${kills}`) * kWorkers)])) ++kills;
                }
                await stack.fullPool(kWorkers);
            } finally {
                running = false;
                await Promise.all(clients);
            }
            const writes = acknowledged.reduce((sum, list) => sum + list.length, 0);
            t.diagnostic(
                `${kills} kills in ${Date.now() - began} ms under ${reads} reads, ${writes} writes`,
            );

            assert.deepEqual(failures, []);
            assert.deepEqual(wrong, []);
            for (const [i, values] of acknowledged.entries()) {
                const listed = await tenant.call('GET', `/v1/versions?path=${pathOf(i)}&limit=1`);
                assert.equal(listed.expect(200).total, values.length);
                const stored = await inParallel(values.length, 32, async (n) => {
                    const target = `/v1/secrets/${pathOf(i)}?version=${n + 1}`;
                    return (await stack.client.get(target, { token })).expect(200).value;
                });
                assert.deepEqual(stored, values);
            }
        },
    );

    for (const [what, victims] of [
        ['one of them', 1],
        // Else another takes the import up, and it is always whole.
        ['all of them', kWorkers],
    ]) {
        test(
            `${what}, while an import of 1,000 keys runs, leaves it whole or not there`,
            { timeout: 100_000 * kPatience },
            async (t) => {
                const importOne = (namespace) => {
                    const lines = Array.from({ length: 1000 }, (_, i) => `KEY_${i}=value-${i}`);
                    return tenant.call('POST', '/v1/secrets/import', {
                        body: { namespace, content: lines.join('\n') },
                    });
                };
                const began = performance.now();
                (await importOne(unique('measured'))).expect(200);
                const lasts = performance.now() - began;

                const counts = { 200: 0, 503: 0, whole: 0, absent: 0 };
                for (let round = 0; round < kImports; ++round) {
                    const pids = await stack.fullPool(kWorkers);
                    const namespace = unique('imported');
                    const importing = importOne(namespace);
                    // At another moment of its life each time.
                    await pause((lasts * 1.2 * round) / kImports);
                    const first = Math.floor(chance(`${what} ${round}`) * kWorkers);
                    for (let i = 0; i < victims; ++i)
                        process.kill(pids[(first + i) % kWorkers], 'SIGKILL');
                    const answer = await importing;
                    await stack.fullPool(kWorkers);

                    const target = `/v1/secrets?namespace=${namespace}&limit=200&page=5`;
                    const { items, total } = (await tenant.call('GET', target)).expect(200);
                    assert.ok([0, 1000].includes(total), `${total} of 1,000 keys`);
                    assert.ok(items.every((item) => item.version === 1));
                    if (victims === 1 || answer.status === 200) {
                        assert.equal(answer.expect(200).imported_count, 1000);
                        assert.equal(total, 1000);
                    } else {
                        answer.expect(503, 'INTERNAL_ERROR');
                    }
                    ++counts[answer.status];
                    ++counts[total === 1000 ? 'whole' : 'absent'];
                }
                t.diagnostic(`an import takes ${lasts.toFixed()} ms; ${JSON.stringify(counts)}`);
            },
        );
    }
});

function killed(pid) {
    try {
        return process.kill(pid, 'SIGKILL');
    } catch (error) {
        if (error.code !== 'ESRCH') throw error;
        return false;
    }
}

// From 0 to 1, as random as a hash and the same in every run.
function chance(text) {
    return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
