// PostgreSQL servers of a network (network.mjs): a primary, and a standby that can take its place. They
// speak TLS with certificates of one authority on both sides.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { run, runOrThrow } from './stack.mjs';

const kRoot = fileURLToPath(new URL('../..', import.meta.url));
const kPrograms = '/usr/lib/postgresql/15/bin';
const kReplicationRole = 'secretstore_replica';

// The certificates that database.certificates wants: ca.crt, and of each user NAME.crt and NAME.key.
export class Authority {
    constructor(folder, owner) {
        this.folder = folder;
        this.owner = owner;
    }

    static async create(folder, owner) {
        fs.mkdirSync(folder, { mode: 0o755 });
        const authority = new Authority(folder, owner);
        await authority.#openssl(
            ...['req', '-x509', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
            ...['-nodes', '-days', '30', '-subj', '/CN=test authority'],
            ...['-keyout', authority.file('ca.key'), '-out', authority.file('ca.crt')],
        );
        return authority;
    }

    file(name) {
        return path.join(this.folder, name);
    }

    // `names`: what the certificate is good for, as subjectAltName has it; of a server.
    async issue(name, names = '') {
        const request = this.file(`${name}.csr`);
        await this.#openssl(
            ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
            ...['-subj', `/CN=${name}`, '-keyout', this.file(`${name}.key`), '-out', request],
        );
        const extensions = this.file(`${name}.ext`);
        fs.writeFileSync(extensions, names ? `subjectAltName = ${names}\n` : '');
        await this.#openssl(
            ...['x509', '-req', '-days', '30', '-in', request, '-CA', this.file('ca.crt')],
            ...['-CAkey', this.file('ca.key'), '-extfile', extensions],
            ...['-CAcreateserial', '-out', this.file(`${name}.crt`)],
        );
        fs.chmodSync(this.file(`${name}.key`), 0o600);
        fs.chownSync(this.file(`${name}.key`), this.owner.uid, this.owner.gid);
    }

    #openssl(...args) {
        return runOrThrow('openssl', args);
    }
}

export class Server {
    // `user`: { name, uid, gid } as whom it runs, and who may be every role.
    constructor({ network, host, folder, authority, user }) {
        this.network = network;
        this.host = host;
        this.authority = authority;
        this.user = user;
        this.socket = path.join(folder, host);
        this.data = path.join(this.socket, 'data');
        this.log = path.join(this.socket, 'log');
    }

    get address() {
        return this.network.address(this.host);
    }

    async #prepare() {
        fs.rmSync(this.socket, { recursive: true, force: true });
        fs.mkdirSync(this.socket, { mode: 0o700 });
        fs.chownSync(this.socket, this.user.uid, this.user.gid);
        if (!fs.existsSync(this.authority.file(`${this.host}.crt`)))
            await this.authority.issue(this.host, `IP:${this.address}`);
    }

    async createPrimary() {
        await this.#prepare();
        const script = [
            'set -euo pipefail; umask 077; cd /',
            `source '${this.#library()}'`,
            `pg_create '${this.data}' no-sync`,
            `pg_configure '${this.data}' '${this.socket}' off 200 64MB '${this.user.name}'`,
        ];
        await this.#run('bash', ['-c', script.join('\n')]);
        const rules = [
            `hostssl secretstore all ${this.network.range} cert map=secretstore`,
            `hostssl replication ${kReplicationRole} ${this.network.range} cert map=secretstore`,
        ];
        fs.appendFileSync(path.join(this.data, 'pg_hba.conf'), `${rules.join('\n')}\n`);
        fs.appendFileSync(
            path.join(this.data, 'pg_ident.conf'),
            `secretstore "${this.user.name}" ${kReplicationRole}\n`,
        );
        await this.start();
        await this.psql(fs.readFileSync(path.join(kRoot, 'sql/roles.sql'), 'utf8'), 'postgres');
        await this.psql(`create role ${kReplicationRole} login replication`, 'postgres');
    }

    // Of a primary that runs; followed by nobody yet. It waits for the primary's next words.
    async createStandbyOf(primary) {
        await this.#prepare();
        const tls = [
            'sslmode=verify-full',
            `sslrootcert=${this.authority.file('ca.crt')}`,
            `sslcert=${this.authority.file(`${this.user.name}.crt`)}`,
            `sslkey=${this.authority.file(`${this.user.name}.key`)}`,
        ];
        const source = [`host=${primary.address}`, `user=${kReplicationRole}`, ...tls].join(' ');
        await this.#run(path.join(kPrograms, 'pg_basebackup'), [
            ...['-D', this.data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync', '-d', source],
        ]);
        await this.start();
    }

    // What the primary acknowledges is on the disk of its standby first.
    waitForStandby() {
        return this.psql(
            "alter system set synchronous_standby_names = '*'; select pg_reload_conf()",
            'postgres',
        );
    }

    // A standby begins to accept writes, and waits for no other standby.
    async promote() {
        await this.psql(
            "alter system set synchronous_standby_names = ''; select pg_reload_conf()",
            'postgres',
        );
        await this.psql('select pg_promote(true)', 'postgres');
    }

    start() {
        const settings = {
            listen_addresses: '0.0.0.0',
            unix_socket_directories: this.socket,
            ssl: 'on',
            ssl_min_protocol_version: 'TLSv1.3',
            ssl_ca_file: this.authority.file('ca.crt'),
            ssl_cert_file: this.authority.file(`${this.host}.crt`),
            ssl_key_file: this.authority.file(`${this.host}.key`),
            // A primary that nobody reaches does not wait for its words to arrive.
            wal_sender_timeout: '5s',
        };
        const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
        return this.#control('start', '-l', this.log, '-o', options.join(' '));
    }

    stop(mode = 'fast') {
        return this.#control('stop', '-m', mode);
    }

    // As a host that loses its power.
    kill() {
        const [pid] = fs.readFileSync(path.join(this.data, 'postmaster.pid'), 'utf8').split('\n');
        // All of its processes: those that serve would else finish what they do.
        const all = fs
            .readdirSync('/proc')
            .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
        for (const one of [pid, ...all]) process.kill(Number(one), 'SIGKILL');
    }

    get isRunning() {
        const file = path.join(this.data, 'postmaster.pid');
        if (!fs.existsSync(file)) return false;
        const [pid] = fs.readFileSync(file, 'utf8').split('\n');
        return fs.existsSync(`/proc/${pid}`);
    }

    async psql(sql, database = 'secretstore') {
        const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.socket];
        return (
            await runOrThrow('/usr/bin/psql', [...args, '-U', 'postgres', '-d', database], {
                input: sql,
                cwd: '/',
            })
        ).trim();
    }

    #library() {
        // The user may not be able to read the tree.
        const copy = path.join(this.socket, 'postgres.bash');
        fs.copyFileSync(path.join(kRoot, 'scripts/dev-stack.d/postgres.bash'), copy);
        fs.chmodSync(copy, 0o644);
        return copy;
    }

    #control(verb, ...options) {
        const args = [verb, '-D', this.data, '-w', '-s', '-t', '60', ...options];
        return this.#run(path.join(kPrograms, 'pg_ctl'), args);
    }

    async #run(program, args) {
        const { uid, gid } = this.user;
        const netns = this.network.namespace(this.host);
        const done = await run(program, args, { uid, gid, netns, cwd: '/' });
        if (done.code === 0) return;
        const log = fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8').slice(-2000) : '';
        throw new Error(`${path.basename(program)} ${args[0]}: ${done.stderr}${done.stdout}${log}`);
    }
}

function parentOf(pid) {
    try {
        return /^PPid:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    } catch {
        return undefined;
    }
}
