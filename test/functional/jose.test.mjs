// The attacks on tokens that security.md §2 lists, against the running server. Those on claims are
// signed with the server's true keys: see forge.mjs.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { CompactSign, SignJWT } from 'jose';

import { assert, before, describe, test } from './claim.mjs';
import { encode, Forge, partsOf } from './forge.mjs';
import { Stack } from './stack.mjs';
import {
    attackUserTokens,
    headerAdditions,
    publicForms,
    strangeKids,
    without,
} from './user-token-attacks.mjs';

const stack = Stack.shared();
const http = stack.client;
const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
// Keys that a token may carry along, and what signs with them.
const strangers = {
    oct: {
        jwk: { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') },
        sign: (header, claims) => forge.hs256(header, claims, Buffer.alloc(32, 7)),
    },
    RSA: {
        jwk: attacker.publicKey.export({ format: 'jwk' }),
        sign: (header, claims) =>
            forge.rs256({ ...header, alg: 'RS256' }, claims, attacker.privateKey),
    },
};

let tenant;
let agent;
let forge;
let scoped; // { header, claims } of a true scoped token
let person; // of a true user token
let trueToken;
let refusal; // the bytes of the one 401

const readWith = (token) => http.get('/v1/secrets/jose/KEY', { token });
const listAgentsWith = (token) => http.get('/v1/agents', { token });
const now = () => Math.floor(Date.now() / 1000);

before(async () => {
    tenant = await stack.newTenant();
    agent = await tenant.newAgent();
    await tenant.putSecret('jose/KEY', { value: 'a-guarded-value' });
    trueToken = await agent.newToken(['secrets:read:*']);
    forge = await Forge.of(stack);
    scoped = partsOf(trueToken);
    person = partsOf(tenant.userToken);
    refusal = (await readWith('nothing-that-was-ever-signed')).text;
});

// Each of these is a token that must be refused like any other.
function refused(what, makeToken, request = readWith) {
    test(`${what} is refused`, async () => {
        const answer = await request(await makeToken());
        // What is longer than a header may be is nginx's to refuse.
        if (answer.status === 431 || answer.status === 400) return;
        answer.expect(401, 'UNAUTHORIZED');
        assert.equal(answer.text, refusal);
    });
}

const asScoped = (claims, header = {}) =>
    forge.hs256({ ...scoped.header, ...header }, { ...scoped.claims, ...claims });

describe('the forger', () => {
    test('makes a scoped token that the server takes: its lies are what is refused', async () => {
        (await readWith(forge.hs256(scoped.header, scoped.claims))).expect(200);
    });

    test('and jose itself takes it, too', async () => {
        const hs = await new SignJWT(scoped.claims)
            .setProtectedHeader(scoped.header)
            .sign(forge.hmacKey);
        (await readWith(hs)).expect(200);
    });
});

describe('an algorithm', () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
        refused(
            `'${alg}' without a signature`,
            () => `${encode({ ...scoped.header, alg })}.${encode(scoped.claims)}.`,
        );
        refused(`'${alg}' with the true signature of another token`, () => {
            const signature = trueToken.split('.')[2];
            return `${encode({ ...scoped.header, alg })}.${encode(scoped.claims)}.${signature}`;
        });
    }

    for (const [form, key] of Object.entries(publicForms)) {
        refused(`HS256 for a scoped token with the issuer's kid and public key as ${form}`, () =>
            forge.hs256({ ...scoped.header, kid: person.header.kid }, scoped.claims, key(forge.issuerPublicKey)),
        );
    }

    for (const [alg, digest] of [
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
    ]) {
        refused(`${alg} with the true key`, () =>
            forge.hs256({ ...scoped.header, alg }, scoped.claims, forge.hmacKey, digest),
        );
        refused(`${alg} said, HS256 done`, () => asScoped({}, { alg }));
    }
    refused('hs256 in small letters', () => asScoped({}, { alg: 'hs256' }));
    refused('an algorithm that is a list', () => asScoped({}, { alg: ['HS256'] }));
    refused('no algorithm at all', () => forge.hs256(without(scoped.header, 'alg'), scoped.claims));
    refused("RS256 with a stranger's key under our kid", () =>
        forge.rs256({ ...scoped.header, alg: 'RS256' }, scoped.claims, attacker.privateKey),
    );
    refused("RS256 with the issuer's key under our kid", () =>
        forge.rs256({ ...scoped.header, alg: 'RS256' }, scoped.claims),
    );
    refused("RS256 with the issuer's key and a scoped token's claims", () =>
        forge.rs256(person.header, scoped.claims),
    );
    refused(
        "HS256 with the true key for a person's claims",
        () =>
            forge.hs256({ ...person.header, alg: 'HS256', kid: scoped.header.kid }, person.claims),
        listAgentsWith,
    );
});

