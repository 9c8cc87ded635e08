// The official SDK from npm, untouched, against this server. contract.md §9.
import { readFile } from 'node:fs/promises';

import { assert, before, describe, kUuid, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

// Its package.json names a file that is not in the package.
const sdkPath = new URL('../node_modules/@agentsecretstore/sdk/dist/index.js', import.meta.url);
const {
    AgentVault,
    ApprovalRequiredError,
    AuthError,
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
});
