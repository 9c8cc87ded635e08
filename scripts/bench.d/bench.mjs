// Audited reads, writes and token issues a second over kept TLS connections, beside what the same
// nginx and the same PostgreSQL can do at most in the same minutes. Measured in rounds, one after
// another, and the medians taken: machines drift, and so all figures of a table drift together.
// Prints a table and writes run/bench.json.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { eventually, inParallel } from '../../test/functional/claim.mjs';
import { kBinaries, runOrThrow, Stack } from '../../test/functional/stack.mjs';
import { measureSizes, sizeVerdicts } from './sizes.mjs';

const kFolder = path.dirname(fileURLToPath(import.meta.url));
const kRoot = path.join(kFolder, '../..');
const kPgbench = '/usr/lib/postgresql/15/bin/pgbench';
const kSecrets = 1000;
const kTokens = 16;
const kMillion = 1_000_000;

// One round: what is compared stands side by side. First the store as it is run, then with its
// batches turned off.
const kBatched = [
    ['static_16', { kind: 'static', connections: 16 }],
    ['puts_16', { kind: 'put', connections: 16 }],
    ['tokens_16', { kind: 'token', connections: 16 }],
    ['reads_16', { kind: 'read', connections: 16 }],
    ['pgbench_read', { kind: 'pgbench', secrets: kSecrets }],
    ['reads_64', { kind: 'read', connections: 64 }],
    ['reads_1', { kind: 'read', connections: 1 }],
];
const kUnbatched = [
    ['reads_1_unbatched', { kind: 'read', connections: 1 }],
    ['reads_64_unbatched', { kind: 'read', connections: 64 }],
];

function parseArguments(args) {
    const options = {
        seconds: 5,
        rounds: 3,
        out: path.join(kRoot, 'run/bench.json'),
        million: true,
        sizes: true,
    };
    for (let i = 0; i < args.length; ++i) {
        if (args[i] === '--no-million') options.million = false;
        else if (args[i] === '--no-sizes') options.sizes = false;
        else if (args[i] === '--only-sizes') options.onlySizes = true;
        else if (args[i] === '--seconds') options.seconds = Number(args[++i]);
        else if (args[i] === '--rounds') options.rounds = Number(args[++i]);
        else if (args[i] === '--out') options.out = path.resolve(args[++i]);
        else throw new Error(`unknown argument '${args[i]}'; --help lists the known ones`);
    }
    if (!(options.seconds >= 1) || !(options.rounds >= 1))
        throw new Error('--seconds and --rounds take numbers from 1');
    return options;
}

const say = (text) => process.stdout.write(`${text}\n`);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const medians = (list) => ({
    per_s: Math.round(median(list.map((one) => one.per_s))),
    p50_ms: round(median(list.map((one) => one.p50_ms))),
    p99_ms: round(median(list.map((one) => one.p99_ms))),
});
const round = (value) => Number(value.toFixed(3));

function describe({ per_s: perSecond, p50_ms: p50, p99_ms: p99 }) {
    const rate = String(Math.round(perSecond)).padStart(7);
    return `${rate}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms`;
}

class Bench {
    // With a store of its own.
    static async start(options) {
        const store = { workers: 2, threads: 32, fsync: true, options: ['--bench'] };
        return new Bench(await Stack.start(store), options);
    }

