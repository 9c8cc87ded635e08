// A running store: nginx, workers and PostgreSQL in a folder of their own, as scripts/dev-stack
// makes them. Most tests share one (run.mjs starts it); those that break parts start their own.
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { randomBytes, randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { Client } from './client.mjs';
import { eventually, kPatienceOfMachine, unique } from './claim.mjs';
import { Forge } from './forge.mjs';

const kRoot = fileURLToPath(new URL('../..', import.meta.url));
export const kDevStack = path.join(kRoot, 'scripts/dev-stack');
const kPostgresPrograms = '/usr/lib/postgresql/15/bin';

export const kBuild = path.resolve(kRoot, process.env.SECRETSTORE_BUILD ?? 'build');
export const kBinaries = path.join(kBuild, 'bin');

export const kSanitized = /^SECRETSTORE_SANITIZE:STRING=.+$/m.test(
    fs.existsSync(path.join(kBuild, 'CMakeCache.txt'))
        ? fs.readFileSync(path.join(kBuild, 'CMakeCache.txt'), 'utf8')
        : '',
);
// Sanitizers make everything slower: by this is multiplied what a test promises about time.
export const kSlowdown = kSanitized ? 5 : 1;
// And by this for how long it waits.
export const kPatience = kSlowdown * kPatienceOfMachine;

// For stacks whose webhooks lead to this machine.
export const kPrivateWebhooks = 'webhooks:\n  allow_private: true\n';

// nginx lets two windows of the largest plan pass at once, whatever its own numbers: who wants to see
// those makes the plans small. Enterprise tenants have no limit.
export const kSmallPlans =
    'plans: {free: {requests_per_minute: 1}, pro: {requests_per_minute: 1}}\n';

// The schema that the programs can't do without.
export const kOldestUsableSchema = Number(
    /kOldestUsableSchema = (\d+)/.exec(
        fs.readFileSync(path.join(kRoot, 'core/store/schema_version.h'), 'utf8'),
    )[1],
);

const kStartAttempts = 3;
const kPortIsTaken = /in use|can't be the admin port/i;

// What a sanitizer or an assertion says before it ends a worker.
const kFindings = /Sanitizer|runtime error:|Assertion .* failed|terminate called|stack smashing/;

// Workers are not dumpable, so the leak checker could not attach to them. A library that a test
// preloads stands before the sanitizer's.
const kSanitizerOptions = {
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:verify_asan_link_order=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
    TSAN_OPTIONS: 'halt_on_error=0:second_deadlock_stack=1',
};

// What starts it in a network namespace of network.mjs: only root enters one, and then becomes
// somebody else.
function within(netns, program, args, { uid, gid }) {
    const become =
        uid === undefined
            ? []
            : ['setpriv', '--reuid', uid, '--regid', gid, '--clear-groups', '--'];
    return ['ip', ['netns', 'exec', netns, ...become, program, ...args].map(String), {}];
}

// Runs a program to its end: { code, stdout, stderr }. Never throws for its exit code.
export function run(
    program,
    args,
    { input = '', env, cwd, uid, gid, netns, timeoutMs = 60_000 * kPatience } = {},
) {
    const [file, words, user] = netns
        ? within(netns, program, args, { uid, gid })
        : [program, args, { uid, gid }];
    return new Promise((resolve, reject) => {
        const child = spawn(file, words, { env, cwd, ...user, stdio: 'pipe' });
        const stdout = [];
        const stderr = [];
        const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
        child.stdout.on('data', (chunk) => stdout.push(chunk));
        child.stderr.on('data', (chunk) => stderr.push(chunk));
        child.stdin.on('error', () => undefined);
        child.on('error', reject);
        child.on('close', (code, signal) => {
            clearTimeout(timer);
            resolve({
                code: code ?? signal,
                stdout: Buffer.concat(stdout).toString('utf8'),
                stderr: Buffer.concat(stderr).toString('utf8'),
            });
        });
        child.stdin.end(input);
    });
}

export async function runOrThrow(program, args, options) {
    const result = await run(program, args, options);
    if (result.code !== 0) {
        const said = `${result.stderr}${result.stdout}`.trim();
        throw new Error(
            `${path.basename(program)} ${args.join(' ')}: exit ${result.code}: ${said}`,
        );
    }
    return result.stdout;
}

export function devStack(args, options) {
    return run(kDevStack, args, { timeoutMs: 120_000 * kPatience, ...options });
}

// What freePort() gave, which may not be listened on yet.
const givenPorts = new Set();

// A free port below the range from which the kernel gives ports to clients; never the same twice.
export async function freePort() {
    for (;;) {
        const port = randomInt(18_000, 30_000);
        if (givenPorts.has(port)) continue;
        givenPorts.add(port);
        const free = await new Promise((resolve) => {
            const probe = net.createServer();
            probe.once('error', () => resolve(false));
            probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
        });
        if (free) return port;
    }
}

// Not a mkdtemp(): dev-stack wants to make the folder itself, for the user that it runs as.
export function newFolder() {
    return path.join(os.tmpdir(), `secretstore-test-${randomBytes(6).toString('hex')}`);
}

function readEnv(file) {
    const entries = fs.readFileSync(file, 'utf8').matchAll(/^(?:export )?(\w+)=(.*)$/gm);
    return Object.fromEntries([...entries].map(([, name, value]) => [name, value]));
}

export class Stack {
    static #shared;

    // The stack that run.mjs started.
    static shared() {
        const folder = process.env.SECRETSTORE_STACK;
        assert.ok(folder, 'start the tests with: node test/functional/run.mjs [name…]');
        return (Stack.#shared ??= new Stack(folder));
    }

    // A stack of one's own; stop() it. `conf`: YAML of a drop-in, or what makes it of the folder.
    // `rateLimit`: requests a second that nginx lets through from one address,
    // `failedAuthentications`: a minute from one address; not limited unless asked for, since all
    // tests come from one address. `netns`: the network namespace in which all of it runs.
    // What else runs here takes ports, too: where one of ours was taken, others are tried.
    static async start(options) {
        for (let attempt = 1; ; ++attempt) {
            try {
                return await Stack.#startOnce(options);
            } catch (error) {
                if (attempt === kStartAttempts || !kPortIsTaken.test(error.message)) throw error;
            }
        }
    }

    static async #startOnce({
        workers = 2,
        threads = 16,
        conf,
        options = [],
        fsync = false,
        rateLimit = 'off',
        failedAuthentications = 'unlimited',
        netns,
    } = {}) {
        const folder = newFolder();
        const port = await freePort();
        const args = [
            'up',
            '--dir',
            folder,
            '--port',
            port,
            '--admin-port',
            await freePort(),
            '--workers',
            workers,
            '--threads',
            threads,
        ];
        args.push('--bin', kBinaries, '--rate-limit', rateLimit, '--no-demo', ...options);
        if (!fsync) args.push('--no-fsync');
        for (const [name, value] of Object.entries(kSanitizerOptions)) {
            args.push('--worker-env', `${name}=${process.env[name] ?? value}`);
        }
        const limits = `rate_limit:\n  failed_authentications: ${failedAuthentications}\n`;
        const own = typeof conf === 'function' ? conf(folder) : conf ?? '';
        const confFiles = Object.entries({ limits, test: own }).map(([name, text]) => {
            const file = `${folder}-${name}.yaml`;
            fs.writeFileSync(file, text);
            args.push('--conf', file);
            return file;
        });
        try {
            const result = await devStack(args.map(String), { netns });
            if (result.code !== 0) {
                throw new Error(
                    `dev-stack up: ${result.stderr}${result.stdout}${logTails(folder)}`,
                );
            }
        } catch (error) {
            await devStack(['down', '--dir', folder]);
            await devStack(['clean', '--dir', folder]);
            throw error;
        } finally {
            for (const file of confFiles) fs.rmSync(file, { force: true });
        }
        const stack = new Stack(folder);
        stack.netns = netns;
        if (netns) stack.forwarder = await forward(netns, port);
        return stack;
    }

    constructor(folder) {
        this.folder = folder;
        this.state = fs.realpathSync(folder);
        const { uid, gid } = fs.statSync(this.state);
        // As root we become the owner of the folder, as whom all of it runs.
        this.owner = process.getuid() === 0 ? { uid, gid } : {};
        this.env = readEnv(path.join(this.state, 'env'));
        this.url = this.env.ASS_API_URL;
        this.client = new Client({
            url: this.url,
            ca: fs.readFileSync(this.env.ASS_CA_CERT),
            coverage: process.env.SECRETSTORE_COVERAGE,
        });
        this.config = path.join(this.state, 'secretstore.yaml');
    }

    async stop() {
        this.client.close();
        this.forwarder?.kill();
        const down = await devStack(['down', '--dir', this.folder]);
        const findings = this.findings();
        assert.equal(down.code, 0, down.stderr);
        if (process.env.SECRETSTORE_KEEP)
            console.log(`Stopped, with its logs and data: ${this.folder}`);
        else assert.equal((await devStack(['clean', '--dir', this.folder])).code, 0);
        assert.equal(findings, '', 'sanitizers or assertions of the programs');
    }

    // --- programs --------------------------------------------------------------------------

    async ctl(args, options) {
        return runOrThrow(
            path.join(this.state, 'bin/secretstorectl'),
            ['--config', this.config, ...args],
            {
                ...this.owner,
                netns: this.netns,
                cwd: '/',
                ...options,
            },
        );
    }

    // A worker in the foreground, as somebody would start it by hand: { code, stdout, stderr }.
    worker(args, options) {
        return run(path.join(this.state, 'bin/secretstore-worker'), args, {
            ...this.owner,
            cwd: '/',
            timeoutMs: 10_000 * kPatience,
            ...options,
        });
    }

    // Another egress in the foreground: { code, stdout, stderr }.
    egress(args, options) {
        return run(path.join(this.state, 'bin/secretstore-egress'), args, {
            ...this.owner,
            cwd: '/',
            timeoutMs: 10_000 * kPatience,
            ...options,
        });
    }

    // As worker(), with a listening socket as descriptor 0, as spawn-fcgi gives it: one that finds
    // nothing wrong would serve.
    workerWithSocket(args, options) {
        const start = [
            'import os, socket, sys',
            'listener = socket.socket(socket.AF_UNIX)',
            'listener.bind(sys.argv[1])',
            'listener.listen()',
            'os.unlink(sys.argv[1])',
            'os.dup2(listener.fileno(), 0)',
            'os.execv(sys.argv[2], sys.argv[2:])',
        ].join('\n');
        const socket = path.join(this.state, 'socket', `${unique('worker')}.sock`);
        const program = path.join(this.state, 'bin/secretstore-worker');
        return run('/usr/bin/python3', ['-c', start, socket, program, ...args], {
            ...this.owner,
            cwd: '/',
            timeoutMs: 10_000 * kPatience,
            ...options,
        });
    }

    // --- the database ----------------------------------------------------------------------

    psqlArguments(role, database = 'secretstore') {
        return [
            '-X',
            '-q',
            '-A',
            '-t',
            '-v',
            'ON_ERROR_STOP=1',
            '-h',
            this.databaseSocket ?? path.join(this.state, 'socket'),
            '-U',
            role,
            '-d',
            database,
        ];
    }

    // Runs SQL as `role` (the superuser unless given); what psql prints. Throws what it refuses.
    async psql(sql, { role = 'postgres', database = 'secretstore', ...options } = {}) {
        return runOrThrow('/usr/bin/psql', this.psqlArguments(role, database), {
            input: sql,
            cwd: '/',
            ...options,
        });
    }

    // An API call as a person makes it at a shell: what curl prints, as an object. Throws where the
    // answer is an error.
    async curl(method, target, { token, body }) {
        const args = ['--silent', '--show-error', '--fail-with-body', '--request', method];
        args.push('--cacert', this.env.ASS_CA_CERT, '--header', `Authorization: Bearer ${token}`);
        if (body) {
            args.push('--header', 'Content-Type: application/json');
            args.push('--data', JSON.stringify(body));
        }
        return JSON.parse(await runOrThrow('curl', [...args, `${this.url}${target}`]));
    }

    // The rows of a select, as objects.
    async rows(select, options) {
        const sql = `select coalesce(json_agg(x), '[]') from (${select}) x`;
        return JSON.parse(await this.psql(sql, options));
    }

    // A session that stays open, for locks and open transactions.
    openSession(role = 'postgres') {
        return new Session(this.psqlArguments(role));
    }

    stopPostgres(mode = 'fast') {
        const args = ['stop', '-D', path.join(this.state, 'pg'), '-m', mode, '-w', '-s'];
        return runOrThrow(path.join(kPostgresPrograms, 'pg_ctl'), args, {
            ...this.owner,
            cwd: '/',
        });
    }

    startPostgres() {
        const log = path.join(this.state, 'log/postgresql.log');
        const args = ['start', '-D', path.join(this.state, 'pg'), '-l', log, '-w', '-s'];
        return runOrThrow(path.join(kPostgresPrograms, 'pg_ctl'), args, {
            ...this.owner,
            cwd: '/',
        });
    }

    // --- processes -------------------------------------------------------------------------

    // Not a number where that process has just gone, and its file with it.
    pidOf(file) {
        try {
            const text = fs.readFileSync(path.join(this.state, file), 'utf8');
            return Number(text.trim().split('\n')[0]);
        } catch (error) {
            if (error.code === 'ENOENT') return NaN;
            throw error;
        }
    }

    poolPid() {
        return this.pidOf('pool.pid');
    }

    egressPid() {
        return this.pidOf('egress.pid');
    }

    // Of the workers that live, by number; of another pool than the store's, by its folder.
    workerPids(pool = '.') {
        const folder = path.join(this.state, pool);
        return (fs.existsSync(folder) ? fs.readdirSync(folder) : [])
            .filter((name) => /^worker-\d+\.pid$/.test(name))
            .sort()
            .map((name) => this.pidOf(path.join(pool, name)))
            .filter((pid) => pid > 0 && isAlive(pid));
    }

    // The workers that live and have said that they are ready, where that is all of the pool; and
    // none of them is one of `gone`, which were killed and may not have been buried yet. (Alive is
    // not enough either: one that is killed before it is ready has failed to start.)
    async fullPool(count, { gone = [] } = {}) {
        return eventually(
            `${count} workers are ready`,
            () => {
                const log = fs.readFileSync(path.join(this.state, 'log/worker.log'), 'utf8');
                const ready = new Set(
                    [...log.matchAll(/ event=worker_ready worker=\d+ pid=(\d+)/g)].map(([, pid]) =>
                        Number(pid),
                    ),
                );
                const pids = this.workerPids().filter((pid) => ready.has(pid));
                return pids.length === count && !pids.some((pid) => gone.includes(pid)) && pids;
            },
            { timeoutMs: 20_000 * kPatience, pollMs: 5 },
        );
    }

    // Starts again what of it is dead.
    async revive() {
        const args = ['up', '--dir', this.folder, '--bin', kBinaries, '--no-demo'];
        const up = await devStack(args);
        assert.equal(up.code, 0, up.stderr + up.stdout);
    }

    // Egress ends and begins again with a drop-in of this name; `files` (name → text) lie beside it,
    // closed to everybody else.
    async restartEgress(name, conf, files = {}) {
        const write = (file, text, mode) => {
            fs.rmSync(file, { force: true });
            fs.writeFileSync(file, text, { mode });
            if (this.owner.uid !== undefined) fs.chownSync(file, this.owner.uid, this.owner.gid);
        };
        for (const [file, text] of Object.entries(files))
            write(path.join(this.state, file), text, file.endsWith('.sh') ? 0o500 : 0o400);
        write(path.join(this.state, 'conf.d', `${name}.yaml`), conf, 0o600);
        const pid = this.egressPid();
        process.kill(pid, 'SIGTERM');
        await eventually('egress has gone', () => !isAlive(pid), {
            timeoutMs: 20_000 * kPatience,
        });
        await this.revive();
    }

    // --- logs ------------------------------------------------------------------------------

    logFiles() {
        const folder = path.join(this.state, 'log');
        return fs.readdirSync(folder).map((name) => path.join(folder, name));
    }

    findings() {
        const lines = this.logFiles()
            .filter((file) => /worker|billing|pool|egress/.test(path.basename(file)))
            .flatMap((file) => fs.readFileSync(file, 'utf8').split('\n'));
        const at = lines.findIndex((line) => kFindings.test(line));
        return at < 0 ? '' : lines.slice(at, at + 40).join('\n');
    }

    // Runs `block`, then waits until `pattern` is in what any log gained meanwhile.
    async logContains(pattern, block) {
        const sizes = new Map(this.logFiles().map((file) => [file, fs.statSync(file).size]));
        const result = await block();
        await eventually(`a log line that matches ${pattern}`, () =>
            this.logFiles().some((file) => pattern.test(readFrom(file, sizes.get(file) ?? 0))),
        );
        return result;
    }

    // --- tenants ---------------------------------------------------------------------------

    // An ID token of the local issuer for anybody, member of a tenant or not.
    async idToken(email, claims) {
        this.forge ??= await Forge.of(this);
        return this.forge.idToken(email, claims);
    }

    // A tenant of its own, with an owner who has a user token.
    async newTenant({ plan = 'enterprise' } = {}) {
        const name = unique('tenant');
        const email = `owner@${name}.example`;
        const made = JSON.parse(
            await this.ctl(['tenant', 'create', name, '--plan', plan, '--owner', email, '--json']),
        );
        const token = await this.ctl(['user', 'token', email, '--tenant', made.id, '--ttl', '1h']);
        return new Tenant(this, made.id, email, token.trim());
    }
}

