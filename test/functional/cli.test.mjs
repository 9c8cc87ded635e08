// The official CLI from npm, untouched, against this server: as a child process with a home of its
// own, and in a pseudo-terminal where it asks. contract.md §9.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';

import { after, assert, before, describe, kTimestamp, test, unique } from './claim.mjs';
import { kPatience, run, Stack } from './stack.mjs';
import { kKey, Terminal } from './terminal.mjs';

const kCli = fileURLToPath(
    new URL('../node_modules/@agentsecretstore/cli/dist/index.js', import.meta.url),
);
// The reader that the CLI brings along, for the files that it writes.
const dotenv = createRequire(kCli)('dotenv');

// It imports util.styleText, whatever its package.json says.
const [kMajor, kMinor] = process.versions.node.split('.').map(Number);
const kTooOld = kMajor < 20 || (kMajor === 20 && kMinor < 12);
const kSkip = kTooOld && `the CLI itself needs Node 20.12; this is ${process.versions.node}`;

// For tests that start the CLI again and again.
const kSeveralRuns = { timeout: 90_000 * kPatience };

// A person at a shell: a home folder, in which the CLI also runs and keeps what it was told.
class Person {
    constructor(stack, { apiKey } = {}) {
        this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'secretstore-home-'));
        this.env = {
            PATH: process.env.PATH,
            HOME: this.home,
            XDG_CONFIG_HOME: path.join(this.home, 'config'),
            XDG_DATA_HOME: path.join(this.home, 'data'),
            XDG_CACHE_HOME: path.join(this.home, 'cache'),
            XDG_STATE_HOME: path.join(this.home, 'state'),
            NODE_EXTRA_CA_CERTS: stack.env.NODE_EXTRA_CA_CERTS,
            ASS_API_URL: stack.url,
            LANG: 'C.UTF-8',
            TERM: 'xterm-256color',
            NO_COLOR: '1',
            TZ: 'UTC',
        };
        if (apiKey) this.env.ASS_API_KEY = apiKey;
    }

    leave() {
        fs.rmSync(this.home, { recursive: true, force: true });
    }

    // Runs a command to its end: { code, stdout, stderr }.
    ass(...args) {
        return run(process.execPath, [kCli, ...args], { env: this.env, cwd: this.home });
    }

    // What a command that must succeed prints.
    async get(...args) {
        const { code, stdout, stderr } = await this.ass(...args);
        assert.equal(code, 0, `ass ${args.join(' ')}: ${stderr}${stdout}`);
        return stdout;
    }

    // What a command that must fail says.
    async refused(...args) {
        const { code, stdout, stderr } = await this.ass(...args);
        assert.equal(code, 1, `ass ${args.join(' ')}: ${stderr}${stdout}`);
        return stderr;
    }

    // Runs a command in a terminal while `talk` speaks with it; { code, text }.
    async talk(args, talk) {
        const terminal = new Terminal(process.execPath, [kCli, ...args], {
            env: this.env,
            cwd: this.home,
        });
        try {
            await talk(terminal);
            return { code: await terminal.ended(), text: terminal.text };
        } finally {
            await terminal.hangUp();
        }
    }

    write(file, text) {
        fs.writeFileSync(path.join(this.home, file), text);
    }

    read(file) {
        return fs.readFileSync(path.join(this.home, file), 'utf8');
    }
}

// The cells of the line of a table that holds `text`.
function rowWith(text, output) {
    const line = output.split('\n').find((candidate) => candidate.includes(text));
    assert.ok(line, `no line with '${text}' in:\n${output}`);
    return line.trim().split(/ {2,}/);
}

// What stands in the box that the CLI draws around what it shows only once: its paragraphs, each
// without the line breaks that the width of the box made.
function boxed(output) {
    const lines = [...output.matchAll(/^│ {2}(.*?) *│$/gm)].map(([, inside]) => inside);
    return lines.join('\n').trim().split(/\n\n+/);
}

