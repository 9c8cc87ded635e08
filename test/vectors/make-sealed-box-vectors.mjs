#!/usr/bin/env node
// Writes the vectors of sealed box v1 to standard output; sealed_box.json here is what it wrote.
// Sealing is done with Node's crypto alone. Every salt and key comes from the vector's name, so
// the same file comes out each time. A vector with "failure" must not open, with that error.
import { createHash } from 'node:crypto';
import { encodeContext } from './open-sealed-box.mjs';
import { sealBox } from './seal-box.mjs';

const hash = (text) => createHash('sha256').update(text).digest();
const counted = (first, size) => Buffer.from(Array.from({ length: size }, (_, i) => first + i));
const uuid = (bytes) =>
    bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const named = (text) => uuid(hash(text).subarray(0, 16));

const TENANT = named('tenant');
const SECRET = named('secret');
const KEK = named('kek');
const ROOT = named('root');
const NIL = uuid(Buffer.alloc(16));
const KEY = hash('key').toString('hex');

const CONTEXTS = {
    value: {
        purpose: 'value',
        tenant: TENANT,
        secret: SECRET,
        namespace: 'production/gemini',
        key: 'GEMINI_API_KEY',
        version: 7,
    },
    dek: {
        purpose: 'dek',
        tenant: TENANT,
        secret: SECRET,
        namespace: 'production/gemini',
        key: 'GEMINI_API_KEY',
        version: 7,
        child_key: KEK,
        label: '020006534e1f8a2000',
    },
    kek: { purpose: 'kek', tenant: TENANT, child_key: KEK, generation: 3 },
    svc: {
        purpose: 'svc',
        child_key: named('service key'),
        label: Buffer.from('token-signing').toString('hex'),
        generation: 1,
    },
};

function vector(name, context, plaintext, more = {}) {
    const out = {
        name,
        key_source: 'plain',
        key: KEY,
        key_id: KEK,
        context,
        salt: hash(name).toString('hex'),
        plaintext: plaintext.toString('hex'),
        ...more,
    };
    return { ...out, box: sealBox(out) };
}

const bytes = (size) => Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + size) & 0xff));
const FROM_ROOT = { key_source: 'root', key_id: ROOT, key: hash('root key').toString('hex') };

function kat1() {
    const value = Buffer.from('gemini-api-key-example');
    const padded = Buffer.alloc(64);
    padded.writeUInt32BE(value.length);
    value.copy(padded, 4);
    const context = {
        purpose: 'value',
        tenant: uuid(counted(0x10, 16)),
        secret: uuid(counted(0x20, 16)),
        namespace: 'production/gemini',
        key: 'GEMINI_API_KEY',
        version: 1,
    };
    return vector('KAT-1', context, padded, {
        key: counted(0x00, 32).toString('hex'),
        key_id: uuid(counted(0xa0, 16)),
        salt: counted(0x40, 32).toString('hex'),
    });
}

function positive() {
    const { value, dek, kek, svc } = CONTEXTS;
    const sizes = [0, 1, 15, 16, 17, 63, 64, 65, 128, 1000];
    const { secret, ...withoutSecret } = value;
    const all = { ...dek, generation: 9 };
    const longest = { namespace: 'n'.repeat(383), key: 'k'.repeat(128) };
    return [
        kat1(),
        ...sizes.map((size) =>
            vector(`value of ${size} bytes`, value, bytes(size), { key_id: NIL }),
        ),
        vector('dek under a KEK', dek, bytes(32)),
        vector('dek that never expires', { ...dek, label: '000000000000000000' }, bytes(32)),
        vector('kek under the root key', kek, bytes(32), FROM_ROOT),
        vector('svc under the root key', svc, bytes(32), FROM_ROOT),
        vector('svc with a long key', svc, bytes(1217), FROM_ROOT),
        vector('every field', all, bytes(5)),
        vector('purpose only', { purpose: 'value' }, bytes(5)),
        vector('one field left out', withoutSecret, bytes(5)),
        vector('empty text fields', { ...value, namespace: '', key: '', version: 0 }, bytes(5)),
        vector('empty label', { ...svc, label: '' }, bytes(5)),
        vector('large numbers', { ...all, version: 2 ** 53 - 1, generation: 2 ** 32 }, bytes(5)),
        vector('key and key id of zeros', value, bytes(5), { key: '00'.repeat(32), key_id: NIL }),
        vector('longest path', { ...value, ...longest }, bytes(5)),
    ];
}

