// What a sysadmin does with the package, from installing it to purging it, on a machine of its own
// and mostly under load. Runs as a unit in there: run (beside this) boots it.
//
// Usage: node operate.mjs OUT ROOT
// OUT has first.deb, second.deb and third.deb (run says what they are); it gets `passed`, or else `journal`. stdout is the report.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Load } from './load.mjs';

const [out, root] = process.argv.slice(2);
const execFileAsync = promisify(execFile);

const kCertificate = '/etc/ssl/certs/secretstore.pem';
const kCertificateKey = '/etc/ssl/private/secretstore.key';
const kEncryptedKey = '/etc/credstore.encrypted/secretstore-root-key';
const kPlainKey = '/etc/credstore/secretstore-root-key';
const kSocket = '/run/secretstore/worker.sock';
const kCluster = 'postgresql@15-main.service';
const kBilling = 'secretstore-billing@1.service';
const kEgress = 'secretstore-egress.service';
// What the promises allow.
const kMostUnavailableMs = 1000; // for 99 of 100 answers while the database is away
const kMostHangMs = 3000;
const kMostRecoveryMs = 1000;

// --- commands ---------------------------------------------------------------------------------

function say(text) {
    process.stdout.write(`${text}\n`);
}

// { code, stdout, stderr }; never throws for its exit code.
async function attempt(command, { env } = {}) {
    const [program, ...args] = command.split(' ');
    try {
        const done = await execFileAsync(program, args, {
            env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...env },
            maxBuffer: 1 << 26,
        });
        return { code: 0, ...done };
    } catch (error) {
        return { code: error.code, stdout: error.stdout ?? '', stderr: error.stderr ?? `${error}` };
    }
}

async function run(command, options) {
    const done = await attempt(command, options);
    assert.equal(done.code, 0, `${command}: ${done.stderr}${done.stdout}`);
    return done.stdout.trim();
}

// As a person sees it.
async function typed(command) {
    const began = performance.now();
    const done = await attempt(command);
    say(`  # ${command}`);
    for (const line of `${done.stdout}${done.stderr}`.trimEnd().split('\n')) {
        if (!line || /^\((Reading database|.*files and directories)/.test(line)) continue;
        say(`  ${line.replace(/^key: .*/, 'key: …')}`);
    }
    say(`  [exit ${done.code}, ${((performance.now() - began) / 1000).toFixed(1)} s]`);
    return done;
}

async function eventually(what, predicate, seconds = 30) {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
        const found = await predicate();
        if (found) return found;
        assert.ok(performance.now() < deadline, `not within ${seconds} s: ${what}`);
        await pause(20);
    }
}

// --- the store --------------------------------------------------------------------------------

const worker = (number) => `secretstore-worker@${number}.service`;
const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

async function property(unit, name) {
    return run(`systemctl show --value --property=${name} ${unit}`);
}

// Whether a worker serves that is not the one with this id: both answers are of one moment.
async function isReplaced(number, pid) {
    const shown = await run(`systemctl show --property=ActiveState,MainPID ${worker(number)}`);
    const { ActiveState, MainPID } = Object.fromEntries(
        shown.split('\n').map((line) => line.split('=')),
    );
    return ActiveState === 'active' && Number(MainPID) > 0 && Number(MainPID) !== pid;
}

async function activeWorkers() {
    const listed = await run(
        'systemctl list-units --plain --no-legend --state=active secretstore-worker@*.service',
    );
    return listed ? listed.split('\n').length : 0;
}

const allActive = (count) =>
    eventually(`${count} workers are active`, async () => (await activeWorkers()) === count);

function api(method, target, { token, body } = {}) {
    return new Promise((resolve, reject) => {
        const headers = token ? { Authorization: `Bearer ${token}` } : {};
        if (body) headers['Content-Type'] = 'application/json';
        const request = https.request(
            {
                host: 'localhost',
                port: 443,
                agent: false,
                ca: fs.readFileSync(kCertificate),
                method,
                path: `/v1${target}`,
                headers,
            },
            (response) => {
                const pieces = [];
                response.on('data', (piece) => pieces.push(piece));
                response.on('end', () =>
                    resolve({
                        status: response.statusCode,
                        headers: response.headers,
                        body: JSON.parse(Buffer.concat(pieces).toString() || 'null'),
                    }),
                );
            },
        );
        request.on('error', reject);
        request.end(body && JSON.stringify(body));
    });
}

