// The attacks of security.md §2 on user tokens, against the server and any of its issuers. Those on
// claims are signed with the issuer's true key, so that only what they say is refused.
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';

import { assert, describe, test } from './claim.mjs';
import { encode } from './forge.mjs';

const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
const now = () => Math.floor(Date.now() / 1000);
export const without = (object, name) =>
    Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

// The forms of a public key that confused verifiers take for an HMAC key.
export const publicForms = {
    PEM: (key) => key.export({ type: 'spki', format: 'pem' }),
    'PEM of PKCS #1': (key) => key.export({ type: 'pkcs1', format: 'pem' }),
    DER: (key) => key.export({ type: 'spki', format: 'der' }),
    'DER of PKCS #1': (key) => key.export({ type: 'pkcs1', format: 'der' }),
    n: (key) => Buffer.from(key.export({ format: 'jwk' }).n, 'base64url'),
    'n as text': (key) => key.export({ format: 'jwk' }).n,
    JWK: (key) => JSON.stringify(key.export({ format: 'jwk' })),
    nothing: () => '',
};

export const headerAdditions = {
    jwk: { kty: 'oct', k: 'AAAA' },
    jku: 'https://evil.example/jwks.json',
    x5u: 'https://evil.example/cert.pem',
    x5c: ['MIIB'],
    x5t: 'AAAA',
    'x5t#S256': 'AAAA',
    crit: ['exp'],
    b64: false,
    zip: 'DEF',
    cty: 'JWT',
    enc: 'A256GCM',
    apu: 'x',
    unknown: 1,
};

export const strangeKids = {
    'a path': '../../../../dev/null',
    'an absolute path': '/dev/null',
    SQL: "x' union select 'key' --",
    'a NUL': 'k\u0000id',
    '10 KiB': 'k'.repeat(10_240),
    '65 characters': 'k'.repeat(65),
    nothing: '',
    'a URL': 'https://evil.example/key',
    'a shell command': '$(id)',
    'a template': '${kid}',
    'a number': 7,
    null: null,
    'a list': ['k'],
    'an object': { k: 1 },
    'non-ASCII text': 'kïd',
};

// `target()` gives, once the tests run: `forge` with the issuer's true key, `person` { header,
// claims } of a token that is taken, `request(token)`, and `refusal`, the bytes of the one 401.
// `required`: the claims that this issuer's tokens must have.
export function attackUserTokens(target, { required = ['exp', 'iat'] } = {}) {
    // Each of these is a token that must be refused like any other.
    function refused(what, makeToken) {
        test(`${what} is refused`, async () => {
            const answer = await target().request(await makeToken(target()));
            // What is longer than a header may be is nginx's to refuse.
            if (answer.status === 431 || answer.status === 400) return;
            answer.expect(401, 'UNAUTHORIZED');
            assert.equal(answer.text, target().refusal);
        });
    }

    test('the forger makes a user token that the server takes: its lies are what is refused', async () => {
        const { forge, person, request } = target();
        (await request(forge.rs256(person.header, person.claims))).expect(200);
    });

    test('and jose itself takes it, too', async () => {
        const { forge, person, request } = target();
        const token = await new SignJWT(person.claims)
            .setProtectedHeader(person.header)
            .sign(forge.issuerKey);
        (await request(token)).expect(200);
    });

    describe('an algorithm', () => attackAlgorithm(refused));
    describe('a header', () => attackHeader(refused));
    describe('a signature', () => attackSignature(refused));
    describe('a claim', () => attackClaims(refused, target, required));
}

function attackAlgorithm(refused) {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
        refused(
            `'${alg}' without a signature`,
            ({ person }) => `${encode({ ...person.header, alg })}.${encode(person.claims)}.`,
        );
    }
    refused('none as the emulator of Firebase writes it', ({ person }) => {
        const claims = { ...person.claims, firebase: { sign_in_provider: 'custom' } };
        return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
    });
    for (const [form, key] of Object.entries(publicForms)) {
        refused(`HS256 with the issuer's public key as ${form}`, ({ forge, person }) =>
            forge.hs256(
                { ...person.header, alg: 'HS256' },
                person.claims,
                key(forge.issuerPublicKey),
            ),
        );
    }
    refused("RS256 with a stranger's key under the issuer's kid", ({ forge, person }) =>
        forge.rs256(person.header, person.claims, attacker.privateKey),
    );
    for (const [alg, digest] of [
        ['RS384', 'RSA-SHA384'],
        ['RS512', 'RSA-SHA512'],
    ]) {
        refused(`${alg} with the issuer's key`, ({ forge, person }) =>
            forge.rs256({ ...person.header, alg }, person.claims, forge.issuerKey, digest),
        );
    }
    refused("PS256 with the issuer's key", ({ forge, person }) => {
        const input = `${encode({ ...person.header, alg: 'PS256' })}.${encode(person.claims)}`;
        const signature = sign('sha256', Buffer.from(input), {
            key: forge.issuerKey,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: 32,
        });
        return `${input}.${signature.toString('base64url')}`;
    });
    for (const [alg, curve] of [
        ['ES256', 'P-256'],
        ['ES384', 'P-384'],
    ]) {
        refused(`${alg} with a key of its own`, ({ person }) => {
            const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
            return new SignJWT(person.claims)
                .setProtectedHeader({ ...person.header, alg })
                .sign(privateKey);
        });
    }
    refused('EdDSA with a key of its own', ({ person }) => {
        const { privateKey } = generateKeyPairSync('ed25519');
        return new SignJWT(person.claims)
            .setProtectedHeader({ ...person.header, alg: 'EdDSA' })
            .sign(privateKey);
    });
}

