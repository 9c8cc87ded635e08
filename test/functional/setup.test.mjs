// What every verb of the operator's command says where something has to be done first: exit code 3,
// and the command to run.
import fs from 'node:fs';
import path from 'node:path';

import { after, assert, before, describe, inParallel, test, unique } from './claim.mjs';
import { kOldestUsableSchema, run, Stack } from './stack.mjs';

const kId = '01a2198e-2b4f-707f-8e6a-08807aa5f9dd';
const kTenant = ['--tenant', kId];

const kBackup = 'backup';

// Each verb that needs a database that is set up, and its arguments.
const kNeedDatabase = [
    ['restart'],
    ['status'],
    ['db status'],
    ['maintain'],
    [kBackup, '@NEW@'],
    ['root-key status'],
    ['root-key rotate begin'],
    ['kek rotate', '--all'],
    ['signing-key list'],
    ['signing-key rotate begin'],
    ['signing-key rotate activate'],
    ['signing-key rotate retire'],
    ['pepper list'],
    ['pepper rotate begin'],
    ['pepper rotate activate'],
    ['pepper rotate retire'],
    ['tenant create', 'acme', '--owner', 'owner@example.com'],
    ['tenant list'],
    ['tenant plan', kId, 'pro'],
    ['tenant suspend', kId],
    ['tenant resume', kId],
    ['user token', 'owner@example.com', ...kTenant],
    ['user invite', 'owner@example.com', ...kTenant],
    ['user list', ...kTenant],
    ['agent create', 'bot', '--namespace', 'staging', ...kTenant],
    ['agent list', ...kTenant],
    ['agent revoke', kId, ...kTenant],
    ['token list', ...kTenant],
    ['token revoke', kId, ...kTenant],
    ['approval list', ...kTenant],
    ['approval approve', kId, ...kTenant],
    ['approval deny', kId, ...kTenant],
    ['audit tail', ...kTenant],
    ['audit export', ...kTenant],
    ['audit verify'],
    ['webhook list', ...kTenant],
    ['webhook test', kId, ...kTenant],
    ['mail test', 'owner@example.com', ...kTenant],
    ['egress-key export', '@NEW@'],
];
// These ask for the root key before they look for a database.
const kNeedKeyFirst = [
    ['root-key export'],
    ['root-key split', '@NEW@'],
    ['root-key raise-epoch'],
    ['root-key rotate run'],
    ['root-key rotate commit'],
    ['root-key rotate abort'],
];
const kNeedNothing = {
    'config check': 'reads a file',
    'config dump': 'reads a file',
    'config reference': 'prints a text',
    'nginx-limits': 'reads a file',
    'db print-statement': 'prints a text',
    'completion bash': 'prints a text',
    'root-key join': 'reads shares',
    'backup verify': 'looks at the backup first, and restores it elsewhere',
    restore: 'looks at the backup first',
    check: 'has the exit codes of Nagios',
    doctor: 'says what is wrong, with an exit code of its own',
    init: 'sets everything up',
    'db init': 'makes the database',
    'db migrate': 'makes the schema',
    'root-key generate': 'makes the root key',
    'root-key import': 'brings the root key',
};

let stack;
let folder;
const databases = [];
before(() => {
    stack = Stack.shared();
    folder = fs.mkdtempSync(path.join(stack.state, 'setup-'));
    if (stack.owner.uid !== undefined) fs.chownSync(folder, stack.owner.uid, stack.owner.gid);
});
after(async () => {
    for (const name of databases) await stack.psql(`drop database ${name} with (force)`);
});

// Empty, or with the first so many migrations.
async function newDatabase(migrationCount = 0) {
    const name = unique('unready').replaceAll('-', '_');
    await stack.psql(`create database ${name} owner secretstore_owner`);
    databases.push(name);
    if (migrationCount === 0) return name;
    const all = /^ +migrations: (.*)$/m.exec(fs.readFileSync(stack.config, 'utf8'))[1];
    const some = fs.mkdtempSync(path.join(folder, 'migrations-'));
    fs.chmodSync(some, 0o755);
    for (const file of fs.readdirSync(all).sort().slice(0, migrationCount))
        fs.copyFileSync(path.join(all, file), path.join(some, file));
    const made = await ctl(configured({ database: name, migrations: some }), ['db', 'migrate']);
    assert.equal(made.code, 0, made.stderr);
    return name;
}

// As though a newer release had been here.
async function newerDatabase() {
    const name = await newDatabase(Infinity);
    await stack.psql(
        `insert into store.schema_migrations (number, name, sha256, breaking)
         values (9999, '9999_break_all', '\\x00', true)`,
        { database: name },
    );
    return name;
}

