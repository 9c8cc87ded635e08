// The forms of a secret's path, and attempts to step out of it, through nginx: contract.md §3.
import { assert, before, describe, inParallel, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

describe('a path', () => {
    let tenant;
    let token;

    before(async () => {
        tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        await tenant.putSecret('production/gemini/KEY', { value: 'the-value-of-gemini' });
    });

    for (const target of [
        '/v1/secrets/production/gemini/KEY',
        '/v1/secrets/production%2Fgemini/KEY',
        '/v1/secrets/production%2fgemini/KEY',
        '/v1/secrets/%70roduction/gemini/%4bEY',
    ]) {
        test(`in the form ${target} addresses the secret`, async () => {
            const secret = (await http.get(target, { token })).expect(200);
            assert.equal(secret.value, 'the-value-of-gemini');
        });
    }

    test('stored in one form is read in the other', async () => {
        const namespace = unique('forms');
        const put = await http.put(`/v1/secrets/${namespace}%2Fdeep/KEY`, {
            token,
            body: { value: 'v' },
        });
        assert.equal(put.expect(200).namespace, `${namespace}/deep`);
        (await http.get(`/v1/secrets/${namespace}/deep/KEY`, { token })).expect(200);
    });

    for (const target of [
        '/v1/secrets/production%2Fgemini',
        '/v1/secrets?namespace=production%2Fgemini',
        '/v1/secrets?namespace=production/gemini',
    ]) {
        test(`in the form ${target} lists the namespace`, async () => {
            const listed = (await http.get(target, { token })).expect(200);
            assert.equal(listed.namespace, 'production/gemini');
            assert.deepEqual(
                listed.items.map((item) => item.key),
                ['KEY'],
            );
        });
    }

    test('with raw slashes lists a namespace where no such secret exists', async () => {
        const listed = (await http.get('/v1/secrets/production/gemini', { token })).expect(200);
        assert.equal(listed.namespace, 'production/gemini');
        assert.equal(listed.total, 1);
    });

    test('with raw slashes gives the secret where both exist', async () => {
        await tenant.putSecret('both/x', { value: 'the-value-of-x' });
        await tenant.putSecret('both/x/KEY', { value: 'v' });
        const secret = (await http.get('/v1/secrets/both/x', { token })).expect(200);
        assert.equal(secret.value, 'the-value-of-x');
    });

    test('with raw slashes does not list what the token does not cover', async () => {
        const agent = await tenant.newAgent();
        const narrow = await agent.newToken(['secrets:read:production/gemini']);
        const answer = await http.get('/v1/secrets/production/gemini', { token: narrow });
        answer.expect(404, 'SECRET_NOT_FOUND');
    });

    test('is case-sensitive', async () => {
        const answer = await http.get('/v1/secrets/Production/gemini/KEY', { token });
        answer.expect(404, 'SECRET_NOT_FOUND');
    });

    test('may use every byte that the grammar allows', async () => {
        const path = `${unique('bytes')}/A-Za-z0-9._~@-/...x/~@-_.`;
        await tenant.putSecret(path, { value: 'v' });
        (await http.get(`/v1/secrets/${path}`, { token })).expect(200);
    });

    test('may have 16 segments and a key', async () => {
        const path = `${unique('deep')}${'/s'.repeat(15)}/KEY`;
        await tenant.putSecret(path, { value: 'v' });
        (await http.get(`/v1/secrets/${path}`, { token })).expect(200);
    });

    test('may have a segment of 128 bytes', async () => {
        const path = `${'s'.repeat(128)}/KEY`;
        await tenant.putSecret(path, { value: 'v' });
        (await http.get(`/v1/secrets/${path}`, { token })).expect(200);
    });

    for (const [what, path] of [
        ['17 segments and a key', `s${'/s'.repeat(16)}/KEY`],
        ['a segment of 129 bytes', `${'s'.repeat(129)}/KEY`],
        ['a key of 129 bytes', `a/${'k'.repeat(129)}`],
        ['513 bytes', `${Array(4).fill('s'.repeat(102)).join('/')}/${'k'.repeat(101)}`],
    ]) {
        test(`of ${what} is refused in either form`, async () => {
            (await http.get(`/v1/secrets/${path}`, { token })).expect(400, 'INVALID_REQUEST');
            const encoded = path.split('/');
            const key = encoded.pop();
            const target = `/v1/secrets/${encoded.join('%2F')}/${key}`;
            (await http.get(target, { token })).expect(400, 'INVALID_REQUEST');
            const put = await http.put(`/v1/secrets/${path}`, { token, body: { value: 'v' } });
            put.expect(400, 'INVALID_REQUEST');
        });
    }

    for (const segment of [
        '.',
        '..',
        'a b',
        'a+b',
        'a,b',
        'a=b',
        'a&b',
        'a!b',
        '(a)',
        "a'b",
        'a$b',
        'ä',
    ]) {
        test(`with the segment '${segment}' is refused, the segment named`, async () => {
            const target = `/v1/secrets/a/${encodeURIComponent(segment)}/KEY`;
            const answer = await http.rawGet(target, { token });
            answer.expect(400, 'INVALID_REQUEST');
        });
    }

    test('that is wrong says which segment is', async () => {
        const answer = await http.get('/v1/secrets/production/ge%20mini/KEY', { token });
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /ge.{0,3}mini/);
    });

    test('in a query follows the same grammar', async () => {
        for (const namespace of [
            'a%20b',
            '..',
            'a%2F..%2Fb',
            'a%2F',
            '%2Fa',
            'a%2F%2Fb',
            '*',
            'a%00',
            '%2e',
            'a%252Fb',
        ]) {
            const target = `/v1/secrets?namespace=${namespace}`;
            (await http.get(target, { token })).expect(400, 'INVALID_REQUEST');
        }
    });

    test('that is reserved for an endpoint is no namespace', async () => {
        (await http.put('/v1/secrets/namespaces', { token, body: {} })).expect(405);
        (await http.get('/v1/secrets/import', { token })).expect(405, 'INVALID_REQUEST');
        (await http.get('/v1/secrets/n%61mespaces', { token })).expect(404, 'NOT_FOUND');
        (await http.get('/v1/secrets/%69mport', { token })).expect(404, 'NOT_FOUND');
    });

    test('cannot store beside the grammar', async () => {
        for (const target of [
            '/v1/secrets/a%2F..%2Fb/KEY',
            '/v1/secrets/a/b%2F',
            '/v1/secrets/a/%2e%2e/KEY',
            '/v1/secrets/KEY',
            '/v1/secrets/',
            '/v1/secrets//KEY',
        ]) {
            const answer = await http.put(target, { token, body: { value: 'v' } });
            assert.ok(
                [400, 404, 405].includes(answer.status),
                `${target}: ${answer.status} ${answer.text}`,
            );
        }
    });
});