// Lets us reach a port of a network namespace's loopback interface at the same port of ours. The
// process: it ends with us, or by kill().
async function forward(netns, port) {
    const child = fork(
        fileURLToPath(new URL('forward.mjs', import.meta.url)),
        [String(port)],
        { execPath: 'ip', execArgv: ['netns', 'exec', netns, process.execPath] },
    );
    const server = net.createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    child.send('listen', server);
    await once(child, 'message');
    server.close();
    return child;
}

// Columns that change without a request: table → their names.
const kMovedByItself = {
    agents: 'last_active_at',
    personal_tokens: 'last_used_at',
    outbox: 'expanded_at',
    webhooks: 'verified_at,failures,rests_until',
    deliveries:
        'status,attempts,next_attempt_at,last_attempt_at,last_status,last_error,finished_at',
};

export class Tenant {
    constructor(stack, id, email, userToken) {
        this.stack = stack;
        this.id = id;
        this.email = email;
        this.userToken = userToken;
    }

    // An agent that may do everything unless `body` says otherwise; undefined members are left out.
    async newAgent(body = {}) {
        const wanted = {
            name: unique('agent'),
            allowed_namespaces: ['*'],
            allowed_scopes: ['secrets:*:*'],
            ...body,
        };
        const answer = await this.stack.client.post('/v1/agents', {
            token: this.userToken,
            body: wanted,
        });
        return new Agent(this, answer.expect(200));
    }

