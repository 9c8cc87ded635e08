// The operations of the API as the server itself describes them, so that what is tested of every
// endpoint is tested of one that is added later too, from its first day.
import assert from 'node:assert/strict';

// The scheme's name in the document → the kind of credential.
const kKindOfScheme = {
    agentKey: 'agent',
    scopedToken: 'token',
    userToken: 'user',
    // Of people as well, who then have an ID token and no personal token.
    idToken: 'user',
};

// { name, method, template, kinds, takesPersonalTokens, role, takesBody, takesNothing }; `kinds` is
// empty where no credential is wanted, `role` is undefined where nobody needs to be a member.
export async function operations(client) {
    const document = (await client.get('/v1/openapi.json')).expect(200);
    const prefix = new URL(document.servers?.[0]?.url ?? '/', 'https://any').pathname.replace(
        /\/$/,
        '',
    );
    return Object.entries(document.paths).flatMap(([path, item]) =>
        Object.entries(item).map(([method, operation]) => {
            const template = (path.startsWith('/v1') ? '' : prefix) + path;
            // One scheme stands there once for each scope that will do.
            const schemes = new Set(operation.security.flatMap((one) => Object.keys(one)));
            return {
                name: `${method.toUpperCase()} ${template}`,
                method: method.toUpperCase(),
                template,
                kinds: [...schemes].map((scheme) => kKindOfScheme[scheme] ?? scheme),
                takesPersonalTokens: schemes.has('userToken'),
                role: operation['x-required-role'],
                takesBody: operation.requestBody !== undefined,
                takesNothing: JSON.stringify(operation.requestBody ?? '').includes('/Nothing"'),
            };
        }),
    );
}

// What the placeholders stand for, below each collection.
const kObjectOfPlace = [
    [/^\/v1\/agents\//, 'agent'],
    [/^\/v1\/tokens\//, 'token'],
    [/^\/v1\/approvals\//, 'approval'],
    [/^\/v1\/members\//, 'member'],
    [/^\/v1\/me\/tokens\//, 'personalToken'],
    [/^\/v1\/webhooks\//, 'webhook'],
    [/^\/v1\/deliveries\//, 'delivery'],
];

export const kNobody = {
    path: 'matrix/KEY',
    agent: '00000000-0000-4000-8000-000000000123',
    token: '00000000-0000-4000-8000-000000000123',
    approval: '00000000-0000-4000-8000-000000000123',
    member: '00000000-0000-4000-8000-000000000123',
    personalToken: '00000000-0000-4000-8000-000000000123',
    webhook: '00000000-0000-4000-8000-000000000123',
    delivery: '00000000-0000-4000-8000-000000000123',
};

// The operation's target for the objects { path, agent, token, approval, … }.
export function targetOf(operation, objects = kNobody) {
    return operation.template.replace(/\{([^}]*)\}/g, (_, parameter) => {
        if (parameter.includes('path')) return objects.path;
        const place = kObjectOfPlace.find(([pattern]) => pattern.test(operation.template));
        assert.ok(place, `whose id is {${parameter}} of ${operation.name}?`);
        return objects[place[1]];
    });
}