describe('the official CLI', { skip: kSkip }, () => {
    let stack;
    let tenant;
    let owner;
    const people = [];

    const newPerson = (options) => {
        people.push(new Person(stack, options));
        return people.at(-1);
    };
    const listed = async (namespace) => {
        const target = `/v1/secrets?namespace=${encodeURIComponent(namespace)}`;
        return (await stack.client.get(target, { token: tenant.userToken })).expect(200).items;
    };
    const valueOf = async (secretPath) =>
        (await stack.client.get(`/v1/secrets/${secretPath}`, { token: tenant.userToken })).expect(
            200,
        ).value;

    before(
        async () => {
            stack = await Stack.start({
                workers: 1,
                threads: 8,
                conf: 'policy:\n  user_reads: true\n',
            });
            tenant = await stack.newTenant();
            owner = newPerson({ apiKey: tenant.userToken });
        },
        { timeout: 60_000 * kPatience },
    );
    after(async () => {
        for (const person of people) person.leave();
        await stack?.stop();
    });

    test('is the version that the contract names', async () => {
        assert.equal((await owner.get('--version')).trim(), '1.0.0');
    });

    describe('login', () => {
        test('keeps a key that the server accepts, for the commands after it', async () => {
            const person = newPerson();

            const shown = await person.get('login', '--key', tenant.userToken);
            const me = JSON.parse(await person.get('whoami', '--json'));

            assert.match(shown, /✓ Logged in/);
            assert.ok(shown.includes(tenant.email), shown);
            assert.equal(me.email, tenant.email);
        });

        test('asks for the key and does not show it', async () => {
            const person = newPerson();

            const { code, text } = await person.talk(['login'], async (terminal) => {
                await terminal.shows(/Paste your API key:/);
                terminal.press(tenant.userToken, kKey.enter);
                await terminal.shows(/✓ Logged in/);
            });

            assert.equal(code, 0);
            assert.ok(text.includes(tenant.email), text);
            assert.ok(!text.includes(tenant.userToken.slice(-20)), text);
            assert.ok((await person.get('whoami')).includes(tenant.email));
        });

        test('does not keep a key that the server refuses', async () => {
            const person = newPerson();
            const wrong = `${tenant.userToken.slice(0, -8)}AAAAAAAA`;

            assert.match(await person.refused('login', '--key', wrong), /Invalid API key\./);

            assert.match(await person.refused('whoami'), /Not authenticated\./);
        });

        test('is undone by logout, which asks first', kSeveralRuns, async () => {
            const person = newPerson();
            await person.get('login', '--key', tenant.userToken);

            const { code } = await person.talk(['logout'], async (terminal) => {
                await terminal.shows(new RegExp(`Sign out of ${tenant.email}\\?`));
                terminal.press('y');
                await terminal.shows(/Signed out successfully\./);
            });

            assert.equal(code, 0);
            assert.match(await person.refused('whoami'), /Not authenticated\./);
        });
    });

    describe('a personal token', () => {
        test('is one key for every command, as long as it is good', kSeveralRuns, async () => {
            const { id, token } = await tenant.newPersonalToken();
            const person = newPerson({ apiKey: token });
            const agent = await tenant.newAgent();
            const secretPath = `${unique('personal')}/KEY`;
            const kind = ['--type', 'custom', '--tier', 'standard'];

            assert.ok((await person.get('whoami')).includes(tenant.email));
            await person.get('secrets', 'set', secretPath, 'a-test-value', ...kind);
            assert.equal(await person.get('secrets', 'get', secretPath), 'a-test-value');
            assert.ok((await person.get('agents', 'list', '--json')).includes(agent.id));
            await person.get('agents', 'revoke', agent.id, '--force');
            await person.get('secrets', 'delete', secretPath, '--force');
            assert.ok((await person.get('audit', '--limit', '5', '--json')).includes('secret.'));

            (await tenant.call('DELETE', `/v1/me/tokens/${id}`)).expect(204);
            assert.match(await person.refused('whoami'), /Not authenticated\./);
        });

        test('is kept by login, and does no more than its role', kSeveralRuns, async () => {
            const { token } = await tenant.newPersonalToken({ role: 'viewer' });
            const person = newPerson();
            assert.match(await person.get('login', '--key', token), /✓ Logged in/);
            await person.get('secrets', 'list', 'cli');
            const kind = ['--type', 'custom', '--tier', 'standard'];
            const said = await person.refused('secrets', 'set', 'cli/viewer/KEY', 'v', ...kind);
            assert.match(said, /role admin/);
        });
    });

    describe('whoami', () => {
        test('shows the account with its plan and the numbers of secrets and agents', async () => {
            const other = await stack.newTenant();
            await other.newAgent();
            await other.putSecret('whoami/A', { value: 'a-test-value' });
            await other.putSecret('whoami/B', { value: 'a-test-value' });

            const shown = await newPerson({ apiKey: other.userToken }).get('whoami');

            assert.deepEqual(rowWith('email', shown), ['email', other.email]);
            assert.match(rowWith('plan', shown)[1], /Enterprise/);
            assert.deepEqual(rowWith('secrets', shown), ['secrets', '2']);
            assert.deepEqual(rowWith('agents', shown), ['agents', '1']);
            assert.equal(rowWith('status', shown)[0], 'status');
        });

        test('prints what GET /v1/me answers, with --json', async () => {
            const me = await stack.client.get('/v1/me', { token: tenant.userToken });

            const printed = await owner.get('whoami', '--json');

            assert.deepEqual(JSON.parse(printed), me.expect(200));
        });

        test('says that a key which the server refuses is no login', async () => {
            const stranger = newPerson({ apiKey: `${tenant.userToken.slice(0, -8)}AAAAAAAA` });
            assert.match(await stranger.refused('whoami'), /Not authenticated\./);
        });
    });

    describe('status', () => {
        test('says operational, with the version of the server, to somebody unknown', async () => {
            const health = (await stack.client.get('/v1/health')).expect(200);

            const shown = await newPerson().get('status');

            assert.deepEqual(rowWith('url', shown), ['url', stack.url]);
            assert.match(rowWith('status', shown.split('API')[1])[1], /Operational/);
            assert.deepEqual(rowWith('version', shown), ['version', health.version]);
            assert.deepEqual(rowWith('logged in', shown), ['logged in', 'no']);
        });

        test('prints the account of who is logged in, with --json', kSeveralRuns, async () => {
            const person = newPerson();
            await person.get('login', '--key', tenant.userToken);

            const status = JSON.parse(await person.get('status', '--json'));

            assert.equal(status.api.status, 'ok');
            assert.equal(status.api.error, null);
            assert.equal(status.auth.logged_in, true);
            assert.equal(status.auth.email, tenant.email);
            assert.equal(status.auth.plan, 'enterprise');
        });
    });

    describe('secrets', () => {
        const set = (secretPath, value, tier = 'standard') =>
            owner.get('secrets', 'set', secretPath, value, '--type', 'api_key', '--tier', tier);

        test('set stores a value that get then prints as it is, without a line break', async () => {
            const value = `va"l'ue\nof ${unique('cli')} \\ $HOME ünïcödé 🔑 `;

            const shown = await set('cli/deep/ALL_BYTES', value);

            assert.match(shown, /Secret stored at cli\/deep\/ALL_BYTES/);
            assert.equal(await owner.get('secrets', 'get', 'cli/deep/ALL_BYTES'), value);
        });

        test('set again makes the next version, which get names with --json', async () => {
            await set('cli/again/KEY', 'the-first-value');
            await set('cli/again/KEY', 'the-second-value');

            const printed = JSON.parse(
                await owner.get('secrets', 'get', 'cli/again/KEY', '--json'),
            );

            assert.match(printed.updated_at, kTimestamp);
            delete printed.updated_at;
            assert.deepEqual(printed, {
                path: 'cli/again/KEY',
                value: 'the-second-value',
                version: 2,
            });
        });

        test('get shows a person the value with its version and age', async () => {
            await set('cli/shown/KEY', 'a-value-to-be-shown');

            const { code, text } = await owner.talk(
                ['secrets', 'get', 'cli/shown/KEY'],
                async (terminal) => {
                    await terminal.shows(/cli\/shown\/KEY\n/);
                    await terminal.shows(/a-value-to-be-shown\n/);
                    await terminal.shows(/version 1 {2}· {2}updated \d+s ago/);
                },
            );

            assert.equal(code, 0, text);
        });

        test('get takes namespace and key apart, too', async () => {
            await set('cli/apart/KEY', 'a-value-apart');

            const named = ['--namespace', 'cli/apart', '--key', 'KEY'];

            assert.equal(await owner.get('secrets', 'get', 'KEY', ...named), 'a-value-apart');
        });

        test('set asks for the value, without showing it, for its type and its tier', async () => {
            const { code, text } = await owner.talk(
                ['secrets', 'set', 'cli/asked/KEY'],
                async (terminal) => {
                    await terminal.shows(/Value for cli\/asked\/KEY:/);
                    terminal.press('a-value-typed-blindly', kKey.enter);
                    await terminal.shows(/Secret type:/);
                    terminal.press(kKey.down, kKey.enter);
                    await terminal.shows(/Access tier:/);
                    terminal.press(kKey.down, kKey.enter);
                    await terminal.shows(/Secret stored at cli\/asked\/KEY/);
                },
            );
            const [item] = await listed('cli/asked');

            assert.equal(code, 0);
            assert.ok(!text.includes('a-value-typed-blindly'), text);
            assert.equal(item.secret_type, 'oauth_token');
            assert.equal(item.access_tier, 'sensitive');
            assert.equal(await valueOf('cli/asked/KEY'), 'a-value-typed-blindly');
        });

        test('set stores nothing when it is cancelled half-way', async () => {
            const { code } = await owner.talk(
                ['secrets', 'set', 'cli/cancelled/KEY'],
                async (terminal) => {
                    await terminal.shows(/Value for cli\/cancelled\/KEY:/);
                    terminal.press('a-value-regretted', kKey.enter);
                    await terminal.shows(/Secret type:/);
                    terminal.press(kKey.controlC);
                    await terminal.shows(/Operation cancelled\./);
                },
            );

            assert.equal(code, 0);
            assert.deepEqual(await listed('cli/cancelled'), []);
        });

        test('set shows why the server refuses', async () => {
            const said = await owner.refused(
                ...['secrets', 'set', 'cli/refused/KEY', 'a-test-value'],
                ...['--type', 'password', '--tier', 'standard'],
            );

            assert.match(said, /secret_type/);
            assert.match(said, /db_credential/);
        });

        test('list shows path, type, tier and age of each, and no value', async () => {
            await set('cli/table/ONE', 'a-value-unseen');
            await set('cli/table/TWO', 'a-value-unseen', 'critical');

            const shown = await owner.get('secrets', 'list', 'cli/table');

            assert.match(shown, /SECRETS {2}cli\/table {2}\(2 secrets\)/);
            const [one, two] = ['ONE', 'TWO'].map((key) => rowWith(`cli/table/${key}`, shown));
            assert.deepEqual(one.slice(0, 2), ['cli/table/ONE', 'api_key']);
            assert.match(one.slice(2).join(' '), /^standard +\d+s ago$/);
            assert.match(two.slice(2).join(' '), /^critical +\d+s ago$/);
            assert.ok(!shown.includes('a-value-unseen'), shown);
        });

        test('list prints what the server answers, with --json', async () => {
            await set('cli/json/KEY', 'a-test-value');

            const printed = JSON.parse(await owner.get('secrets', 'list', 'cli/json', '--json'));

            assert.deepEqual(printed.items, await listed('cli/json'));
            assert.equal(printed.items.length, 1);
        });

        test('list says that there is nothing in an empty namespace', async () => {
            const { code, stderr } = await owner.ass('secrets', 'list', unique('empty'));

            assert.equal(code, 0);
            assert.match(stderr, /No secrets found\./);
        });

        test('delete asks, and does nothing after a no', async () => {
            await set('cli/spared/KEY', 'a-test-value');

            const { code } = await owner.talk(
                ['secrets', 'delete', 'cli/spared/KEY'],
                async (terminal) => {
                    await terminal.shows(/Delete cli\/spared\/KEY\?/);
                    terminal.press('n');
                    await terminal.shows(/Aborted\./);
                },
            );

            assert.equal(code, 0);
            assert.equal(await valueOf('cli/spared/KEY'), 'a-test-value');
        });

        test('delete removes the secret after a yes', async () => {
            await set('cli/deleted/KEY', 'a-test-value');

            const { code } = await owner.talk(
                ['secrets', 'delete', 'cli/deleted/KEY'],
                async (terminal) => {
                    await terminal.shows(/Delete cli\/deleted\/KEY\?/);
                    terminal.press('y');
                    await terminal.shows(/Secret deleted: cli\/deleted\/KEY/);
                },
            );

            assert.equal(code, 0);
            assert.match(await owner.refused('secrets', 'get', 'cli/deleted/KEY'), /Not found\./);
        });

        test('delete --force does not ask; a second time there is nothing', async () => {
            await set('cli/forced/KEY', 'a-test-value');

            const shown = await owner.get('secrets', 'delete', 'cli/forced/KEY', '--force');
            const said = await owner.refused('secrets', 'delete', 'cli/forced/KEY', '--force');

            assert.match(shown, /Secret deleted: cli\/forced\/KEY/);
            assert.match(said, /Not found\./);
            assert.match(said, /cli\/forced\/KEY/);
        });

        test('rotate shows the new value once, which the server made', async () => {
            await set('cli/rotated/KEY', 'the-value-before');

            const shown = await owner.get('secrets', 'rotate', 'cli/rotated/KEY', '--force');
            const value = await valueOf('cli/rotated/KEY');

            assert.match(value, /^[\w-]{43}$/);
            assert.match(boxed(shown)[0], new RegExp(`^new value {2}${value}$`));
        });

        test('rotate asks, and ends the tokens that could read the secret after a yes', async () => {
            await set('cli/rotated-after-yes/KEY', 'the-value-before');
            const agent = await tenant.newAgent();
            const token = await agent.newToken(['secrets:read:cli/rotated-after-yes/*']);

            const { code } = await owner.talk(
                ['secrets', 'rotate', 'cli/rotated-after-yes/KEY'],
                async (terminal) => {
                    await terminal.shows(/Rotate cli\/rotated-after-yes\/KEY\?/);
                    terminal.press('y');
                    await terminal.shows(/Secret rotated: cli\/rotated-after-yes\/KEY/);
                },
            );

            assert.equal(code, 0);
            const read = await stack.client.get('/v1/secrets/cli/rotated-after-yes/KEY', { token });
            read.expect(401, 'UNAUTHORIZED');
        });

        test('rotate says that there is no such secret', async () => {
            const said = await owner.refused('secrets', 'rotate', 'cli/nothing/KEY', '--force');

            assert.match(said, /Not found\./);
            assert.match(said, /cli\/nothing\/KEY/);
        });
    });

    describe('where people may not read values', () => {
        let guarded;
        let person;
        before(async () => {
            guarded = await Stack.shared().newTenant();
            person = new Person(Stack.shared(), { apiKey: guarded.userToken });
            people.push(person);
            await guarded.putSecret('guarded/KEY', { value: 'a-value-kept' });
        });

        test('secrets get shows the reason of the refusal, and no value', async () => {
            const { code, stdout, stderr } = await person.ass('secrets', 'get', 'guarded/KEY');

            assert.equal(code, 1);
            assert.equal(stdout, '');
            assert.match(stderr, /Permission denied\./);
            assert.match(stderr, /scoped token/);
        });

        test('env export tells how many values it could not fetch', async () => {
            const { stderr } = await person.ass('env', 'export', 'guarded', '-o', 'out.env');

            assert.match(stderr, /1 secret\(s\) could not be fetched\./);
            assert.match(person.read('out.env'), /^# KEY=<failed to fetch>$/m);
        });
    });

    describe('env', () => {
        test('import stores each line of the file and lists what it stored', async () => {
            const namespace = `${unique('env')}/deep`;
            owner.write('first.env', "# a comment\nexport A='value of a'\n\nB=value-of-b # b\n");

            const shown = await owner.get('env', 'import', 'first.env', '-n', namespace);

            for (const key of ['A', 'B']) {
                assert.deepEqual(rowWith(`${namespace}/${key}`, shown).at(-1), '← stored');
            }
            assert.equal(await valueOf(`${namespace}/A`), 'value of a');
            assert.equal(await valueOf(`${namespace}/B`), 'value-of-b');
        });

        test('import a second time skips what did not change', async () => {
            const namespace = unique('env');
            owner.write('twice.env', 'A=value-of-a\nB=value-of-b\n');
            await owner.get('env', 'import', 'twice.env', '-n', namespace);
            owner.write('twice.env', 'A=value-of-a\nB=another-value\n');

            const shown = await owner.get('env', 'import', 'twice.env', '-n', namespace);

            assert.match(shown, /1 skipped \(unchanged\)/);
            assert.deepEqual(
                (await listed(namespace)).map(({ key, version }) => [key, version]),
                [
                    ['A', 1],
                    ['B', 2],
                ],
            );
        });

        test('import takes the namespace that init wrote down', async () => {
            const person = newPerson({ apiKey: tenant.userToken });
            const namespace = unique('project');
            await person.talk(['init'], async (terminal) => {
                await terminal.shows(/Default namespace for this project:/);
                terminal.press(namespace, kKey.enter);
                await terminal.shows(/Created \.assrc/);
            });
            person.write('.env', 'KEY=a-test-value\n');

            await person.get('env', 'import');

            assert.equal(await valueOf(`${namespace}/KEY`), 'a-test-value');
        });

        test('import names the line that cannot be read, and stores nothing', async () => {
            const namespace = unique('env');
            owner.write('broken.env', 'A=value-of-a\nthis is no assignment\nB=value-of-b\n');

            const said = await owner.refused('env', 'import', 'broken.env', '-n', namespace);

            assert.match(said, /line 2\b/);
            assert.deepEqual(await listed(namespace), []);
        });

        test('import --dry-run stores nothing', async () => {
            const namespace = unique('env');
            owner.write('dry.env', 'A=value-of-a\n');

            const shown = await owner.get(
                ...['env', 'import', 'dry.env', '-n', namespace, '--dry-run'],
            );

            assert.match(shown, /no changes made/);
            assert.deepEqual(await listed(namespace), []);
        });

        test('export writes a file that dotenv reads back to the values', async () => {
            const namespace = unique('env');
            const values = {
                PLAIN: 'a-test-value',
                SPACED: ' between spaces ',
                HASHED: 'before # after',
                LINES: 'line one\nline two\n',
                DOLLAR: '$NOT_EXPANDED',
                EQUALS: '=a==b=',
                UNICODE: 'ünïcödé-🔑',
            };
            for (const [key, value] of Object.entries(values)) {
                await tenant.putSecret(`${namespace}/${key}`, { value });
            }

            const shown = await owner.get('env', 'export', namespace, '--output', 'out.env');

            assert.match(shown, /Wrote 7 secrets to /);
            assert.deepEqual(dotenv.parse(owner.read('out.env')), values);
        });

        test('export prints to standard output, and only the file goes there', async () => {
            const namespace = unique('env');
            await tenant.putSecret(`${namespace}/KEY`, { value: 'a test value' });

            const printed = await owner.get('env', 'export', namespace);

            assert.deepEqual(
                printed.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
                ['KEY="a test value"'],
            );
        });

        test('what export wrote, import stores as it was, whatever the values', kSeveralRuns, async () => {
            const [from, to] = [unique('from'), unique('to')];
            const values = {
                BACKSLASHES: 'C:\\new\\table\\\\ \\',
                ESCAPES: 'not a line break: \\n, not a quote: \\"',
                QUOTES: `"double" 'single' \`back\` "`,
                SINGLE: "it's",
                MULTI: '-----BEGIN TEST-----\nline\n\n# no comment\nKEY=value\n-----END TEST-----\n',
                JSON: JSON.stringify({ a: 'b\n"c"', d: ['\\'] }),
                SPACES: '\t leading and trailing \t',
                DOLLARS: '$HOME ${HOME} $(id) `id`',
                UNICODE: 'ünïcödé 🔑 \u2028 \u00a0',
                RANDOM: randomBytes(48).toString('base64'),
            };
            for (const [key, value] of Object.entries(values)) {
                await tenant.putSecret(`${from}/${key}`, { value });
            }
            await owner.get('env', 'export', from, '-o', 'round-trip.env');

            await owner.get('env', 'import', 'round-trip.env', '-n', to);

            const stored = {};
            for (const key of Object.keys(values)) stored[key] = await valueOf(`${to}/${key}`);
            assert.deepEqual(stored, values);
        });
    });

    describe('agents', () => {
        const agentNamed = async (name) => {
            const answer = await stack.client.get('/v1/agents?limit=200', {
                token: tenant.userToken,
            });
            return answer.expect(200).items.find((agent) => agent.name === name);
        };
        const createIn = (name, pickScopes) => async (terminal) => {
            await terminal.shows(/Agent name:/);
            terminal.press(name, kKey.enter);
            await terminal.shows(/Description \(optional\):/);
            terminal.press('Made by a test', kKey.enter);
            await terminal.shows(/Allowed namespaces \(comma-separated\):/);
            terminal.press('cli-agents, staging', kKey.enter);
            await terminal.shows(/Allowed scopes:/);
            terminal.press(...pickScopes, kKey.enter);
        };

        test('create asks, and shows a key with which the agent may do what was chosen', async () => {
            const name = unique('created');
            let key;

            const { code } = await owner.talk(['agents', 'create'], async (terminal) => {
                await createIn(name, [kKey.down, kKey.space])(terminal);
                await terminal.shows(new RegExp(`Agent registered: ${name}`));
                [, key] = await terminal.shows(/ASS_AGENT_KEY=(ass_live_\w{48})\b/);
            });
            const stored = await agentNamed(name);
            const issued = await stack.client.post('/v1/tokens', {
                token: key,
                body: { scopes: ['secrets:read:cli-agents/*', 'secrets:write:staging/KEY'] },
            });

            assert.equal(code, 0);
            assert.equal(stored.description, 'Made by a test');
            assert.deepEqual(stored.allowed_namespaces, ['cli-agents', 'staging']);
            assert.equal(issued.expect(200).requires_approval, false);
        });

        test('create shows that rotating is for people, when that was chosen', async () => {
            const name = unique('refused');

            const { code } = await owner.talk(['agents', 'create'], async (terminal) => {
                await createIn(name, [kKey.down, kKey.down, kKey.space])(terminal);
                await terminal.shows(/✗ .*rotate:secrets/);
            });

            assert.equal(code, 1);
            assert.equal(await agentNamed(name), undefined);
        });

        test('list shows name, prefix of the key and whether it is active', async () => {
            const other = await stack.newTenant();
            const [living, dead] = [await other.newAgent(), await other.newAgent()];
            const person = newPerson({ apiKey: other.userToken });
            await person.get('agents', 'revoke', dead.id, '--force');
            await living.newToken(['secrets:read:*']);

            const shown = await person.get('agents', 'list');

            const rows = [living, dead].map((agent) => rowWith(agent.created.name, shown));
            assert.match(shown, /AGENTS {2}\(2 agents\)/);
            assert.equal(rows[0][1], `${living.created.api_key_prefix}…`);
            assert.equal(rows[0][2], 'active');
            assert.match(rows[0][3], /^\d+s ago$/);
            assert.deepEqual(rows[1].slice(2), ['revoked', 'never']);
        });

        test('list prints what the server answers, with --json', async () => {
            const printed = JSON.parse(await owner.get('agents', 'list', '--json'));

            const answer = await stack.client.get('/v1/agents', { token: tenant.userToken });
            assert.deepEqual(printed, answer.expect(200));
        });

        test('revoke by name ends the key and the tokens of the agent', async () => {
            const agent = await tenant.newAgent();
            const token = await agent.newToken(['secrets:read:cli-agents/*']);

            const shown = await owner.get('agents', 'revoke', agent.created.name, '--force');

            assert.match(shown, new RegExp(`Agent revoked: ${agent.created.name}`));
            const asked = await agent.requestToken({ scopes: ['secrets:read:cli-agents/*'] });
            asked.expect(401, 'UNAUTHORIZED');
            const listing = await stack.client.get('/v1/secrets?namespace=cli-agents', { token });
            listing.expect(401, 'UNAUTHORIZED');
        });

        test('revoke by id asks, and revokes after a yes', async () => {
            const agent = await tenant.newAgent();

            const { code } = await owner.talk(['agents', 'revoke', agent.id], async (terminal) => {
                await terminal.shows(new RegExp(`Revoke agent ${agent.id}\\?`));
                terminal.press('y');
                await terminal.shows(/Agent revoked:/);
            });

            assert.equal(code, 0);
            assert.equal((await agentNamed(agent.created.name)).active, false);
        });

        test('revoke says that there is no such agent', async () => {
            const said = await owner.refused('agents', 'revoke', unique('nobody'), '--force');
            assert.match(said, /Not found\./);
        });

        test('revoke asks for the id where two agents bear the name', async () => {
            const name = unique('twin');
            await tenant.newAgent({ name });
            await tenant.newAgent({ name });

            const said = await owner.refused('agents', 'revoke', name, '--force');

            assert.match(said, /\bid\b/);
            assert.equal((await agentNamed(name)).active, true);
        });
    });

    describe('tokens issue', () => {
        let agent;
        let machine;
        before(async () => {
            agent = await tenant.newAgent({
                allowed_namespaces: ['cli-tokens', 'cli-more'],
                allowed_scopes: ['secrets:read:cli-tokens/*', 'secrets:read:cli-more/*'],
            });
            machine = newPerson({ apiKey: agent.key });
            await tenant.putSecret('cli-tokens/KEY', { value: 'a-test-value' });
        });
        const reads = async (token) => {
            const answer = await stack.client.get('/v1/secrets/cli-tokens/KEY', { token });
            return answer.expect(200).value;
        };

        test('shows a token that reads what its scopes say', async () => {
            const shown = await machine.get(
                ...['tokens', 'issue', '--ttl', '900'],
                ...['--scopes', 'secrets:read:cli-tokens/*, secrets:read:cli-more/A'],
            );
            const [token, about] = boxed(shown);

            assert.equal(await reads(token.replace(/\n/g, '')), 'a-test-value');
            assert.match(
                about,
                /^scopes {3}secrets:read:cli-tokens\/\*, secrets:read:cli-more\/A$/m,
            );
        });

        test('knows the short form for all that the agent may read', async () => {
            const shown = await machine.get(
                ...['tokens', 'issue', '--scopes', 'read:secrets', '--ttl', '900'],
            );
            const [token, about] = boxed(shown);

            assert.equal(await reads(token.replace(/\n/g, '')), 'a-test-value');
            assert.match(about, /secrets:read:cli-tokens\/\*/);
            assert.match(about, /secrets:read:cli-more\/\*/);
        });

        test('asks for scopes and lifetime', async () => {
            const { code, text } = await machine.talk(['tokens', 'issue'], async (terminal) => {
                await terminal.shows(/Scopes \(comma-separated\):/);
                terminal.press('secrets:read:cli-tokens/*', kKey.enter);
                await terminal.shows(/Token lifetime:/);
                terminal.press(kKey.enter);
                await terminal.shows(/This token is shown once\./);
            });

            assert.equal(code, 0);
            const token = boxed(text)[0].replace(/\n/g, '');
            const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
            assert.equal(await reads(token), 'a-test-value');
            assert.equal(claims.exp - claims.iat, 3600);
        });

        test('shows that seven days are too long', async () => {
            const said = await machine.refused(
                ...['tokens', 'issue', '--scopes', 'read:secrets', '--ttl', '604800'],
            );
            assert.match(said, /'ttl'.* at most 1d/);
        });

        test('shows that rotating is for people', async () => {
            const said = await machine.refused(
                ...['tokens', 'issue', '--scopes', 'rotate:secrets', '--ttl', '900'],
            );
            assert.match(said, /people/);
        });

        test('shows which scope the agent may not have', async () => {
            const said = await machine.refused(
                ...['tokens', 'issue', '--scopes', 'secrets:read:production/*', '--ttl', '900'],
            );
            assert.match(said, /Permission denied\./);
            assert.match(said, /secrets:read:production\/\*/);
        });

        test('shows a person that this takes an agent key', async () => {
            const said = await owner.refused(
                ...['tokens', 'issue', '--scopes', 'read:secrets', '--ttl', '900'],
            );
            assert.match(said, /Permission denied\./);
            assert.match(said, /agent key/);
        });
    });

    describe('approvals list', () => {
        let other;
        let person;
        let agent;
        let approvalId;
        before(async () => {
            other = await stack.newTenant();
            person = newPerson({ apiKey: other.userToken });
            agent = await other.newAgent();
            await other.putSecret('cli/secret/KEY', {
                value: 'a-test-value',
                access_tier: 'sensitive',
            });
            const asked = await agent.requestToken({ scopes: ['secrets:read:cli/secret/KEY'] });
            approvalId = asked.expect(200).approval_id;
        });

        test('shows the request of an agent that waits', async () => {
            const shown = await person.get('approvals', 'list');

            const row = rowWith(approvalId.slice(0, 11), shown);
            assert.equal(row[0], `${approvalId.slice(0, 11)}…`);
            assert.ok(agent.id.startsWith(row[1].replace('…', '')), row[1]);
            assert.match(row.slice(2).join(' '), /^sensitive +pending ○ +\d+s ago$/);
            assert.match(shown, /1 pending — use ass approvals approve <id>/);
        });

        test('prints the whole id that the others need, with --json', async () => {
            const { items } = JSON.parse(await person.get('approvals', 'list', '--json'));

            assert.deepEqual(
                items.map((item) => [item.id, item.agent_id, item.status]),
                [[approvalId, agent.id, 'pending']],
            );
        });

        test('shows only those of the status that was asked for', async () => {
            const pending = await person.get('approvals', 'list', '--status', 'pending');
            const denied = await person.ass('approvals', 'list', '--status', 'denied');

            assert.match(pending, /PENDING APPROVALS {2}\(1 request\)/);
            assert.match(denied.stdout, /DENIED APPROVALS {2}\(0 requests\)/);
            assert.match(denied.stderr, /No approval requests found\./);
        });

        test('shows that there is no such status', async () => {
            const said = await person.refused('approvals', 'list', '--status', 'lost');
            assert.match(said, /status/);
        });
    });

    describe('approvals approve and deny', () => {
        let other;
        let person;
        let agent;
        let asked = 0;
        before(async () => {
            other = await stack.newTenant();
            person = newPerson({ apiKey: other.userToken });
            agent = await other.newAgent();
            await other.putSecret('cli/secret/KEY', {
                value: 'a-test-value',
                access_tier: 'sensitive',
            });
        });
        const request = () => ({ scopes: ['secrets:read:cli/secret/KEY'], ttl: 600 + ++asked });
        const ask = async (body) => (await agent.requestToken(body)).expect(200);

        test('approve what the agent then gets', kSeveralRuns, async () => {
            const body = request();
            const { approval_id: id } = await ask(body);

            const said = await person.get('approvals', 'approve', id, '--force');

            assert.ok(said.includes(`Request approved: ${id}`), said);
            const { token } = await ask(body);
            const answer = await stack.client.get('/v1/secrets/cli/secret/KEY', { token });
            assert.equal(answer.expect(200).value, 'a-test-value');
            const [item] = JSON.parse(
                await person.get('approvals', 'list', '--status', 'approved', '--json'),
            ).items;
            assert.equal(item.id, id);
        });

        test('deny with the reason that the agent then gets', async () => {
            const body = request();
            const { approval_id: id } = await ask(body);

            const said = await person.get(
                ...['approvals', 'deny', id, '--force', '--reason', 'Not on a Friday'],
            );

            assert.ok(said.includes(`Request denied: ${id}`), said);
            const answer = await agent.requestToken(body);
            answer.expect(403, 'SCOPE_DENIED');
            assert.match(answer.message, /denied: Not on a Friday/);
        });

        test('show that it was decided before, and that there is none', kSeveralRuns, async () => {
            const { approval_id: id } = await ask(request());
            await person.get('approvals', 'approve', id, '--force');
            assert.match(
                await person.refused('approvals', 'approve', id, '--force'),
                /decided already/,
            );
            const nobodys = '00000000-0000-4000-8000-000000000123';
            assert.match(
                await person.refused('approvals', 'approve', nobodys, '--force'),
                /[Nn]o(t found| such approval)/,
            );
        });
    });

    describe('audit', () => {
        test('shows the newest events, with who did what', async () => {
            const other = await stack.newTenant();
            const person = newPerson({ apiKey: other.userToken });
            await other.putSecret('cli/audited/KEY', { value: 'a-test-value' });
            const agent = await other.newAgent();
            const denied = await agent.requestToken({ scopes: ['secrets:fly:*'] });
            denied.expect(400);
            await agent.newToken(['secrets:read:*']);

            const shown = await person.get('audit', '--limit', '2');

            assert.match(shown, /AUDIT LOG {2}last 2 events/);
            const issued = rowWith('token.issued', shown);
            assert.match(issued[0], /^\d+s ago$/);
            assert.ok(agent.id.startsWith(issued[2].replace('…', '')), issued[2]);
            assert.match(issued[3], /^token\/[\da-f-]+…?$/);
            assert.ok(!shown.includes('secret.created'), shown);
        });

        test('prints what the server answers, with --json', async () => {
            const printed = JSON.parse(await owner.get('audit', '--limit', '3', '--json'));

            assert.equal(printed.events.length, 3);
            assert.equal(printed.limit, 3);
            for (const event of printed.events) assert.match(event.created_at, kTimestamp);
        });

        test('--tail shows what happens while it runs, until Ctrl-C', async () => {
            const other = await stack.newTenant();
            const person = newPerson({ apiKey: other.userToken });
            let id;
            let row;

            const { code } = await person.talk(['audit', '--tail'], async (terminal) => {
                await terminal.shows(/Watching for new events…/);
                ({ id } = await other.putSecret('cli/tail/KEY', { value: 'a-test-value' }));
                await other.putSecret('cli/tail/KEY', { value: 'another-value' });
                [row] = await terminal.shows(/.*secret\.created.*/);
                await terminal.shows(/secret\.updated/);
                terminal.press(kKey.controlC);
                await terminal.shows(/Stopped\./);
            });

            assert.equal(code, 0);
            const resource = row.trim().split(/ {2,}/).at(-1);
            assert.ok(`secret/${id}`.startsWith(resource.replace('…', '')), row);
        });
    });

    test('shows neither a stack nor a value when the server refuses what it was sent', async () => {
        const value = `${unique('too-long')}${'x'.repeat(65_536)}`;

        const { code, stdout, stderr } = await owner.ass(
            ...['secrets', 'set', 'cli/long/KEY', value, '--type', 'custom', '--tier', 'standard'],
        );

        assert.equal(code, 1);
        assert.match(stderr, /value/);
        assert.ok(!`${stdout}${stderr}`.includes('xxxx'), stderr.slice(0, 500));
    });
});
