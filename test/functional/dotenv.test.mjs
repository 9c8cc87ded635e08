// The server's reader of .env files against the npm package dotenv 16 and the official CLI.
//
// The differences that core/service/dotenv.h decides on are modelled exactly, from the package's
// own expression: see model() below. Nothing is skipped: each text must give the entries or the
// faulty line that the model says, and where no difference is in play what dotenv.parse() says.
//
// Needs no stack, only dotenv_oracle out of the build folder (SECRETSTORE_BUILD, default build/).
// SECRETSTORE_SEED repeats a run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import dotenv from 'dotenv';

const kRoot = fileURLToPath(new URL('../..', import.meta.url));
const kOracle = path.resolve(kRoot, process.env.SECRETSTORE_BUILD ?? 'build', 'bin/dotenv_oracle');
const kCli = path.join(kRoot, 'test/node_modules/@agentsecretstore/cli/dist/index.js');
const kSeed = Number(process.env.SECRETSTORE_SEED ?? Date.now() % 2 ** 32) >>> 0;
const kCorpus = JSON.parse(
    fs.readFileSync(path.join(kRoot, 'test/vectors/dotenv_corpus.json'), 'utf8'),
).cases;

// --- the reader under test ----------------------------------------------------------------------

// For each text {entries: [[key, value, line]…]} or {errorLine}.
async function read(texts) {
    const oracle = spawn(kOracle, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks = [];
    oracle.stdout.on('data', (chunk) => chunks.push(chunk));
    const closed = once(oracle, 'close');
    oracle.stdin.end(texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
    const [code] = await closed;
    assert.equal(code, 0);
    const answers = Buffer.concat(chunks).toString().trimEnd().split('\n');
    assert.equal(answers.length, texts.length);
    return answers.map(answerOf);
}

function answerOf(line) {
    const { entries, error } = JSON.parse(line);
    if (entries) return { entries };
    const found = error.match(/^The content in line (\d+) /);
    assert.ok(found, `a message that names no line: ${error}`);
    return { errorLine: Number(found[1]) };
}

// --- what it must say ---------------------------------------------------------------------------

const kLine = lineExpression();
// Difference 1: within double quotes a backslash takes the next character with it, always.
const kEscapingLine = withDoubleQuotes(kLine, String.raw`"(?:\\[^]|[^"\\])*"`);

// The package does not export its expression: it is cut out of its text.
function lineExpression() {
    const require = createRequire(import.meta.url);
    assert.match(require('dotenv/package.json').version, /^16\./);
    const source = fs.readFileSync(require.resolve('dotenv'), 'utf8');
    const found = source.match(/^const LINE = \/(.*)\/mg$/m);
    assert.ok(found, 'dotenv no longer has the expression LINE');
    return new RegExp(found[1], 'dgm');
}

function withDoubleQuotes(line, replacement) {
    const parts = line.source.split(String.raw`"(?:\\"|[^"])*"`);
    assert.equal(parts.length, 2, 'dotenv no longer reads double quotes as it did');
    return new RegExp(parts.join(replacement), line.flags);
}

// {entries} or {errorLine}, and `asDotenv`: do none of the differences show in this text?
function model(text) {
    // As long as `lines`: a CR that no LF follows stays within double quotes.
    const withCr = text.replace(/\r\n/g, '\n');
    const lines = withCr.replace(/\r/g, '\n');
    const lineOf = (at) => lines.slice(0, at).split('\n').length;

    const entries = [];
    let asDotenv = true;
    let at = 0;
    for (const match of lines.matchAll(kEscapingLine)) {
        const faults = [...faultsBetween(lines, at, match.index), ...faultsOf(lines, match)];
        if (faults.length > 0) return { errorLine: Math.min(...faults.map(lineOf)) };
        const { value, differs } = valueOf(match, withCr);
        entries.push([match[1], value, lineOf(match.indices[1][0])]);
        asDotenv &&= !differs;
        at = match.index + match[0].length;
    }
    const faults = faultsBetween(lines, at, lines.length);
    if (faults.length > 0) return { errorLine: lineOf(Math.min(...faults)) };
    return { entries, asDotenv: asDotenv && isCutTheSame(lines) };
}

// Does dotenv's own expression find the same places?
function isCutTheSame(lines) {
    const places = (expression) => Array.from(lines.matchAll(expression), ({ indices }) => indices);
    return JSON.stringify(places(kLine)) === JSON.stringify(places(kEscapingLine));
}

const kSeparator = /[\u2028\u2029]/g;
const separatorsIn = (lines, from, to) =>
    Array.from(lines.slice(from, to).matchAll(kSeparator), ({ index }) => from + index);

// Difference 2 in what dotenv passes over: only blank lines and comments may stand there.
function faultsBetween(lines, from, to) {
    const faults = separatorsIn(lines, from, to);
    let at = from;
    for (const line of lines.slice(from, to).split('\n')) {
        if (!/^\s*(#.*)?$/.test(line)) faults.push(at);
        at += line.length + 1;
    }
    return faults;
}

const isQuoted = (text) => /^['"`]/.test(text);
const kWholeQuote = /^(?:'(?:\\'|[^'])*'|"(?:\\[^]|[^"\\])*"|`(?:\\`|[^`])*`)$/;

// Difference 2 in what dotenv reads. Positions in the lines that are wrong.
function faultsOf(lines, match) {
    const faults = [];
    const start = match.index + match[0].search(/\S/);
    const end = match.index + match[0].length;
    const [keyStart, keyEnd] = match.indices[1];
    const separator = lines.slice(keyEnd).match(/^(?:\s*=|:)/)[0];
    const group = match[2] ?? '';
    const value = group.trim();
    // White space before the value, or all that there is.
    const valueStart = value ? match.indices[2][0] + group.search(/\S/) : keyEnd + separator.length;

    if (lines.slice(start, keyStart).includes('\n')) faults.push(start);
    if (separator.includes('\n')) faults.push(keyStart);
    if (/^:(\n|$)/.test(lines.slice(keyEnd, keyEnd + 2))) faults.push(keyStart);
    if (lines.slice(keyEnd + separator.length, valueStart).includes('\n')) faults.push(valueStart);
    if (isQuoted(value) && !kWholeQuote.test(value)) faults.push(keyStart);

    const quoted = isQuoted(value) ? [valueStart, valueStart + value.length] : [end, end];
    faults.push(
        ...separatorsIn(lines, match.index, quoted[0]),
        ...separatorsIn(lines, quoted[1], end),
    );
    return faults;
}

const kMeaning = { n: '\n', r: '\r', '"': '"', '\\': '\\' };

// The value of a match without faults, and whether difference 1 made it another than dotenv's.
function valueOf(match, withCr) {
    const value = (match[2] ?? '').trim();
    if (!isQuoted(value)) return { value };
    if (value[0] !== '"') return { value: value.slice(1, -1) };
    const start = match.indices[2][0] + match[2].search(/\S/);
    const inner = withCr.slice(start + 1, start + value.length - 1);
    return {
        value: inner.replace(/\\([nr"\\])/g, (_, c) => kMeaning[c]),
        differs: /\\["\\]|\r/.test(inner),
    };
}

const asObject = (entries) => Object.fromEntries(entries.map(([key, value]) => [key, value]));

// --- random texts -------------------------------------------------------------------------------

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

function several(random, most, make) {
    return Array.from({ length: random(most + 1) }, () => make(random));
}

const kKeys = ['A', 'B', 'KEY', 'export', 'a.b-c_1', '-', 'exported', 'Z9'];
const kSpaces = ['', '', '', ' ', ' ', '\t', '  ', '\u00a0', '\ufeff', '\u3000', '\v'];
const kBreaks = ['\n', '\n', '\n', '\n', '\r\n', '\r\n', '\r', '\n\n'];
const kInner = ['b', 'c', ' ', '#', '=', ':', '$', 'n', "'", '"', '`', '\\', '\\n', '\\r'];
const kEscapes = ['\\"', "\\'", '\\\\', '\\`'];
const kInnerWithMore = [...kInner, ...kEscapes, 'ü', '🔑', '\u2028', '\n', '\r\n'];
// What a text is broken with.
const kNoise = [...kInnerWithMore, '\r', '\u2029', 'export ', 'A=', 'A: ', 'A:', '="', "='", ' #'];

const space = (random) => pick(random, kSpaces);
const commentOf = (random) => `#${several(random, 6, (r) => pick(r, kInner)).join('')}`;

function quotedValue(random) {
    const quote = pick(random, ["'", '"', '"', '`']);
    const inner = several(random, 8, (r) => pick(r, kInnerWithMore)).join('');
    // Mostly so that the value ends where it should, but not only.
    const kept = random(12) === 0 ? inner : withoutBare(inner, quote);
    return quote + kept + quote;
}

// Every bare quote of the kind gets its backslash, and none is left before the closing one.
function withoutBare(inner, quote) {
    const escaped = inner.replace(/\\[^]|["'`]/g, (found) =>
        found === quote ? `\\${quote}` : found,
    );
    return /(^|[^\\])(\\\\)*\\$/.test(escaped) ? escaped.slice(0, -1) : escaped;
}

function unquotedValue(random) {
    const text = several(random, 6, (r) => pick(r, kInner)).join('');
    return random(12) === 0 ? text : text.replace(/^[\s'"`]+/, '');
}

function entryLine(random) {
    const start = space(random) + (random(5) === 0 ? `export${pick(random, [' ', '\t'])}` : '');
    const separator = random(5) === 0 ? `: ${space(random)}` : `${space(random)}=${space(random)}`;
    const value = random(2) === 0 ? quotedValue(random) : unquotedValue(random);
    const end = space(random) + (random(5) === 0 ? commentOf(random) : '');
    return start + pick(random, kKeys) + separator + value + end;
}

const line = (random) =>
    random(6) === 0
        ? space(random) + pick(random, ['', commentOf(random)])
        : entryLine(random);

// A piece lost, put in, or both.
function spoiled(random, text) {
    const at = random(text.length + 1);
    const piece = pick(random, ['', ...kNoise]);
    const out = text.slice(0, at) + piece + text.slice(at + random(3));
    // Half a character can't arrive: the JSON reader refuses it.
    return out.replace(/[\ud800-\udfff]/gu, '');
}

function randomText(random) {
    if (random(10) === 0) return several(random, 14, (r) => pick(r, kNoise)).join('');
    const lineBreak = random(4) === 0 ? null : pick(random, kBreaks);
    const text = several(random, 6, (r) => line(r) + (lineBreak ?? pick(r, kBreaks))).join('');
    return random(3) === 0 ? spoiled(random, text) : text;
}

// --- the tests ----------------------------------------------------------------------------------

test('every text of the corpus is read as it says', async () => {
    const answers = await read(kCorpus.map(({ text }) => text));

    const expected = kCorpus.map(({ entries, error_line: errorLine }) =>
        entries ? { entries } : { errorLine },
    );
    const wrong = kCorpus.filter(
        (_, i) => JSON.stringify(answers[i]) !== JSON.stringify(expected[i]),
    );
    assert.deepEqual(wrong, []);
});

test('the corpus says what dotenv makes of each text', () => {
    assert.ok(kCorpus.length >= 190);
    for (const { name, text, entries, dotenv: differing } of kCorpus) {
        const expected = differing ?? asObject(entries);
        assert.deepEqual({ ...dotenv.parse(text) }, expected, name);
        assert.ok(!differing || !entries || !sameObject(differing, asObject(entries)), name);
    }
});

test('the model agrees with the corpus', () => {
    for (const { name, text, entries, error_line: errorLine, dotenv: differing } of kCorpus) {
        const expected = entries ? { entries, asDotenv: !differing } : { errorLine };
        assert.deepEqual(model(text), expected, name);
    }
});

test('random texts are read as dotenv reads them', { timeout: 120_000 }, async (t) => {
    t.diagnostic(`seed ${kSeed}`);
    const random = randomSource(kSeed);
    const texts = Array.from({ length: 100_000 }, () => randomText(random));

    const answers = await read(texts);

    const seen = { asDotenv: 0, entriesAsDotenv: 0, differing: 0, errors: 0 };
    texts.forEach((text, i) => {
        const { asDotenv, ...expected } = model(text);
        const context = `seed ${kSeed}, text ${i}: ${JSON.stringify(text)}`;
        assert.deepEqual(answers[i], expected, context);
        if (asDotenv) {
            assert.deepEqual(asObject(answers[i].entries), { ...dotenv.parse(text) }, context);
            seen.asDotenv += 1;
            seen.entriesAsDotenv += answers[i].entries.length;
        } else {
            seen[expected.errorLine ? 'errors' : 'differing'] += 1;
        }
    });
    t.diagnostic(JSON.stringify(seen));
    assert.ok(seen.asDotenv > 30_000, `too few texts were compared with dotenv: ${seen.asDotenv}`);
    assert.ok(seen.entriesAsDotenv > 60_000, 'the texts hold too little');
    assert.ok(seen.differing > 5_000, `too few texts show difference 1: ${seen.differing}`);
    assert.ok(seen.errors > 10_000, `too few texts are faulty: ${seen.errors}`);
});

function sameObject(one, other) {
    try {
        assert.deepEqual(one, other);
        return true;
    } catch {
        return false;
    }
}

// --- what the official CLI exports --------------------------------------------------------------

// As much of the API as `ass env export` asks for.
async function serve(namespace, values) {
    const prefix = `/v1/secrets/${encodeURIComponent(namespace)}`;
    const server = http.createServer((request, response) => {
        const key = request.url.slice(prefix.length + 1);
        response.setHeader('content-type', 'application/json');
        if (request.url === prefix) {
            const items = [...values.keys()].map((name) => ({ namespace, key: name }));
            response.end(JSON.stringify({ items }));
        } else {
            response.statusCode = values.has(key) ? 200 : 404;
            response.end(JSON.stringify({ value: values.get(key) }));
        }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
}

// The text that `ass env export` writes: the program itself, untouched.
async function exported(values) {
    const server = await serve('staging/app', values);
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'secretstore-dotenv-'));
    try {
        const cli = spawn(process.execPath, [kCli, 'env', 'export', 'staging/app', '-o', '.env'], {
            cwd: home,
            env: {
                PATH: process.env.PATH,
                HOME: home,
                XDG_CONFIG_HOME: home,
                ASS_API_URL: `http://127.0.0.1:${server.address().port}`,
                ASS_API_KEY: 'no-real-key',
            },
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        const messages = [];
        cli.stderr.on('data', (chunk) => messages.push(chunk));
        const [code] = await once(cli, 'close');
        assert.equal(code, 0, Buffer.concat(messages).toString());
        return fs.readFileSync(path.join(home, '.env'), 'utf8');
    } finally {
        fs.rmSync(home, { recursive: true });
        server.close();
    }
}

const kAwkwardValues = [
    ...['"', "'", '`', '\\', '\\\\', '\\"', '"\\', '\\n', '\\\\n', '\\'.repeat(7), '#', '=', ' '],
    ...['\n', '\r', '\r\n', '\n\r', '\n\n', 'a\n', ' a ', '\ta', 'a\t', ' # b', 'a#b', 'a # b'],
    ...['# a', '=a', 'a=b', ': a', '$A', '${A}', '"a"', "'a'", '`a`', '"a', "a'", 'export A=b'],
    ...['A=b\nC=d', '\nA=b\n', '\u2028', 'a\u2029b', '\ufeff', '\ufeffa', '\u00a0', '\u007f'],
    ...['\u0001\u001b[0m', 'schlüssel 鍵 🔑'],
    '-----BEGIN X-----\nabc/d+==\n-----END X-----\n',
    '-----BEGIN X-----\r\nabc/d+==\r\n-----END X-----\r\n',
    JSON.stringify({ a: 'b "c" \\ \n', d: ["it's", '`e`', '#f'] }, null, 2),
];

test('what the official CLI exports is read back as it was', { timeout: 60_000 }, async (t) => {
    t.diagnostic(`seed ${kSeed}`);
    const random = randomSource(kSeed);
    const pieces = [...kNoise, ...kSpaces];
    const values = [...kAwkwardValues];
    while (values.length < 1_000)
        values.push(several(random, 12, (r) => pick(r, pieces)).join('') || 'a');
    const named = new Map(values.map((value, i) => [`KEY_${i}`, value]));

    const text = await exported(named);
    const [answer] = await read([text]);

    assert.ok(answer.entries, `seed ${kSeed}, line ${answer.errorLine}`);
    assert.deepEqual(
        answer.entries.map(([key, value]) => [key, value]),
        [...named],
        `seed ${kSeed}`,
    );
});
