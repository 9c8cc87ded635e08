// The official SDK from npm, untouched, against this server. contract.md §9.
import { readFile } from 'node:fs/promises';

import { after, assert, before, describe, kTimestamp, kUuid, test, unique } from './claim.mjs';
import { freePort, kPatience, kSmallPlans, runOrThrow, Stack } from './stack.mjs';

// Its package.json names a file that is not in the package.
const sdkPath = new URL('../node_modules/@agentsecretstore/sdk/dist/index.js', import.meta.url);
const {
    AgentVault,
    ApprovalRequiredError,
    AuthError,
    NetworkError,
    ScopeError,
    SecretNotFoundError,
    VaultError,
} = await import(sdkPath);

describe('the official SDK', () => {
    const stack = Stack.shared();
    let tenant;
    let agent;
    const vaultOf = (key, options = {}) =>
        new AgentVault({ agentKey: key, baseUrl: stack.url, ...options });

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
    });

    test('is the version that the contract names', async () => {
        const text = await readFile(new URL('../package.json', sdkPath), 'utf8');
        assert.equal(JSON.parse(text).version, '1.0.0');
    });

    test('stores a secret and reads the same value back', async () => {
        const vault = vaultOf(agent.key);
        const value = `value of ${unique('sdk')} with "quotes", \\ and ünïcödé 🔑`;

        await vault.setSecret('production/gemini/GEMINI_API_KEY', value);

        assert.equal(await vault.getSecret('production/gemini/GEMINI_API_KEY'), value);
    });

    test('gets type, tier, metadata and version with a secret', async () => {
        const vault = vaultOf(agent.key);
        await vault.setSecret('sdk/meta/KEY', 'a-test-value', {
            secretType: 'api_key',
            metadata: { team: 'ml', env: 'prod' },
        });

        const secret = await vault.getSecretWithMetadata('sdk/meta/KEY');

        assert.equal(secret.value, 'a-test-value');
        assert.equal(secret.secret_type, 'api_key');
        assert.equal(secret.access_tier, 'standard');
        assert.deepEqual(secret.metadata, { team: 'ml', env: 'prod' });
        assert.equal(secret.version, 1);
    });

    test('makes a new version by storing again', async () => {
        const vault = vaultOf(agent.key);
        const first = await vault.setSecret('sdk/versions/KEY', 'the-first-value');
        const second = await vault.setSecret('sdk/versions/KEY', 'the-second-value');

        assert.equal(second.version, first.version + 1);
        assert.equal(await vault.getSecret('sdk/versions/KEY'), 'the-second-value');
    });

    test('keeps metadata when it stores again without any, for it always sends null', async () => {
        const vault = vaultOf(agent.key);
        await vault.setSecret('sdk/kept/KEY', 'the-first-value', { metadata: { owner: 'ops' } });
        await vault.setSecret('sdk/kept/KEY', 'the-second-value');

        const secret = await vault.getSecretWithMetadata('sdk/kept/KEY');
        assert.deepEqual(secret.metadata, { owner: 'ops' });
    });

    test('lists a namespace of one segment', async () => {
        const vault = vaultOf(agent.key);
        const namespace = unique('flat');
        await vault.setSecret(`${namespace}/A`, 'value-of-a');
        await vault.setSecret(`${namespace}/B`, 'value-of-b');

        const listed = await vault.listSecrets(namespace);

        assert.equal(listed.namespace, namespace);
        assert.deepEqual(
            listed.items.map((item) => item.key),
            ['A', 'B'],
        );
        assert.equal(listed.total, 2);
        assert.ok(!JSON.stringify(listed).includes('value-of-'));
    });

    test('lists a nested namespace, which it asks for with raw slashes', async () => {
        const vault = vaultOf(agent.key);
        const namespace = `${unique('nested')}/deep/er`;
        await vault.setSecret(`${namespace}/KEY`, 'value-of-key');

        const listed = await vault.listSecrets(namespace);

        assert.equal(listed.namespace, namespace);
        assert.deepEqual(
            listed.items.map((item) => item.key),
            ['KEY'],
        );
    });

    test('throws SecretNotFoundError for a secret that does not exist', async () => {
        await assert.rejects(vaultOf(agent.key).getSecret('sdk/nothing/HERE'), (error) => {
            assert.ok(error instanceof SecretNotFoundError);
            assert.equal(error.status, 404);
            return true;
        });
    });

    test('throws ScopeError for a path that its agent may not have', async () => {
        const narrow = await tenant.newAgent({
            allowed_namespaces: ['production/gemini'],
            allowed_scopes: ['secrets:read:production/gemini/*'],
        });

        await assert.rejects(vaultOf(narrow.key).getSecret('production/stripe/KEY'), (error) => {
            assert.ok(error instanceof ScopeError);
            assert.match(error.message, /production\/stripe\/KEY/);
            return true;
        });
    });

    test('throws ScopeError when its token does not cover the path', async () => {
        const vault = vaultOf(agent.key, { autoToken: false });
        await vault.requestToken({ scopes: ['secrets:read:sdk/a/*'] });

        await assert.rejects(vault.getSecret('sdk/b/KEY'), (error) => {
            assert.ok(error instanceof ScopeError);
            assert.equal(error.message, "Token scope does not cover path 'sdk/b/KEY'");
            return true;
        });
    });

    test('throws AuthError for a key that is wrong', async () => {
        const wrong = agent.key.slice(0, -1) + (agent.key.endsWith('a') ? 'b' : 'a');
        await assert.rejects(vaultOf(wrong).getSecret('sdk/a/KEY'), AuthError);
    });

    test('throws ApprovalRequiredError with the same approval each time it asks', async () => {
        await tenant.putSecret('sdk/sensitive/KEY', {
            value: 'a-test-value',
            access_tier: 'sensitive',
        });
        const approvals = [];

        for (const vault of [vaultOf(agent.key), vaultOf(agent.key)]) {
            await assert.rejects(vault.getSecret('sdk/sensitive/KEY'), (error) => {
                assert.ok(error instanceof ApprovalRequiredError);
                approvals.push(error.approvalId);
                return true;
            });
        }

        assert.match(approvals[0], kUuid);
        assert.equal(approvals[1], approvals[0]);
    });

    // What the reference shows a person to type.
    const curlDecision = (id, decision, body) =>
        stack.curl('POST', `/v1/approvals/${id}/${decision}`, { token: tenant.userToken, body });
    const approvalOf = async (vault, path) => {
        let approval;
        await assert.rejects(vault.getSecret(path), (error) => {
            assert.ok(error instanceof ApprovalRequiredError);
            approval = error.approvalId;
            return true;
        });
        return approval;
    };

    for (const tier of ['sensitive', 'critical']) {
        test(`reads what is ${tier} by the same call, once somebody has approved`, async () => {
            const path = `${unique('sdk-approved')}/KEY`;
            await tenant.putSecret(path, { value: 'the-approved-value', access_tier: tier });
            const vault = vaultOf(agent.key);
            const id = await approvalOf(vault, path);

            assert.equal((await curlDecision(id, 'approve')).status, 'approved');

            assert.equal(await vault.getSecret(path), 'the-approved-value');
            assert.equal(await vault.getSecret(path), 'the-approved-value');
            // Another process of the same agent is given the same token.
            const other = vaultOf(agent.key);
            assert.equal(await other.getSecret(path), 'the-approved-value');
            assert.equal(other.tokenCache.token, vault.tokenCache.token);
        });
    }

    test('writes what is critical by the same call, once an owner has approved', async () => {
        const path = `${unique('sdk-approved')}/KEY`;
        await tenant.putSecret(path, { value: 'one-value', access_tier: 'critical' });
        const vault = vaultOf(agent.key);
        await assert.rejects(vault.setSecret(path, 'another-value'), (error) => {
            assert.ok(error instanceof ApprovalRequiredError);
            return true;
        });
        const pending = await stack.curl('GET', '/v1/approvals?status=pending', {
            token: tenant.userToken,
        });
        const asked = pending.items.find((item) => item.requested_scopes[0].endsWith(path));
        await curlDecision(asked.id, 'approve');

        const stored = await vault.setSecret(path, 'another-value');

        assert.deepEqual([stored.version, stored.access_tier], [2, 'critical']);
    });

    test('throws ScopeError that says why, once somebody has denied', async () => {
        const path = `${unique('sdk-denied')}/KEY`;
        await tenant.putSecret(path, { value: 'a-guarded-value', access_tier: 'sensitive' });
        const vault = vaultOf(agent.key);
        const id = await approvalOf(vault, path);

        await curlDecision(id, 'deny', { reason: 'Unexpected access pattern' });

        await assert.rejects(vault.getSecret(path), (error) => {
            assert.ok(error instanceof ScopeError);
            assert.match(error.message, /denied: Unexpected access pattern/);
            return true;
        });
    });

    test('does not lower a tier, though it always sends standard', async () => {
        await tenant.putSecret('sdk/kept-tier/KEY', {
            value: 'one-value',
            access_tier: 'sensitive',
        });

        const stored = await vaultOf(agent.key).setSecret('sdk/kept-tier/KEY', 'another-value');

        assert.equal(stored.access_tier, 'sensitive');
    });

    test('may not delete: people do that', async () => {
        const vault = vaultOf(agent.key);
        await vault.setSecret('sdk/undeleted/KEY', 'a-test-value');

        await assert.rejects(vault.deleteSecret('sdk/undeleted/KEY'), VaultError);

        assert.equal(await vault.getSecret('sdk/undeleted/KEY'), 'a-test-value');
    });

    test('uses one token until it expires', async () => {
        const vault = vaultOf(agent.key);
        await tenant.putSecret('one-token/KEY', { value: 'a-test-value' });
        await tenant.putSecret('one-token/deep/KEY', { value: 'a-test-value' });
        const { token } = await vault.requestToken({ scopes: ['secrets:read:one-token/*'] });

        await vault.getSecret('one-token/KEY');
        await vault.getSecret('one-token/deep/KEY');
        assert.equal(vault.tokenCache.token, token);

        await vault.setSecret('one-token/KEY', 'another-value');
        assert.notEqual(vault.tokenCache.token, token);
    });

    test('works with a lifetime so short that it asks for a token each time', async () => {
        await tenant.putSecret('short-lived/KEY', { value: 'a-test-value' });
        const vault = vaultOf(agent.key, { defaultTtl: '5s' });

        for (let i = 0; i < 3; ++i) {
            assert.equal(await vault.getSecret('short-lived/KEY'), 'a-test-value');
        }
    });

    test('requests a token with lifetime and number of uses, which the server keeps to', async () => {
        await tenant.putSecret('limited/KEY', { value: 'a-test-value' });
        const vault = vaultOf(agent.key);

        const issued = await vault.requestToken({
            scopes: ['secrets:read:limited/*'],
            ttl: '15m',
            maxUses: 2,
        });

        const seconds = (Date.parse(issued.expires_at) - Date.now()) / 1000;
        assert.match(issued.expires_at, kTimestamp);
        assert.ok(seconds > 800 && seconds <= 901, `${seconds}`);
        assert.equal(issued.requires_approval, false);
        for (let use = 1; use <= 2; ++use) {
            assert.equal(await vault.getSecret('limited/KEY'), 'a-test-value');
        }
        await assert.rejects(vault.getSecret('limited/KEY'), AuthError);
    });

    test('throws ScopeError where its token is bound to another address', async () => {
        await tenant.putSecret('elsewhere/KEY', { value: 'a-test-value' });
        const vault = vaultOf(agent.key);
        await vault.requestToken({
            scopes: ['secrets:read:elsewhere/*'],
            ipAllowlist: ['192.0.2.0/24'],
        });

        await assert.rejects(vault.getSecret('elsewhere/KEY'), (error) => {
            assert.ok(error instanceof ScopeError);
            assert.match(error.message, /\b127\.0\.0\.1\b/);
            return true;
        });
    });

    test('throws AuthError once its token is revoked', async () => {
        await tenant.putSecret('revoked/KEY', { value: 'a-test-value' });
        const vault = vaultOf(agent.key);
        const { token_id: id } = await vault.requestToken({ scopes: ['secrets:read:revoked/*'] });
        assert.equal(await vault.getSecret('revoked/KEY'), 'a-test-value');

        const revoked = await stack.client.post(`/v1/tokens/${id}/revoke`, {
            token: tenant.userToken,
        });

        revoked.expect(204);
        await assert.rejects(vault.getSecret('revoked/KEY'), AuthError);
    });

    test('reads the new value after a rotation with a token that it asks for again', async () => {
        await tenant.putSecret('rotated/KEY', { value: 'the-value-before' });
        const vault = vaultOf(agent.key);
        await vault.getSecret('rotated/KEY');

        const rotated = await stack.client.post('/v1/secrets/rotated/KEY/rotate', {
            token: tenant.userToken,
            body: { new_value: 'the-value-after' },
        });

        rotated.expect(200);
        await assert.rejects(vault.getSecret('rotated/KEY'), AuthError);
        assert.equal(await vaultOf(agent.key).getSecret('rotated/KEY'), 'the-value-after');
    });

    test('throws SecretNotFoundError once a person has deleted the secret', async () => {
        await tenant.putSecret('deleted/KEY', { value: 'a-test-value' });
        const vault = vaultOf(agent.key);
        await vault.getSecret('deleted/KEY');

        const deleted = await stack.client.call('DELETE', '/v1/secrets/deleted/KEY', {
            token: tenant.userToken,
        });

        deleted.expect(200);
        await assert.rejects(vault.getSecret('deleted/KEY'), SecretNotFoundError);
    });

    test('throws a VaultError with the code of an expired secret', async () => {
        await tenant.putSecret('expired/KEY', {
            value: 'a-test-value',
            expires_at: new Date(Date.now() - 60_000).toISOString(),
        });

        await assert.rejects(vaultOf(agent.key).getSecret('expired/KEY'), (error) => {
            assert.ok(error instanceof VaultError);
            assert.equal(error.code, 'SECRET_EXPIRED');
            assert.equal(error.status, 410);
            return true;
        });
    });

    test('throws ScopeError for a namespace that its agent may not list', async () => {
        const narrow = await tenant.newAgent({
            allowed_namespaces: ['listed'],
            allowed_scopes: ['secrets:read:listed/*'],
        });

        await assert.rejects(vaultOf(narrow.key).listSecrets('production'), ScopeError);
    });

    test('throws NetworkError where no store listens', async () => {
        const baseUrl = `https://localhost:${await freePort()}`;
        await assert.rejects(vaultOf(agent.key, { baseUrl }).getSecret('sdk/a/KEY'), NetworkError);
    });

    describe('importEnv', () => {
        test('stores every key of the text and tells which they are', async () => {
            const vault = vaultOf(agent.key);
            const namespace = `${unique('import')}/deep`;
            const text = [
                '# a comment',
                'export PLAIN=a-test-value',
                "SINGLE='it is $literal'",
                'DOUBLE="line one\\nline two"',
                'COMMENTED=value # not part of it',
            ].join('\n');

            const imported = await vault.importEnv(text, namespace);

            assert.equal(imported.namespace, namespace);
            assert.deepEqual(imported.imported, ['PLAIN', 'SINGLE', 'DOUBLE', 'COMMENTED']);
            assert.equal(imported.imported_count, 4);
            assert.equal(await vault.getSecret(`${namespace}/PLAIN`), 'a-test-value');
            assert.equal(await vault.getSecret(`${namespace}/SINGLE`), 'it is $literal');
            assert.equal(await vault.getSecret(`${namespace}/DOUBLE`), 'line one\nline two');
            assert.equal(await vault.getSecret(`${namespace}/COMMENTED`), 'value');
        });

        test('gives every key the type and the metadata that it was called with', async () => {
            const vault = vaultOf(agent.key);
            const namespace = unique('import');

            await vault.importEnv('A=value-of-a\nB=value-of-b\n', namespace, {
                secretType: 'api_key',
                metadata: { source: '.env' },
            });

            const { items } = await vault.listSecrets(namespace);
            assert.deepEqual(
                items.map((item) => [item.key, item.secret_type, item.metadata]),
                [
                    ['A', 'api_key', { source: '.env' }],
                    ['B', 'api_key', { source: '.env' }],
                ],
            );
        });

        test('does not lower a tier, though it always sends standard', async () => {
            const namespace = unique('import');
            await tenant.putSecret(`${namespace}/KEY`, {
                value: 'one-value',
                access_tier: 'sensitive',
            });

            await vaultOf(agent.key).importEnv('KEY=another-value', namespace);

            const listed = await stack.client.get(`/v1/secrets?namespace=${namespace}`, {
                token: tenant.userToken,
            });
            const [item] = listed.expect(200).items;
            assert.deepEqual([item.version, item.access_tier], [2, 'sensitive']);
        });

        test('throws a VaultError that names the line, and stores nothing', async () => {
            const vault = vaultOf(agent.key);
            const namespace = unique('import');

            await assert.rejects(vault.importEnv('A=value\nB\nC=value', namespace), (error) => {
                assert.ok(error instanceof VaultError);
                assert.equal(error.code, 'INVALID_REQUEST');
                assert.match(error.message, /line 2\b/);
                return true;
            });
            await assert.rejects(vault.getSecret(`${namespace}/A`), SecretNotFoundError);
        });

        test('throws ScopeError where its agent may only read', async () => {
            const reader = await tenant.newAgent({
                allowed_namespaces: ['readable'],
                allowed_scopes: ['secrets:read:readable/*'],
            });

            await assert.rejects(vaultOf(reader.key).importEnv('A=value', 'readable'), ScopeError);
        });
    });

    describe('at a store that limits requests', () => {
        // In a process of its own, for it has to trust that store's certificate from its start.
        const flood = `
            const { AgentVault } = await import(process.argv[1]);
            const vault = new AgentVault({
                agentKey: process.env.ASS_AGENT_KEY,
                baseUrl: process.env.ASS_API_URL,
            });
            await vault.setSecret('limited/KEY', 'a-test-value');
            await vault.getSecret('limited/KEY');
            const reads = await Promise.allSettled(
                Array.from({ length: 200 }, () => vault.getSecret('limited/KEY')),
            );
            const errors = reads.flatMap(({ reason }) => reason ?? []);
            console.log(JSON.stringify(errors.map(({ name, retryAfter }) => [name, retryAfter])));
        `;
        let own;
        before(
            async () => {
                own = await Stack.start({ workers: 1, threads: 4, rateLimit: 20, conf: kSmallPlans });
            },
            { timeout: 60_000 * kPatience },
        );
        after(() => own?.stop());

        test('throws RateLimitError with the seconds to wait, and nothing else', async () => {
            const { key } = await (await own.newTenant()).newAgent();

            const printed = await runOrThrow(
                process.execPath,
                ['--input-type=module', '--eval', flood, sdkPath.href],
                {
                    env: {
                        PATH: process.env.PATH,
                        NODE_EXTRA_CA_CERTS: own.env.NODE_EXTRA_CA_CERTS,
                        ASS_API_URL: own.url,
                        ASS_AGENT_KEY: key,
                    },
                },
            );

            const errors = JSON.parse(printed);
            assert.ok(errors.length > 0);
            for (const [name, retryAfter] of errors) {
                assert.equal(name, 'RateLimitError');
                assert.ok(Number.isInteger(retryAfter) && retryAfter > 0, `${retryAfter}`);
            }
        });
    });
});