async function sql(statement) {
    const { stdout } = await execFileAsync('runuser', [
        '-u', 'postgres', '--', 'psql', '-XAtqc', statement, 'secretstore',
    ]);
    return stdout.trim();
}

// --- counting ---------------------------------------------------------------------------------

const rows = [];

// Does something under the load and counts what was asked meanwhile, and a while longer: what was
// broken shows in what comes next.
async function underLoad(load, what, action, { allow = () => false, mayLoseConnections = false } = {}) {
    const from = performance.now();
    await action();
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    const before = load.count;
    await eventually('the load goes on', () => load.count >= before + 100);
    const counted = load.since(from);
    const failed = counted.failed.filter((answer) => !allow(answer));
    rows.push([
        what,
        seconds,
        counted.answers.length,
        failed.length,
        counted.lost.length,
        Math.round(counted.percentile(0.99)),
        Math.round(counted.percentile(1)),
    ]);
    say(`  ${what}: ${counted.answers.length} requests, ${failed.length} failed, ${seconds} s`);
    assert.deepEqual(failed.slice(0, 3), [], `${what}: ${JSON.stringify(counted.kinds)}`);
    if (!mayLoseConnections) assert.deepEqual(counted.lost, [], `${what}: connections were lost`);
    return counted;
}

function printTable() {
    const head = ['under load', 's', 'requests', 'failed', 'sent again', 'p99 ms', 'max ms'];
    say('');
    for (const [what, ...figures] of [head, ...rows]) {
        say(`  ${what.padEnd(58)}${figures.map((figure) => String(figure).padStart(11)).join('')}`);
    }
    say('');
}

// --- the steps --------------------------------------------------------------------------------

async function prepareMachine() {
    await run('pg_createcluster 15 main -- --no-sync');
    fs.mkdirSync('/etc/postgresql/15/main/conf.d', { recursive: true });
    fs.writeFileSync('/etc/postgresql/15/main/conf.d/test.conf', 'max_connections = 200\njit = off\n');
    await run(`systemctl start ${kCluster}`);
}

async function install() {
    const done = await typed(`dpkg -i ${out}/first.deb`);
    assert.equal(done.code, 0);
    assert.match(done.stderr, /Now: secretstorectl init/);
    assert.equal(await activeWorkers(), 0);
    // Nothing starts before there is a root key.
    await run(`systemctl start ${worker(1)}`);
    assert.equal(await activeWorkers(), 0);
    await run('systemctl stop secretstore.target secretstore.socket');
}

async function initialise() {
    const first = await typed('secretstorectl init --tenant acme --plan enterprise --owner ops@acme.example --workers 4');
    assert.equal(first.code, 0);
    assert.match(first.stdout, /^secretstore-root-key v1\nid: \w{32}\nkey: \S{43}\nepoch: 1$/m);
    assert.equal(await activeWorkers(), 4);
    assert.equal(fs.statSync(kEncryptedKey).mode & 0o777, 0o400);
    assert.match((await typed('secretstorectl db init')).stdout, /^database +roles and rules are there$/m);
    const again = await typed('secretstorectl init');
    assert.equal(again.code, 0);
    assert.doesNotMatch(again.stdout, /secretstore-root-key v1/);
    assert.equal(await activeWorkers(), 4);
    assert.equal((await typed('secretstorectl check')).code, 0);
    assert.equal((await typed('secretstorectl status')).code, 0);
}

async function serveByNginx() {
    await makeCertificate(30);
    await run('sed -i s/secretstore.example.com/localhost/ /etc/nginx/sites-available/secretstore');
    await run('ln -s ../sites-available/secretstore /etc/nginx/sites-enabled/secretstore');
    // The load comes from one address with one token.
    const unlimited = ['address_rate', 'credential_rate', 'address_connections'];
    fs.writeFileSync(
        '/etc/secretstore/conf.d/load.yaml',
        `rate_limit:\n${unlimited.map((name) => `  ${name}: unlimited\n`).join('')}`,
    );
    await run('chown root:secretstore /etc/secretstore/conf.d/load.yaml');
    fs.chmodSync('/etc/secretstore/conf.d/load.yaml', 0o640);
    for (const part of ['zones', 'limits']) {
        const file = `/etc/nginx/snippets/secretstore-rate-${part}.conf`;
        fs.writeFileSync(file, `${await run(`secretstorectl nginx-limits ${part}`)}\n`);
    }
    assert.equal((await typed('nginx -t')).code, 0);
    await run('systemctl start nginx');
    assert.equal((await api('GET', '/health')).status, 200);
}