// Every way of writing "one up" with every way of writing "/", and what else has opened doors.
const kUp = [
    '..',
    '%2e%2e',
    '.%2e',
    '%2E.',
    '%252e%252e',
    '%c0%ae%c0%ae',
    '..%00',
    '..%20',
    '..%09',
    '..;',
    '..;x=1',
    '.%00.',
    '%u002e%u002e',
    '%ef%bc%8e%ef%bc%8e',
    '..%0d%0a',
    '...',
];
const kSlash = ['/', '%2f', '%2F', '%5c', '\\', '//', '/./', '%252f', '%c0%af', ';/', '/%2e/'];

function escapesFrom(inside, outside) {
    const list = [];
    for (const up of kUp) {
        for (const slash of kSlash)
            list.push(`/v1/secrets/${inside}${slash}${up}${slash}${outside}`);
    }
    list.push(
        `/v1/secrets//${outside}`,
        `/v1/secrets/./${outside}`,
        `/v1//secrets/${outside}`,
        `//v1/secrets/${outside}`,
        `/v1/../v1/secrets/${outside}`,
        `/v1/%2e%2e/v1/secrets/${outside}`,
        `/%2e%2e/v1/secrets/${outside}`,
        `/v1/health/../secrets/${outside}`,
        `/v1/health/%2e%2e/secrets/${outside}`,
        `/v1/health%2f..%2fsecrets/${outside}`,
        `/v1/openapi.json/../secrets/${outside}`,
        `/V1/secrets/${outside}`,
        `/v1/Secrets/${outside}`,
        `/v1/SECRETS/${outside}`,
        `/v1%2fsecrets/${outside}`,
        `/%76%31/secrets/${outside}`,
        `/v1/%73ecrets/${outside}`,
        `/v1/secrets/${outside}/`,
        `/v1/secrets/${outside}//`,
        `/v1/secrets/${outside}/.`,
        `/v1/secrets/${outside}%2f`,
        `/v1/secrets/${outside}%00`,
        `/v1/secrets/${outside}%00.json`,
        `/v1/secrets/${outside};x=1`,
        `/v1/secrets/${outside}#x`,
        `/v1/secrets/${outside}%23x`,
        `/v1/secrets/${outside}%3fx`,
        `/v1/secrets/${outside}.json`,
        `/v1/secrets/${outside}%20`,
        `/v1/secrets/%20${outside}`,
        `/v1/secrets/${inside}#/../../${outside}`,
        `/v1/secrets/${inside}?/../../${outside}`,
        `/v1/secrets/${inside}?namespace=closed`,
        `/v1/secrets/${inside}%3f/../../${outside}`,
        `https://localhost/v1/secrets/${outside}`,
        `http://localhost/v1/secrets/${outside}`,
        `https://evil.example/v1/secrets/${outside}`,
        `/v1/secrets/*`,
        `/v1/secrets/closed/*`,
        `/v1/secrets/closed%2F*/KEY`,
        `/v1/secrets/${outside.toUpperCase()}`,
        `/v1/secrets/${outside.replace(/[^/]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`,
        `/v1/secrets/${outside.replaceAll('/', '%252F')}`,
        `/v1/secrets/${outside.replaceAll('/', '%2F')}`,
        `/v1/secrets/closed%2Ftarget`,
        `/v1/secrets/closed/target`,
        `/v1/secrets?namespace=closed/target`,
        `/v1/secrets?namespace=open%2F..%2Fclosed%2Ftarget`,
        `/v1/secrets?namespace=closed%2Ftarget&namespace=open`,
        `/v1/secrets?namespace=open&namespace=closed%2Ftarget`,
        `/v1/secrets?namespace=closed`,
        `/v1/secrets/${inside}/../../../etc/passwd`,
        `/v1/secrets/${outside}\t`,
        `/v1/secrets/${outside}\u0001`,
        `/v1/secrets/${outside}\u007f`,
        `/v1/secrets/${outside}\u00ff`,
        `/v1/secrets/${outside} `,
        `/v1/secrets/${inside} /v1/secrets/${outside}`,
        `*`,
        `v1/secrets/${outside}`,
        '',
    );
    return list;
}

