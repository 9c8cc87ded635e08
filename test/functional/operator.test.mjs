// What the operator's command says of the store and of itself, from a shell.
import fs from 'node:fs';
import path from 'node:path';

import { assert, before, describe, test } from './claim.mjs';
import { run, Stack } from './stack.mjs';
import { Terminal } from './terminal.mjs';

let stack;
let program;
before(() => {
    stack = Stack.shared();
    program = path.join(stack.state, 'bin/secretstorectl');
});

// As who owns the store; never throws for its exit code.
const ctl = (...args) => run(program, args, { ...stack.owner, cwd: '/' });

// The file of a configuration in a folder of its own.
function configured(text) {
    const folder = fs.mkdtempSync(path.join(stack.state, 'operator-'));
    const config = path.join(folder, 'secretstore.yaml');
    fs.writeFileSync(config, text.replaceAll('@FOLDER@', folder));
    if (stack.owner.uid !== undefined) fs.chownSync(folder, stack.owner.uid, stack.owner.gid);
    return config;
}

const withoutDatabase = () => configured('database:\n  host: @FOLDER@\n');

async function doctor(config) {
    const { code, stdout } = await ctl('--config', config, 'doctor', '--json');
    const { worst, findings } = JSON.parse(stdout);
    const of = (check) => findings.find((finding) => finding.check === check);
    return { code, worst, of };
}

describe('doctor', () => {
    test('finds schema, partitions and key of a store that runs as they should be', async () => {
        const { of } = await doctor(stack.config);

        assert.equal(of('schema').health, 'fine');
        assert.equal(of('partitions').health, 'fine');
        assert.equal(of('key').health, 'fine');
        assert.match(of('key').text, /opens this database/);
    });

    test('finds that a root key is not that of the database', async () => {
        const ours = fs.readFileSync(stack.config, 'utf8');
        const config = configured(ours.replace(/^( +file: ).*root\.key$/m, '$1@FOLDER@/root.key'));
        const made = await ctl('--config', config, 'root-key', 'generate');
        assert.equal(made.code, 0, made.stderr);

        const { code, worst, of } = await doctor(config);

        assert.equal(code, 1);
        assert.equal(worst, 'wrong');
        assert.equal(of('key').health, 'wrong');
        assert.match(of('key').remedy, /root-key import/);
        assert.equal(of('schema').health, 'fine');
    });

    test('says that the database is away, and what to look at', async () => {
        const config = withoutDatabase();

        const { code, of } = await doctor(config);

        assert.equal(code, 1);
        assert.equal(of('schema').health, 'wrong');
        assert.match(of('schema').remedy, /systemctl status postgresql/);
    });
});

describe('status and check', () => {
    test('say that the database is away with the codes of a shell and of Nagios', async () => {
        const config = withoutDatabase();

        const status = await ctl('--config', config, 'status', '--json');
        const check = await ctl('--config', config, 'check');

        assert.equal(status.code, 3);
        const state = JSON.parse(status.stdout);
        assert.equal(state.serves, false);
        assert.equal(state.database.up, false);
        assert.equal(check.code, 2);
        assert.match(check.stdout, /^SECRETSTORE CRITICAL - .* \| workers=\d+ partitions_ahead=0\n$/);
    });
});

describe('what it says of itself', () => {
    const complete = async (...words) => {
        const script = `source <(${program} completion bash)
            COMP_WORDS=(secretstorectl "$@"); COMP_CWORD=$#; _secretstorectl
            printf '%s\\n' "\${COMPREPLY[@]}"`;
        const { code, stdout, stderr } = await run('bash', ['-c', script, 'bash', ...words]);
        assert.equal(code, 0, stderr);
        return stdout.split('\n').filter(Boolean);
    };

    test('bash completes verbs of a group', async () => {
        assert.deepEqual(
            (await complete('user', '')).filter((word) => !word.startsWith('-')),
            ['token', 'invite', 'list'],
        );
    });

    test('bash completes options behind the values of others', async () => {
        const words = await complete('--config', '/etc/x.yaml', 'tenant', 'create', 'acme', '--ow');

        assert.deepEqual(words, ['--owner']);
    });

    test('the reference of the configuration is a configuration', async () => {
        const { stdout } = await ctl('config', 'reference');

        const { code } = await ctl('--config', configured(stdout), 'config', 'check');

        assert.equal(code, 0);
    });

    test('the manual has every verb that help has', async () => {
        const { stdout: manual } = await ctl('manual');
        const { stdout: help } = await ctl('--help');
        const verbs = [...help.split('Subcommands:')[1].matchAll(/^ {2}([a-z-]+) /gm)];

        assert.ok(verbs.length > 15, help);
        for (const [, verb] of verbs) {
            assert.match(manual, new RegExp(`^\\.B ${verb.replaceAll('-', '\\\\-')}\\b`, 'm'));
        }
    });
});

