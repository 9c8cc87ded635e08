// Signs tokens as the server does, with the server's own keys, and then lies in them: the root key
// file and the database of the test's stack give the keys, opened by the independent opener. Only
// so is a refused claim refused for what it says and not for its signature.
import { createHmac, createPrivateKey, createPublicKey, createSign } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { openBox, parseRootKeyFile } from '../vectors/open-sealed-box.mjs';

export const encode = (value) =>
    Buffer.from(
        typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
    ).toString('base64url');
export const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

export class Forge {
    static async of(stack) {
        const root = parseRootKeyFile(fs.readFileSync(path.join(stack.state, 'root.key'), 'utf8'));
        const rows = await stack.rows(
            `select key_id, purpose, generation, encode(box, 'hex') as box
             from store.service_keys where state = 'active'`,
        );
        const open = (purpose) => {
            const row = rows.find((one) => one.purpose === purpose);
            const context = {
                purpose: 'svc',
                child_key: row.key_id,
                label: Buffer.from(purpose).toString('hex'),
                generation: row.generation,
            };
            return openBox(root, context, Buffer.from(row.box, 'hex'));
        };
        const issuer = rows.find((one) => one.purpose === 'local-issuer');
        return new Forge(
            open('token-signing'),
            open('local-issuer'),
            issuer.key_id.replaceAll('-', ''),
        );
    }

    constructor(hmacKey, issuerKey, issuerKid) {
        this.issuerKid = issuerKid;
        this.hmacKey = hmacKey;
        this.issuerKey = createPrivateKey({ key: issuerKey, format: 'der', type: 'pkcs8' });
        this.issuerPublicKey = createPublicKey(this.issuerKey);
    }

    hs256(header, payload, key = this.hmacKey, digest = 'sha256') {
        const input = `${encode(header)}.${encode(payload)}`;
        return `${input}.${createHmac(digest, key).update(input).digest('base64url')}`;
    }

    // An ID token of the local issuer, as `secretstorectl user token` signs it, for anybody.
    idToken(email, claims = {}) {
        const now = Math.floor(Date.now() / 1000);
        return this.rs256(
            { alg: 'RS256', typ: 'JWT', kid: this.issuerKid },
            {
                iss: 'urn:secretstore:local',
                aud: 'secretstore',
                sub: email,
                email,
                email_verified: true,
                iat: now,
                auth_time: now,
                exp: now + 3600,
                ...claims,
            },
        );
    }

    rs256(header, payload, key = this.issuerKey, digest = 'RSA-SHA256') {
        const input = `${encode(header)}.${encode(payload)}`;
        return `${input}.${createSign(digest).update(input).sign(key, 'base64url')}`;
    }
}

// Header and claims of a token, as objects.
export function partsOf(token) {
    const [header, payload] = token.split('.');
    return { header: decode(header), claims: decode(payload) };
}
