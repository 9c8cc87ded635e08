// Nothing that is secret lies anywhere on disk in the clear: 1,000 marked values, keys and tokens
// are written, read and refused, and then everything is searched for them. security.md §1.4.
import fs from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';

import { after, assert, before, describe, eventually, inParallel, test } from './claim.mjs';
import { kPatience, kSanitized, run, runOrThrow, Stack } from './stack.mjs';

const kCanaries = 1000;
const kStem = 'canary';

// Every canary begins with the stem and what follows is its own: one search of the stem in all its
// forms finds any of them. Base64 depends on the position within three bytes, hence three forms.
function searchForms(stem) {
    const forms = new Map([['plain', stem]]);
    for (const shift of [0, 1, 2]) {
        const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(stem)]);
        // What a neighbour's bits could change at either end is cut off.
        const whole = bytes.toString('base64').replaceAll('=', '');
        const text = whole.slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6));
        forms.set(`base64 at ${shift}`, text);
        forms.set(`base64url at ${shift}`, text.replaceAll('+', '-').replaceAll('/', '_'));
    }
    forms.set('hex', Buffer.from(stem).toString('hex'));
    forms.set('HEX', Buffer.from(stem).toString('hex').toUpperCase());
    forms.set('URL-escaped', [...Buffer.from(stem)].map((b) => `%${b.toString(16)}`).join(''));
    forms.set(
        'URL-ESCAPED',
        [...Buffer.from(stem)].map((b) => `%${b.toString(16).toUpperCase()}`).join(''),
    );
    forms.set(
        'JSON-escaped',
        [...stem].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    );
    forms.set('UTF-16', Buffer.from(stem, 'utf16le').toString('latin1'));
    forms.set('reversed', [...stem].reverse().join(''));
    return forms;
}

function filesBelow(folder) {
    return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const name = path.join(folder, entry.name);
        if (entry.isDirectory()) return filesBelow(name);
        return entry.isFile() ? [name] : [];
    });
}

// Where any of the needles stands: "file: needle's name".
function search(files, needles) {
    const found = [];
    for (const file of files) {
        const bytes = fs.readFileSync(file);
        for (const [name, needle] of needles) {
            if (bytes.includes(Buffer.from(needle, 'latin1'))) found.push(`${file}: ${name}`);
        }
    }
    return found;
}