describe('a header', () => {
    for (const [name, value] of Object.entries(headerAdditions)) {
        refused(`with ${name} on a scoped token`, () => asScoped({}, { [name]: value }));
    }
    for (const [what, kid] of Object.entries(strangeKids)) {
        refused(`with a kid of ${what}`, () => asScoped({}, { kid }));
        refused(`with a kid of ${what}, signed with the empty key`, () =>
            forge.hs256({ ...scoped.header, kid }, scoped.claims, ''),
        );
    }
    refused('without a kid', () => forge.hs256(without(scoped.header, 'kid'), scoped.claims));
    refused('with an unknown kid', () => asScoped({}, { kid: 'a-kid-of-nobody' }));
    refused('with the true kid in another case', () => {
        const { kid } = scoped.header;
        const other = kid === kid.toUpperCase() ? kid.toLowerCase() : kid.toUpperCase();
        return asScoped({}, { kid: other === kid ? `${kid}x` : other });
    });
    for (const typ of ['JWT', 'at+jwt', 'ASS-SCOPED+JWT', '', 7, undefined]) {
        refused(`with the type ${JSON.stringify(typ)} on a scoped token`, () =>
            asScoped({}, { typ }),
        );
    }
    for (const kty of ['oct', 'RSA']) {
        refused(`with a stranger's key in jwk of type ${kty}, signed by it`, () => {
            const { jwk, sign } = strangers[kty];
            return sign({ ...scoped.header, jwk }, scoped.claims);
        });
        refused(`with a stranger's key in jwk of type ${kty} and no kid`, () => {
            const { jwk, sign } = strangers[kty];
            return sign({ ...without(scoped.header, 'kid'), jwk }, scoped.claims);
        });
    }
    // The true header, and beside it what nests.
    const withLevels = (levels) =>
        JSON.stringify({ ...scoped.header, a: 0 }).replace(
            '"a":0',
            `"a":${'['.repeat(levels)}${']'.repeat(levels)}`,
        );
    // Within the 512 bytes of a header, so that it is not refused for its length.
    const withMostLevels = () => withLevels(Math.floor((512 - withLevels(0).length) / 2));
    const texts = {
        'a duplicate member': () =>
            `{"alg":"HS256","alg":"HS256","typ":"ass-scoped+jwt","kid":"${scoped.header.kid}"}`,
        'a duplicate member in disguise': () =>
            JSON.stringify(scoped.header).replace('{', '{"\\u0061lg":"none",'),
        'white space of 600 bytes': () =>
            `{"alg":"HS256",${' '.repeat(600)}"typ":"ass-scoped+jwt","kid":"${scoped.header.kid}"}`,
        'trailing bytes': () => `${JSON.stringify(scoped.header)}x`,
        'no JSON': () => 'header',
        'a list': () => '["HS256"]',
        nothing: () => '',
        'a NUL at its end': () => `${JSON.stringify(scoped.header)}\u0000`,
        'bad UTF-8': () =>
            Buffer.concat([
                Buffer.from(JSON.stringify(scoped.header).slice(0, -2)),
                Buffer.from([0xff, 0x22, 0x7d]),
            ]),
        'a byte order mark': () => `\ufeff${JSON.stringify(scoped.header)}`,
        'as many levels as its 512 bytes hold': withMostLevels,
        '1,000 levels': () => withLevels(1000),
    };
    for (const [what, text] of Object.entries(texts)) {
        refused(`with ${what}`, () => forge.hs256(text(), scoped.claims));
    }
});

describe('a signature', () => {
    const parts = () => trueToken.split('.');
    const withSignature = (signature) => [...parts().slice(0, 2), signature].join('.');
    refused('that is stripped', () => withSignature(''));
    refused('that is cut by a byte', () =>
        withSignature(Buffer.from(parts()[2], 'base64url').subarray(0, 31).toString('base64url')),
    );
    refused('that is cut by a character', () => withSignature(parts()[2].slice(0, -1)));
    refused('that is longer by a byte', () =>
        withSignature(
            Buffer.concat([Buffer.from(parts()[2], 'base64url'), Buffer.from([0])]).toString(
                'base64url',
            ),
        ),
    );
    refused('of zeros', () => withSignature(Buffer.alloc(32).toString('base64url')));
    for (const bit of [0, 7, 100, 255]) {
        refused(`with bit ${bit} flipped`, () => {
            const bytes = Buffer.from(parts()[2], 'base64url');
            bytes[bit >> 3] ^= 1 << (bit & 7);
            return withSignature(bytes.toString('base64url'));
        });
    }
    refused('of another token', async () => {
        const other = await agent.newToken(['secrets:read:jose/OTHER']);
        return withSignature(other.split('.')[2]);
    });
    refused('over changed claims', () =>
        [parts()[0], encode({ ...scoped.claims, tier: 2 }), parts()[2]].join('.'),
    );
    refused('of the SHA-256 of key and text instead of HMAC', () => {
        const input = parts().slice(0, 2).join('.');
        return `${input}.${createHmac('sha256', 'wrong').update(input).digest('base64url')}`;
    });
    refused('in hex', () => withSignature(Buffer.from(parts()[2], 'base64url').toString('hex')));
});

