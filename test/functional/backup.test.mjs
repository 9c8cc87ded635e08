// Backup while serving, its verification, and a restore on another host. How many secrets: 2,000,
// or SECRETSTORE_DRILL_SECRETS (make drill: 100,000).
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';

import { after, assert, before, describe, eventually, inParallel, test } from './claim.mjs';
import { kPatience, newFolder, Stack } from './stack.mjs';
import { Terminal } from './terminal.mjs';

const kSecrets = Number(process.env.SECRETSTORE_DRILL_SECRETS ?? 2_000);
const kImportedAtOnce = 1_000;
const kReaders = 16;
const kWriters = 4;
const kLong = (60_000 + kSecrets * 6) * kPatience;

const place = newFolder();
const folderOf = (name) => path.join(place, name);

let here;
let tenant;
let agent;
let token;
before(
    async () => {
        here = await Stack.start({ workers: 2 });
        tenant = await here.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:*:*']);
        fs.mkdirSync(place, { mode: 0o700 });
        // The command runs as the stack's owner.
        if (here.owner.uid !== undefined) fs.chownSync(place, here.owner.uid, here.owner.gid);
        await inParallel(Math.ceil(kSecrets / kImportedAtOnce), 2, async (i) => {
            const lines = Array.from({ length: kImportedAtOnce }, (_, n) => `K${n}=value-${i}-${n}`);
            const body = { namespace: `bulk${i}`, content: lines.join('\n') };
            (await here.client.post('/v1/secrets/import', { token, body })).expect(200);
        });
    },
    { timeout: kLong },
);
after(async () => {
    await here?.stop();
    fs.rmSync(place, { recursive: true, force: true });
});

// Writes until `work` is done. Gives, by key, each value that was acknowledged and when.
async function whileWriting(work) {
    const acknowledged = new Map();
    const failures = [];
    let running = true;
    const writers = Array.from({ length: kWriters }, async (_, i) => {
        for (let n = 0; running; ++n) {
            const key = `W${i}_${n % 50}`;
            const value = `written-${i}-${n}`;
            const sent = Date.now();
            const answer = await here.client.put(`/v1/secrets/live/${key}`, {
                token,
                body: { value },
            });
            if (answer.status !== 200) failures.push(`${key} ${answer.status}`);
            else
                acknowledged.set(key, [
                    ...(acknowledged.get(key) ?? []),
                    { value, sent, answered: Date.now() },
                ]);
        }
    });
    try {
        return { result: await work(acknowledged), acknowledged, failures };
    } finally {
        running = false;
        await Promise.all(writers);
    }
}

// A copy that the command of this stack can read.
function copyFor(stack, from, to) {
    fs.cpSync(from, to, { recursive: true });
    if (stack.owner.uid === undefined) return to;
    for (const name of ['.', ...fs.readdirSync(to)])
        fs.chownSync(path.join(to, name), stack.owner.uid, stack.owner.gid);
    return to;
}

const refusal = (stack, args) => stack.ctl(args).then(() => '', String);

// Another host with nothing in its database and the root key of the first.
async function anotherHost() {
    const there = await Stack.start({ workers: 1 });
    fs.rmSync(path.join(there.state, 'root.key'));
    fs.copyFileSync(path.join(here.state, 'root.key'), path.join(there.state, 'root.key'));
    fs.chmodSync(path.join(there.state, 'root.key'), 0o400);
    if (there.owner.uid !== undefined)
        fs.chownSync(path.join(there.state, 'root.key'), there.owner.uid, there.owner.gid);
    return there;
}

// Every secret that was imported, each compared; how many. With less around it than a Client has,
// which looks at every header of 100,000 answers.
async function readAll(there, token) {
    const { hostname, port } = there.client.url;
    const agent = new https.Agent({ keepAlive: true, maxSockets: kReaders, ca: there.client.ca });
    const headers = { authorization: `Bearer ${token}` };
    let same = 0;
    await inParallel(kSecrets, kReaders, async (i) => {
        const [space, n] = [Math.floor(i / kImportedAtOnce), i % kImportedAtOnce];
        const path = `/v1/secrets/bulk${space}/K${n}`;
        const [answer] = await once(https.get({ hostname, port, path, headers, agent }), 'response');
        const body = await text(answer);
        assert.equal(answer.statusCode, 200, body);
        assert.equal(JSON.parse(body).value, `value-${space}-${n}`);
        ++same;
    }).finally(() => agent.destroy());
    return same;
}