// The examples of the package, on top of Debian's units.
async function hardenNeighbours() {
    const examples = '/usr/share/doc/agent-secret-store/examples';
    for (const [unit, example] of [
        ['nginx.service', 'nginx.conf'],
        ['postgresql@.service', 'postgresql.conf'],
    ]) {
        const folder = `/etc/systemd/system/${unit}.d`;
        fs.mkdirSync(folder, { recursive: true });
        fs.copyFileSync(`${examples}/${example}`, `${folder}/secretstore.conf`);
    }
    await run('systemctl daemon-reload');
    await run(`systemctl restart ${kCluster} nginx.service`);
    assert.equal((await api('GET', '/health')).status, 200);
}

// What monitoring is shown, on loopback and nowhere else; and the journal.
async function beObserved() {
    const admin = (page) => run(`curl --silent --show-error http://127.0.0.1:9464${page}`);
    const { status, checks } = JSON.parse(await admin('/readyz'));
    assert.equal(status, 'ready', JSON.stringify(checks));
    const metrics = await admin('/metrics');
    assert.match(metrics, /^secretstore_workers 4$/m);
    assert.match(metrics, /^secretstore_database_up 1$/m);
    for (const page of ['/metrics', '/readyz'])
        assert.equal(await run(`curl --silent --insecure --output /dev/null --write-out %{http_code} https://localhost${page}`), '404');
    const logged = await run(`journalctl --output=json --lines=1 SECRETSTORE_EVENT=ready _SYSTEMD_UNIT=${worker(1)}`);
    assert.equal(JSON.parse(logged).SYSLOG_IDENTIFIER, 'secretstore-worker');
}

// `check` and `status` while something is stopped.
async function look() {
    const code = async (command) => (await attempt(command)).code;
    await run(`systemctl stop ${worker(1)}`);
    const one = await attempt('secretstorectl check');
    assert.equal(one.code, 1);
    assert.match(one.stdout, /^SECRETSTORE WARNING - workers: 3 of 4 active/);
    await run(`systemctl stop ${numbers(2, 4).map(worker).join(' ')}`);
    assert.equal(await code('secretstorectl check'), 2);
    assert.equal(await code('secretstorectl status'), 3);
    await run(`systemctl start ${numbers(1, 4).map(worker).join(' ')}`);
    await run(`systemctl stop ${kCluster}`);
    assert.equal(await code('secretstorectl check'), 2);
    const status = await attempt('secretstorectl status --json');
    assert.equal(status.code, 3);
    assert.equal(JSON.parse(status.stdout).database.up, false);
    await run(`systemctl start ${kCluster}`);
    await eventually('all is well again', async () => (await code('secretstorectl check')) === 0);
}

async function doctor() {
    const { code, stdout } = await attempt('secretstorectl doctor --json');
    const { findings } = JSON.parse(stdout);
    return { code, bad: findings.filter(({ health }) => ['warning', 'wrong'].includes(health)) };
}

// Breaks something, expects the doctor to see that and nothing else, and mends it.
async function expectFinding(check, health, breaks, mends) {
    const before = await doctor();
    await breaks();
    const { code, bad } = await doctor();
    const known = new Set(before.bad.map(({ text }) => text));
    const found = bad.filter(({ text }) => !known.has(text));
    assert.deepEqual(found.map((one) => [one.check, one.health]), [[check, health]], JSON.stringify(bad));
    assert.equal(code, health === 'wrong' ? 1 : 3);
    assert.notEqual(found[0].remedy, '');
    say(`  ${health}: ${check}: ${found[0].text}`);
    say(`    → ${found[0].remedy}`);
    await mends(found[0].remedy);
    assert.deepEqual((await doctor()).bad.map(({ check: name }) => name), before.bad.map(({ check: name }) => name));
}

