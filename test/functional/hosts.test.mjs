// Two hosts that serve one store, and a database that moves from one server to another while they
// do: four network namespaces with TLS between them (network.mjs).
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';

import { after, assert, before, describe, eventually, inParallel, test, unique } from './claim.mjs';
import { Network } from './network.mjs';
import { Authority, Server } from './server.mjs';
import { kPatience, kSlowdown, newFolder, run, Stack } from './stack.mjs';

const kLong = 60_000 * kPatience;
const kStrangeAddress = '10.83.0.99';
const kWriters = 6;
const kReaders = 4;
// What both hosts may take to notice that a standby accepts writes.
const kNoticeMs = 1_000 * kSlowdown;

const obstacle = await Network.obstacle();
const kOptions = { skip: obstacle, timeout: kLong };

const place = newFolder();
let user;
let network;
let authority;
let east;
let west;
let hosts;
let tenant;
let agent;

const idOf = (kind, name) => Number(execFileSync('id', [`-${kind}`, name], { encoding: 'utf8' }));

async function startHost(name, options = []) {
    const settings = path.join(place, `${name}.yaml`);
    fs.writeFileSync(
        settings,
        `database:\n  host: ${east.address},${west.address}\n  certificates: ${authority.folder}\n`,
    );
    const stack = await Stack.start({
        workers: 2,
        threads: 16,
        netns: network.namespace(name),
        options: ['--remote-database', settings, ...options],
    });
    stack.databaseSocket = east.socket;
    return stack;
}

before(
    async () => {
        if (obstacle) return;
        // As whom dev-stack runs everything when root calls it.
        const name = process.env.SUDO_USER ?? 'postgres';
        user = { name, uid: idOf('u', name), gid: idOf('g', name) };
        fs.mkdirSync(place, { mode: 0o755 });
        network = await Network.of('east', 'west', 'one', 'two');
        authority = await Authority.create(path.join(place, 'certificates'), user);
        await authority.issue(user.name);
        const common = { network, authority, user, folder: place };
        east = new Server({ ...common, host: 'east' });
        west = new Server({ ...common, host: 'west' });
        await east.createPrimary();
        await west.createStandbyOf(east);
        await east.waitForStandby();
        const one = await startHost('one');
        hosts = [one, await startHost('two', ['--root-key', path.join(one.state, 'root.key')])];
        tenant = await one.newTenant();
        agent = await tenant.newAgent();
    },
    { timeout: 2 * kLong },
);
after(async () => {
    for (const stack of hosts ?? []) await stack.stop();
    for (const server of [east, west]) if (server?.isRunning) await server.stop('immediate');
    await network?.remove();
    fs.rmSync(place, { recursive: true, force: true });
});

// Whatever `work` does, agents write and read through both hosts meanwhile. Gives what each request
// was answered: { host, at (ms, when it was sent), took, status, requestId, key, value }.
async function underLoad(work) {
    const token = await agent.newToken(['secrets:*:*']);
    await tenant.putSecret('load/READ', { value: 'read me' });
    const answers = [];
    let running = true;
    const lane = async (host, task) => {
        for (let n = 0; running; ++n) {
            const sent = performance.now();
            const { key, value, send } = task(n);
            const answer = await send(hosts[host].client, token);
            const took = performance.now() - sent;
            answers.push({ host, at: sent, took, key, value, status: answer.status, id: answer.requestId });
        }
    };
    const writing = (host, i) => (n) => {
        const [key, value] = [`${unique('w').replace('-', '_')}`, `written-${host}-${i}-${n}`];
        return {
            key,
            value,
            send: (client, token) =>
                client.put(`/v1/secrets/load/${key}`, { token, body: { value } }),
        };
    };
    const reading = () => ({
        send: (client, token) => client.get('/v1/secrets/load/READ', { token }),
    });
    const lanes = [0, 1].flatMap((host) => [
        ...Array.from({ length: kWriters }, (_, i) => lane(host, writing(host, i))),
        ...Array.from({ length: kReaders }, () => lane(host, reading)),
    ]);
    const isAnswered = (since) => [0, 1].every((host) =>
        answers.some((one) => one.host === host && one.at > since && one.status === 200),
    );
    try {
        await eventually('both hosts serve', () => isAnswered(0));
        await work({
            answersSince: (since) => answers.filter(({ at }) => at > since),
            serveAgain: (since) =>
                eventually('both hosts serve again', () => isAnswered(since), {
                    timeoutMs: 20_000 * kPatience,
                }),
        });
    } finally {
        running = false;
        await Promise.all(lanes);
    }
    return { answers, token };
}