// The database of a host as `init` finds it: roles and nothing else.
async function emptyDatabase(there) {
    const superuser = { database: 'postgres' };
    await there.psql('drop database secretstore with (force)', superuser);
    await there.psql(fs.readFileSync(path.join(there.state, 'sql/roles.sql'), 'utf8'), superuser);
}

describe('a backup', () => {
    const folder = folderOf('first');
    let written;

    test('is made while people write', { timeout: kLong }, async (t) => {
        written = await whileWriting(async (acknowledged) => {
            // The manifest's time is in whole seconds.
            await eventually('something was acknowledged more than a second ago', () =>
                [...acknowledged.values()].some(([first]) => Date.now() - first.answered > 2_000),
            );
            const said = await here.ctl(['backup', folder], { timeoutMs: kLong });
            return said.split('\n')[0];
        });

        t.diagnostic(written.result.replace(folder, 'FOLDER'));
        assert.deepEqual(written.failures, []);
        assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
        const everything = Buffer.concat(
            fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name))),
        );
        const [, rootKey] = /^key: (.*)$/m.exec(
            fs.readFileSync(path.join(here.state, 'root.key'), 'utf8'),
        );
        assert.ok(!everything.includes(Buffer.from(rootKey, 'base64url')), 'no root key');
        assert.ok(!everything.includes('value-0-0'), 'no value');
        assert.ok(!everything.includes(agent.key), 'no agent key');
    });

    test('is proved by restoring it into a scratch cluster', { timeout: kLong }, async (t) => {
        const said = await here.ctl(['backup', 'verify', folder, '--scratch', place], {
            timeoutMs: kLong,
        });

        t.diagnostic(said.trim().split('\n').join(' | '));
        assert.match(said, /^rows +\d+ in \d+ tables, as in the backup$/m);
        assert.match(said, /^values +\d+ of \d+ tenants opened$/m);
        assert.match(said, /^verdict +GOOD/m);
        assert.deepEqual(fs.readdirSync(place), ['first'], 'the scratch cluster is gone');
    });

    test('is never overwritten', async () => {
        assert.match(await refusal(here, ['backup', folder]), /exit 2: .*never overwritten/s);
    });

    test('tells a terminal how far it is', async () => {
        const target = folderOf('watched');
        const program = path.join(here.state, 'bin/secretstorectl');
        const terminal = new Terminal(program, ['--config', here.config, 'backup', target], {
            ...here.owner,
            cwd: '/',
        });

        await terminal.shows(/\d (bytes|MiB) written/);

        assert.equal(await terminal.ended(), 0);
        fs.rmSync(target, { recursive: true });
    });

    test('of which a byte was changed is refused', async () => {
        const copy = copyFor(here, folder, folderOf('spoilt'));
        const dump = fs.openSync(path.join(copy, 'database.dump'), 'r+');
        const byte = Buffer.alloc(1);
        fs.readSync(dump, byte, 0, 1, 5_000);
        byte[0] ^= 1;
        fs.writeSync(dump, byte, 0, 1, 5_000);
        fs.closeSync(dump);

        const said = await refusal(here, ['backup', 'verify', copy]);

        assert.match(said, /exit 1: .*SHA-256 differs/s);
        fs.rmSync(copy, { recursive: true });
    });

    test('of a newer schema is refused', async () => {
        const copy = copyFor(here, folder, folderOf('newer'));
        const file = path.join(copy, 'manifest.json');
        const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
        manifest.schema += 1;
        fs.writeFileSync(file, JSON.stringify(manifest));

        for (const verb of [['backup', 'verify'], ['restore']]) {
            const said = await refusal(here, [...verb, copy]);
            assert.match(said, /exit 78: .*install the package that made it, or a newer one/s);
        }
        fs.rmSync(copy, { recursive: true });
    });

    test('that counts other rows than it has is BAD', { timeout: kLong }, async () => {
        const copy = copyFor(here, folder, folderOf('miscounted'));
        const file = path.join(copy, 'manifest.json');
        const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
        manifest.rows.secrets += 1;
        fs.writeFileSync(file, JSON.stringify(manifest));

        const said = await refusal(here, ['backup', 'verify', copy, '--scratch', place]);

        assert.match(said, /exit 1: /);
        assert.match(said, /secrets: \d+ rows in the backup, \d+ restored/);
        assert.match(said, /verdict +BAD/);
        fs.rmSync(copy, { recursive: true });
    });

    test('does not open with another root key', async (t) => {
        const other = await Stack.start({ workers: 1 });
        t.after(() => other.stop());
        const copy = copyFor(other, folder, path.join(other.state, 'copy'));

        const said = await refusal(other, ['backup', 'verify', copy]);

        assert.match(said, /exit 78: .*opens with the root key .*root-key import/s);
    });

    test('comes back elsewhere, with all that was acknowledged, and old tokens are dead', { timeout: kLong }, async (t) => {
        const there = await anotherHost();
        t.after(() => there.stop());
        const copy = copyFor(there, folder, path.join(there.state, 'copy'));

        const used = await refusal(there, ['restore', copy, '--acknowledge']);
        assert.match(used, /exit 2: .*has a store in it already/s);
        await emptyDatabase(there);
        const asked = await refusal(there, ['restore', copy]);
        assert.match(asked, /exit 2: .*say --acknowledge/s);
        assert.match(asked, /\d+ active agents? with the keys of then/);
        const said = await there.ctl(['restore', copy, '--acknowledge'], { timeoutMs: kLong });
        t.diagnostic(said.trim().split('\n').slice(-5).join(' | '));
        const gone = there.workerPids();
        process.kill(there.poolPid(), 'SIGHUP');
        await there.fullPool(1, { gone });

        const dead = await there.client.get('/v1/secrets/bulk0/K0', { token });
        dead.expect(401, 'UNAUTHORIZED');
        const issued = await there.client.post('/v1/tokens', {
            token: agent.key,
            body: { scopes: ['secrets:read:*'] },
        });
        const fresh = issued.expect(200).token;
        const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
        const moment = Date.parse(manifest.taken_at);
        let compared = 0;
        let acknowledged = 0;
        for (const [key, values] of written.acknowledged) {
            // Times of the manifest are whole seconds.
            const certain = values.filter(({ answered }) => answered < moment);
            const possible = values.filter(({ sent }) => sent < moment + 1000);
            const answer = await there.client.get(`/v1/secrets/live/${key}`, { token: fresh });
            if (certain.length === 0 && answer.status === 404) continue;
            const { value } = answer.expect(200);
            const oldest = Math.max(values.indexOf(certain.at(-1)), 0);
            assert.ok(
                values.slice(oldest, possible.length).some((one) => one.value === value),
                `${key}: ${value}`,
            );
            ++compared;
            acknowledged += certain.length > 0 ? 1 : 0;
        }
        assert.ok(acknowledged > 0, 'something was acknowledged before');
        const began = performance.now();
        const others = await readAll(there, fresh);
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        t.diagnostic(`${compared} keys written meanwhile compared, and ${others} others in ${seconds} s`);
        assert.equal(compared + others, manifest.rows.secrets, 'all that the backup has');
        const [{ count }] = await there.rows('select count(*)::int from store.secrets');
        assert.equal(count, manifest.rows.secrets);
        const write = (await there.client.post('/v1/tokens', {
            token: agent.key,
            body: { scopes: ['secrets:write:*'] },
        })).expect(200);
        (await there.client.put('/v1/secrets/after/KEY', {
            token: write.token,
            body: { value: 'v' },
        })).expect(200);
    });
});