    // An invitation by the owner: { id, email, invitation_token, … }.
    async invite(role, email = `${unique(role)}@people.example`) {
        return (await this.call('POST', '/v1/members', { body: { email, role } })).expect(200);
    }

    // Somebody who was invited and has accepted: { id, email, role, token }.
    async newMember(role, email) {
        const invited = await this.invite(role, email);
        const token = await this.stack.idToken(invited.email);
        const joined = await this.stack.client.post('/v1/invitations/accept', {
            token,
            body: { token: invited.invitation_token },
        });
        return { id: joined.expect(200).user_id, email: invited.email, role, token };
    }

    // A personal token of whoever `token` is an ID token of: { id, token, … }.
    async newPersonalToken(body = {}, token = this.userToken) {
        const answer = await this.stack.client.post('/v1/me/tokens', {
            token,
            body: { name: unique('token'), ...body },
        });
        return answer.expect(200);
    }

    // A webhook; to nowhere, and inactive, unless `body` says otherwise.
    async newWebhook(body = {}) {
        const wanted = { url: 'https://127.0.0.1:1/hook', active: false, ...body };
        const answer = await this.call('POST', '/v1/webhooks', { body: wanted });
        return answer.expect(200);
    }

    // Any request as the owner.
    call(method, target, options = {}) {
        return this.stack.client.call(method, target, { token: this.userToken, ...options });
    }