// Every answer is the right one or 503; what was acknowledged is there, and so is its audit record.
async function nothingIsLost({ answers, token }, primary) {
    const statuses = new Set(answers.map(({ status }) => status));
    statuses.delete(503);
    assert.deepEqual([...statuses], [200]);
    const acknowledged = answers.filter(({ status }) => status === 200);
    const ids = acknowledged.map(({ id }) => `'${id}'`).join(',');
    const recorded = await primary.psql(
        `select count(distinct request_id) from store.audit_events where request_id in (${ids})`,
    );
    assert.equal(Number(recorded), acknowledged.length, 'audit records of what was acknowledged');
    const written = acknowledged.filter(({ key }) => key);
    await inParallel(written.length, 16, async (i) => {
        const { key, value } = written[i];
        const read = await hosts[i % 2].client.get(`/v1/secrets/load/${key}`, { token });
        assert.equal(read.expect(200).value, value);
    });
    return acknowledged.length;
}

// 503 is said while nobody accepts writes, and no longer than it takes to notice that somebody does.
function refusedOnlyMeanwhile({ answers }, { failed, promoted }) {
    const refused = answers.filter(({ status }) => status === 503);
    const answered = Math.min(...refused.map(({ at, took }) => at + took));
    const sent = Math.max(...refused.map(({ at }) => at));
    assert.ok(answered >= failed, `a 503 ${failed - answered} ms before the primary was lost`);
    assert.ok(
        sent <= promoted + kNoticeMs,
        `a 503 to a request sent ${sent - promoted} ms after the standby was promoted`,
    );
}

// A primary is lost, and the operator lets the standby take over. Gives when, in ms: before the one,
// and after the other.
async function takeOver(standby, load, lose) {
    const failed = performance.now();
    await lose();
    const lost = performance.now();
    await eventually('both hosts say 503', () =>
        [0, 1].every((host) =>
            load.answersSince(lost).some((one) => one.host === host && one.status === 503),
        ),
    );
    await standby.promote();
    const promoted = performance.now();
    // So that there are answers of after that moment.
    await load.serveAgain(promoted + kNoticeMs);
    // And go on serving.
    const again = performance.now();
    await eventually('2,000 more requests', () => load.answersSince(again).length >= 2_000, {
        timeoutMs: 20_000 * kPatience,
    });
    return { failed, promoted };
}

function figures({ answers }, { failed, promoted }, acknowledged) {
    const refused = answers.filter(({ status }) => status === 503);
    const last = Math.max(...refused.map(({ at }) => at));
    const longest = Math.max(...refused.map(({ took }) => took));
    return (
        `${answers.length} requests, ${acknowledged} acknowledged and found again, ${refused.length} x 503; ` +
        `no writes accepted for ${Math.round(promoted - failed)} ms, the last 503 was to a request sent ` +
        `${Math.round(last - promoted)} ms after that; a 503 took at most ${Math.round(longest)} ms`
    );
}