describe('audit verify', () => {
    const verify = (tenant) => ctl('--config', stack.config, 'audit', 'verify', '--tenant', tenant.id);

    test('finds what was counted', async () => {
        const { code, stdout } = await verify(await stack.newTenant());

        assert.equal(code, 0);
        assert.match(stdout, /^\d+ events of 1 tenants were counted, and are there$/m);
    });

    test('tells by month and type what is missing', async () => {
        const tenant = await stack.newTenant();
        await stack.psql(
            `insert into store.audit_counts values ('${tenant.id}', '2026-01-01', 'secret.read', 5);
             insert into store.audit_seals values ('${tenant.id}', '2026-02-01')`,
        );

        const { code, stdout } = await verify(tenant);

        assert.equal(code, 1);
        assert.equal(
            stdout.trim(),
            `tenant ${tenant.id}, 2026-01, secret.read: 5 were counted, 0 are there`,
        );
    });
});

describe('what the operator does to a tenant', () => {
    const newest = async (tenant) =>
        (
            await stack.rows(
                `select event_type, actor_type, resource_type, details from store.audit_events
                 where tenant_id = '${tenant.id}' order by seq desc limit 1`,
            )
        )[0];

    test('is on record where it is a token for a person', async () => {
        const tenant = await stack.newTenant();
        const [{ email }] = await stack.rows(
            `select u.email from store.members m join store.users u using (user_id)
             where m.tenant_id = '${tenant.id}'`,
        );

        const made = await ctl('--config', stack.config, 'user', 'token', email, '--tenant', tenant.id);

        assert.equal(made.code, 0, made.stderr);
        const { details, ...event } = await newest(tenant);
        assert.deepEqual(event, {
            event_type: 'token.issued',
            actor_type: 'operator',
            resource_type: 'user_token',
        });
        assert.equal(details.email, email);
        assert.ok(!JSON.stringify(details).includes(made.stdout.trim()));
    });

    test('is on record where it is another KEK', async () => {
        const tenant = await stack.newTenant();

        const done = await ctl('--config', stack.config, 'kek', 'rotate', '--tenant', tenant.id);

        assert.equal(done.code, 0, done.stderr);
        assert.deepEqual(await newest(tenant), {
            event_type: 'tenant.profile_updated',
            actor_type: 'operator',
            resource_type: 'tenant',
            details: { kek_generation: 2 },
        });
    });

    test('is asked first at a terminal where it takes something away', async () => {
        const tenant = await stack.newTenant();
        const agent = await tenant.newAgent();
        const words = ['agent', 'revoke', agent.id, '--tenant', tenant.id];
        const answerWith = async (...answer) => {
            const terminal = new Terminal(program, ['--config', stack.config, ...words], {
                ...stack.owner,
                cwd: '/',
            });
            await terminal.shows(/ends the agent, its key and all of its tokens. Go on\? \[y\/N\] /);
            terminal.press(...answer);
            return terminal.ended();
        };
        const isRevoked = async () =>
            (
                await stack.rows(
                    `select not active as is_revoked from store.agents
                     where tenant_id = '${tenant.id}' and agent_id = '${agent.id}'`,
                )
            )[0].is_revoked;

        assert.equal(await answerWith('\r'), 1);
        assert.equal(await isRevoked(), false);
        assert.equal(await answerWith('y\r'), 0);
        assert.equal(await isRevoked(), true);
    });
});
