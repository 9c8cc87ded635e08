// scripts/dev-stack, as `make up` and `make down` call it.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { after, assert, before, describe, eventually, test } from './claim.mjs';
import { devStack, freePort, isAlive, kBinaries, kPatience, newFolder, Stack } from './stack.mjs';

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
