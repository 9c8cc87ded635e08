// Workers are killed at random under load, and no client notices: security.md §5, by the retry of
// architecture.md §6 and the exactly-once of contract.md §7.
//
// A pool is at full strength again after a fifth of a second, most of which nobody works in: two
// pools at once take half of the time.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { kPatience, kSanitized, Stack } from './stack.mjs';

const kPools = 2;
const kWorkers = 4;
const kKills = kSanitized ? 30 : 300;
const kClients = 16;
const kImports = kSanitized ? 4 : 12;

const pools = [];
before(
    async () => {
        for (let i = 0; i < kPools; ++i) {
            const stack = await Stack.start({ workers: kWorkers, threads: 16 });
            pools.push({ stack });
            const tenant = await stack.newTenant();
            const token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
            pools[i] = { i, stack, tenant, token };
        }
    },
    { timeout: 60_000 * kPatience },
);
after(async () => {
    for (const { stack } of pools) await stack.stop();
});
const inEachPool = (task) => Promise.all(pools.map(task));

describe('a worker that is killed', () => {
    test(
        `${kKills} times under load fails no request and loses no write`,
        { timeout: 600_000 * kPatience },
        async (t) => {
            const results = await inEachPool(killUnderLoad);

            for (const { kills, took, reads, writes, failures, wrong } of results) {
                t.diagnostic(`${kills} kills in ${took} ms under ${reads} reads, ${writes} writes`);
                assert.deepEqual(failures, []);
                assert.deepEqual(wrong, []);
            }
            await inEachPool(async ({ stack }) => {
                const log = fs.readFileSync(path.join(stack.state, 'log/worker.log'), 'utf8');
                const killed = log.match(/ event=worker_gone .* signal=9$/gm);
                assert.equal(killed.length, kKills / kPools);
            });
            await inEachPool((pool, i) => checkLedger(pool, results[i]));
        },
    );

    // Kills of how many workers and how often, while one import runs. nginx sends it to three
    // workers, so that only the last of these can fail it.
    for (const [what, victims, times] of [
        ['one of them', 1, 1],
        ['all of them', kWorkers, 1],
        ['all of them three times', kWorkers, 3],
    ]) {
        const mayFail = times >= 3;
        test(
            `${what}, while an import of 1,000 keys runs, leaves it whole${mayFail ? ' or not there' : ''}`,
            { timeout: 100_000 * kPatience },
            async (t) => {
                const counts = { 200: 0, 503: 0, whole: 0, absent: 0 };
                await inEachPool(async (pool) => {
                    for (let round = 0; round < kImports / kPools; ++round) {
                        const seed = `${what} ${pool.i} ${round}`;
                        const { answer, total } = await killDuringImport(
                            pool,
                            seed,
                            victims,
                            times,
                        );
                        assert.ok([0, 1000].includes(total), `${total} of 1,000 keys`);
                        if (mayFail && answer.status !== 200) {
                            answer.expect(503, 'INTERNAL_ERROR');
                        } else {
                            assert.equal(answer.expect(200).imported_count, 1000);
                            assert.equal(total, 1000);
                        }
                        ++counts[answer.status];
                        ++counts[total === 1000 ? 'whole' : 'absent'];
                    }
                });
                t.diagnostic(JSON.stringify(counts));
            },
        );
    }
});