describe('1,000 canaries', { timeout: 180_000 * kPatience }, () => {
    let stack;
    let tenant;
    let agent;
    let token;
    const marker = `${kStem}${randomBytes(9).toString('hex')}`;
    const values = Array.from(
        { length: kCanaries },
        (_, i) => `${marker}-${String(i).padStart(4, '0')}`,
    );
    const credentials = [];
    const forms = searchForms(marker);

    before(
        async () => {
            stack = await Stack.start({ workers: 2, threads: 16, conf: 'log:\n  level: debug\n' });
            tenant = await stack.newTenant();
            agent = await tenant.newAgent();
            token = await agent.newToken(['secrets:*:canaries/*']);
            const personal = (await tenant.newPersonalToken()).token;
            const invited = (await tenant.invite('viewer')).invitation_token;
            credentials.push(tenant.userToken, agent.key, token, personal, invited);
            (await stack.client.get('/v1/me', { token: personal })).expect(200);
            (await stack.client.get('/v1/me', { token: invited })).expect(401);
            const accept = '/v1/invitations/accept';
            const body = { token: invited };
            (await stack.client.post(accept, { token: tenant.userToken, body })).expect(404);
            (await stack.client.post(accept, { token: personal, body })).expect(403);
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => stack?.stop());

    test(
        'are written, read and refused in every way',
        { timeout: 120_000 * kPatience },
        async () => {
            const http = stack.client;
            const outside = await agent.newToken(['secrets:*:elsewhere/*']);
            credentials.push(outside);
            await inParallel(kCanaries, 32, async (i) => {
                const target = `/v1/secrets/canaries/K${i}`;
                (await http.put(target, { token, body: { value: values[i] } })).expect(200);
                assert.equal((await http.get(target, { token })).expect(200).value, values[i]);
                switch (i % 10) {
                    case 0:
                        (
                            await http.put(target, { token: outside, body: { value: values[i] } })
                        ).expect(403);
                        break;
                    case 1:
                        (
                            await http.put(target, {
                                token,
                                body: { value: values[i], expected_version: 99 },
                            })
                        ).expect(409);
                        break;
                    case 2:
                        (
                            await http.put(target, { token, body: `{"value":"${values[i]}",}` })
                        ).expect(400);
                        break;
                    case 3:
                        (
                            await http.put(target, {
                                token,
                                body: { value: values[i], unknown: values[i] },
                            })
                        ).expect(400);
                        break;
                    case 4:
                        (
                            await http.put(target, { token: values[i], body: { value: values[i] } })
                        ).expect(401);
                        break;
                    case 5:
                        (await http.get(`${target}?value=${values[i]}`, { token })).expect(400);
                        break;
                    case 6:
                        (
                            await http.put('/v1/secrets/canaries/..', {
                                token,
                                body: { value: values[i] },
                            })
                        ).expect(400);
                        break;
                    case 7:
                        (
                            await http.put(target, {
                                token,
                                body: { value: values[i] },
                                headers: { 'Content-Type': 'text/plain' },
                            })
                        ).expect(415);
                        break;
                    case 8:
                        (
                            await http.put(target, {
                                token,
                                body: { value: values[i], secret_type: values[i] },
                            })
                        ).expect(400);
                        break;
                    default:
                        (
                            await http.put(target, {
                                token,
                                body: { value: values[i].padEnd(70_000, 'x') },
                            })
                        ).expect(400);
                }
            });
            for (let i = 0; i < 50; ++i) {
                const made = await tenant.newAgent();
                const issued = await made.newToken([`secrets:read:canaries/K${i}`]);
                credentials.push(made.key, issued);
                (await http.get('/v1/agents', { token: made.key })).expect(403);
                (await http.get('/v1/agents', { token: issued })).expect(403);
                (
                    await http.get(`/v1/secrets/canaries/K${i}`, {
                        token: `${issued.slice(0, -3)}AAA`,
                    })
                ).expect(401);
                (await http.get(`/v1/agents?api_key=${made.key}`)).expect(400);
            }
            // Chunked, oversized, cut off half-way, and with the database refusing.
            (
                await http.put('/v1/secrets/canaries/C', {
                    token,
                    body: { value: values[0] },
                    chunked: true,
                })
            ).expect(200);
            (
                await http.put('/v1/secrets/canaries/C', {
                    token,
                    body: `{"value":"${values[0].repeat(40_000)}"}`,
                })
            ).expect(413);
            const headers = ['Content-Type: application/json', 'Content-Length: 20'];
            const head = http.rawHead('PUT', '/v1/secrets/canaries/C', { token, headers });
            await http.rawBytes([head, `{"value":"${marker}`]);
            await stack.stopPostgres('immediate');
            (
                await http.put('/v1/secrets/canaries/C', { token, body: { value: values[1] } })
            ).expect(503);
            await stack.startPostgres();
        },
    );

    test('can be found by this search, where they do lie', () => {
        const file = path.join(stack.state, 'log/control');
        for (const [name, form] of forms) {
            fs.writeFileSync(file, Buffer.from(`before ${form} after`, 'latin1'));
            assert.deepEqual(search([file], [[name, form]]), [`${file}: ${name}`]);
        }
        const base64 = Buffer.from(`xx${values[7]}`).toString('base64');
        fs.writeFileSync(file, base64);
        assert.ok(search([file], forms).length > 0, 'base64 of a value with something before it');
        fs.rmSync(file);
    });

    test('are in no dump of the database', async () => {
        const dump = await runOrThrow(
            '/usr/lib/postgresql/15/bin/pg_dumpall',
            ['-h', path.join(stack.state, 'socket'), '-U', 'postgres', '--no-role-passwords'],
            { cwd: '/' },
        );
        assert.ok(dump.includes('canaries'), 'the dump has the rows');
        const file = path.join(stack.state, 'log/dump');
        fs.writeFileSync(file, dump);
        const found = search([file], forms);
        fs.rmSync(file);
        assert.deepEqual(found, []);
    });

    test('are in no file: data, WAL, logs at debug level, temporary folders', async () => {
        await stack.psql('checkpoint');
        const files = filesBelow(stack.state);
        for (const part of [
            '/pg/base/',
            '/pg/pg_wal/',
            '/log/worker.log',
            '/log/access.log',
            '/log/postgresql.log',
        ]) {
            assert.ok(
                files.some((file) => file.includes(part)),
                `${part} is searched`,
            );
        }
        assert.deepEqual(search(files, forms), []);
    });

    test('have no key or token beside them in the logs or in the database', () => {
        // The tail of each: a key's public beginning and a token's header are meant to be seen.
        const needles = credentials.map((credential, i) => [
            `credential ${i}`,
            credential.slice(-24),
        ]);
        const files = filesBelow(stack.state).filter((file) => !/\/(env|agent\.json)$/.test(file));
        assert.deepEqual(search(files, needles), []);
    });

    test('have no root key beside them but in its file', () => {
        const text = fs.readFileSync(path.join(stack.state, 'root.key'), 'utf8');
        const key = /^key: (\S+)$/m.exec(text)[1];
        const needles = [
            ['as text', key],
            ['raw', Buffer.from(key, 'base64url').toString('latin1')],
            ['hex', Buffer.from(key, 'base64url').toString('hex')],
        ];
        const files = filesBelow(stack.state).filter((file) => !file.endsWith('/root.key'));
        assert.deepEqual(search(files, needles), []);
    });

    test('are in no core file, for a worker leaves none', { timeout: 60_000 * kPatience }, async () => {
        const cwd = new Set(stack.workerPids().map((pid) => fs.readlinkSync(`/proc/${pid}/cwd`)));
        for (const pid of stack.workerPids()) {
            const limits = fs.readFileSync(`/proc/${pid}/limits`, 'utf8');
            assert.match(limits, /Max core file size\s+0\s+0/);
        }
        const before = [...cwd].flatMap((folder) =>
            fs.readdirSync(folder).filter((name) => /^core/.test(name)),
        );
        const [victim] = stack.workerPids();
        process.kill(victim, 'SIGABRT');
        await eventually('the worker is gone and another came', () => {
            const pids = stack.workerPids();
            return pids.length === 2 && !pids.includes(victim);
        });
        (await stack.client.get('/v1/openapi.json')).expect(200);
        const now = [...cwd].flatMap((folder) =>
            fs.readdirSync(folder).filter((name) => /^core/.test(name)),
        );
        assert.deepEqual(now, before);
    });

    // A sanitizer's leak checker must look at its own process from outside.
    const closed = { skip: kSanitized && 'the leak checker needs it open' };
    test("are out of reach for the same user: a worker's memory is closed", closed, async () => {
        // The one that came last may still be on its way to saying so.
        for (const pid of stack.workerPids()) {
            await eventually(`the memory of ${pid} is closed`, async () => {
                const owner = { ...stack.owner, cwd: '/' };
                return (await run('/usr/bin/cat', [`/proc/${pid}/environ`], owner)).code !== 0;
            });
        }
    });
});
