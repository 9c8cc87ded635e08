// The server's scope matcher against the official SDK's own, over 10^6 random pairs.
//
// The SDK keeps a token as long as its matcher says that the token's scopes suffice. Where that
// differs from what the server thinks, clients are refused without asking again, or ask forever.
// The SDK does not export the function: it is cut out of the package's text and evaluated.
//
// Needs no stack, only scope_oracle out of the build folder (SECRETSTORE_BUILD, default build/).
// SECRETSTORE_SEED repeats a run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const kRoot = fileURLToPath(new URL('../..', import.meta.url));
const kSdk = path.join(kRoot, 'test/node_modules/@agentsecretstore/sdk/dist/index.js');
const kOracle = path.resolve(kRoot, process.env.SECRETSTORE_BUILD ?? 'build', 'bin/scope_oracle');
const kSeed = Number(process.env.SECRETSTORE_SEED ?? Date.now() % 2 ** 32) >>> 0;

function loadSdkMatcher() {
    const source = fs.readFileSync(kSdk, 'utf8');
    const cut = (name) => {
        const found = source.match(new RegExp(`^function ${name}\\([\\s\\S]*?^}`, 'm'));
        assert.ok(found, `the SDK no longer has a function ${name}: look at ${kSdk}`);
        return found[0];
    };
    return new Function(`${cut('matchPattern')}\n${cut('scopeMatches')}\nreturn scopeMatches;`)();
}

// mulberry32: small, seeded, the same on every machine.
function randomSource(start) {
    let state = start;
    return (below) => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) % below;
    };
}

const pick = (random, list) => list[random(list.length)];

function randomText(random, alphabet, longest) {
    let out = '';
    for (let left = random(longest + 1); left > 0; --left) out += pick(random, alphabet);
    return out;
}

// A text that `pattern` matches, for most pairs of random texts would not match at all.
function matching(random, pattern, alphabet) {
    return pattern.replace(/\*/g, () => randomText(random, alphabet, 4));
}

// One character lost, doubled or changed: what a matcher that is nearly right gets wrong.
function spoiled(random, text, alphabet) {
    const at = random(text.length + 1);
    const middle = pick(random, ['', pick(random, alphabet), text.slice(at, at + 1).repeat(2)]);
    return text.slice(0, at) + middle + text.slice(at + 1);
}

function textFor(random, pattern, alphabet) {
    const kind = random(4);
    if (kind === 0) return randomText(random, alphabet, 12);
    const text = matching(random, pattern, alphabet);
    return kind === 1 ? spoiled(random, text, alphabet) : text;
}

// Few letters make many near misses; the rest is what a regular expression takes for an operator.
const kLetters = [...'aab', ...'/._~@-'];
const kAnyBytes = [...kLetters, ...':^$()[]{}|+?\\"\' #%,;<=>!&`'];

function randomPair(random) {
    const pattern = randomText(random, [...kAnyBytes, '*', '*', '*', '*'], 12);
    return [pattern, textFor(random, pattern, [...kAnyBytes, '*'])];
}

function segment(random, alphabet) {
    const text = pick(random, alphabet) + randomText(random, alphabet, 4);
    return text === '.' || text === '..' ? 'a' : text;
}

function randomPath(random, alphabet) {
    return Array.from({ length: 1 + random(4) }, () => segment(random, alphabet)).join('/');
}

// Texts that are a scope and a wanted scope of the client's form.
function randomScopePair(random) {
    const names = [...'aab._~@-'];
    let pattern = randomPath(random, [...names, '*']);
    while (pattern.split('*').length > 9) pattern = randomPath(random, [...names, '*']);
    const action = pick(random, ['read', 'write', 'delete', '*']);
    const wanted = pick(random, ['read', 'write', 'delete']);
    return [
        `secrets:${action}:${pattern}`,
        `secrets:${random(3) === 0 || action === '*' ? wanted : action}:` +
            textFor(random, pattern, [...names, '/']),
    ];
}

async function ask(lines, args) {
    const oracle = spawn(kOracle, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks = [];
    oracle.stdout.on('data', (chunk) => chunks.push(chunk));
    const closed = once(oracle, 'close');
    oracle.stdin.end(`${lines.join('\n')}\n`);
    const [code] = await closed;
    assert.equal(code, 0);
    return Buffer.concat(chunks).toString().trimEnd().split('\n');
}

async function compare(t, pairs, makePair, args) {
    t.diagnostic(`seed ${kSeed}`);
    const scopeMatches = loadSdkMatcher();
    const random = randomSource(kSeed);
    const cases = Array.from({ length: pairs }, () => makePair(random));

    const answers = await ask(cases.map((pair) => pair.join('\t')), args);

    assert.equal(answers.length, pairs);
    const expected = cases.map(([pattern, text]) => (scopeMatches(text, [pattern]) ? '1' : '0'));
    const differing = cases.filter((_, i) => answers[i] !== expected[i]);
    const matches = expected.filter((answer) => answer === '1').length;
    t.diagnostic(`${pairs} pairs, ${matches} match, ${differing.length} differ`);
    assert.ok(matches > pairs / 10 && matches < pairs * 0.9, 'the pairs are too much alike');
    assert.deepEqual(differing.slice(0, 5), [], `differences with seed ${kSeed}`);
}

test('the matcher agrees with the SDK on any text', { timeout: 120_000 }, (t) =>
    compare(t, 1_000_000, randomPair, []));

test('a scope covers what the SDK thinks it covers', { timeout: 120_000 }, (t) =>
    compare(t, 250_000, randomScopePair, ['--scopes']));