// Reads and writes, 70 to 30, while one worker after another is killed, each when all are there.
async function killUnderLoad({ i: pool, stack, token }) {
    // For each client: the values that were acknowledged, in order. Version n is at n - 1.
    const acknowledged = Array.from({ length: kClients }, () => []);
    const failures = [];
    const wrong = [];
    let reads = 0;
    let running = true;

    async function write(i, n) {
        // No two bodies are the same, or it would be no new version.
        const value = `value-${i}-${n}`;
        const target = `/v1/secrets/${pathOf(i)}`;
        const answer = await stack.client.put(target, { token, body: { value } });
        if (answer.status !== 200) return failures.push(`PUT ${answer.status} ${answer.text}`);
        acknowledged[i].push(value);
        if (answer.json.version !== acknowledged[i].length)
            wrong.push(`version ${answer.json.version} of write ${acknowledged[i].length}`);
    }
    async function read(i) {
        const newest = acknowledged[i].length;
        const answer = await stack.client.get(`/v1/secrets/${pathOf(i)}`, { token });
        if (answer.status !== 200) return failures.push(`GET ${answer.status} ${answer.text}`);
        ++reads;
        const { value, version } = answer.json;
        if (version !== newest || value !== acknowledged[i][newest - 1])
            wrong.push(`read ${value} of ${version}, written ${newest}`);
    }
    // Each client has a secret of its own, and reads what it wrote.
    const clients = Array.from({ length: kClients }, async (_, i) => {
        await write(i, 0);
        for (let n = 1; running; ++n) {
            const act = chance(`${pool} ${i} ${n}`) < 0.7 ? read(i) : write(i, n);
            await act.catch((error) => failures.push(String(error)));
            // Or they would write more than can be read again in the time of a test.
            await pause(16 * chance(`rest ${pool} ${i} ${n}`));
        }
    });

    let kills = 0;
    const began = Date.now();
    try {
        await eventually('load runs', () => reads > 100);
        let victim;
        while (kills < kKills / kPools && failures.length === 0 && wrong.length === 0) {
            const pids = await stack.fullPool(kWorkers, { gone: [victim] });
            victim = pids[Math.floor(chance(`kill ${pool} ${kills}`) * kWorkers)];
            process.kill(victim, 'SIGKILL');
            ++kills;
        }
        await stack.fullPool(kWorkers, { gone: [victim] });
    } finally {
        running = false;
        await Promise.all(clients);
    }
    const writes = acknowledged.reduce((sum, list) => sum + list.length, 0);
    return { kills, took: Date.now() - began, reads, writes, acknowledged, failures, wrong };
}

// Every acknowledged write is there with its exact value, none is there twice, and each has its row
// in the audit log. Of a read there may be two: the one that was recorded and not answered.
async function checkLedger({ stack, tenant, token }, { acknowledged, reads, writes }) {
    for (const [i, values] of acknowledged.entries()) {
        const listed = await tenant.call('GET', `/v1/versions?path=${pathOf(i)}&limit=1`);
        assert.equal(listed.expect(200).total, values.length);
        const stored = await inParallel(values.length, 16, async (n) => {
            const target = `/v1/secrets/${pathOf(i)}?version=${n + 1}`;
            return (await stack.client.get(target, { token })).expect(200).value;
        });
        assert.deepEqual(stored, values);
    }
    const [recorded] = await stack.rows(
        `select count(*) filter (where event_type in ('secret.created', 'secret.updated'))::int
                    as writes,
                count(*) filter (where event_type = 'secret.read')::int as reads
         from store.audit_events where tenant_id = '${tenant.id}'`,
    );
    assert.equal(recorded.writes, writes);
    assert.ok(recorded.reads >= reads + writes, `${recorded.reads} reads on record`);
}

// One import, and workers killed at random moments of its life: its answer, and how many of its
// keys are there.
async function killDuringImport({ stack, tenant }, seed, victims, times) {
    const kUsualMs = 150;
    const namespace = unique('imported');
    const lines = Array.from({ length: 1000 }, (_, i) => `KEY_${i}=value-${i}`);
    let pids = await stack.fullPool(kWorkers);
    const importing = tenant.call('POST', '/v1/secrets/import', {
        body: { namespace, content: lines.join('\n') },
    });
    for (let time = 0; time < times; ++time) {
        await pause(kUsualMs * chance(`${seed} ${time}`));
        const first = Math.floor(chance(seed) * kWorkers);
        const gone = Array.from({ length: victims }, (_, i) => pids[(first + i) % kWorkers]);
        for (const pid of gone) process.kill(pid, 'SIGKILL');
        pids = await stack.fullPool(kWorkers, { gone });
    }
    const answer = await importing;

    const target = `/v1/secrets?namespace=${namespace}&limit=200&page=5`;
    const { items, total } = (await tenant.call('GET', target)).expect(200);
    assert.ok(items.every((item) => item.version === 1));
    return { answer, total };
}

function pathOf(i) {
    return `killed/${i}/KEY`;
}

// From 0 to 1, as random as a hash and the same in every run.
function chance(text) {
    return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