describe('the form of a token', () => {
    const parts = () => trueToken.split('.');
    refused('with two parts', () => parts().slice(0, 2).join('.'));
    refused('with four parts', () => `${trueToken}.AAAA`);
    refused('with five parts, as an encrypted one', () => `${trueToken}.AAAA.AAAA`);
    refused('with a dot at its end', () => `${trueToken}.`);
    refused('with a dot at its beginning', () => `.${trueToken}`);
    refused('of dots alone', () => '.'.repeat(40));
    refused('with an empty payload', () => [parts()[0], '', parts()[2]].join('.'));
    for (const index of [0, 1, 2]) {
        const change = (edit) =>
            parts()
                .map((part, i) => (i === index ? edit(part) : part))
                .join('.');
        const name = ['header', 'payload', 'signature'][index];
        refused(`with padding in the ${name}`, () => change((part) => `${part}=`));
        refused(`with two characters of padding in the ${name}`, () =>
            change((part) => `${part}==`),
        );
        refused(`with '+' in the ${name}`, () => change((part) => `+${part.slice(1)}`));
        refused(`with '/' in the ${name}`, () => change((part) => `/${part.slice(1)}`));
        refused(`with a percent sign in the ${name}`, () => change((part) => `${part}%3D`));
        refused(`with a character too many in the ${name}`, () => change((part) => `${part}A`));
    }
    test('with unused bits set is refused, though other readers take it', async () => {
        // 32 bytes are 43 characters, the last of which carries four bits.
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const signature = parts()[2];
        const last = alphabet.indexOf(signature.at(-1));
        for (const bits of [1, 2, 3]) {
            const other = signature.slice(0, -1) + alphabet[last ^ bits];
            assert.deepEqual(Buffer.from(other, 'base64url'), Buffer.from(signature, 'base64url'));
            (await readWith([...parts().slice(0, 2), other].join('.'))).expect(401, 'UNAUTHORIZED');
        }
    });
    for (const [what, edit] of [
        ['a space inside', (t) => `${t.slice(0, 30)} ${t.slice(30)}`],
        ['a tab inside', (t) => `${t.slice(0, 30)}\t${t.slice(30)}`],
        ['a space at its end', (t) => `${t} x`],
    ]) {
        refused(`with ${what}`, () => edit(trueToken));
    }
    for (const kib of [5, 7, 8, 64]) {
        refused(`of ${kib} KiB`, () =>
            forge.hs256(scoped.header, {
                ...scoped.claims,
                scp: [`secrets:read:${'x'.repeat(kib * 760)}`],
            }),
        );
    }
});