    // As the owner.
    async putSecret(secretPath, body) {
        const answer = await this.stack.client.put(`/v1/secrets/${secretPath}`, {
            token: this.userToken,
            body,
        });
        return answer.expect(200);
    }

    // The audit rows that one request left, oldest first.
    audit(requestId) {
        return this.stack.rows(
            `select event_type, actor_type, actor_id, resource_type, resource_id, namespace, key,
                    version, token_id, reason, details, host(ip_address) as ip_address,
                    user_agent, request_id
             from store.audit_events
             where tenant_id = '${this.id}' and request_id = '${requestId}' order by seq`,
        );
    }

    // What the database holds of this tenant: table → a digest of its rows. Two that are equal say
    // that nothing was changed in between. When an agent was last seen and a personal token last used
    // is not looked at, nor what egress does by itself, nor the counts that the audit log keeps of
    // itself; nor what `except` names.
    async state({ except = [] } = {}) {
        const tables = await this.stack.rows(
            `select distinct table_name as name from information_schema.columns
             where table_schema = 'store' and column_name = 'tenant_id'
               and table_name !~ '^audit_(events_|seals|counts)' order by 1`,
        );
        const digests = tables
            .filter(({ name }) => !except.includes(name))
            .map(
                ({ name }) =>
                    `select '${name}' as name, count(*)::int as count, md5(coalesce(string_agg(
                            row, '|' order by row), '')) as digest
                     from (select (to_jsonb(t) - '{${kMovedByItself[name] ?? ''}}'::text[])::text as row
                           from store.${name} t where tenant_id = '${this.id}') rows`,
            );
        const found = await this.stack.rows(digests.join(' union all '));
        return Object.fromEntries(found.map(({ name, count, digest }) => [name, [count, digest]]));
    }