const flipped = (box, at) => {
    const out = Buffer.from(box, 'hex');
    out[at < 0 ? out.length + at : at] ^= 1;
    return out.toString('hex');
};

// A good vector, spoilt. `change` gives the members that differ.
function spoilt(name, good, change, failure = 'IntegrityFailure') {
    const { salt, plaintext, ...rest } = good;
    return { ...rest, name, ...change, failure };
}

function negative() {
    const good = vector('spoilt', { ...CONTEXTS.dek, generation: 4 }, bytes(32));
    const root = vector('spoilt root', CONTEXTS.kek, bytes(32), FROM_ROOT);
    const context = (name, other) => ({ context: { ...good.context, [name]: other } });
    const { label, ...withoutLabel } = good.context;
    const { namespace, key } = good.context;
    const shifted = { namespace: `${namespace}/${key}`, key: '' };
    const at = (offset) => ({ box: flipped(good.box, offset) });
    return [
        spoilt('format flipped', good, at(0)),
        spoilt('suite flipped', good, at(1)),
        spoilt('key id flipped', good, at(2), 'KekUnavailable'),
        spoilt('another key id is loaded', good, { key_id: named('other') }, 'KekUnavailable'),
        spoilt('salt flipped', good, at(18)),
        spoilt('last byte of the salt flipped', good, at(49)),
        spoilt('commitment flipped', good, at(50)),
        spoilt('last byte of the commitment flipped', good, at(81)),
        spoilt('ciphertext flipped', good, at(82)),
        spoilt('tag flipped', good, at(-16)),
        spoilt('last byte of the tag flipped', good, at(-1)),
        spoilt('one byte short', good, { box: good.box.slice(0, -2) }),
        spoilt('one byte more', good, { box: `${good.box}00` }),
        spoilt('shorter than a box', good, { box: good.box.slice(0, 97 * 2) }),
        spoilt('header only', good, { box: good.box.slice(0, 50 * 2) }),
        spoilt('empty', good, { box: '' }),
        spoilt('wrong key', good, { key: hash('other').toString('hex') }),
        spoilt('wrong root key', root, { key: hash('other').toString('hex') }),
        spoilt('root key used as it is', root, { key_source: 'plain' }),
        spoilt('other purpose', good, context('purpose', 'kek')),
        spoilt('other tenant', good, context('tenant', named('other'))),
        spoilt('other secret', good, context('secret', named('other'))),
        spoilt('other namespace', good, context('namespace', 'production/gemin1')),
        spoilt('other key', good, context('key', 'GEMINI_API_KEY2')),
        spoilt('other version', good, context('version', 8)),
        spoilt('other child key', good, context('child_key', named('other'))),
        spoilt('lower tier', good, context('label', '000006534e1f8a2000')),
        spoilt('later expiry', good, context('label', '0200ffffffffffffff')),
        spoilt('other generation', good, context('generation', 5)),
        spoilt('label left out', good, { context: withoutLabel }),
        spoilt('a field more', root, { context: { ...root.context, version: 0 } }),
        spoilt('border of namespace and key moved', good, {
            context: { ...good.context, ...shifted },
        }),
        spoilt('tenant and secret exchanged', good, {
            context: { ...good.context, tenant: SECRET, secret: TENANT },
        }),
    ];
}

const vectors = [...positive(), ...negative()];
process.stdout.write(`${JSON.stringify({ format: 'sealed box v1', vectors }, null, 1)}\n`);
