// What holds on the wire for every endpoint: contract.md §1. The headers and the error envelope
// are checked with every answer of the whole suite, in client.mjs.
import { assert, before, describe, test, unique } from './claim.mjs';
import { Stack } from './stack.mjs';

const kMaxBody = 1024 * 1024;

describe('a request body', () => {
    const stack = Stack.shared();
    const http = stack.client;
    let tenant;
    let agent;
    let token;
    const put = (body, options = {}) =>
        http.put('/v1/secrets/wire/a/KEY', { token, body, ...options });
    const stored = async () =>
        (await http.get('/v1/secrets?namespace=wire%2Fa', { token })).expect(200).total;

    before(async () => {
        tenant = await stack.newTenant();
        agent = await tenant.newAgent();
        token = await agent.newToken(['secrets:*:*']);
    });

    const faults = [
        ['an unknown member', '{"value":"v","colour":"red"}', /colour/],
        ['a typo of a member', '{"value":"v","acces_tier":"sensitive"}', /acces_tier/],
        ['a member in another case', '{"Value":"v"}', /Value/],
        ['a duplicate member', '{"value":"a","value":"b"}', /value/],
        ['a duplicate member in disguise', '{"value":"a","v\\u0061lue":"b"}', /value/],
        ['a number where text is wanted', '{"value":7}', /value/],
        ['text where an object is wanted', '{"value":"v","metadata":"x"}', /metadata/],
        ['an array where an object is wanted', '{"value":"v","metadata":[]}', /metadata/],
        ['a list of one value', '{"value":["v"]}', /value/],
        ['null for a member that is required', '{"value":null}', /value/],
        ['no required member', '{}', /value/],
        ['an empty value', '{"value":""}', /value/],
        ['a type that does not exist', '{"value":"v","secret_type":"pin"}', /secret_type.*api_key/],
        [
            'a tier that does not exist',
            '{"value":"v","access_tier":"top"}',
            /access_tier.*standard/,
        ],
        ['a NUL in text', '{"value":"a\\u0000b"}', /NUL|value|control/i],
        ['a raw NUL', '{"value":"a\u0000b"}', /./],
        ['a raw line break in text', '{"value":"a\nb"}', /./],
        ['a lone surrogate', '{"value":"\\ud800"}', /./],
        ['bad UTF-8', Buffer.from([...Buffer.from('{"value":"'), 0xff, 0x22, 0x7d]), /./],
        [
            'overlong UTF-8',
            Buffer.from([...Buffer.from('{"value":"'), 0xc0, 0xaf, 0x22, 0x7d]),
            /./,
        ],
        ['a byte order mark', '\ufeff{"value":"v"}', /./],
        ['trailing bytes', '{"value":"v"} x', /./],
        ['a second document', '{"value":"v"}{"value":"w"}', /./],
        ['a trailing comma', '{"value":"v",}', /./],
        ['a comment', '{"value":"v"/* none */}', /./],
        ['single quotes', "{'value':'v'}", /./],
        ['NaN', '{"value":"v","expected_version":NaN}', /./],
        ['an array at the top', '[{"value":"v"}]', /object/],
        ['text at the top', '"value"', /object/],
        ['nothing but white space', '   ', /./],
        ['half a document', '{"value":"v"', /./],
        ['nesting of 17', `{"value":"v","metadata":${'{"a":'.repeat(16)}1${'}'.repeat(17)}`, /./],
        ['100,000 open brackets', `{"value":"v","metadata":${'['.repeat(100_000)}`, /./],
        ['a million open brackets', '['.repeat(1_000_000), /./],
        ['a value above 64 KiB', `{"value":"${'x'.repeat(65_537)}"}`, /value/],
        [
            'metadata above 8 KiB',
            `{"value":"v","metadata":{"m":"${'x'.repeat(8_300)}"}}`,
            /metadata/,
        ],
        ['a version that is negative', '{"value":"v","expected_version":-1}', /expected_version/],
        [
            'a version that is a fraction',
            '{"value":"v","expected_version":1.5}',
            /expected_version/,
        ],
        ['a version that is text', '{"value":"v","expected_version":"1"}', /expected_version/],
        ['a version of 1e300', '{"value":"v","expected_version":1e300}', /expected_version/],
        ['a time without offset', '{"value":"v","expires_at":"2031-06-01T10:30:00"}', /expires_at/],
        [
            'a time that does not exist',
            '{"value":"v","expires_at":"2031-02-30T10:30:00Z"}',
            /expires_at/,
        ],
        ['a time that is a number', '{"value":"v","expires_at":1900000000}', /expires_at/],
    ];
    for (const [what, body, message] of faults) {
        test(`with ${what} is refused with a message that says what is accepted`, async () => {
            const before = await stored();

            const answer = await put(body);

            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
            assert.equal(await stored(), before);
        });
    }

    test('of a value of exactly 64 KiB is accepted', async () => {
        const value = 'x'.repeat(65_536);
        (await http.put('/v1/secrets/wire/big/KEY', { token, body: { value } })).expect(200);
        assert.equal(
            (await http.get('/v1/secrets/wire/big/KEY', { token })).expect(200).value,
            value,
        );
    });

    test('nested 16 deep is accepted', async () => {
        // The body's own object counts as one, metadata as the second.
        const metadata = `${'{"a":'.repeat(14)}{}${'}'.repeat(14)}`;
        const body = `{"value":"v","metadata":${metadata}}`;
        const answer = await http.put('/v1/secrets/wire/deep/KEY', { token, body });
        assert.deepEqual(answer.expect(200).metadata, JSON.parse(metadata));
    });

    test('with every kind of escape means what JSON says', async () => {
        const body = '{"v\\u0061lue":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"}';
        (await http.put('/v1/secrets/wire/escapes/KEY', { token, body })).expect(200);
        const { value } = (await http.get('/v1/secrets/wire/escapes/KEY', { token })).expect(200);
        assert.equal(value, '"\\/\b\f\n\r\té😀');
    });

    test('in metadata keeps its numbers as they were sent', async () => {
        const body =
            '{"value":"v","metadata":{"big":12345678901234567890,"pi":3.14159,"neg":-0.5}}';
        const answer = await http.put('/v1/secrets/wire/numbers/KEY', { token, body });
        answer.expect(200);
        assert.match(answer.text, /"big":12345678901234567890/);
        assert.match(answer.text, /"pi":3\.14159/);
    });

    for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/jsonx',
        'application/json-patch+json',
        'application/problem+json',
        'text/json',
        '',
    ]) {
        test(`of type '${type}' is answered with 415`, async () => {
            const answer = await put('{"value":"v"}', { headers: { 'Content-Type': type } });
            answer.expect(415, 'INVALID_REQUEST');
            assert.match(answer.message, /application\/json/);
        });
    }

    test('without a content type is answered with 415', async () => {
        (await put('{"value":"v"}', { headers: { 'Content-Type': null } })).expect(415);
    });

    for (const type of [
        'application/json; charset=utf-8',
        'Application/JSON',
        'application/json;charset=UTF-8',
    ]) {
        test(`of type '${type}' is accepted`, async () => {
            const answer = await http.put('/v1/secrets/wire/type/KEY', {
                token,
                body: '{"value":"v"}',
                headers: { 'Content-Type': type },
            });
            answer.expect(200);
        });
    }

    test('is not wanted by a GET, whose content type without a body is fine', async () => {
        const headers = { 'Content-Type': 'application/json' };
        (await http.get('/v1/secrets?namespace=wire', { token, headers })).expect(200);
    });

    test('that is missing altogether is refused where a member is required', async () => {
        (await http.call('PUT', '/v1/secrets/wire/a/KEY', { token })).expect(
            400,
            'INVALID_REQUEST',
        );
        const empty = await http.post('/v1/tokens', { token: agent.key });
        empty.expect(400, 'INVALID_REQUEST');
    });

    test('of a little over 1 MiB is answered with 413', async () => {
        const answer = await put(`{"value":"${'x'.repeat(kMaxBody)}"}`);
        answer.expect(413, 'INVALID_REQUEST');
    });

    test('of exactly 1 MiB is read, and refused for what is in it', async () => {
        const body = `{"value":"${'x'.repeat(kMaxBody - 12)}"}`;
        assert.equal(body.length, kMaxBody);
        (await put(body)).expect(400, 'INVALID_REQUEST');
    });

    test('over 1 MiB is not read before the credential is', async () => {
        (await put('{"value":"v"}', { token: 'not-a-credential-at-all' })).expect(401);
        (await put('this is not JSON', { token: 'not-a-credential-at-all' })).expect(401);
    });

    const agentFaults = [
        ['a name that is empty', { name: '' }, /name/],
        ['a name of 65 characters', { name: 'n'.repeat(65) }, /name/],
        ['a name with a slash', { name: 'a/b' }, /name/],
        ['a name with a line break', { name: 'a\nb' }, /name/],
        ['no name', { name: undefined }, /name/],
        ['a description of 501 characters', { description: 'd'.repeat(501) }, /description/],
        ['the typo ip_allow_list', { ip_allow_list: ['10.0.0.1'] }, /ip_allow_list/],
        ['an empty list of addresses', { ip_allowlist: [] }, /ip_allowlist/],
        ['65 addresses', { ip_allowlist: Array(65).fill('10.0.0.1') }, /ip_allowlist/],
        ['a range with host bits', { ip_allowlist: ['10.0.0.1/24'] }, /10\.0\.0\.1\/24/],
        ['an address that is none', { ip_allowlist: ['10.0.0.256'] }, /10\.0\.0\.256/],
        ['a prefix that is too long', { ip_allowlist: ['10.0.0.0/33'] }, /10\.0\.0\.0\/33/],
        ['a number for an address', { ip_allowlist: [10] }, /ip_allowlist/],
        ['a namespace with a dot segment', { allowed_namespaces: ['a/../b'] }, /\.\./],
        ['a namespace with a star in it', { allowed_namespaces: ['a/*'] }, /a\/\*|\*/],
        ['a namespace with a trailing slash', { allowed_namespaces: ['a/'] }, /./],
        ['an empty list of namespaces', { allowed_namespaces: [] }, /allowed_namespaces/],
        ['a scope that is none', { allowed_scopes: ['secrets:eat:*'] }, /secrets:eat:\*/],
        [
            '33 scopes',
            { allowed_scopes: Array.from({ length: 33 }, (_, i) => `secrets:read:a/${i}`) },
            /allowed_scopes|32/,
        ],
        [
            'neither namespaces nor scopes',
            { allowed_namespaces: undefined, allowed_scopes: undefined },
            /allowed_namespaces|allowed_scopes/,
        ],
    ];
    for (const [what, change, message] of agentFaults) {
        test(`of a new agent with ${what} is refused`, async () => {
            const body = {
                name: unique('agent'),
                allowed_namespaces: ['a'],
                allowed_scopes: ['secrets:read:a/*'],
                ...change,
            };

            const answer = await http.post('/v1/agents', { token: tenant.userToken, body });

            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
        });
    }

    const tokenFaults = [
        ['no scopes', { scopes: undefined }, /scopes/],
        ['an empty list of scopes', { scopes: [] }, /scopes/],
        [
            '33 scopes',
            { scopes: Array.from({ length: 33 }, (_, i) => `secrets:read:a/${i}`) },
            /scopes|32/,
        ],
        ['scopes as text', { scopes: 'secrets:read:*' }, /scopes/],
        ['a scope that is a number', { scopes: [1] }, /scopes/],
        ['a ttl of 0', { ttl: 0 }, /ttl/],
        ['a ttl of 0s', { ttl: '0s' }, /ttl/],
        ['a negative ttl', { ttl: -5 }, /ttl/],
        ['a ttl of a fraction', { ttl: 1.5 }, /ttl/],
        ['a ttl above the maximum', { ttl: '25h' }, /24h|86400|1d/],
        ['a ttl of 10^30', { ttl: 1e30 }, /ttl/],
        ['a ttl that is words', { ttl: 'one hour' }, /ttl/],
        ['a ttl without unit', { ttl: '15' }, /ttl/],
        ['a ttl with a sign', { ttl: '+15m' }, /ttl/],
        ['a ttl of 2^63 seconds', { ttl: '9223372036854775808s' }, /ttl/],
        ['max_uses of 0', { max_uses: 0 }, /max_uses/],
        ['max_uses above a million', { max_uses: 1_000_001 }, /max_uses/],
        ['max_uses as text', { max_uses: '5' }, /max_uses/],
        ['a reason of 501 characters', { reason: 'r'.repeat(501) }, /reason/],
        ['the typo maxUses', { maxUses: 1 }, /maxUses/],
        ['a list of addresses that is empty', { ip_allowlist: [] }, /ip_allowlist/],
    ];
    for (const [what, change, message] of tokenFaults) {
        test(`of a token request with ${what} is refused`, async () => {
            const body = { scopes: ['secrets:read:a/*'], ...change };

            const answer = await http.post('/v1/tokens', { token: agent.key, body });

            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
        });
    }
});