function attackHeader(refused) {
    for (const [name, value] of Object.entries(headerAdditions)) {
        refused(`with ${name}`, ({ forge, person }) =>
            forge.rs256({ ...person.header, [name]: value }, person.claims),
        );
    }
    refused("with a stranger's key in jwk, signed by it", async ({ forge, person }) => {
        const jwk = await exportJWK(attacker.publicKey);
        return forge.rs256({ ...person.header, jwk }, person.claims, attacker.privateKey);
    });
    refused("with a stranger's key in jwk and no kid", async ({ forge, person }) => {
        const jwk = await exportJWK(attacker.publicKey);
        const header = { alg: 'RS256', typ: 'JWT', jwk };
        return forge.rs256(header, person.claims, attacker.privateKey);
    });
    for (const [what, kid] of Object.entries(strangeKids)) {
        refused(`with a kid of ${what}`, ({ forge, person }) =>
            forge.rs256({ ...person.header, kid }, person.claims),
        );
    }
    refused('without a kid', ({ forge, person }) =>
        forge.rs256(without(person.header, 'kid'), person.claims),
    );
    for (const typ of ['at+jwt', 'ass-scoped+jwt', 'logout+jwt', 7]) {
        refused(`with the type ${JSON.stringify(typ)}`, ({ forge, person }) =>
            forge.rs256({ ...person.header, typ }, person.claims),
        );
    }
}

function attackSignature(refused) {
    const parts = ({ forge, person }) => forge.rs256(person.header, person.claims).split('.');
    const withSignature = (change) => (target) => {
        const [header, payload, signature] = parts(target);
        return `${header}.${payload}.${change(Buffer.from(signature, 'base64url'))}`;
    };
    refused(
        'that is stripped',
        withSignature(() => ''),
    );
    refused(
        'that is cut by a byte',
        withSignature((bytes) => bytes.subarray(0, -1).toString('base64url')),
    );
    refused(
        'that is longer by a byte',
        withSignature((bytes) => Buffer.concat([bytes, Buffer.from([0])]).toString('base64url')),
    );
    refused(
        'of zeros',
        withSignature((bytes) => Buffer.alloc(bytes.length).toString('base64url')),
    );
    for (const bit of [0, 7, 1000, 2047]) {
        refused(
            `with bit ${bit} flipped`,
            withSignature((bytes) => {
                bytes[bit >> 3] ^= 1 << (bit & 7);
                return bytes.toString('base64url');
            }),
        );
    }
    refused('of another token', (target) => {
        const { forge, person } = target;
        const other = forge.rs256(person.header, { ...person.claims, sub: 'another' });
        return [...parts(target).slice(0, 2), other.split('.')[2]].join('.');
    });
    refused('with padding', (target) => `${parts(target).join('.')}==`);
}

function attackClaims(refused, target, required) {
    const saying = (what, claims) =>
        refused(what, ({ forge, person }) =>
            forge.rs256(person.header, { ...person.claims, ...claims(person.claims) }),
        );
    const lacking = (name) =>
        refused(`${name} that is missing`, ({ forge, person }) =>
            forge.rs256(person.header, without(person.claims, name)),
        );
    for (const name of ['exp', 'iat']) {
        for (const [what, value] of [
            ['a string', '1900000000'],
            ['a float', 1900000000.5],
            ['negative', -1],
            ['1e300', 1e300],
            ['null', null],
        ]) {
            saying(`${name} that is ${what}`, () => ({ [name]: value }));
        }
    }
    for (const name of [...required, 'iss', 'aud', 'sub']) lacking(name);
    saying('exp a minute ago', () => ({ exp: now() - 60 }));
    for (const name of ['iat', 'auth_time', 'nbf']) {
        saying(`${name} a minute in the future`, () => ({ [name]: now() + 60 }));
        saying(`${name} that is text`, () => ({ [name]: 'now' }));
    }
    saying('iss with a slash', ({ iss }) => ({ iss: `${iss}/` }));
    saying('iss in capitals', ({ iss }) => ({ iss: iss.toUpperCase() }));
    saying('iss of another', () => ({ iss: 'https://securetoken.google.com/other-project' }));
    saying('iss by http', ({ iss }) => ({ iss: `http://${iss.replace(/^https:\/\//, '')}` }));
    saying('iss that is a list', ({ iss }) => ({ iss: [iss] }));
    saying('aud that is a list', ({ aud }) => ({ aud: [aud] }));
    saying('aud that is a list of two', ({ aud }) => ({ aud: [aud, 'other'] }));
    saying('aud of another project', () => ({ aud: 'other-project' }));
    for (const sub of ['', 'x'.repeat(129), 7, null, ['x']]) {
        saying(`sub of ${JSON.stringify(sub).slice(0, 30)}`, () => ({ sub }));
    }
    refused('that stands twice', ({ forge, person }) =>
        forge.rs256(person.header, JSON.stringify(person.claims).replace('{', '{"sub":"someone",')),
    );
    saying('that makes it 8 KiB', () => ({ filler: 'x'.repeat(8000) }));
    refused('with 1,000 levels', ({ forge, person }) =>
        forge.rs256(person.header, `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`),
    );
    test('exp within the skew of 30 s is still taken', async () => {
        const { forge, person, request } = target();
        const token = forge.rs256(person.header, { ...person.claims, exp: now() - 5 });
        (await request(token)).expect(200);
    });
}