const makeCertificate = (days) =>
    run(
        `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days} -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${kCertificateKey} -out ${kCertificate}`,
    );

async function beExamined() {
    const hba = '/etc/postgresql/15/main/pg_hba.conf';
    const realIp = '/etc/nginx/snippets/secretstore-local-realip.conf';
    const kept = (file) => fs.copyFileSync(file, `${file}.kept`);
    const back = (file) => fs.renameSync(`${file}.kept`, file);
    const byItsRemedy = (remedy) => execFileAsync('sh', ['-c', remedy]);

    const healthy = await typed('secretstorectl doctor');
    assert.doesNotMatch(healthy.stdout, /^wrong/m);
    for (const line of healthy.stdout.split('\n')) {
        // Whatever runs this machine decides about its clock, its swap and its disk.
        assert.doesNotMatch(line, /^warning +(?!clock|swap|disk)/);
    }
    await expectFinding('permissions', 'wrong', () => run('chmod 0644 /etc/secretstore/secretstore.yaml'), byItsRemedy);
    await expectFinding('permissions', 'wrong', () => run(`chmod 0440 ${kEncryptedKey}`), byItsRemedy);
    await expectFinding(
        'hba',
        'wrong',
        () => {
            kept(hba);
            fs.writeFileSync(hba, `local all all trust\n${fs.readFileSync(hba)}`);
        },
        () => run(`cp ${hba}.kept ${hba}`),
    );
    await expectFinding(
        'durability',
        'wrong',
        async () => {
            await sql('alter system set fsync = off');
            await run(`systemctl reload ${kCluster}`);
            await eventually('it is off', async () => (await sql('show fsync')) === 'off');
        },
        async () => {
            await sql('alter system reset fsync');
            await run(`systemctl reload ${kCluster}`);
            await eventually('it is on', async () => (await sql('show fsync')) === 'on');
        },
    );
    await expectFinding(
        'partitions',
        'warning',
        async () => {
            const names = await sql(
                "select relname from pg_class where relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$' and relkind = 'r' order by relname desc limit 11",
            );
            for (const name of names.split('\n')) await sql(`drop table store.${name}`);
        },
        () => run('secretstorectl maintain'),
    );
    await expectFinding(
        'realip',
        'wrong',
        () => fs.writeFileSync(realIp, 'set_real_ip_from 0.0.0.0/0;\n'),
        () => fs.rmSync(realIp),
    );
    await expectFinding(
        'certificate',
        'warning',
        async () => {
            kept(kCertificate);
            kept(kCertificateKey);
            await makeCertificate(5);
        },
        () => [kCertificate, kCertificateKey].forEach(back),
    );
    await expectFinding(
        'nginx',
        'warning',
        () => run('mv /etc/nginx/sites-enabled/secretstore /run/site'),
        () => run('mv /run/site /etc/nginx/sites-enabled/secretstore'),
    );
    await expectFinding(
        'backlog',
        'warning',
        () => run('sysctl -qw net.core.somaxconn=128'),
        () => run('sysctl -qw net.core.somaxconn=4096'),
    );
    await expectFinding(
        'key',
        'wrong',
        async () => {
            kept(kEncryptedKey);
            fs.writeFileSync('/run/other.yaml', 'root_key:\n  file: /run/other.key\n');
            await run('secretstorectl --config /run/other.yaml root-key generate');
            fs.rmSync(kEncryptedKey);
            await run(
                `systemd-creds encrypt --with-key=host --name=secretstore-root-key /run/other.key ${kEncryptedKey}`,
            );
            fs.chmodSync(kEncryptedKey, 0o400);
        },
        () => back(kEncryptedKey),
    );
}

