// The official SDK, untouched, stores a secret and reads it back.
// Usage: node read-with-sdk.mjs ROOT (with ASS_AGENT_KEY, NODE_EXTRA_CA_CERTS)
import assert from 'node:assert/strict';
import path from 'node:path';

const [root] = process.argv.slice(2);
const { AgentVault } = await import(
    path.join(root, 'test/node_modules/@agentsecretstore/sdk/dist/index.js')
);
const vault = new AgentVault({ agentKey: process.env.ASS_AGENT_KEY, baseUrl: 'https://localhost' });
await vault.setSecret('app/GREETING', 'hello');
assert.equal(await vault.getSecret('app/GREETING'), 'hello');
