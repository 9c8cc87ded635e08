// Seals a box v1 with Node's crypto alone: for vectors, and for rows that a test makes by the
// thousand. The other direction is open-sealed-box.mjs.
import { createCipheriv } from 'node:crypto';
import { deriveBox, encodeContext, idBytes, rootBoxKey } from './open-sealed-box.mjs';

// Everything as hex text; `key_source` is 'root' where `key` is a root key. Gives the box as hex.
export function sealBox({ key, key_id, key_source, context, salt, plaintext }) {
    const header = Buffer.concat([Buffer.from([1, 1]), idBytes(key_id), Buffer.from(salt, 'hex')]);
    const encoded = encodeContext(context);
    const raw = Buffer.from(key, 'hex');
    const boxKey = key_source === 'root' ? rootBoxKey(raw, header, encoded) : raw;
    const derived = deriveBox(boxKey, header, encoded);
    const gcm = createCipheriv('aes-256-gcm', derived.key, derived.nonce);
    gcm.setAAD(Buffer.concat([header, derived.commitment, encoded]));
    const body = Buffer.concat([gcm.update(Buffer.from(plaintext, 'hex')), gcm.final()]);
    return Buffer.concat([header, derived.commitment, body, gcm.getAuthTag()]).toString('hex');
}