async function useSdk() {
    const [tenant] = JSON.parse(await run('secretstorectl tenant list --json')).items;
    const agent = JSON.parse(
        await run(
            `secretstorectl agent create app --tenant ${tenant.id} --namespace app --scope secrets:*:app/* --json`,
        ),
    );
    const env = { ASS_AGENT_KEY: agent.api_key, NODE_EXTRA_CA_CERTS: kCertificate };
    await run(`${process.execPath} ${path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'read-with-sdk.mjs')} ${root}`, { env });
    say('  the official SDK stored a secret and read it');
    const answer = await api('POST', '/tokens', {
        token: agent.api_key,
        body: { scopes: ['secrets:*:app/*'], ttl: '12h' },
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.token;
}

async function killWorkers(rounds) {
    for (let round = 0; round < rounds; round += 1) {
        for (const number of numbers(1, 4)) {
            const pid = Number(await property(worker(number), 'MainPID'));
            process.kill(pid, 'SIGKILL');
            await eventually(`worker ${number} is back`, () => isReplaced(number, pid));
        }
    }
    // All at once, too.
    const pids = await Promise.all(numbers(1, 4).map((n) => property(worker(n), 'MainPID')));
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
    // systemd takes them for active until it has seen their end.
    for (const number of numbers(1, 4))
        await eventually(`worker ${number} is another`, () =>
            isReplaced(number, Number(pids[number - 1])),
        );
    await allActive(4);
}

// As README.Debian has it for whom 30 s are too long.
async function shortenWatchdog() {
    const folder = '/etc/systemd/system/secretstore-worker@.service.d';
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(`${folder}/watchdog.conf`, '[Service]\nWatchdogSec=2\n');
    await run('systemctl daemon-reload');
    await run('secretstorectl restart');
}

async function stopWorkers() {
    for (const number of [1, 3]) {
        const pid = Number(await property(worker(number), 'MainPID'));
        process.kill(pid, 'SIGSTOP');
        await eventually(`the watchdog replaces worker ${number}`, () => isReplaced(number, pid));
    }
}

async function scale() {
    await run(`systemctl enable --now ${numbers(5, 8).map(worker).join(' ')}`);
    assert.equal(await activeWorkers(), 8);
    await run(`systemctl disable --now ${numbers(3, 8).map(worker).join(' ')}`);
    assert.equal(await activeWorkers(), 2);
    await run(`systemctl enable --now ${numbers(3, 4).map(worker).join(' ')}`);
}

// As README.Debian has it, with keys that open nothing at Stripe: nobody buys here.
async function sellPlans() {
    for (const name of ['secretstore-stripe-key', 'secretstore-stripe-webhook-secret']) {
        fs.writeFileSync('/run/plain', `not-the-${name}`, { mode: 0o400 });
        await run(`systemd-creds encrypt --name=${name} /run/plain /etc/credstore.encrypted/${name}`);
        fs.chmodSync(`/etc/credstore.encrypted/${name}`, 0o400);
    }
    fs.rmSync('/run/plain');
    const address = 'https://store.example/billing';
    fs.writeFileSync(
        '/etc/secretstore/conf.d/billing.yaml',
        `billing:
  enabled: true
  success_url: ${address}
  cancel_url: ${address}
  return_url: ${address}
  prices:
    pro_monthly: price_monthly
`,
    );
    await run('chown root:secretstore /etc/secretstore/conf.d/billing.yaml');
    fs.chmodSync('/etc/secretstore/conf.d/billing.yaml', 0o640);
    await run(`systemctl enable --now secretstore-billing.socket ${kBilling}`);
    fs.symlinkSync('secretstore-billing.conf', '/etc/nginx/snippets/secretstore-local-billing.conf');
    assert.equal((await typed('nginx -t')).code, 0);
    await run('systemctl reload nginx');
    assert.equal((await typed('secretstorectl restart')).code, 0);
    assert.equal((await typed('secretstorectl check')).code, 0);
    // Nobody signed it, but somebody looked: without a pool it is 404.
    const told = await api('POST', '/billing/webhook', { body: {} });
    assert.equal(told.status, 400, JSON.stringify(told.body));
}

// Whatever reads the schema when it starts.
const readers = () => [...numbers(1, 4).map(worker), kBilling, kEgress];
const pidsOf = (units) => Promise.all(units.map((unit) => property(unit, 'MainPID')));

// Every unit is active and serves: in the processes of before, or none of them in those.
async function expectRunning(units, pids, whose) {
    for (const unit of units) assert.equal(await property(unit, 'ActiveState'), 'active', unit);
    (await pidsOf(units)).forEach((pid, i) => assert.equal(pid === pids[i], whose === 'the old ones', units[i]));
}

// A release whose programs can't work with the schema that is there.
async function upgradeWithNeededMigration() {
    const header = fs.readFileSync(`${root}/core/store/schema_version.h`, 'utf8');
    const [, oldest] = /kOldestUsableSchema = (\d+);/.exec(header);
    await sql(`delete from store.schema_migrations where number >= ${oldest}`);
    const pids = await pidsOf(readers());
    const installed = await typed(`dpkg -i ${out}/second.deb`);
    assert.equal(installed.code, 0);
    assert.match(installed.stderr, /this program needs \d+: run 'secretstorectl db migrate'/);
    assert.match(installed.stderr, /what ran before goes on/);
    await expectRunning(readers(), pids, 'the old ones');
    assert.equal((await typed('secretstorectl restart')).code, 3);
    await expectRunning(readers(), pids, 'the old ones');

    // Of those that die meanwhile the new ones give up.
    const dying = [worker(2), kBilling, kEgress];
    for (const unit of dying) process.kill(Number(await property(unit, 'MainPID')), 'SIGKILL');
    for (const unit of dying) {
        await eventually(`${unit} gives up`, async () => (await property(unit, 'ActiveState')) === 'failed');
        assert.equal(await property(unit, 'ExecMainStatus'), '78', unit);
    }
    await run(`systemctl stop ${worker(3)}`);

    assert.match((await typed('secretstorectl db migrate')).stdout, /applied \d{4}_need_the_next_release/);
    assert.equal((await typed('secretstorectl restart')).code, 0);
    assert.equal(await property(worker(3), 'ActiveState'), 'inactive', 'what was stopped stays so');
    await run(`systemctl start ${worker(3)}`);
    await expectRunning(readers(), pids, 'new ones');
    assert.equal((await typed('secretstorectl check')).code, 0);
}

async function upgrade() {
    const since = await property('secretstore.socket', 'ActiveEnterTimestampMonotonic');
    const pids = await pidsOf(readers());
    const installed = await typed(`dpkg -i ${out}/third.deb`);
    assert.equal(installed.code, 0);
    assert.match(installed.stderr, /migrations are pending: run 'secretstorectl db migrate'/);
    await expectRunning(readers(), pids, 'new ones');
    const seen = await attempt('secretstorectl doctor');
    assert.match(seen.stdout, /^warning +schema +1 migrations are missing/m);
    const migrated = await typed('secretstorectl db migrate');
    assert.match(migrated.stdout, /applied \d{4}_note_the_next_release/);
    const again = await pidsOf(readers());
    assert.equal((await typed('secretstorectl restart')).code, 0);
    await expectRunning(readers(), again, 'new ones');
    assert.equal(await property('secretstore.socket', 'ActiveEnterTimestampMonotonic'), since);
}

// The reload itself returns at once; its end is when the processes of before have left.
async function reloadNginx() {
    const master = await property('nginx.service', 'MainPID');
    const children = async () =>
        (await attempt(`pgrep --parent ${master}`)).stdout.split('\n').filter(Boolean);
    const old = await children();
    assert.ok(old.length > 0, 'nginx has processes');
    await run('systemctl reload nginx');
    await eventually('the processes of before have left', async () => {
        const now = await children();
        return now.length > 0 && !now.some((pid) => old.includes(pid));
    });
}

// An nginx before 1.27.4 closes what waits for a request, whether or not one is just arriving
// (nginx/README.md). None of those was read.
async function reloadRound(load) {
    const counted = await underLoad(
        load,
        'nginx reloaded 5 times',
        async () => {
            for (let round = 0; round < 5; round += 1) await reloadNginx();
        },
        { mayLoseConnections: true },
    );
    const names = counted.lost.map((name) => `'${name}'`).join(', ');
    const asked = (where) => sql(`select count(*) from store.audit_events where user_agent ${where}`);
    assert.ok(Number(await asked("like 'load/%'")) >= counted.answers.length);
    if (names) assert.equal(await asked(`in (${names})`), '0', 'what got no answer was never read');
}

// While the database is away everything is answered with 503, at once; as soon as it is back,
// nothing is. Gives when that was.
async function restartDatabase(load) {
    const from = performance.now();
    await run(`systemctl stop ${kCluster}`);
    await eventually(
        '503 while the database is away',
        () => load.since(from).failed.filter((answer) => answer.status === 503).length >= 200,
    );
    await run(`systemctl start ${kCluster}`);
    const ready = performance.now();
    const back = await eventually('reads are answered again', () =>
        load.since(ready).answers.find((answer) => answer.status === 200),
    );
    const recovery = back.at + back.ms - ready;
    assert.ok(recovery <= kMostRecoveryMs, `serving again after ${recovery} ms`);
    // What comes next allows no failure, and not every worker may have found the database yet.
    await eventually(
        'all is answered for two seconds',
        () => {
            const since = performance.now() - 2000;
            const { answers, failed } = load.since(since);
            return since > ready && answers.length > 0 && failed.length === 0;
        },
        10,
    );
    return recovery;
}

async function databaseRound(load) {
    let recovery = 0;
    const isAway = ({ status }) => status === 503;
    const counted = await underLoad(
        load,
        'PostgreSQL stopped and started (503 while it is away)',
        async () => { recovery = await restartDatabase(load); },
        { allow: isAway },
    );
    const p99 = counted.percentile(0.99, isAway);
    say(`  ${counted.failed.length} × 503, p99 ${p99.toFixed(0)} ms; serving again ${recovery.toFixed(0)} ms after PostgreSQL`);
    assert.ok(p99 <= kMostUnavailableMs, `503 within ${p99} ms`);
    assert.ok(counted.percentile(1) <= kMostHangMs, `an answer took ${counted.percentile(1)} ms`);
}

// Another root key, step by step; the old one opens nothing afterwards.
async function replaceRootKey() {
    const lines = () => run('secretstorectl root-key export');
    const before = await lines();
    for (const step of ['begin', 'restart', 'run', 'commit', 'restart']) {
        const command = step === 'restart' ? 'restart' : `root-key rotate ${step}`;
        assert.equal((await typed(`secretstorectl ${command}`)).code, 0);
    }
    assert.notEqual(await lines(), before);
    assert.ok(!fs.existsSync(`${kEncryptedKey}-next`) && !fs.existsSync(`${kPlainKey}-next`));
    assert.equal(JSON.parse(await run('secretstorectl root-key status --json')).root_keys.length, 1);
}

// As README.Debian has it for a key management service, and back.
async function useKeyService() {
    const socket = '/run/key-service.sock';
    const key = await run('secretstorectl root-key export');
    let asked = 0;
    const service = net.createServer((connection) => {
        asked += 1;
        connection.on('error', () => {}); // whoever asks may be killed
        connection.end(`${key}\n`);
    });
    await new Promise((resolve) => service.listen(socket, resolve));
    fs.chmodSync(socket, 0o600);
    const dropIns = {
        'secretstore-worker@.service': `[Unit]\nConditionPathExists=\n[Service]\nLoadCredential=secretstore-root-key:${socket}\n`,
        'secretstore-maintain.service': '[Unit]\nConditionPathExists=\n',
    };
    for (const [unit, text] of Object.entries(dropIns)) {
        fs.mkdirSync(`/etc/systemd/system/${unit}.d`, { recursive: true });
        fs.writeFileSync(`/etc/systemd/system/${unit}.d/override.conf`, text);
    }
    fs.renameSync(kEncryptedKey, `${kEncryptedKey}.kept`);
    await run('systemctl daemon-reload');
    const pids = await pidsOf(readers());
    assert.equal((await typed('secretstorectl restart')).code, 0);
    await expectRunning(readers(), pids, 'new ones');
    assert.equal(asked, 4, 'each worker was given the key by the service');
    await run('systemctl start secretstore-maintain.service');
    assert.equal(await property('secretstore-maintain.service', 'ConditionResult'), 'yes');
    assert.notEqual((await attempt('secretstorectl root-key status')).code, 0);
    const status = await run(
        `systemd-run --quiet --pipe --wait --property=LoadCredential=secretstore-root-key:${socket} secretstorectl root-key status --json`,
    );
    assert.equal(JSON.parse(status).root_keys.length, 1);

    fs.renameSync(`${kEncryptedKey}.kept`, kEncryptedKey);
    for (const unit of Object.keys(dropIns)) fs.rmSync(`/etc/systemd/system/${unit}.d/override.conf`);
    await run('systemctl daemon-reload');
    assert.equal((await typed('secretstorectl restart')).code, 0);
    service.close();
}

// The root key out of the encrypted file and into a plain one, under load.
async function usePlainKey() {
    const lines = await run('secretstorectl root-key export');
    fs.writeFileSync('/run/exported', `${lines}\n`, { mode: 0o400 });
    fs.rmSync(kEncryptedKey);
    assert.equal((await typed('secretstorectl root-key import --plain /run/exported')).code, 0);
    fs.rmSync('/run/exported');
    assert.equal(fs.statSync(kPlainKey).mode & 0o777, 0o400);
    assert.equal((await typed('secretstorectl restart')).code, 0);
}

async function remove(token) {
    assert.equal((await typed('dpkg -r agent-secret-store')).code, 0);
    assert.equal(await activeWorkers(), 0);
    assert.ok(!fs.existsSync(kSocket), 'the socket is gone');
    assert.ok(fs.existsSync('/etc/secretstore/secretstore.yaml'), 'configuration stays');
    assert.equal((await typed('dpkg -P agent-secret-store')).code, 0);
    assert.ok(!fs.existsSync('/etc/secretstore'), 'configuration is gone');
    assert.ok(fs.existsSync(kPlainKey), 'the root key stays');
    assert.ok(Number(await sql('select count(*) from store.secrets')) > 0, 'the database stays');
    await run('nginx -t');
    // And so it can come back.
    assert.equal((await attempt(`dpkg -i ${out}/third.deb`)).code, 0);
    assert.equal((await typed('secretstorectl init --plain --workers 2')).code, 0);
    await run('sed -i s/secretstore.example.com/localhost/ /etc/nginx/sites-available/secretstore');
    await run('ln -s ../sites-available/secretstore /etc/nginx/sites-enabled/secretstore');
    await run('systemctl reload nginx');
    const read = await eventually('the secret is read again', async () => {
        const answer = await api('GET', '/secrets/app/GREETING', { token }).catch(() => undefined);
        return answer?.status === 200 && answer;
    });
    assert.equal(read.body.value, 'hello');
}

async function operate() {
    const began = performance.now();
    await prepareMachine();
    say('Installing it');
    await install();
    await initialise();
    await serveByNginx();
    await hardenNeighbours();
    const token = await useSdk();
    await beObserved();
    say('What is said of it when something is wrong');
    await look();
    await beExamined();
    say('Selling plans');
    await sellPlans();

    say('Under load');
    const load = new Load({ caFile: kCertificate, token });
    await underLoad(load, 'nothing else', () => pause(2000));
    await underLoad(load, 'rolling restart, twice', async () => {
        await run('secretstorectl restart');
        await run('secretstorectl restart');
    });
    await underLoad(load, 'restart of all workers at once', () =>
        run(`systemctl restart ${numbers(1, 4).map(worker).join(' ')}`),
    );
    await underLoad(load, 'kill -9 of 12 workers, then of all 4 at once', () => killWorkers(3));
    await underLoad(load, 'WatchdogSec=2, rolling restart', shortenWatchdog);
    await underLoad(load, 'SIGSTOP of 2 workers, the watchdog replaces them', stopWorkers);
    await underLoad(load, 'scaled 4 → 8 → 2 → 4', scale);
    await reloadRound(load);
    await underLoad(load, 'upgrade whose program needs its migration', upgradeWithNeededMigration);
    await underLoad(load, 'upgrade of the package with a migration', upgrade);
    await databaseRound(load);
    await underLoad(load, 'another root key, as an encrypted credential', replaceRootKey);
    await underLoad(load, 'root key from a service at a socket, and back', useKeyService);
    await underLoad(load, 'root key from an encrypted to a plain credential', usePlainKey);
    await underLoad(load, 'another root key, as a plain credential', replaceRootKey);
    await load.stop();
    printTable();

    say('Removing it');
    await remove(token);
    say(`All done in ${((performance.now() - began) / 1000).toFixed(0)} s.`);
}

try {
    await operate();
    fs.writeFileSync(path.join(out, 'passed'), '');
} catch (error) {
    say(`FAILED: ${error.stack}`);
    printTable();
    const { stdout } = await attempt('journalctl --boot --no-pager --output=short-monotonic');
    fs.writeFileSync(path.join(out, 'journal'), stdout);
    process.exit(1); // whatever load is still going on
}