describe('two hosts with one database', kOptions, () => {
    test('serve each other’s secrets, the largest too', async () => {
        const token = await agent.newToken(['secrets:*:*']);
        const value = 'x'.repeat(64 * 1024);
        for (const [writer, reader] of [hosts, [...hosts].reverse()]) {
            const key = unique('K').replace('-', '_');
            const stored = await writer.client.put(`/v1/secrets/both/${key}`, {
                token,
                body: { value },
            });
            stored.expect(200);
            const read = await reader.client.get(`/v1/secrets/both/${key}`, { token });
            assert.ok(read.expect(200).value === value);
        }
    });

    test('refuse at once a token that was revoked on the other', kOptions, async () => {
        await tenant.putSecret('both/KEY', { value: 'v' });
        for (let round = 0; round < 50; ++round) {
            const [here, there] = round % 2 ? hosts : [...hosts].reverse();
            const { token, token_id: id } = await agent.issue(['secrets:*:*']);
            (await there.client.get('/v1/secrets/both/KEY', { token })).expect(200);
            const revoked = await here.client.post(`/v1/tokens/${id}/revoke`, {
                token: tenant.userToken,
            });
            revoked.expect(204);
            const refused = await there.client.get('/v1/secrets/both/KEY', { token });
            refused.expect(401, 'UNAUTHORIZED');
        }
    });

    test('refuse at once an agent that was revoked on the other', async () => {
        const [here, there] = hosts;
        const gone = await tenant.newAgent();
        const token = await gone.newToken(['secrets:*:*']);
        (await there.client.get('/v1/secrets/both/KEY', { token })).expect(200);
        await here.ctl(['agent', 'revoke', gone.id, '--tenant', tenant.id]);
        (await there.client.get('/v1/secrets/both/KEY', { token })).expect(401, 'UNAUTHORIZED');
        const again = await there.client.post('/v1/tokens', {
            token: gone.key,
            body: { scopes: ['secrets:*:*'] },
        });
        again.expect(401, 'UNAUTHORIZED');
    });

    test('count the requests of a plan each for itself', async () => {
        const free = await hosts[0].newTenant({ plan: 'free' });
        const statuses = [];
        for (const { client } of hosts) {
            const answers = await inParallel(110, 4, () =>
                client.get('/v1/agents', { token: free.userToken }),
            );
            statuses.push(answers.filter(({ status }) => status === 200).length);
        }
        assert.deepEqual(statuses, [100, 100]);
    });

    test('maintain it one at a time', async () => {
        const done = await Promise.all(
            Array.from({ length: 8 }, (_, i) => hosts[i % 2].ctl(['maintain', '--skip-if-running'])),
        );
        for (const said of done) assert.match(said, /^(audit partitions made|maintenance is running)/);
        assert.ok(done.some((said) => said.startsWith('audit partitions made')));
        const holder = hosts[0].openSession();
        await holder.execute('select pg_advisory_lock(4702111234474983745)');
        const skipped = await hosts[1].ctl(['maintain', '--skip-if-running']);
        const refused = await run(
            path.join(hosts[1].state, 'bin/secretstorectl'),
            ['--config', hosts[1].config, 'maintain'],
            { ...hosts[1].owner, netns: hosts[1].netns, cwd: '/' },
        );
        await holder.close();
        assert.match(skipped, /running already/);
        assert.equal(refused.code, 3);
        assert.match(refused.stderr, /running already/);
    });
});