describe('a claim of a scoped token', () => {
    for (const name of ['exp', 'iat', 'nbf']) {
        for (const [what, value] of [
            ['a string', () => String(scoped.claims[name])],
            ['a float', () => scoped.claims[name] + 0.5],
            ['negative', () => -1],
            ['1e300', () => 1e300],
            ['null', () => null],
            ['true', () => true],
            ['a list', () => [scoped.claims[name]]],
            ['2^63', () => 9223372036854775808],
        ]) {
            refused(`${name} that is ${what}`, () => asScoped({ [name]: value() }));
        }
        refused(`${name} that is missing`, () =>
            forge.hs256(scoped.header, without(scoped.claims, name)),
        );
    }
    refused('exp that is written with an exponent', () =>
        forge.hs256(
            scoped.header,
            JSON.stringify(scoped.claims).replace(/"exp":(\d+)/, '"exp":$1e0'),
        ),
    );
    refused('exp that is now', () => asScoped({ exp: now() }));
    refused('exp that is past', () => asScoped({ exp: now() - 1 }));
    for (const name of ['nbf', 'iat']) {
        refused(`${name} an hour in the future`, () => asScoped({ [name]: now() + 3600 }));
        refused(`${name} a minute in the future`, () => asScoped({ [name]: now() + 60 }));
    }

    const others = {
        iss: ['other', 'secretstore/', 'http://secretstore', '', 7, null, ['secretstore']],
        aud: ['other', ['secretstore'], '', 7, null],
        sub: ['', 7, null, 'x'.repeat(129), '00000000-0000-4000-8000-000000000123'],
        tid: ['', 7, null, 'x', '00000000-0000-4000-8000-000000000123'],
        jti: ['', 7, null, 'x', '00000000-0000-4000-8000-000000000123'],
        epo: [0, 2, -1, '1', 1.5, null, 4294967297],
        tier: [3, -1, '0', 0.5, null],
        alv: ['1', -1, 1.5, null],
        scp: [
            'secrets:read:*',
            [],
            [7],
            ['secrets:read:a/../b'],
            ['everything'],
            null,
            {},
            Array(33).fill('secrets:read:a/b'),
        ],
        mxu: [0, -1, '5', 1.5],
        ips: [[], 'all', [7], ['10.0.0.1/8'], ['nowhere']],
        p: ['god', 7, ''],
        rlk: ['', 7, 'short'],
    };
    for (const [name, values] of Object.entries(others)) {
        for (const value of values) {
            refused(`${name} of ${JSON.stringify(value).slice(0, 40)}`, () =>
                asScoped({ [name]: value }),
            );
        }
    }
    for (const name of ['iss', 'aud', 'sub', 'tid', 'jti', 'epo', 'scp', 'tier']) {
        refused(`${name} that is missing`, () =>
            forge.hs256(scoped.header, without(scoped.claims, name)),
        );
    }
    refused('that nobody knows', () => asScoped({ admin: true }));
    refused('that stands twice', () =>
        forge.hs256(scoped.header, JSON.stringify(scoped.claims).replace('{', '{"tier":2,')),
    );
    refused('that stands twice in disguise', () =>
        forge.hs256(scoped.header, JSON.stringify(scoped.claims).replace('{', '{"ti\\u0065r":2,')),
    );
    refused('in bad UTF-8', () => {
        const text = Buffer.from(JSON.stringify(scoped.claims));
        return forge.hs256(
            scoped.header,
            Buffer.concat([
                text.subarray(0, -1),
                Buffer.from(',"x":"'),
                Buffer.from([0xc3, 0x28]),
                Buffer.from('"}'),
            ]),
        );
    });
    refused('with 1,000 levels', () =>
        forge.hs256(scoped.header, `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`),
    );
    refused('in a list instead of an object', () => forge.hs256(scoped.header, [scoped.claims]));
    refused('of more than 3 KiB', () =>
        forge.hs256(
            scoped.header,
            `${JSON.stringify(scoped.claims).slice(0, -1)}${' '.repeat(2900)}}`,
        ),
    );
    refused('of another tenant with the own token id', async () => {
        const other = await stack.newTenant();
        return asScoped({ tid: other.id });
    });
    refused('of another agent of the tenant with the own token id', async () => {
        const other = await tenant.newAgent();
        return asScoped({ sub: other.id });
    });
});

describe('a user token of the local issuer', () => {
    attackUserTokens(() => ({ forge, person, request: listAgentsWith, refusal }));

    const asPerson = (claims) => forge.rs256(person.header, { ...person.claims, ...claims });
    test('of somebody who is nobody here lets them in nowhere', async () => {
        const answer = await listAgentsWith(asPerson({ sub: 'nobody@example.invalid' }));
        answer.expect(403, 'SCOPE_DENIED');
    });

    test('with the email of another, which decides nothing, lets in nowhere', async () => {
        const { email } = await stack.newTenant();
        const claims = { email, email_verified: true, sub: 'a-subject-of-nobody' };
        (await listAgentsWith(asPerson(claims))).expect(403, 'SCOPE_DENIED');
    });

    test('with the email of another is still of whom it was', async () => {
        const other = await stack.newTenant();
        const answer = await listAgentsWith(asPerson({ email: other.email, email_verified: true }));
        const { items } = answer.expect(200);
        assert.ok(items.some((item) => item.id === agent.id));
    });
});

describe('a token of another make', () => {
    refused('one with JSON serialisation', () =>
        Buffer.from(JSON.stringify({ payload: 'x', signatures: [] })).toString('base64url'),
    );
    refused('one signed by jose with a detached payload', async () => {
        const jws = await new CompactSign(Buffer.from(JSON.stringify(scoped.claims)))
            .setProtectedHeader(scoped.header)
            .sign(forge.hmacKey);
        const [header, , signature] = jws.split('.');
        return `${header}..${signature}`;
    });
    test('never costs the answer its form: 500 strange ones are all 401', async () => {
        let state = 1;
        const random = (n) => (state = (state * 48271) % 2147483647) % n;
        for (let i = 0; i < 500; ++i) {
            const bytes = Buffer.from(trueToken);
            for (let j = 0; j <= random(3); ++j) bytes[random(bytes.length)] = 33 + random(94);
            const token = bytes.toString('latin1');
            if (token === trueToken) continue;
            (await readWith(token)).expect(401, 'UNAUTHORIZED');
        }
    });
});