    constructor(stack, options) {
        this.stack = stack;
        this.options = options;
        this.scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'secretstore-bench-'));
        this.figures = new Map();
        this.cpu = [];
    }

    // --- what is measured ------------------------------------------------------------------

    async prepare() {
        this.tenant = await this.stack.newTenant();
        this.agents = [];
        for (let i = 0; i < kTokens; ++i) this.agents.push(await this.tenant.newAgent());
        this.issued = [];
        for (const agent of this.agents)
            this.issued.push({
                agent,
                ...(await agent.issue(['secrets:*:bench/*'], { ttl: '12h' })),
            });
        await inParallel(kSecrets, 32, (i) =>
            this.tenant.putSecret(`bench/space/K${i + 1}`, {
                value: `a-value-of-the-benchmark-${i}`,
            }),
        );
        const write = (name, lines) => {
            const file = path.join(this.scratch, name);
            fs.writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
            return file;
        };
        this.tokenFile = write(
            'tokens',
            this.issued.map((one) => one.token),
        );
        this.keyFile = write(
            'keys',
            this.agents.map((agent) => agent.key),
        );
        this.statement = (await this.stack.ctl(['db', 'print-statement', 'read']))
            .trim()
            .replace(/;$/, '');
        await this.stack.psql('vacuum analyze; checkpoint;');
    }

    async stop() {
        fs.rmSync(this.scratch, { recursive: true, force: true });
        await this.stack.stop();
    }

    async measure(name, { kind, connections, secrets = kSecrets }) {
        const figure =
            kind === 'pgbench'
                ? await this.#pgbench(secrets)
                : await this.#wrk(kind, connections, name);
        this.keep(name, figure);
    }

    keep(name, figure) {
        if (!this.figures.has(name)) this.figures.set(name, []);
        this.figures.get(name).push(figure);
        say(`    ${name.padEnd(20)} ${describe(figure)}`);
    }

    async #wrk(kind, connections, name) {
        const file = kind === 'token' ? this.keyFile : this.tokenFile;
        const args = [
            '-t',
            '1',
            '-c',
            String(connections),
            '-d',
            `${this.options.seconds}s`,
            '--latency',
            '-s',
            path.join(kFolder, 'requests.lua'),
            this.stack.url,
            '--',
            kind,
            String(kSecrets),
            file,
        ];
        const { stdout } = await this.#watched('wrk', args, name === 'reads_64');
        const result = JSON.parse(stdout.trim().split('\n').at(-1));
        if (result.failed > 0)
            throw new Error(
                `${name}: ${result.failed} of ${result.requests} requests failed:\n${stdout}`,
            );
        return {
            per_s: (result.requests * 1e6) / result.us,
            p50_ms: result.p50_us / 1000,
            p99_ms: result.p99_us / 1000,
        };
    }

    // The very statement of a read, one read a statement, as the role that runs it.
    async #pgbench(secrets) {
        const script = path.join(this.scratch, 'read.sql');
        const one = this.issued[0];
        const agent = one.agent.id;
        const values = [
            `array['${this.tenant.id}']`,
            `array['${one.token_id}']`,
            `array['${agent}']`,
            `array['bench/space']`,
            `array['K' || :n]`,
            'array[null]',
            'array[0]',
            'array[1]',
            'array[null]',
            'array[false]',
            'array[gen_random_uuid()]',
            `array['127.0.0.1']`,
            `array['pgbench']`,
            `array['00000000000000000000000000000000']`,
            'array[null]',
        ];
        const sql = this.statement.replace(/\$(\d+)/g, (_, n) => values[n - 1]);
        fs.writeFileSync(script, `\\set n random(1, ${secrets})\n${sql};\n`);
        const prefix = path.join(this.scratch, 'transactions');
        const args = [
            '-n',
            '-M',
            'prepared',
            '-c',
            '8',
            '-j',
            '2',
            '-T',
            String(this.options.seconds),
            '-f',
            script,
            '-l',
            `--log-prefix=${prefix}`,
            '-h',
            path.join(this.stack.state, 'socket'),
            '-U',
            'secretstore_reader',
            'secretstore',
        ];
        const env = {
            ...process.env,
            PGOPTIONS:
                '-c plan_cache_mode=force_generic_plan -c search_path= -c synchronous_commit=on',
        };
        const stdout = await runOrThrow(kPgbench, args, {
            env,
            cwd: this.scratch,
            timeoutMs: 600_000,
        });
        const logs = fs.readdirSync(this.scratch).filter((file) => file.startsWith('transactions'));
        const latencies = logs
            .flatMap((file) =>
                fs
                    .readFileSync(path.join(this.scratch, file), 'utf8')
                    .trim()
                    .split('\n')
                    .map((line) => Number(line.split(' ')[2])),
            )
            .sort((a, b) => a - b);
        for (const file of logs) fs.rmSync(path.join(this.scratch, file));
        const at = (share) =>
            latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] / 1000;
        return {
            per_s: Number(/tps = ([\d.]+)/.exec(stdout)[1]),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
        };
    }

    // --- where the time goes ---------------------------------------------------------------

    // Runs a program; on demand the processor time of everybody in the middle of it.
    #watched(program, args, watch) {
        return new Promise((resolve, reject) => {
            const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
            let stdout = '';
            let stderr = '';
            child.stdout.on('data', (chunk) => (stdout += chunk));
            child.stderr.on('data', (chunk) => (stderr += chunk));
            child.on('error', reject);
            const millis = this.options.seconds * 1000;
            let first;
            const timers = watch
                ? [
                      setTimeout(() => (first = this.#times(child.pid)), millis * 0.1),
                      setTimeout(
                          () => this.cpu.push(difference(first, this.#times(child.pid))),
                          millis * 0.9,
                      ),
                  ]
                : [];
            child.on('close', (code) => {
                timers.forEach(clearTimeout);
                if (code === 0) resolve({ stdout, stderr });
                else reject(new Error(`${program}: exit ${code}: ${stderr}${stdout}`));
            });
        });
    }

    // Seconds of processor time used so far, by group, and the wall clock.
    #times(client) {
        const nginx = this.stack.pidOf('nginx.pid');
        const postmaster = this.stack.pidOf('pg/postmaster.pid');
        const groups = {
            nginx: familyOf(nginx),
            workers: this.stack.workerPids(),
            postgresql: familyOf(postmaster),
            client: [client],
        };
        const seconds = Object.fromEntries(
            Object.entries(groups).map(([name, pids]) => [
                name,
                pids.reduce((sum, pid) => sum + processorSeconds(pid), 0),
            ]),
        );
        return { seconds, wall: performance.now() / 1000 };
    }

    cpuShares() {
        const names = Object.keys(this.cpu[0] ?? {});
        return Object.fromEntries(
            names.map((name) => [name, round(median(this.cpu.map((one) => one[name])))]),
        );
    }

    // KiB that are each worker's alone.
    workerMemory() {
        return this.stack.workerPids().map((pid) => {
            const read = (file) => fs.readFileSync(`/proc/${pid}/${file}`, 'utf8');
            const sum = (text, pattern) =>
                [...text.matchAll(pattern)].reduce((total, [, kib]) => total + Number(kib), 0);
            try {
                return sum(read('smaps_rollup'), /^Private_(?:Dirty|Clean):\s+(\d+) kB$/gm);
            } catch {
                // Workers are not dumpable: only root may look. What is anonymous comes close.
                return sum(read('status'), /^RssAnon:\s+(\d+) kB$/gm);
            }
        });
    }

    // --- pools and rows --------------------------------------------------------------------

    // Replaces all workers by ones with this batch size; nothing else changes.
    async setBatch(size) {
        const file = path.join(this.stack.state, 'conf.d/bench.yaml');
        fs.writeFileSync(file, `worker:\n  read_batch: ${size}\n`);
        fs.chmodSync(file, 0o644);
        const before = this.stack.workerPids();
        process.kill(this.stack.poolPid(), 'SIGHUP');
        await eventually(
            'the pool is another',
            () => {
                const pids = this.stack.workerPids();
                return pids.length === before.length && pids.every((pid) => !before.includes(pid));
            },
            { timeoutMs: 60_000 },
        );
        await this.warmUp();
    }

    async warmUp() {
        const [{ token }] = this.issued;
        await inParallel(2000, 64, (i) =>
            this.stack.client.get(`/v1/secrets/bench/space/K${(i % kSecrets) + 1}`, { token }),
        );
    }

    async seedMillion() {
        // Copies of one true row: nobody could open them, and no index knows.
        await this.stack.psql(
            `
            set session_replication_role = replica;
            create temp table filler as
                select n, gen_random_uuid() as secret_id
                from generate_series(${kSecrets + 1}, ${kMillion}) n;
            insert into store.secrets (tenant_id, secret_id, namespace, key, secret_type,
                                       access_tier, current_version)
                select '${this.tenant.id}', f.secret_id, 'bench/space', 'K' || f.n, 'custom', 0, 1
                from filler f;
            insert into store.secret_versions (tenant_id, secret_id, version, kek_id, access_tier,
                                               dek_box, value_box, created_by_type)
                select v.tenant_id, f.secret_id, 1, v.kek_id, 0, v.dek_box, v.value_box, 'user'
                from filler f, (
                    select v.*
                    from store.secret_versions v join store.secrets s using (tenant_id, secret_id)
                    where s.tenant_id = '${this.tenant.id}' and s.path = 'bench/space/K1'
                    limit 1) v;
            vacuum analyze store.secrets;
            vacuum analyze store.secret_versions;
            checkpoint;`,
            { timeoutMs: 1_800_000 },
        );
    }
}

function familyOf(pid) {
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

function processorSeconds(pid) {
    try {
        const fields = fs
            .readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /, '')
            .split(' ');
        return (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
        return 0;
    }
}

// Shares of one core, by group, between two looks.
function difference(first, second) {
    const wall = second.wall - first.wall;
    return Object.fromEntries(
        Object.keys(first.seconds).map((name) => [
            name,
            (second.seconds[name] - first.seconds[name]) / wall,
        ]),
    );
}

function table(figures) {
    const lines = [['', 'per second', 'p50 ms', 'p99 ms']];
    for (const [name, figure] of Object.entries(figures))
        lines.push([
            name,
            String(figure.per_s),
            figure.p50_ms.toFixed(2),
            figure.p99_ms.toFixed(2),
        ]);
    return lines
        .map(
            ([name, ...cells]) =>
                `  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(12)).join('')}`,
        )
        .join('\n');
}

function verdicts(figures, bench) {
    return [...rateVerdicts(figures, bench.memory), ...sizeVerdicts(figures, bench)].map(
        ([what, reached, relation, wanted]) => {
            const met = relation === '>=' ? reached >= wanted : reached <= wanted;
            return { what, reached: round(reached), relation, wanted: round(wanted), met };
        },
    );
}

function rateVerdicts(figures, memory) {
    if (!figures.reads_64) return [];
    const ratio = (a, b) => figures[a].per_s / figures[b].per_s;
    const list = [
        ['reads at 64 connections / pgbench', ratio('reads_64', 'pgbench_read'), '>=', 0.7],
        ['reads at 64 connections / unbatched', ratio('reads_64', 'reads_64_unbatched'), '>=', 1.5],
        ['reads at 1 connection / unbatched', ratio('reads_1', 'reads_1_unbatched'), '>=', 1],
        [
            'p99 at 16 connections, ms',
            figures.reads_16.p99_ms,
            '<=',
            4 * figures.pgbench_read.p99_ms + 2,
        ],
        ['largest worker, private MiB', Math.max(...memory) / 1024, '<=', 32],
    ];
    if (figures.reads_16_million) {
        const cost = ratio('reads_16_thousand', 'reads_16_million');
        list.push(['cost of a read, 10^6 / 10^3 secrets', cost, '<=', 1.3]);
    }
    return list;
}

async function runRounds(bench, { rounds }) {
    for (let n = 1; n <= rounds; ++n) {
        say(`\n  round ${n} of ${rounds}, batches of up to 64`);
        await bench.setBatch(64);
        for (const [name, what] of kBatched) await bench.measure(name, what);
        if (n === rounds) bench.memory = bench.workerMemory();
        say(`  round ${n} of ${rounds}, batches of 1`);
        await bench.setBatch(1);
        for (const [name, what] of kUnbatched) await bench.measure(name, what);
    }
}

// A second store with 10^6 secrets, read in turns with the first, which has 10^3. Reads ask for the
// 10^3 of them that can be opened; the statement alone (pgbench) asks for any of the 10^6.
async function compareWithMillion(thousand, million, { rounds }) {
    say('\n  seeding 10^6 secrets in a second store ...');
    await million.prepare();
    await million.seedMillion();
    await million.warmUp();
    await thousand.setBatch(64);
    for (let n = 1; n <= rounds; ++n) {
        say(`  round ${n} of ${rounds}, 10^3 and 10^6 secrets`);
        for (const [bench, suffix, secrets] of [
            [thousand, 'thousand', kSecrets],
            [million, 'million', kMillion],
        ]) {
            await bench.measure(`reads_16_${suffix}`, { kind: 'read', connections: 16 });
            await bench.measure(`pgbench_read_${suffix}`, { kind: 'pgbench', secrets });
        }
    }
    for (const [name, list] of million.figures) thousand.figures.set(name, list);
}

async function main() {
    const options = parseArguments(process.argv.slice(2));
    options.loadBefore = os.loadavg()[0];
    if (options.loadBefore > 1) {
        say(`bench: others use this machine (load ${options.loadBefore.toFixed(1)}): it will show`);
    }
    const started = [];
    const stopAll = () => Promise.all(started.splice(0).map((bench) => bench.stop()));
    for (const signal of ['SIGINT', 'SIGTERM']) {
        process.once(signal, () => stopAll().then(() => process.exit(1)));
    }
    try {
        say('bench: starting a store of its own (fsync on, default settings, no rate limit) ...');
        const bench = await Bench.start(options);
        started.push(bench);
        await bench.prepare();
        if (!options.onlySizes) await runRounds(bench, options);
        if (options.sizes) {
            const third = await Bench.start(options);
            started.push(third);
            await third.prepare();
            await measureSizes(third, options);
            for (const [name, list] of third.figures) bench.figures.set(name, list);
            bench.exportMemory = third.exportMemory;
            await third.stop();
            started.pop();
        }
        if (options.million) {
            const second = await Bench.start(options);
            started.push(second);
            await compareWithMillion(bench, second, options);
        }
        report(bench, options);
        await reportCounting(bench);
    } finally {
        await stopAll();
    }
}

function report(bench, options) {
    const figures = Object.fromEntries(
        [...bench.figures].map(([name, list]) => [name, medians(list)]),
    );
    const reached = verdicts(figures, bench);
    const shares = bench.cpuShares();
    const machine = {
        cores: os.cpus().length,
        cpu: os.cpus()[0]?.model,
        memory_mib: Math.round(os.totalmem() / 2 ** 20),
    };

    const { rounds, seconds } = options;
    say(`\nMedians of ${rounds} rounds of ${seconds} s; ${machine.cores} cores, ${machine.cpu}\n`);
    say(table(figures));
    say('\nTo reach');
    for (const one of reached) {
        const verdict = one.met ? 'yes' : 'NO ';
        const wanted = `${one.relation} ${one.wanted.toFixed(2)}`;
        say(
            `  ${verdict}  ${one.what.padEnd(40)} ${one.reached.toFixed(2).padStart(8)}   ${wanted}`,
        );
    }
    if (bench.memory) reportShares(bench, figures, shares);
    if (bench.exportMemory) {
        const { before_kib: before, after_kib: after, rows } = bench.exportMemory;
        say(`\nPeak memory of a worker before and after an export of ${rows} rows: ` +
            `${(before / 1024).toFixed(1)}, ${(after / 1024).toFixed(1)} MiB`);
    }

    const written = {
        ...figures,
        targets: reached,
        cpu_cores_reads_64: shares,
        worker_private_kib: bench.memory,
        export_memory: bench.exportMemory,
        machine,
        seconds: options.seconds,
        rounds: options.rounds,
        load_before: round(options.loadBefore),
        measured_at: new Date().toISOString(),
    };
    fs.mkdirSync(path.dirname(options.out), { recursive: true });
    fs.writeFileSync(options.out, `${JSON.stringify(written, null, 2)}\n`);
    say(`\nWritten to ${options.out}`);
}

// Of the limits in the workers, by a program that does nothing else.
async function reportCounting(bench) {
    const file = path.join(bench.scratch, 'limits');
    const program = path.join(kBinaries, 'rate_limit_bench');
    say(`\nCounting requests\n${await runOrThrow(program, [file])}`);
    const metrics = path.join(kBinaries, 'metrics_bench');
    say(`Counting them for /metrics\n${await runOrThrow(metrics, [`${file}-metrics`])}`);
}

function reportShares(bench, figures, shares) {
    const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
    const perRead = (share) => ((share * 1e6) / figures.reads_64.per_s).toFixed(0);
    say('\nWhere the time goes, reads at 64 connections');
    for (const [name, share] of Object.entries(shares)) {
        const percent = ((share / total) * 100).toFixed(0).padStart(3);
        const cost = perRead(share).padStart(4);
        say(`  ${name.padEnd(12)} ${share.toFixed(2)} cores  ${percent} %  ${cost} us a read`);
    }
    const memory = bench.memory.map((kib) => (kib / 1024).toFixed(1));
    say(`\nPrivate memory of the workers after load: ${memory.join(', ')} MiB`);
}

await main();
