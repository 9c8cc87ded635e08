// The official MCP server from npm, untouched, against this server: as a child process that the
// official MCP client speaks with over stdio, as a host of agents would. contract.md §9.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { after, assert, before, describe, kTimestamp, kUuid, test, unique } from './claim.mjs';
import { run, Stack } from './stack.mjs';

const kPackage = new URL('../node_modules/@agentsecretstore/mcp/', import.meta.url);
const kServer = fileURLToPath(new URL('bin/run.js', kPackage));

const kTools = [
    'delete_secret',
    'get_approval_status',
    'get_secret',
    'list_namespaces',
    'list_secrets',
    'request_token',
    'rotate_secret',
    'set_secret',
];

describe('the official MCP server', () => {
    const stack = Stack.shared();
    const hosts = [];
    let tenant;
    let agent;
    let host;

    const environment = (agentKey) => ({
        PATH: process.env.PATH,
        NODE_EXTRA_CA_CERTS: stack.env.NODE_EXTRA_CA_CERTS,
        ASS_API_URL: stack.url,
        ...(agentKey && { ASS_AGENT_KEY: agentKey }),
    });

    // An MCP client with a server of its own, which knows this agent's key.
    async function newHost(agentKey) {
        const client = new Client({ name: 'secretstore-tests', version: '0.0.0' });
        const transport = new StdioClientTransport({
            command: process.execPath,
            args: [kServer],
            env: environment(agentKey),
        });
        await client.connect(transport);
        hosts.push(client);
        return client;
    }

    // What a tool that must succeed answers.
    async function call(name, args, client = host) {
        const result = await client.callTool({ name, arguments: args });
        assert.notEqual(result.isError, true, JSON.stringify(result));
        assert.deepEqual(
            result.content.map((part) => part.type),
            ['text'],
        );
        return JSON.parse(result.content[0].text);
    }

    // The message of a tool that must fail.
    async function refused(name, args, client = host) {
        const outcome = await client.callTool({ name, arguments: args }).then(
            (result) => result,
            (error) => ({ isError: true, content: [{ type: 'text', text: error.message }] }),
        );
        assert.equal(outcome.isError, true, JSON.stringify(outcome));
        return outcome.content[0].text;
    }

    const stored = async (secretPath) => {
        const token = await agent.newToken([`secrets:read:${secretPath}`]);
        return (await stack.client.get(`/v1/secrets/${secretPath}`, { token })).expect(200).value;
    };

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        host = await newHost(agent.key);
    });
    after(() => Promise.all(hosts.map((client) => client.close())));

    test('is the version that the contract names', async () => {
        const text = await readFile(new URL('package.json', kPackage), 'utf8');
        assert.equal(JSON.parse(text).version, '1.0.0');
    });

    test('offers the eight tools that these tests call', async () => {
        const { tools } = await host.listTools();
        assert.deepEqual(tools.map((tool) => tool.name).sort(), kTools);
    });

    test('does not start without an agent key', async () => {
        const { code, stderr } = await run(process.execPath, [kServer], { env: environment() });

        assert.equal(code, 1);
        assert.match(stderr, /ASS_AGENT_KEY/);
    });

    describe('get_secret and set_secret', () => {
        test('store a value in a nested namespace and read the same back', async () => {
            const value = `va"lue\nof ${unique('mcp')} \\ ünïcödé 🔑`;
            const where = { namespace: 'mcp/deep/er', key: 'KEY' };

            const written = await call('set_secret', { ...where, value });
            const read = await call('get_secret', where);

            assert.equal(written.version, 1);
            assert.equal(read.value, value);
            assert.equal(read.version, 1);
        });

        test('keep the type, and custom and standard where nothing is said', async () => {
            const typed = { namespace: 'mcp/typed', key: 'TYPED', value: 'a-test-value' };
            await call('set_secret', { ...typed, secret_type: 'db_credential' });
            await call('set_secret', { ...typed, key: 'PLAIN' });

            const [one, other] = await Promise.all(
                ['TYPED', 'PLAIN'].map((key) => call('get_secret', { ...typed, key })),
            );

            assert.deepEqual([one.secret_type, one.access_tier], ['db_credential', 'standard']);
            assert.deepEqual([other.secret_type, other.access_tier], ['custom', 'standard']);
        });

        test('do not lower a tier, though standard is sent when nothing is said', async () => {
            await tenant.putSecret('mcp/tier/KEY', {
                value: 'one-value',
                access_tier: 'sensitive',
            });

            const written = await call('set_secret', {
                ...{ namespace: 'mcp/tier', key: 'KEY', value: 'another-value' },
            });

            assert.equal(written.access_tier, 'sensitive');
            assert.equal(written.version, 2);
        });

        test('tell that there is no such secret in the words of the server', async () => {
            const said = await refused('get_secret', { namespace: 'mcp/nothing', key: 'HERE' });

            const token = await agent.newToken(['secrets:read:mcp/nothing/HERE']);
            const answer = await stack.client.get('/v1/secrets/mcp/nothing/HERE', { token });
            answer.expect(404, 'SECRET_NOT_FOUND');
            assert.ok(said.endsWith(answer.json.detail), said);
        });

        test('tell which scope the agent may not have', async () => {
            const narrow = await tenant.newAgent({
                allowed_namespaces: ['mcp/narrow'],
                allowed_scopes: ['secrets:read:mcp/narrow/*'],
            });
            const client = await newHost(narrow.key);

            const reading = await refused('get_secret', { namespace: 'mcp', key: 'KEY' }, client);
            const writing = await refused(
                'set_secret',
                { namespace: 'mcp/narrow', key: 'KEY', value: 'a-test-value' },
                client,
            );

            assert.match(reading, /secrets:read:mcp\/KEY/);
            assert.match(writing, /secrets:write:mcp\/narrow\/KEY/);
        });

        test('tell which part of a path is no good', async () => {
            const said = await refused('set_secret', {
                ...{ namespace: 'mcp/..', key: 'KEY', value: 'a-test-value' },
            });
            assert.match(said, /\.\./);
        });

        test('tell that a wrong agent key is refused, and do not repeat it', async () => {
            const wrong = agent.key.slice(0, -1) + (agent.key.endsWith('a') ? 'b' : 'a');
            const client = await newHost(wrong);

            const said = await refused('get_secret', { namespace: 'mcp', key: 'KEY' }, client);

            const answer = await stack.client.post('/v1/tokens', {
                token: wrong,
                body: { scopes: ['secrets:read:mcp/KEY'] },
            });
            answer.expect(401, 'UNAUTHORIZED');
            assert.ok(said.endsWith(answer.json.detail), said);
            assert.ok(!said.includes(wrong), said);
        });

        test('tell that a value of 64 KiB and one byte is too long', async () => {
            const said = await refused('set_secret', {
                ...{ namespace: 'mcp/long', key: 'KEY', value: 'x'.repeat(65_537) },
            });

            assert.match(said, /value/);
            assert.ok(!said.includes('xxxx'), said);
        });
    });

    describe('list_secrets', () => {
        test('lists keys, types, tiers and times of a nested namespace, and no value', async () => {
            const namespace = `${unique('mcp')}/deep`;
            await tenant.putSecret(`${namespace}/A`, { value: 'value-unseen' });
            await tenant.putSecret(`${namespace}/B`, { value: 'value-unseen' });

            const listed = await call('list_secrets', { namespace });

            assert.equal(listed.namespace, namespace);
            assert.equal(listed.total, 2);
            assert.deepEqual(
                listed.items.map((item) => [item.key, item.secret_type, item.access_tier]),
                [
                    ['A', 'custom', 'standard'],
                    ['B', 'custom', 'standard'],
                ],
            );
            for (const item of listed.items) assert.match(item.updated_at, kTimestamp);
            assert.ok(!JSON.stringify(listed).includes('value-unseen'));
        });

        test('tells that the agent may not list a namespace', async () => {
            const narrow = await tenant.newAgent({
                allowed_namespaces: ['mcp/narrow'],
                allowed_scopes: ['secrets:read:mcp/narrow/*'],
            });
            const client = await newHost(narrow.key);

            const said = await refused('list_secrets', { namespace: 'production' }, client);

            assert.match(said, /secrets:read:production\/\*/);
        });
    });

    describe('list_namespaces', () => {
        test('lists the namespaces that the agent may read, sorted', async () => {
            const own = await stack.newTenant();
            for (const path of ['b/KEY', 'a/deep/KEY', 'a/KEY', 'other/KEY']) {
                await own.putSecret(path, { value: 'a-test-value' });
            }
            const reader = await own.newAgent({
                allowed_namespaces: ['a', 'b'],
                allowed_scopes: ['secrets:read:a/*', 'secrets:read:b/*'],
            });

            const listed = await call('list_namespaces', {}, await newHost(reader.key));

            assert.deepEqual(listed, { namespaces: ['a', 'a/deep', 'b'], total: 3 });
        });

        test('is allowed to every agent, even one that may read nothing yet', async () => {
            const own = await stack.newTenant();
            await own.putSecret('other/KEY', { value: 'a-test-value' });
            const newcomer = await own.newAgent({
                allowed_namespaces: ['a'],
                allowed_scopes: ['secrets:write:a/*'],
            });

            const listed = await call('list_namespaces', {}, await newHost(newcomer.key));

            assert.deepEqual(listed, { namespaces: [], total: 0 });
        });
    });

    describe('delete_secret and rotate_secret', () => {
        for (const name of ['delete_secret', 'rotate_secret']) {
            test(`${name} sends to a person, and changes nothing`, async () => {
                const namespace = unique('mcp');
                await tenant.putSecret(`${namespace}/KEY`, { value: 'a-test-value' });

                const answer = await call(name, { namespace, key: 'KEY' });

                const command = `ass secrets ${name.split('_')[0]} ${namespace}/KEY`;
                assert.equal(answer.requires_human_auth, true);
                assert.ok(answer.message.includes(command), answer.message);
                assert.equal(await stored(`${namespace}/KEY`), 'a-test-value');
            });
        }
    });

    describe('request_token', () => {
        test('gives a token that reads what its scopes say', async () => {
            await tenant.putSecret('mcp/token/KEY', { value: 'a-test-value' });

            const { token } = await call('request_token', {
                scopes: ['secrets:read:mcp/token/*'],
                ttl: '15m',
            });

            const answer = await stack.client.get('/v1/secrets/mcp/token/KEY', { token });
            const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
            assert.equal(answer.expect(200).value, 'a-test-value');
            assert.equal(claims.exp - claims.iat, 900);
        });

        test('tells that a lifetime is too long', async () => {
            const said = await refused('request_token', {
                scopes: ['secrets:read:mcp/token/*'],
                ttl: '7d',
            });
            assert.match(said, /'ttl'.* at most 1d/);
        });

        test('tells what a scope looks like', async () => {
            const said = await refused('request_token', { scopes: ['mcp/token/KEY'] });

            assert.match(said, /mcp\/token\/KEY/);
            assert.match(said, /secrets:ACTION:PATTERN/);
        });

        test('lets a host read again whose token ended with a rotation', async () => {
            await tenant.putSecret('mcp/rotated/KEY', { value: 'the-value-before' });
            const where = { namespace: 'mcp/rotated', key: 'KEY' };
            const client = await newHost(agent.key);
            await call('get_secret', where, client);
            const rotated = await stack.client.post('/v1/secrets/mcp/rotated/KEY/rotate', {
                token: tenant.userToken,
                body: { new_value: 'the-value-after' },
            });
            rotated.expect(200);

            // It keeps the dead token for an hour, unless it asks for another one.
            await refused('get_secret', where, client);
            await call('request_token', { scopes: ['secrets:read:mcp/rotated/KEY'] }, client);

            assert.equal((await call('get_secret', where, client)).value, 'the-value-after');
        });
    });

    describe('get_approval_status', () => {
        let approvalId;
        before(async () => {
            await tenant.putSecret('mcp/sensitive/KEY', {
                value: 'a-test-value',
                access_tier: 'sensitive',
            });
            const where = { namespace: 'mcp/sensitive', key: 'KEY' };
            const said = await refused('get_secret', where);
            [, approvalId] = /Human approval required\. Approval ID: (\S+)\. /.exec(said) ?? [];
            assert.match(approvalId ?? '', kUuid, said);
        });

        test('shows the request that get_secret made as pending', async () => {
            const approval = await call('get_approval_status', { approval_id: approvalId });

            assert.equal(approval.id, approvalId);
            assert.equal(approval.status, 'pending');
            assert.deepEqual(approval.requested_scopes, ['secrets:read:mcp/sensitive/KEY']);
            assert.equal(approval.access_tier, 'sensitive');
            assert.match(approval.created_at, kTimestamp);
            assert.match(approval.expires_at, kTimestamp);
            assert.equal(approval.decided_at, null);
        });

        test('is asked about the same request, however often the agent asks', async () => {
            const again = await call('request_token', {
                scopes: ['secrets:read:mcp/sensitive/KEY'],
            });

            assert.equal(again.requires_approval, true);
            assert.equal(again.approval_id, approvalId);
        });

        test('shows why a request was denied, as get_secret does', async () => {
            const where = { namespace: unique('mcp-denied'), key: 'KEY' };
            await tenant.putSecret(`${where.namespace}/KEY`, {
                value: 'a-guarded-value',
                access_tier: 'sensitive',
            });
            const [, id] = /Approval ID: (\S+)\. /.exec(await refused('get_secret', where));
            await stack.curl('POST', `/v1/approvals/${id}/deny`, {
                token: tenant.userToken,
                body: { reason: 'Unexpected access pattern' },
            });

            const said = await refused('get_secret', where);

            assert.match(said, /denied: Unexpected access pattern/);
            const approval = await call('get_approval_status', { approval_id: id });
            assert.deepEqual(
                [approval.status, approval.token, approval.decision_reason],
                ['denied', null, 'Unexpected access pattern'],
            );
        });

        test('knows nothing of the requests of another agent', async () => {
            const stranger = await newHost((await tenant.newAgent()).key);

            const [theirs, nobodys] = await Promise.all(
                [approvalId, '00000000-0000-4000-8000-000000000000'].map((id) =>
                    refused('get_approval_status', { approval_id: id }, stranger),
                ),
            );

            assert.equal(theirs, nobodys);
        });

        test('shows the token once it is approved, and the same tool then reads', async () => {
            const where = { namespace: 'mcp/sensitive', key: 'KEY' };
            const approved = await stack.curl('POST', `/v1/approvals/${approvalId}/approve`, {
                token: tenant.userToken,
            });
            assert.equal(approved.status, 'approved');

            const approval = await call('get_approval_status', { approval_id: approvalId });
            const secret = await call('get_secret', where);

            assert.equal(approval.status, 'approved');
            assert.match(approval.token, /^eyJ/);
            assert.equal(approval.token_id, approved.token_id);
            assert.equal(secret.value, 'a-test-value');
            assert.equal((await call('get_secret', where)).value, 'a-test-value');
        });
    });
});