describe('a query', () => {
    const stack = Stack.shared();
    const http = stack.client;
    let tenant;
    let token;

    before(async () => {
        tenant = await stack.newTenant();
        token = await (await tenant.newAgent()).newToken(['secrets:*:*']);
        await tenant.putSecret('wire/query/KEY', { value: 'v' });
    });

    for (const query of [
        'page=0',
        'page=-1',
        'page=1.5',
        'page=one',
        'page=',
        'page=1&page=2',
        'page=99999999999999999999',
        'page=%31%20',
        'limit=0',
        'limit=201',
        'limit=-1',
        'limit=all',
        'limit=',
        'limt=5',
        'Page=1',
        'page[]=1',
        'page',
        '=1',
        'page=%zz',
        'page=%00',
        'page=%ff',
    ]) {
        test(`of '${query}' is refused with its parameter's name`, async () => {
            for (const [path, credential] of [
                ['/v1/agents', tenant.userToken],
                ['/v1/audit', tenant.userToken],
            ]) {
                (await http.get(`${path}?${query}`, { token: credential })).expect(
                    400,
                    'INVALID_REQUEST',
                );
            }
            const list = `/v1/secrets?namespace=wire%2Fquery&${query}`;
            (await http.get(list, { token })).expect(400, 'INVALID_REQUEST');
        });
    }

    test('says which parameter is unknown', async () => {
        const answer = await http.get('/v1/agents?sort=name', { token: tenant.userToken });
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /sort/);
    });

    test('without a namespace does not list everything', async () => {
        (await http.get('/v1/secrets', { token })).expect(400, 'INVALID_REQUEST');
        (await http.get('/v1/secrets?namespace=', { token })).expect(400, 'INVALID_REQUEST');
    });

    test('is not wanted where an endpoint takes none', async () => {
        (await http.get('/v1/health?x=1')).expect(400, 'INVALID_REQUEST');
        const answer = await http.put('/v1/secrets/wire/query/K2?version=1', {
            token,
            body: { value: 'v' },
        });
        answer.expect(400, 'INVALID_REQUEST');
    });

    const secretParameters = ['token', 'api_key', 'access_token', 'value'];
    const spellings = secretParameters.flatMap((name) => [
        name,
        name.toUpperCase(),
        `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
    ]);
    for (const name of spellings) {
        test(`with a secret as '${name}' is refused on every endpoint`, async () => {
            const pair = `${name}=a-test-credential`;
            for (const [method, target, options] of [
                ['GET', `/v1/health?${pair}`, {}],
                ['GET', `/v1/openapi.json?${pair}`, {}],
                ['GET', `/v1/agents?${pair}`, { token: tenant.userToken }],
                ['GET', `/v1/secrets/wire/query/KEY?${pair}`, { token }],
                ['GET', `/v1/secrets?namespace=wire&${pair}`, { token }],
                ['GET', `/v1/audit?${pair}`, { token: tenant.userToken }],
                ['GET', `/v1/secrets/wire/query/KEY?${pair}`, {}],
            ]) {
                const answer = await http.call(method, target, options);
                answer.expect(400, 'INVALID_REQUEST');
                assert.ok(!answer.text.includes('a-test-credential'), target);
            }
        });
    }

    test('pages through a list without losing or repeating an item', async () => {
        const namespace = unique('paged');
        const keys = Array.from({ length: 7 }, (_, i) => `K${i}`);
        for (const key of keys) await tenant.putSecret(`${namespace}/${key}`, { value: 'v' });

        const seen = [];
        for (const page of [1, 2, 3, 4]) {
            const target = `/v1/secrets?namespace=${namespace}&limit=3&page=${page}`;
            const listed = (await http.get(target, { token })).expect(200);
            assert.equal(listed.total, 7);
            seen.push(...listed.items.map((item) => item.key));
        }

        assert.deepEqual(seen, keys);
    });

    test('with a limit of 200 is the largest that is served', async () => {
        (await http.get('/v1/agents?limit=200', { token: tenant.userToken })).expect(200);
    });
});

describe('a method', () => {
    const stack = Stack.shared();
    const http = stack.client;

    for (const [method, path, allowed] of [
        ['PUT', '/v1/agents', ['GET', 'POST']],
        ['PATCH', '/v1/tokens', ['GET', 'POST']],
        ['PUT', '/v1/me', ['GET', 'PATCH']],
        ['GET', '/v1/secrets/import', ['POST']],
        ['PUT', '/v1/secrets/namespaces', ['GET']],
        ['POST', '/v1/audit', ['GET']],
        ['POST', '/v1/health', ['GET']],
        ['DELETE', '/v1/openapi.json', ['GET']],
        ['PATCH', '/v1/secrets/a/b', ['GET', 'PUT']],
        ['HEAD', '/v1/secrets/a/b', ['GET', 'PUT']],
        ['OPTIONS', '/v1/secrets/a/b', ['GET', 'PUT']],
        ['PROPFIND', '/v1/agents', ['GET', 'POST']],
    ]) {
        test(`${method} that ${path} does not know is answered with 405 and Allow`, async () => {
            const answer = await http.call(method, path);
            assert.equal(answer.status, 405, answer.text);
            const names = answer.header('allow').split(/,\s*/);
            for (const name of allowed) assert.ok(names.includes(name), answer.header('allow'));
        });
    }

    test('on a path that is no endpoint is answered with 404', async () => {
        for (const path of [
            '/v1',
            '/v1/',
            '/v1/nothing',
            '/v2/agents',
            '/',
            '/v1/agentsx',
            '/V1/agents',
        ]) {
            const answer = await http.get(path);
            assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
        }
        (await http.get('/v1/nothing')).expect(404, 'NOT_FOUND');
    });
});