// The stack's configuration with another database or root key.
function configured({ database, rootKey, migrations }) {
    let text = fs.readFileSync(stack.config, 'utf8');
    const replace = (pattern, line) => {
        assert.match(text, pattern);
        text = text.replace(pattern, line);
    };
    if (database) replace(/^( +name: ).*$/m, `$1${database}`);
    if (migrations) replace(/^ +migrations: .*$/m, `  migrations: ${migrations}`);
    if (rootKey) replace(/^( +file: ).*root\.key$/m, `$1${rootKey}`);
    const file = path.join(folder, unique('config'));
    fs.writeFileSync(file, text);
    return file;
}

const ctl = (config, args) =>
    run(path.join(stack.state, 'bin/secretstorectl'), ['--config', config, ...args], {
        ...stack.owner,
        cwd: '/',
    });

const inNewPlace = (args) =>
    args.map((word) => (word === '@NEW@' ? path.join(folder, unique('new')) : word));

// How many rows each table of a store has.
const rowsOf = (database) =>
    stack.psql(
        `select string_agg(table_name || ' ' || query_to_xml(
                    format('select count(*) from store.%I', table_name), false, true, '')::text,
                    '' order by table_name)
         from information_schema.tables where table_schema = 'store'`,
        { database },
    );

// Exit code 3, and the command in what is said, of each of these verbs.
async function expectPending(config, verbs, command) {
    const said = await inParallel(verbs.length, 4, (i) => {
        const [verb, ...args] = verbs[i];
        return ctl(config, [...verb.split(' '), ...inNewPlace(args)]);
    });
    for (const [i, { code, stdout, stderr }] of said.entries()) {
        const what = `${verbs[i].join(' ')}: ${stdout}${stderr}`;
        assert.equal(code, 3, what);
        assert.match(stdout + stderr, command, what);
    }
}

describe('a verb that comes too early says what comes first', () => {
    test('and none is forgotten here', async () => {
        const { stdout } = await ctl(stack.config, ['manual']);
        const verbs = [...stdout.matchAll(/^\.B ([a-z\\ -]+?)(?: \\fI.*)?$/gm)].map(([, verb]) =>
            verb.replaceAll('\\', ''),
        );
        const known = [...kNeedDatabase, ...kNeedKeyFirst].map(([verb]) => verb);

        assert.ok(verbs.length > 50, stdout);
        assert.deepEqual(
            verbs.filter((verb) => !known.includes(verb) && !(verb in kNeedNothing)),
            [],
        );
    });

    test('where there is no database', async () => {
        const config = configured({ database: unique('absent') });

        await expectPending(config, kNeedDatabase, /secretstorectl init/);
    });

    test('where the database has no schema', async () => {
        const config = configured({ database: await newDatabase() });

        await expectPending(config, kNeedDatabase, /secretstorectl (db migrate|init)/);
    });

    test('where a migration is pending', async () => {
        const database = await newDatabase(kOldestUsableSchema - 1);

        // A backup may be what comes before the migration.
        const verbs = kNeedDatabase.filter(([verb]) => verb !== kBackup);
        await expectPending(configured({ database }), verbs, /secretstorectl db migrate/);
    });

    test('where a newer release has migrated', async () => {
        const database = await newerDatabase();
        const config = configured({ database });
        const before = await rowsOf(database);

        const verbs = [...kNeedDatabase, ['db migrate'], ['init', '--keys-only']];
        await inParallel(verbs.length, 2, async (index) => {
            const [verb, ...rest] = verbs[index];
            const answer = await ctl(config, [...verb.split(' '), ...inNewPlace(rest)]);
            const said = `${verb}: ${answer.stdout} ${answer.stderr}`;
            // Status says what it sees.
            assert.equal(answer.code, verb === 'status' ? 3 : 78, said);
            assert.match(said, /install the newer package/);
        });
        assert.equal(await rowsOf(database), before);
    });

    test('where the database has no keys', async () => {
        const config = configured({ database: await newDatabase(Infinity) });

        await expectPending(
            config,
            [
                ['user token', 'owner@example.com', ...kTenant],
                ['agent create', 'bot', '--namespace', 'staging', ...kTenant],
                ['egress-key export', '@NEW@'],
            ],
            /secretstorectl init/,
        );
    });

    test('where there is no root key', async () => {
        const config = configured({ rootKey: path.join(folder, 'absent.key') });
        const withKey = kNeedDatabase.filter(
            ([verb]) =>
                /^(agent|user|token|approval|kek)/.test(verb) || verb === 'root-key status',
        );

        await expectPending(config, [...withKey, ...kNeedKeyFirst], /root-key generate/);
    });

    test('where no rotation of the root key was begun', async () => {
        await expectPending(
            stack.config,
            [['root-key rotate run'], ['root-key rotate commit'], ['root-key rotate abort']],
            /root-key rotate begin/,
        );
    });

    test('where maintenance is running', async () => {
        const holder = stack.openSession();
        await holder.execute('select pg_advisory_lock(4702111234474983745)');

        const refused = await ctl(stack.config, ['maintain']);
        const skipped = await ctl(stack.config, ['maintain', '--skip-if-running']);

        await holder.close();
        assert.equal(refused.code, 3);
        assert.match(refused.stderr, /running already.*secretstorectl maintain/);
        assert.equal(skipped.code, 0);
        assert.match(skipped.stdout, /running already/);
    });

    test('where somebody else migrates', async () => {
        const holder = stack.openSession();
        await holder.execute('select pg_advisory_lock(7235941068)');

        const refused = await ctl(stack.config, ['db', 'migrate']);

        await holder.close();
        assert.equal(refused.code, 3);
        assert.match(refused.stderr, /secretstorectl db status/);
    });
});