describe('a connection to another host', kOptions, () => {
    // What 'db status' says with this database section, in place of the host's own.
    async function attempt(section) {
        const [stack] = hosts;
        const file = path.join(place, `${unique('attempt')}.yaml`);
        const migrations = path.join(stack.state, 'sql/migrations');
        fs.writeFileSync(file, `database:\n${section}  migrations: ${migrations}\n`);
        return run(path.join(stack.state, 'bin/secretstorectl'), ['--config', file, 'db', 'status'], {
            ...stack.owner,
            netns: stack.netns,
            cwd: '/',
        });
    }
    const section = (host, folder = authority.folder) =>
        `  host: ${host}\n  certificates: ${folder}\n`;

    test('is made to a server that proves its name', async () => {
        const done = await attempt(section(east.address));
        assert.equal(done.code, 0, done.stderr);
    });

    test('is not made to one whose certificate names another', async () => {
        await network.addAddress('east', kStrangeAddress);
        const done = await attempt(section(kStrangeAddress));
        assert.notEqual(done.code, 0);
        assert.match(done.stderr, /does not match host name/);
    });

    test('is not made to one that another authority has signed', async () => {
        const folder = path.join(place, unique('foreign'));
        const foreign = await Authority.create(folder, user);
        for (const kind of ['crt', 'key']) {
            const file = foreign.file(`${user.name}.${kind}`);
            fs.copyFileSync(authority.file(`${user.name}.${kind}`), file);
            fs.chownSync(file, user.uid, user.gid);
            fs.chmodSync(file, 0o600);
        }
        const done = await attempt(section(east.address, folder));
        assert.notEqual(done.code, 0);
        assert.match(done.stderr, /certificate verify failed/);
    });

    test('is not made without a certificate of one’s own', async () => {
        const folder = path.join(place, unique('nobody'));
        fs.mkdirSync(folder);
        fs.copyFileSync(authority.file('ca.crt'), path.join(folder, 'ca.crt'));
        const done = await attempt(section(east.address, folder));
        assert.notEqual(done.code, 0);
        assert.match(done.stderr, /certificate/);
    });
});

describe('a database that waits for its standby', kOptions, () => {
    test('acknowledges nothing that was told to wait no longer', async () => {
        const [{ client }] = hosts;
        const token = await agent.newToken(['secrets:*:*']);
        await network.unplug('west');
        try {
            const answer = client.put('/v1/secrets/both/ALONE', { token, body: { value: 'v' } });
            await eventually('a COMMIT waits, and is told not to', async () => {
                const cancelled = await east.psql(
                    `select count(pg_cancel_backend(pid)) from pg_stat_activity
                     where wait_event = 'SyncRep' and usename = 'secretstore_app'`,
                    'postgres',
                );
                return Number(cancelled) > 0;
            });
            (await answer).expect(503, 'INTERNAL_ERROR');
        } finally {
            await network.plugIn('west');
        }
        await eventually('the standby follows again', async () =>
            (await client.put('/v1/secrets/both/BOTH', { token, body: { value: 'v' } })).status === 200,
        );
    });
});

describe('a standby takes over under load', { ...kOptions, timeout: 3 * kLong }, () => {
    async function replace(t, lose) {
        const [primary, standby] = (await isPrimary(east)) ? [east, west] : [west, east];
        let times;
        const load = await underLoad(async (running) => {
            times = await takeOver(standby, running, () => lose(primary));
        });
        for (const stack of hosts) stack.databaseSocket = standby.socket;
        refusedOnlyMeanwhile(load, times);
        const acknowledged = await nothingIsLost(load, standby);
        t.diagnostic(figures(load, times, acknowledged));
        // The old one, cleared away, becomes the standby of the new one.
        if (primary.isRunning) await primary.stop('immediate');
        await network.plugIn(primary.host);
        await network.reaches(primary.host, standby.host, 5432);
        await primary.createStandbyOf(standby);
        await standby.waitForStandby();
    }

    const isPrimary = async (server) =>
        server.isRunning && (await server.psql('select pg_is_in_recovery()', 'postgres')) === 'f';

    test('of a primary whose host loses its power', kOptions, (t) =>
        replace(t, async (primary) => primary.kill()),
    );

    test('of a primary that is stopped as it should be', kOptions, (t) =>
        replace(t, (primary) => primary.stop('fast')),
    );

    test('of a primary that nobody reaches any more', kOptions, (t) =>
        replace(t, (primary) => network.unplug(primary.host)),
    );

    test('of one that was told to accept no more writes', kOptions, (t) =>
        replace(t, async (primary) => {
            await primary.psql(
                'alter system set default_transaction_read_only = on; select pg_reload_conf()',
                'postgres',
            );
        }),
    );
});