    // The one audit row of a request.
    async auditOf(requestId) {
        const rows = await this.audit(requestId);
        assert.equal(rows.length, 1, `audit rows of ${requestId}: ${JSON.stringify(rows)}`);
        return rows[0];
    }
}

export class Agent {
    constructor(tenant, created) {
        this.tenant = tenant;
        this.created = created;
        this.id = created.id;
        this.key = created.api_key;
    }

    requestToken(body) {
        return this.tenant.stack.client.post('/v1/tokens', { token: this.key, body });
    }

    // { token, token_id, … }
    async issue(scopes, body = {}) {
        const issued = (await this.requestToken({ scopes, ...body })).expect(200);
        assert.equal(issued.requires_approval, false, 'the test wants a token, not an approval');
        return issued;
    }

    async newToken(scopes, body) {
        return (await this.issue(scopes, body)).token;
    }
}

// psql that stays: statements are sent one by one and awaited.
class Session {
    #child;
    #output = '';
    #waiting;

    constructor(args) {
        this.#child = spawn('/usr/bin/psql', args, {
            stdio: ['pipe', 'pipe', 'inherit'],
            cwd: '/',
        });
        this.#child.stdout.on('data', (chunk) => {
            this.#output += chunk;
            this.#waiting?.();
        });
    }

    async execute(sql) {
        const marker = unique('done');
        this.#output = '';
        this.#child.stdin.write(`${sql};\n\\echo ${marker}\n`);
        await eventually(`psql answers: ${sql}`, () => this.#output.includes(marker));
        return this.#output.replace(marker, '').trim();
    }

    close() {
        return new Promise((resolve) => {
            this.#child.once('close', resolve);
            this.#child.stdin.end();
        });
    }
}

export function isAlive(pid) {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return error.code === 'EPERM';
    }
}

export function readFrom(file, offset) {
    const size = fs.statSync(file).size;
    const from = Math.min(offset, size);
    const bytes = Buffer.alloc(size - from);
    const descriptor = fs.openSync(file, 'r');
    try {
        fs.readSync(descriptor, bytes, 0, bytes.length, from);
    } finally {
        fs.closeSync(descriptor);
    }
    return bytes.toString('utf8');
}

// The last lines of every log, for the report of a failure.
export function logTails(folder, lines = 15) {
    const logs = path.join(folder, 'log');
    if (!fs.existsSync(logs)) return '';
    return fs
        .readdirSync(logs)
        .map((name) => {
            const text = fs.readFileSync(path.join(logs, name), 'utf8').trimEnd();
            return `\n--- ${name}\n${text.split('\n').slice(-lines).join('\n')}`;
        })
        .join('\n');
}