describe('escape attempts', () => {
    let token;
    const attempts = escapesFrom('open/a', 'closed/target/KEY');
    let answers;

    before(async () => {
        const tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:open/*']);
        await tenant.putSecret('open/a/KEY', { value: 'an-open-value' });
        await tenant.putSecret('closed/target/KEY', { value: 'the-closed-value' });
        answers = await inParallel(attempts.length, 8, (i) => http.rawGet(attempts[i], { token }));
    });

    test(`are at least 200: ${attempts.length}`, () => {
        assert.ok(attempts.length >= 200);
        assert.equal(new Set(attempts).size, attempts.length);
    });

    test('have no success', () => {
        answers.forEach((answer, i) => {
            assert.ok(!answer.text.includes('the-closed-value'), attempts[i]);
            assert.ok(!answer.text.includes('"target"'), attempts[i]);
            assert.ok(answer.status >= 400, `${attempts[i]}: ${answer.status} ${answer.text}`);
        });
    });

    test('cause no failure of the server', () => {
        answers.forEach((answer, i) => {
            assert.ok(
                [400, 401, 403, 404, 405, 421].includes(answer.status),
                `${attempts[i]}: ${answer.status}`,
            );
        });
    });

    test('leave the secret readable to those who may', async () => {
        (await http.get('/v1/secrets/open/a/KEY', { token })).expect(200);
    });
});

describe('escape attempts of a writer', () => {
    test('store nothing outside', async () => {
        const tenant = await stack.newTenant();
        const token = await (await tenant.newAgent()).newToken(['secrets:*:open/*']);
        const body = JSON.stringify({ value: 'v' });
        const attempts = escapesFrom('open/a', 'closed/target/KEY');

        await inParallel(attempts.length, 8, (i) => {
            const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`];
            const head = http.rawHead('PUT', attempts[i], { token, headers });
            return http.raw(Buffer.concat([head, Buffer.from(body)])).then((answer) => {
                assert.ok(answer.status < 500, `${attempts[i]}: ${answer.status}`);
            });
        });

        const paths = await stack.rows(
            `select path from store.secrets where tenant_id = '${tenant.id}' order by path`,
        );
        for (const { path } of paths) assert.match(path, /^open\//);
    });
});
