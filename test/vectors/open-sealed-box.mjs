#!/usr/bin/env node
// Sealed box v1, opened by a second implementation that shares nothing with core/crypto but the
// specification (core/README.md, "Sealed box v1"). It is also the tool for the day on which only a
// database dump and the root key file are left: run it without arguments for its use.
import { createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const USAGE = `use: open-sealed-box.mjs ROOT_KEY_FILE < ROW.json > VALUE

Opens one secret version. ROW.json is one JSON object as this query prints it (psql -At):

  select json_build_object(
    'tenant', k.tenant_id, 'kek_id', k.kek_id, 'generation', k.generation,
    'kek_box', encode(k.box, 'hex'), 'secret', s.secret_id, 'namespace', s.namespace,
    'key', s.key, 'version', v.version, 'tier', v.access_tier,
    'expires_at_us', (extract(epoch from v.expires_at) * 1000000)::bigint::text,
    'dek_box', encode(v.dek_box, 'hex'), 'value_box', encode(v.value_box, 'hex'))
  from store.secret_versions v
  join store.secrets s using (tenant_id, secret_id)
  join store.tenant_keys k using (tenant_id, kek_id)
  where s.namespace = 'production' and s.key = 'EXAMPLE' order by v.version desc limit 1
`;

const HEADER_SIZE = 50;
const COMMITMENT_SIZE = 32;
const OVERHEAD = 98;

// `failure` is the error class of core/crypto: IntegrityFailure or KekUnavailable.
export class BoxError extends Error {
    constructor(failure, message) {
        super(message);
        this.failure = failure;
    }
}

const be32 = (number) => {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(number);
    return out;
};
const be64 = (number) => {
    if (typeof number === 'number' && !Number.isSafeInteger(number))
        throw new RangeError('write numbers beyond 2^53 as strings');
    const out = Buffer.alloc(8);
    out.writeBigUInt64BE(BigInt(number));
    return out;
};
const hex = (text) => {
    if (!/^([0-9a-f]{2})*$/i.test(text)) throw new BoxError('IntegrityFailure', 'not hex');
    return Buffer.from(text, 'hex');
};
// An id as UUID text or as 32 hex digits.
export const idBytes = (text) => {
    const out = hex(text.replaceAll('-', ''));
    if (out.length !== 16) throw new RangeError('an id has 16 bytes');
    return out;
};
const utf8 = (text) => Buffer.from(text, 'utf8');

// Members of a context in the order of their tags, and how each is encoded.
const FIELDS = [
    ['purpose', utf8],
    ['tenant', idBytes],
    ['secret', idBytes],
    ['namespace', utf8],
    ['key', utf8],
    ['version', be64],
    ['child_key', idBytes],
    ['label', hex],
    ['generation', be64],
];

export function encodeContext(context) {
    const parts = [utf8('ASSCTX1')];
    FIELDS.forEach(([name, encode], index) => {
        if (context[name] === undefined) return;
        const bytes = encode(context[name]);
        parts.push(Buffer.from([index + 1]), be32(bytes.length), bytes);
    });
    return Buffer.concat(parts);
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

// The key of one box under a root key, which is never used but as an HMAC key.
export const rootBoxKey = (rootKey, header, context) =>
    createHmac('sha256', rootKey)
        .update('ass/v1/rk\0')
        .update(header)
        .update(sha256(context))
        .digest();

export function deriveBox(key, header, context) {
    const info = Buffer.concat([utf8('ass/v1/box\0'), sha256(Buffer.concat([header, context]))]);
    const okm = Buffer.from(hkdfSync('sha256', key, header.subarray(18), info, 76));
    return { key: okm.subarray(0, 32), nonce: okm.subarray(32, 44), commitment: okm.subarray(44) };
}

// `source` is {keyId, key} for a key that is used as it is, or {keyId, rootKey}.
export function openBox(source, context, box) {
    if (box.length < OVERHEAD || box[0] !== 1 || box[1] !== 1)
        throw new BoxError('IntegrityFailure', 'not a sealed box v1');
    const header = box.subarray(0, HEADER_SIZE);
    if (!header.subarray(2, 18).equals(source.keyId))
        throw new BoxError('KekUnavailable', 'the box names another key');
    const encoded = encodeContext(context);
    const key = source.rootKey ? rootBoxKey(source.rootKey, header, encoded) : source.key;
    const derived = deriveBox(key, header, encoded);
    const commitment = box.subarray(HEADER_SIZE, HEADER_SIZE + COMMITMENT_SIZE);
    if (!timingSafeEqual(commitment, derived.commitment))
        throw new BoxError('IntegrityFailure', 'the commitment differs');
    const gcm = createDecipheriv('aes-256-gcm', derived.key, derived.nonce, { authTagLength: 16 });
    gcm.setAAD(Buffer.concat([header, commitment, encoded]));
    gcm.setAuthTag(box.subarray(box.length - 16));
    try {
        const body = box.subarray(HEADER_SIZE + COMMITMENT_SIZE, box.length - 16);
        return Buffer.concat([gcm.update(body), gcm.final()]);
    } catch {
        throw new BoxError('IntegrityFailure', 'the tag differs');
    }
}

// length(4, BE) || value || zeros to a multiple of 64, and nothing else.
export function unpad(padded) {
    const size = padded.length < 4 ? -1 : padded.readUInt32BE();
    const exact = size >= 0 && padded.length === Math.ceil((size + 4) / 64) * 64;
    if (!exact || padded.subarray(4 + size).some((byte) => byte !== 0))
        throw new BoxError('IntegrityFailure', 'the padding is wrong');
    return padded.subarray(4, 4 + size);
}

export function parseRootKeyFile(text) {
    const form = new RegExp(
        '^secretstore-root-key v1\\nid: ([0-9a-fA-F]{32})\\nkey: ([A-Za-z0-9_-]{43})\\n' +
            'epoch: [1-9][0-9]{0,9}\\n$',
    );
    const match = form.exec(text);
    if (!match) throw new Error('this is no root key file');
    return { keyId: idBytes(match[1]), rootKey: Buffer.from(match[2], 'base64url') };
}

const TIERS = ['standard', 'sensitive', 'critical'];

// Root key → KEK → DEK → value.
export function openValue(root, row) {
    const { tenant, secret, namespace, key, version } = row;
    const kekContext = {
        purpose: 'kek',
        tenant,
        child_key: row.kek_id,
        generation: row.generation,
    };
    const kek = openBox(root, kekContext, hex(row.kek_box));
    const tier = TIERS.includes(row.tier) ? TIERS.indexOf(row.tier) : row.tier;
    const label = Buffer.concat([Buffer.from([tier]), be64(row.expires_at_us ?? 0)]);
    const address = { tenant, secret, namespace, key, version };
    const dekContext = {
        purpose: 'dek',
        ...address,
        child_key: row.kek_id,
        label: label.toString('hex'),
    };
    const dek = openBox({ keyId: idBytes(row.kek_id), key: kek }, dekContext, hex(row.dek_box));
    const valueKey = { keyId: Buffer.alloc(16), key: dek };
    return unpad(openBox(valueKey, { purpose: 'value', ...address }, hex(row.value_box)));
}

function main() {
    if (process.argv.length !== 3 || process.argv[2].startsWith('-')) {
        process.stderr.write(USAGE);
        process.exit(64);
    }
    try {
        const root = parseRootKeyFile(readFileSync(process.argv[2], 'utf8'));
        process.stdout.write(openValue(root, JSON.parse(readFileSync(0, 'utf8'))));
    } catch (error) {
        process.stderr.write(`open-sealed-box: ${error.message}\n`);
        process.exit(1);
    }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