describe('a wrong word at the end of a verb', () => {
    test('is refused with 2, and the option that was meant is named', async () => {
        const verbs = [...kNeedDatabase, ...kNeedKeyFirst].map(([verb]) => verb);
        const said = await inParallel(verbs.length, 4, (i) =>
            ctl(stack.config, [...verbs[i].split(' '), '--jsn']),
        );

        for (const [i, { code, stderr }] of said.entries()) {
            assert.equal(code, 2, `${verbs[i]}: ${stderr}`);
            assert.match(stderr, /Did you mean '--json'\?/, verbs[i]);
        }
    });

    test('and each --help ends with an example', async () => {
        const verbs = [...kNeedDatabase, ...kNeedKeyFirst, ...Object.keys(kNeedNothing).map((verb) => [verb])];
        const said = await inParallel(verbs.length, 4, (i) =>
            ctl(stack.config, [...verbs[i][0].split(' '), '--help']),
        );

        for (const [i, { code, stdout }] of said.entries()) {
            assert.equal(code, 0, verbs[i][0]);
            assert.match(stdout, new RegExp(`\nExample: secretstorectl ${verbs[i][0]}( .*)?\n$`));
        }
    });
});

describe('--json', () => {
    test('makes an object of what a verb tells of its work', async () => {
        const { code, stdout, stderr } = await ctl(stack.config, ['maintain', '--json']);

        assert.equal(code, 0, stderr);
        const { messages } = JSON.parse(stdout);
        assert.ok(messages.some((message) => message.startsWith('audit events counted: ')));
    });
});

describe('as root, who may change the rules of PostgreSQL', { skip: process.getuid() !== 0 }, () => {
    const asRoot = (config, words) =>
        run(path.join(stack.state, 'bin/secretstorectl'), ['--config', config, ...words], { cwd: '/' });

    // That a verb is refused, and what it would have changed is as it was.
    async function expectRefused(config, database, words, pattern) {
        const rules = ['pg_hba.conf', 'pg_ident.conf'].map((name) => path.join(stack.state, 'pg', name));
        const look = async () => [
            await rowsOf(database),
            ...rules.map((file) => fs.readFileSync(file, 'utf8')),
        ];
        const before = await look();

        const { code, stdout, stderr } = await asRoot(config, words);

        assert.equal(code, 78, `${stdout} ${stderr}`);
        assert.match(stderr, pattern);
        assert.deepEqual(await look(), before);
    }

    test('init changes nothing in a store of another root key', async () => {
        const database = await newDatabase(kOldestUsableSchema - 1);
        await stack.psql(
            `insert into store.root_keys (root_key_id, check_value)
             values ('${kId}', decode(repeat('00', 32), 'hex'))`,
            { database },
        );
        const config = configured({ database, rootKey: path.join(folder, unique('root.key')) });
        const init = ['init', '--no-start'];

        await expectRefused(config, database, init, /root-key import FILE/);
        const generated = await asRoot(config, ['root-key', 'generate']);
        assert.equal(generated.code, 0, generated.stderr);
        await expectRefused(config, database, init, /is not the one that sealed this database/);
    });

    test('neither init nor db init changes anything where a newer release has been', async () => {
        const database = await newerDatabase();
        const config = configured({ database });

        for (const words of [['init', '--no-start'], ['db', 'init']])
            await expectRefused(config, database, words, /install the newer package/);
    });
});
