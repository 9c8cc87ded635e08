// secretstore-egress as a process: how it starts, what it refuses, how it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { after, assert, before, describe, eventually, test } from './claim.mjs';
import { devStack, isAlive, kBinaries, kPatience, kSanitized, kSlowdown, run, Stack } from './stack.mjs';

let stack;

before(
    async () => {
        stack = await Stack.start({ workers: 1, threads: 2 });
    },
    { timeout: 60_000 * kPatience },
);
after(() => stack?.stop());

// Starts again what of the stack is dead.
function up() {
    const { port } = new URL(stack.url);
    return devStack(
        [
            ['up', '--dir', stack.folder, '--port', port, '--bin', kBinaries],
            ['--workers', '1', '--threads', '2', '--no-fsync', '--no-demo'],
        ].flat(),
    );
}

// A configuration of this stack with some lines more or other.
function configFile(change) {
    const file = path.join(stack.state, `egress-${fs.readdirSync(stack.state).length}.yaml`);
    fs.writeFileSync(file, change(fs.readFileSync(stack.config, 'utf8')), { mode: 0o644 });
    return file;
}

describe('egress', () => {
    test('leaves on SIGTERM, and up starts it again', { timeout: 60_000 * kPatience }, async () => {
        const pid = stack.egressPid();
        process.kill(pid, 'SIGTERM');
        await eventually('it has gone', () => !isAlive(pid));
        const again = await up();
        assert.equal(again.code, 0, again.stderr + again.stdout);
        assert.notEqual(stack.egressPid(), pid);
        assert.ok(isAlive(stack.egressPid()));
    });

    test('reads its log level again on SIGHUP, and stays', async () => {
        const pid = stack.egressPid();
        await stack.logContains(/event=reloaded/, () => process.kill(pid, 'SIGHUP'));
        assert.ok(isAlive(pid));
    });

    test('takes a configuration that it finds nothing wrong with', async () => {
        const checked = await stack.egress(['--config', stack.config, '--check-config']);
        assert.deepEqual([checked.code, checked.stderr], [0, '']);
    });

    test('needs no root key', async () => {
        const file = configFile((text) => text.replace(/file: .*/, 'file: /nonexistent/root.key'));
        const checked = await stack.egress(['--config', file, '--check-config']);
        assert.equal(checked.code, 0, checked.stderr);
    });

    test('leaves with 78 and one line where the configuration is wrong', async () => {
        const file = configFile((text) => `${text}nonsense:\n  key: 1\n`);
        for (const args of [['--check-config'], []]) {
            const refused = await stack.egress(['--config', file, ...args]);
            assert.equal(refused.code, 78);
            assert.match(refused.stderr, /^secretstore-egress: .*:\d+: unknown section 'nonsense'\n$/);
        }
    });

    // The rules of each key: test/unit/config/config_test.cpp.
    test('and every other program refuse an issuer that is wrong, with file and line', async () => {
        const file = configFile(
            (text) => `${text}issuers:\n  - issuer: http://login.example\n    audience: console\n`,
        );
        const line = fs.readFileSync(file, 'utf8').split('\n').indexOf('issuers:') + 2;
        const fault = `${file}:${line}: 'issuer' must begin with https://`;
        const check = ['--config', file, '--check-config'];
        const ctl = path.join(stack.state, 'bin/secretstorectl');
        for (const [what, refused] of [
            ['egress', await stack.egress(check)],
            ['worker', await stack.worker(check)],
            ['ctl', await run(ctl, ['--config', file, 'config', 'check'], { ...stack.owner, cwd: '/' })],
        ]) {
            assert.equal(refused.code, 78, what);
            assert.ok(refused.stderr.includes(fault), refused.stderr);
            assert.equal(refused.stderr.trim().split('\n').length, 1, what);
        }
    });

    test('leaves with 78 where its CA file is not there', async () => {
        const file = configFile(
            (text) =>
                `${text.replace('egress:', 'egress:\n  ca_file: /nonexistent/ca.pem')}issuers:\n  - firebase: demo\n`,
        );
        const refused = await stack.egress(['--config', file]);
        assert.equal(refused.code, 78, refused.stderr);
        assert.match(refused.stderr, /\/nonexistent\/ca\.pem/);
    });

    test('refuses a key that is not the one of this database', async () => {
        const key = path.join(stack.state, 'other.key');
        const lines = ['secretstore-egress-key v1', `id: ${'ab'.repeat(16)}`, `key: ${'A'.repeat(43)}`];
        fs.writeFileSync(key, `${lines.join('\n')}\n`, { mode: 0o400 });
        if (stack.owner.uid !== undefined) fs.chownSync(key, stack.owner.uid, stack.owner.gid);
        const file = configFile((text) => text.replace(/key_file: .*/, `key_file: ${key}`));
        const refused = await stack.egress(['--config', file]);
        assert.equal(refused.code, 78);
        assert.match(refused.stderr, /not the one of this database.*egress-key export/);
    });

    test('refuses the root key for its own', async () => {
        const root = path.join(stack.state, 'root.key');
        const file = configFile((text) => text.replace(/key_file: .*/, `key_file: ${root}`));
        const refused = await stack.egress(['--config', file]);
        assert.equal(refused.code, 78);
        assert.match(refused.stderr, /line 1: must be 'secretstore-egress-key v1'/);
    });

    test('gets a key that is exported once, and never over another file', async () => {
        const key = path.join(stack.state, 'exported.key');
        await stack.ctl(['egress-key', 'export', key]);
        assert.equal(fs.statSync(key).mode & 0o777, 0o400);
        const text = fs.readFileSync(key, 'utf8');
        assert.equal(text, fs.readFileSync(path.join(stack.state, 'egress.key'), 'utf8'));
        await assert.rejects(stack.ctl(['egress-key', 'export', key]), /exit 78: .*never overwritten/);
    });

    test('leaves with 78 without a configuration', async () => {
        const refused = await stack.egress([]);
        assert.equal(refused.code, 78);
        assert.equal(refused.stderr.trim().split('\n').length, 1);
    });

    test('leaves on SIGTERM though an issuer hangs', { timeout: 30_000 * kPatience }, async () => {
        // Takes connections and never says a word of TLS.
        const sockets = [];
        const silent = net.createServer((socket) => sockets.push(socket));
        await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
        const { port } = silent.address();
        const file = configFile(
            (text) =>
                `${text}issuers:\n  - firebase: silent\n    jwks_uri: https://127.0.0.1:${port}/jwks\n`,
        );
        const program = path.join(stack.state, 'bin/secretstore-egress');
        const child = spawn(program, ['--config', file], {
            ...stack.owner,
            cwd: '/',
            stdio: 'ignore',
        });
        try {
            const gone = once(child, 'exit');
            await eventually('it asks for the keys', () => sockets.length > 0);
            const asked = Date.now();
            child.kill('SIGTERM');
            const [code] = await gone;
            assert.equal(code, 0);
            // It would wait for 5 s for the connection.
            assert.ok(Date.now() - asked < 3000 * kSlowdown);
        } finally {
            child.kill('SIGKILL');
            for (const socket of sockets) socket.destroy();
            silent.close();
        }
    });

    const closed = { skip: kSanitized && 'the leak checker needs it open' };
    test('leaves no core file and lets nobody look into it', closed, () => {
        const limits = fs.readFileSync(`/proc/${stack.egressPid()}/limits`, 'utf8');
        assert.match(limits, /Max core file size\s+0\s+0/);
        // What may not be dumped belongs to root in /proc.
        assert.equal(fs.statSync(`/proc/${stack.egressPid()}/mem`).uid, 0);
    });

    test(
        'waits for a database that is away, and says so',
        { timeout: 60_000 * kPatience },
        async () => {
            const pid = stack.egressPid();
            process.kill(pid, 'SIGTERM');
            await eventually('it has gone', () => !isAlive(pid));
            await stack.stopPostgres();
            const started = stack.egress(['--config', stack.config], { timeoutMs: 3_000 * kPatience });
            const { code, stderr } = await started;
            assert.equal(code, 'SIGKILL', stderr);
            assert.match(stderr, /event=waiting_for_database/);
            await stack.startPostgres();
            assert.equal((await up()).code, 0);
        },
    );

    test('is not needed by agents: they go on without it', async () => {
        const tenant = await stack.newTenant();
        const token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        await tenant.putSecret('egress/KEY', { value: 'v' });
        const pid = stack.egressPid();
        process.kill(pid, 'SIGTERM');
        await eventually('it has gone', () => !isAlive(pid));
        (await stack.client.get('/v1/secrets/egress/KEY', { token })).expect(200);
        assert.equal((await up()).code, 0);
    });
});
