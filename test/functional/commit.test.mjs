// An answer leaves only when what it did, and its audit row, is on disk: PostgreSQL's fdatasync is
// slowed down, and every answer must be as slow. contract.md §8, security.md §4.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { after, assert, before, describe, inParallel, test, unique } from './claim.mjs';
import { kPatience, kSlowdown, newFolder, runOrThrow, Stack } from './stack.mjs';

const kDelayMs = 200;

describe('while a commit takes 200 ms', () => {
    const folder = newFolder();
    const slowWhile = path.join(folder, 'slow');
    let stack;
    let tenant;
    let agent;
    let token;
    let revoked;

    before(
        async () => {
            fs.mkdirSync(folder, { mode: 0o755 });
            const library = path.join(folder, 'slow_fdatasync.so');
            const source = fileURLToPath(new URL('slow_fdatasync.c', import.meta.url));
            await runOrThrow('cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
            stack = await Stack.start({
                workers: 1,
                threads: 64,
                fsync: true,
                options: [
                    '--postgres-env',
                    `LD_PRELOAD=${library}`,
                    '--postgres-env',
                    `SLOW_WHILE=${slowWhile}`,
                ],
            });
            tenant = await stack.newTenant();
            agent = await tenant.newAgent();
            token = await agent.newToken(['secrets:*:commit/*']);
            const issued = await agent.issue(['secrets:read:commit/*']);
            revoked = issued.token;
            await tenant.putSecret('commit/KEY', { value: 'v' });
            await tenant.putSecret('commit/SENSITIVE', { value: 'v', access_tier: 'sensitive' });
            await tenant.putSecret('commit/EXPIRED', {
                value: 'v',
                expires_at: '2020-01-01T00:00:00Z',
            });
            await stack.psql(
                `update store.tokens set revoked_at = now() where token_id = '${issued.token_id}'`,
            );
            fs.writeFileSync(slowWhile, '');
        },
        { timeout: 90_000 * kPatience },
    );

    after(async () => {
        fs.rmSync(slowWhile, { force: true });
        await stack?.stop();
        fs.rmSync(folder, { recursive: true, force: true });
    });

    const get = (target, credential = token) => stack.client.get(target, { token: credential });
    const requests = {
        'a read (200)': [200, () => get('/v1/secrets/commit/KEY')],
        'a read that is not modified (304)': [
            304,
            () =>
                stack.client.get('/v1/secrets/commit/KEY', {
                    token,
                    headers: { 'If-None-Match': '"1"' },
                }),
        ],
        'a read of what is not there (404)': [404, () => get('/v1/secrets/commit/NONE')],
        'a read outside the scope (403)': [403, () => get('/v1/secrets/elsewhere/KEY')],
        'a read above the tier (403)': [403, () => get('/v1/secrets/commit/SENSITIVE')],
        'a read of what has expired (410)': [410, () => get('/v1/secrets/commit/EXPIRED')],
        'a read with a revoked token (401)': [401, () => get('/v1/secrets/commit/KEY', revoked)],
        'a write (200)': [
            200,
            () =>
                stack.client.put(`/v1/secrets/commit/${unique('K')}`, {
                    token,
                    body: { value: 'v' },
                }),
        ],
        'a write outside the scope (403)': [
            403,
            () => stack.client.put('/v1/secrets/elsewhere/KEY', { token, body: { value: 'v' } }),
        ],
        'a write against a version (409)': [
            409,
            () =>
                stack.client.put('/v1/secrets/commit/KEY', {
                    token,
                    body: { value: 'v', expected_version: 9 },
                }),
        ],
        'a new agent (200)': [
            200,
            () =>
                stack.client.post('/v1/agents', {
                    token: tenant.userToken,
                    body: { name: unique('agent'), allowed_namespaces: ['a'] },
                }),
        ],
        'a token (200)': [
            200,
            () => agent.requestToken({ scopes: [`secrets:read:commit/${unique('K')}`] }),
        ],
        'a token that needs approval (200)': [
            200,
            () => agent.requestToken({ scopes: ['secrets:read:commit/SENSITIVE'] }),
        ],
        'a credential of the wrong kind (403)': [403, () => get('/v1/audit')],
    };
    for (const [what, [status, request]] of Object.entries(requests)) {
        test(`${what} takes as long`, async () => {
            const began = performance.now();
            const answer = await request();
            const took = performance.now() - began;
            assert.equal(answer.status, status, answer.text);
            assert.ok(took >= kDelayMs, `answered after ${took} ms`);
        });
    }

    test('64 reads at once share a few commits instead of waiting in line', async () => {
        // Handshakes of TLS are not what is measured: these connections are kept.
        await inParallel(64, 64, () => stack.client.get('/v1/openapi.json'));
        const began = performance.now();
        const answers = await inParallel(64, 64, () => get('/v1/secrets/commit/KEY'));
        for (const answer of answers) answer.expect(200);
        const took = performance.now() - began;
        assert.ok(took >= kDelayMs && took < 10 * kDelayMs * kSlowdown, `${took} ms`);
    });

    test('what is answered without a commit is as quick as ever: the delay is real', async () => {
        const times = [];
        for (let i = 0; i < 3; ++i) {
            const began = performance.now();
            (await get('/v1/health')).expect(200);
            times.push(performance.now() - began);
        }
        // A machine that pauses one of them delays no commit.
        assert.ok(Math.min(...times) < kDelayMs * kSlowdown, `${times} ms`);
    });
});
