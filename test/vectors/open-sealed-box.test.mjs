// The independent opener opens every vector and refuses every spoilt one, each with the failure
// that the vector names; and it finds its way from a root key file to a value.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
    BoxError,
    deriveBox,
    encodeContext,
    idBytes,
    openBox,
    openValue,
    parseRootKeyFile,
    rootBoxKey,
    unpad,
} from './open-sealed-box.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const committed = readFileSync(here('sealed_box.json'), 'utf8');
const { vectors } = JSON.parse(committed);

// security.md §1.1, word for word.
const KAT1 =
    '0101a0a1a2a3a4a5a6a7a8a9aaabacadaeaf404142434445464748494a4b4c4d4e4f' +
    '505152535455565758595a5b5c5d5e5f' +
    '9d23af024fa0aa34e5811de774e6efd7adc1598205b7c4cf25187e910be22070' +
    'cd4f4af59a680e34fa71428d73f3773040e23437cb3b98d75a6cc1522690e4bf28448bcb8ccdc5451a2efab178a7' +
    '58d78cbb81da0bde120e2317de5bd4fa7572bfc3cf6ade37196dc89d19addc7f663d';

const sourceOf = ({ key_id, key_source, key }) => ({
    keyId: idBytes(key_id),
    [key_source === 'root' ? 'rootKey' : 'key']: Buffer.from(key, 'hex'),
});
const open = (vector) => openBox(sourceOf(vector), vector.context, Buffer.from(vector.box, 'hex'));
const refusedAs = (failure) => (error) => error instanceof BoxError && error.failure === failure;

test('the committed vectors are what the generator writes', () => {
    const made = spawnSync(process.execPath, [here('make-sealed-box-vectors.mjs')], {
        encoding: 'utf8',
    });

    assert.equal(made.status, 0, made.stderr);
    assert.equal(made.stdout, committed);
});

test('KAT-1 is the box of the specification', () => assert.equal(vectors[0].box, KAT1));

test('there are at least 20 vectors of each sort', () => {
    const spoilt = vectors.filter((vector) => vector.failure);

    assert.ok(spoilt.length >= 20);
    assert.ok(vectors.length - spoilt.length >= 20);
});

for (const vector of vectors.filter(({ failure }) => !failure))
    test(`opens: ${vector.name}`, () =>
        assert.equal(open(vector).toString('hex'), vector.plaintext));

for (const vector of vectors.filter(({ failure }) => failure))
    test(`refuses: ${vector.name}`, () =>
        assert.throws(() => open(vector), refusedAs(vector.failure)));

for (const [name, padded] of [
    ['no length', ''],
    ['a length beyond the end', '0000003d'.padEnd(128, '0')],
    ['a length of 2^32-1', 'ffffffff'.padEnd(128, '0')],
    ['a block more than needed', '00000001aa'.padEnd(256, '0')],
    ['no multiple of 64', '00000001aa'.padEnd(126, '0')],
    ['a byte in the padding', `00000001aa${'0'.repeat(116)}01`],
])
    test(`refuses a padding with ${name}`, () =>
        assert.throws(() => unpad(Buffer.from(padded, 'hex')), refusedAs('IntegrityFailure')));

test('a padding of exactly one block holds 60 bytes', () =>
    assert.equal(unpad(Buffer.from('0000003c'.padEnd(128, 'a'), 'hex')).length, 60));

// ---- from a root key file to a value ----------------------------------------------------------

const ROOT_FILE =
    'secretstore-root-key v1\nid: 000102030405060708090a0b0c0d0e0f\n' +
    'key: AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA\nepoch: 1\n';
const ID = (byte) => Buffer.alloc(16, byte).toString('hex');

function seal(source, context, plaintext) {
    const header = Buffer.concat([Buffer.from([1, 1]), source.keyId, Buffer.alloc(32, 0x5a)]);
    const encoded = encodeContext(context);
    const key = source.rootKey ? rootBoxKey(source.rootKey, header, encoded) : source.key;
    const derived = deriveBox(key, header, encoded);
    const gcm = createCipheriv('aes-256-gcm', derived.key, derived.nonce);
    gcm.setAAD(Buffer.concat([header, derived.commitment, encoded]));
    const body = Buffer.concat([gcm.update(plaintext), gcm.final(), gcm.getAuthTag()]);
    return Buffer.concat([header, derived.commitment, body]).toString('hex');
}

function row() {
    const kek = Buffer.alloc(32, 0x11);
    const dek = Buffer.alloc(32, 0x22);
    const address = { tenant: ID(1), secret: ID(2), namespace: 'a/b', key: 'K', version: 3 };
    const under = { tenant: ID(1), child_key: ID(4), generation: 2 };
    const label = '01000000000000002a';
    const padded = Buffer.alloc(64);
    padded.write('\0\0\0\x05value', 'latin1');
    const ofKek = { keyId: idBytes(ID(4)), key: kek };
    return {
        ...address,
        kek_id: ID(4),
        generation: 2,
        tier: 'sensitive',
        expires_at_us: 42,
        kek_box: seal(parseRootKeyFile(ROOT_FILE), { purpose: 'kek', ...under }, kek),
        dek_box: seal(ofKek, { purpose: 'dek', ...address, child_key: ID(4), label }, dek),
        value_box: seal(
            { keyId: Buffer.alloc(16), key: dek },
            { purpose: 'value', ...address },
            padded,
        ),
    };
}

test('a value is found from the root key and its row', () =>
    assert.equal(openValue(parseRootKeyFile(ROOT_FILE), row()).toString(), 'value'));

for (const [name, change] of [
    ['a lower tier', { tier: 0 }],
    ['no expiry', { expires_at_us: null }],
    ['another version', { version: 4 }],
    ['another generation', { generation: 3 }],
    ['another tenant', { tenant: ID(9) }],
])
    test(`a row with ${name} does not open`, () =>
        assert.throws(
            () => openValue(parseRootKeyFile(ROOT_FILE), { ...row(), ...change }),
            refusedAs('IntegrityFailure'),
        ));

test('a root key file with another line is refused', () =>
    assert.throws(() => parseRootKeyFile(`${ROOT_FILE}\n`)));

test('the program prints the value and nothing else', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sealed-box-'));
    t.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'root.key'), ROOT_FILE, { mode: 0o400 });

    const run = spawnSync(
        process.execPath,
        [here('open-sealed-box.mjs'), join(directory, 'root.key')],
        { input: JSON.stringify(row()), encoding: 'utf8' },
    );

    assert.equal(run.stdout, 'value');
    assert.equal(run.status, 0);
});

test('without arguments the program says how it is used', () => {
    const run = spawnSync(process.execPath, [here('open-sealed-box.mjs')], { encoding: 'utf8' });

    assert.equal(run.status, 64);
    assert.match(run.stderr, /ROOT_KEY_FILE/);
});
