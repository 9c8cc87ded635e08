// scripts/dev-stack, as `make up` and `make down` call it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { after, assert, before, describe, eventually, test } from './claim.mjs';
import {
    devStack,
    freePort,
    isAlive,
    kBinaries,
    kDevStack,
    kPatience,
    newFolder,
    run,
    runOrThrow,
    Stack,
} from './stack.mjs';

const kInstallDeps = fileURLToPath(new URL('../../scripts/install-deps', import.meta.url));
const kNobody = 65534;
const kSlow = { timeout: 60_000 * kPatience };

// Every process that names the folder in its command line or works in it.
function processesOf(folder) {
    return fs
        .readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .filter((pid) => {
            const read = (what) => {
                try {
                    return what();
                } catch {
                    return '';
                }
            };
            const command = read(() => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
            const cwd = read(() => fs.readlinkSync(`/proc/${pid}/cwd`));
            return command.includes(folder) || cwd.startsWith(folder);
        });
}

describe('dev-stack', () => {
    let stack;
    let args;
    before(
        async () => {
            stack = await Stack.start({ workers: 2, threads: 4 });
            args = [
                '--dir',
                stack.folder,
                '--port',
                new URL(stack.url).port,
                '--workers',
                '2',
                '--threads',
                '4',
                '--bin',
                kBinaries,
                '--no-fsync',
                '--no-demo',
            ];
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => stack?.stop());

    test(
        'up a second time is harmless and leaves every process as it was',
        { timeout: 60_000 },
        async () => {
            const pids = [
                stack.poolPid(),
                ...stack.workerPids(),
                stack.egressPid(),
                stack.pidOf('nginx.pid'),
                stack.pidOf('pg/postmaster.pid'),
            ];
            const again = await devStack(['up', ...args]);
            assert.equal(again.code, 0, again.stderr);
            assert.deepEqual(
                [
                    stack.poolPid(),
                    ...stack.workerPids(),
                    stack.egressPid(),
                    stack.pidOf('nginx.pid'),
                    stack.pidOf('pg/postmaster.pid'),
                ],
                pids,
            );
            (await stack.client.get('/v1/health')).expect(200);
        },
    );

    test('up with another port says in one line that it runs with this one', async () => {
        const other = await devStack([
            'up',
            '--dir',
            stack.folder,
            '--port',
            String(await freePort()),
            '--bin',
            kBinaries,
        ]);
        assert.notEqual(other.code, 0);
        assert.equal(other.stderr.trim().split('\n').length, 1, other.stderr);
    });

    test(
        'up starts again what died, and keeps the data',
        { timeout: 60_000 * kPatience },
        async () => {
            const tenant = await stack.newTenant();
            await tenant.putSecret('kept/KEY', { value: 'v' });
            const pid = stack.pidOf('nginx.pid');
            process.kill(pid, 'SIGTERM');
            await eventually('nginx is gone', () => !isAlive(pid));
            const again = await devStack(['up', ...args]);
            assert.equal(again.code, 0, again.stderr + again.stdout);
            const listed = (
                await stack.client.get('/v1/secrets?namespace=kept', { token: tenant.userToken })
            ).expect(200);
            assert.equal(listed.total, 1);
        },
    );

    test(
        'on a port that is in use says so in one line, and leaves nothing',
        { timeout: 60_000 * kPatience },
        async () => {
            const port = await freePort();
            const server = net.createServer().listen(port, '127.0.0.1');
            await new Promise((resolve) => server.once('listening', resolve));
            const folder = newFolder();
            try {
                const busy = await devStack([
                    'up',
                    '--dir',
                    folder,
                    '--port',
                    String(port),
                    '--bin',
                    kBinaries,
                    '--no-fsync',
                    '--no-demo',
                ]);
                assert.equal(busy.code, 1);
                assert.equal(busy.stderr.trim().split('\n').length, 1, busy.stderr);
                assert.match(busy.stderr, new RegExp(`port ${port}`));
                assert.deepEqual(processesOf(folder), []);
            } finally {
                server.close();
                await devStack(['clean', '--dir', folder]);
            }
        },
    );

    test('status tells what runs', async () => {
        const status = await devStack(['status', '--dir', stack.folder]);
        assert.equal(status.code, 0, status.stdout);
        for (const part of ['postgresql', 'pool', 'egress', 'nginx'])
            assert.match(status.stdout, new RegExp(`${part}\\s+running`));
    });

    test(
        'down leaves no process, and up after it has the same data',
        { timeout: 90_000 * kPatience },
        async () => {
            const tenant = await stack.newTenant();
            await tenant.putSecret('kept/KEY', { value: 'v' });
            const down = await devStack(['down', '--dir', stack.folder]);
            assert.equal(down.code, 0, down.stderr);
            await eventually('no process is left', () => processesOf(stack.state).length === 0);
            assert.equal((await devStack(['status', '--dir', stack.folder])).code, 3);
            const twice = await devStack(['down', '--dir', stack.folder]);
            assert.equal(twice.code, 0, twice.stderr);

            const up = await devStack(['up', ...args]);

            assert.equal(up.code, 0, up.stderr);
            const listed = (
                await stack.client.get('/v1/secrets?namespace=kept', { token: tenant.userToken })
            ).expect(200);
            assert.equal(listed.total, 1);
        },
    );

    test('a folder that is not its own is refused', async () => {
        const folder = newFolder();
        fs.mkdirSync(folder);
        fs.writeFileSync(path.join(folder, 'something'), 'of somebody');
        try {
            const refused = await devStack(['up', '--dir', folder, '--bin', kBinaries]);
            assert.equal(refused.code, 1);
            assert.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
            assert.deepEqual(fs.readdirSync(folder), ['something']);
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
    });

    test('its files are closed to others', () => {
        for (const file of [
            'root.key',
            'egress.key',
            'env',
            'tls/ca.key',
            'tls/server.key',
            'secretstore.yaml',
            'agent.json',
        ]) {
            assert.equal(fs.statSync(path.join(stack.state, file)).mode & 0o077, 0, file);
        }
        assert.equal(fs.statSync(stack.state).mode & 0o077, 0);
    });
});

describe('dev-stack, as somebody new to it calls it,', () => {
    const folder = newFolder();
    let args;
    before(async () => {
        const ports = ['--port', await freePort(), '--admin-port', await freePort()];
        const size = ['--workers', '1', '--threads', '4'];
        args = ['--dir', folder, ...ports, ...size, '--bin', kBinaries, '--no-fsync'].map(String);
    });
    after(async () => {
        await devStack(['down', '--dir', folder]);
        await devStack(['clean', '--dir', folder]);
    });

    // Types the commands into a shell. Where one is `NAME=...`, whoever types takes the token out
    // of the answer before it. Gives the answers.
    async function type(commands) {
        const shell = spawn('bash', ['--norc', '-e'], { cwd: '/' });
        const ended = once(shell, 'close');
        const said = [];
        shell.stderr.on('data', (chunk) => said.push(chunk));
        const lines = [];
        createInterface({ input: shell.stdout }).on('line', (line) => lines.push(line));
        const [before, name, behind] = commands.split(/^ *(\w+)=\.\.\..*$/m);
        shell.stdin.write(before);
        try {
            const { token } = await eventually('an answer', () => JSON.parse(lines.at(-1)));
            assert.ok(token, lines.at(-1));
            shell.stdin.write(`${name}=${token}\n${behind}`);
        } finally {
            shell.stdin.end();
        }
        const [code] = await ended;
        assert.deepEqual([code, Buffer.concat(said).toString()], [0, '']);
        return lines.map((line) => JSON.parse(line));
    }

    test('up says what to type, which stores and reads a secret', kSlow, async () => {
        const up = await devStack(['up', ...args]);

        assert.equal(up.code, 0, up.stderr);
        assert.match(up.stdout, /^ +and read +\{"value":"hello",/m);
        const [, shown] = /^ +stored just now +demo\/GREETING -> (.*)$/m.exec(up.stdout);
        const { client, env } = new Stack(folder);
        const token = env.ASS_USER_TOKEN;
        (await client.delete('/v1/secrets/demo/GREETING', { token })).expect(200);
        const [, stored, read, audit] = await type(up.stdout.split('Type next:\n')[1]);
        client.close();
        assert.notEqual(stored.id, JSON.parse(shown).id, 'not the one of before');
        assert.equal(read.value, 'hello');
        assert.deepEqual(
            audit.events.slice(0, 2).map(({ event_type: type }) => type),
            ['secret.read', 'secret.created'],
        );
    });

    test('run stays, and Ctrl-C ends it with all of its processes', kSlow, async () => {
        const down = await devStack(['down', '--dir', folder]);
        assert.equal(down.code, 0, down.stderr);
        const child = spawn(kDevStack, ['run', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
        const ended = once(child, 'close');
        let said = '';
        for (const stream of [child.stdout, child.stderr])
            stream.on('data', (chunk) => (said += chunk));
        await eventually('it runs', () => said.includes('Ctrl-C stops it'), {
            timeoutMs: 40_000 * kPatience,
        });
        const state = fs.realpathSync(folder);
        assert.ok(processesOf(state).length > 4);

        child.kill('SIGINT');

        assert.deepEqual(await ended, [0, null], said);
        assert.match(said, /Stopping \.\.\.\nStopped in /);
        assert.deepEqual(processesOf(state), []);
    });
});

describe('what is missing is said in one line:', () => {
    test('room on the disk', async (t) => {
        if (process.getuid() !== 0) return t.skip('only root can mount');
        const place = newFolder();
        fs.mkdirSync(place);
        t.after(() => fs.rmdirSync(place));
        const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', place]);
        if (mounted.code !== 0) return t.skip(`nothing can be mounted here: ${mounted.stderr}`);
        try {
            const folder = path.join(place, 'store');
            const up = await devStack(['up', '--dir', folder, '--bin', kBinaries, '--no-fsync']);
            assert.equal(up.code, 1);
            assert.equal(up.stdout, '');
            const line = /^dev-stack: the disk is full: 6\d MB free at \S+, 500 MB needed\n$/;
            assert.match(up.stderr, line);
            assert.deepEqual(processesOf(folder), []);
        } finally {
            await runOrThrow('umount', [place]);
        }
    });

    test('packages, and who could install them', async (t) => {
        const place = newFolder();
        t.after(() => fs.rmSync(place, { recursive: true }));
        for (const name of ['scripts', 'bin', 'dpkg'])
            fs.mkdirSync(path.join(place, name), { recursive: true });
        fs.copyFileSync(kInstallDeps, path.join(place, 'scripts/install-deps'));
        // Everything but sudo; and no package is installed.
        for (const name of fs.readdirSync('/usr/bin').filter((one) => one !== 'sudo'))
            fs.symlinkSync(path.join('/usr/bin', name), path.join(place, 'bin', name));
        fs.writeFileSync(path.join(place, 'dpkg/status'), '');
        const nobody = process.getuid() === 0 ? { uid: kNobody, gid: kNobody } : {};

        const done = await run(path.join(place, 'scripts/install-deps'), [], {
            ...nobody,
            cwd: '/',
            env: { PATH: path.join(place, 'bin'), DPKG_ADMINDIR: path.join(place, 'dpkg') },
        });

        assert.equal(done.code, 1);
        const line = /^install-deps: not root and no sudo; as root: apt-get install .* nginx .*\n$/;
        assert.match(done.stderr, line);
    });
});
