// The committed OpenAPI document (scripts/check-openapi holds it against the program): what Redocly
// says of it, whether its examples are what it says they are, and whether the client that is
// generated from it can be used. Needs nothing that runs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createConfig, lint } from '@redocly/openapi-core';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import openapiTypes, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const kFile = fileURLToPath(new URL('../../fcgi/openapi.json', import.meta.url));
const kProgram = fileURLToPath(new URL('client.ts', import.meta.url));
// What client.ts imports; it exists in memory only.
const kTypes = fileURLToPath(new URL('document.d.ts', import.meta.url));
const kReference = new URL('reference.json', import.meta.url);
const kUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const text = fs.readFileSync(kFile, 'utf8');
const document = JSON.parse(text);

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
        ...operation,
        name: `${method.toUpperCase()} ${path}`,
    })),
);

// What a reference stands for.
function target(node) {
    if (node.$ref === undefined) return node;
    const [, ...names] = node.$ref.split('/');
    return names.reduce((found, name) => found[name], document);
}

// Every body of an operation: { what, schema, examples }.
function bodiesOf(operation) {
    const all = [['request', operation.requestBody], ...Object.entries(operation.responses)];
    return all.flatMap(([which, body]) =>
        Object.entries(body?.content ?? {}).map(([type, { schema, examples }]) => ({
            what: `${operation.name}, ${which}, ${type}`,
            which,
            schema,
            examples: Object.entries(examples ?? {}).map(([name, example]) => ({
                name,
                value: target(example).value,
            })),
        })),
    );
}
const bodies = operations.flatMap(bodiesOf);

// The API's reference has both /approvals/agent/{id} and /approvals/{id}/approve. No id is `agent`.
const kKnown = /^warn no-ambiguous-paths: .*\/v1\/approvals\/(agent\/\{approval_id\}|\{approval_id\}\/)/;

describe('Redocly, by its recommended rules,', () => {
    test('finds nothing', async () => {
        const config = await createConfig({ extends: ['recommended'] });
        const problems = await lint({ ref: kFile, config });
        const found = problems.map(
            ({ severity, ruleId, message, location }) =>
                `${severity} ${ruleId}: ${message} at ${location[0]?.pointer}`,
        );
        assert.deepEqual(
            found.filter((one) => !kKnown.test(one)),
            [],
        );
    });
});

describe('an example', () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema(closed(document), 'openapi');
    // A schema of the document; its references lead into the document.
    const validatorOf = (schema) =>
        ajv.compile(JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/', '"openapi#/')));

    test('stands at every body', () => {
        const bare = bodies.filter(({ examples }) => examples.length === 0);
        assert.deepEqual(
            bare.map(({ what }) => what),
            [],
        );
    });

    test('of a body is what its schema says, and no more', () => {
        for (const { what, schema, examples } of bodies) {
            const validate = validatorOf(schema);
            for (const { name, value } of examples)
                assert.ok(
                    validate(value),
                    `${what}, ${name}: ${ajv.errorsText(validate.errors)}`,
                );
        }
    });

    test('of a parameter is what its schema says', () => {
        for (const operation of operations) {
            for (const { name, schema, example } of operation.parameters ?? []) {
                assert.notEqual(example, undefined, `${operation.name}: ${name}`);
                const validate = validatorOf(schema);
                const fine = validate(example);
                assert.ok(fine, `${operation.name}: ${name}: ${ajv.errorsText(validate.errors)}`);
            }
        }
    });

    test('of an error is named by its code, and all its codes have one', () => {
        for (const operation of operations) {
            for (const [status, response] of Object.entries(operation.responses)) {
                if (Number(status) < 400) continue;
                const { schema, examples } = response.content['application/json'];
                if (!schema.$ref.endsWith('/Error')) continue;
                assert.deepEqual(response.description.split(', '), Object.keys(examples));
                for (const [name, example] of Object.entries(examples)) {
                    const { value } = target(example);
                    assert.equal(value.error.code, name, operation.name);
                    assert.equal(value.error.message, value.detail, operation.name);
                }
            }
        }
    });

    for (const { operation: id, ...shown } of JSON.parse(fs.readFileSync(kReference, 'utf8'))) {
        for (const [which, members] of Object.entries(shown)) {
            test(`of ${id} has what the reference shows: ${which} ${brief(members)}`, () => {
                const operation = operations.find(({ operationId }) => operationId === id);
                const wanted = which === 'request' ? 'request' : '200';
                const { examples } = bodiesOf(operation).find((body) => body.which === wanted);
                assert.ok(
                    examples.some(({ value }) => holds(value, members)),
                    JSON.stringify(examples, null, 2),
                );
            });
        }
    }

    test('looks like no real secret', () => {
        const kScanned = {
            'an agent key': /\bass_(live|test)_[0-9A-Za-z]{48}\b/,
            'a JSON Web Token': /\beyJ[\w-]+\.[\w-]+\.[\w-]+/,
            'a Stripe key': /\b([rs]k_(live|test)|whsec)_\w+/,
            'a private key': /-----BEGIN/,
        };
        for (const [what, pattern] of Object.entries(kScanned))
            assert.doesNotMatch(text, pattern, what);
        const isMixed = (word) => /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);
        const random = JSON.stringify(bodies.map(({ examples }) => examples))
            .match(/[\w+/=-]{24,}/g)
            .filter(isMixed);
        assert.deepEqual(random, []);
    });
});

describe('an operation', () => {
    test('says which scope a scoped token needs, in both places', () => {
        for (const { name, security, 'x-required-scope': scopes } of operations) {
            const required = security.flatMap(({ scopedToken }) => scopedToken ?? []);
            assert.deepEqual(required, scopes ?? [], name);
            const takesTokens = security.some((one) => 'scopedToken' in one);
            assert.equal(scopes !== undefined, takesTokens, name);
        }
    });

    test('says which role a person needs, in both places', () => {
        for (const { name, security, 'x-required-role': role } of operations) {
            // Some take an ID token and no personal one.
            const required = security.flatMap((one) => one.userToken ?? one.idToken ?? []);
            assert.deepEqual(required, role === undefined ? [] : [role], name);
        }
    });
});

describe('the client that openapi-typescript makes of it', () => {
    test('compiles, and a program that uses it wrongly does not', async () => {
        const types = astToString(await openapiTypes(new URL(`file://${kFile}`), { silent: true }));
        assert.deepEqual(problemsOf(types), []);
    });
});

// What the compiler says of client.ts with `types` for its document.d.ts.
function problemsOf(types) {
    const options = {
        strict: true,
        noEmit: true,
        skipDefaultLibCheck: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.Node16,
        moduleResolution: ts.ModuleResolutionKind.Node16,
        lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
        types: [],
    };
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile } = host;
    host.fileExists = (name) => name === kTypes || fileExists(name);
    host.readFile = (name) => (name === kTypes ? types : readFile(name));
    const getSourceFile = host.getSourceFile.bind(host);
    host.getSourceFile = (name, version, ...rest) =>
        name === kTypes
            ? ts.createSourceFile(name, types, version)
            : getSourceFile(name, version, ...rest);
    return ts
        .getPreEmitDiagnostics(ts.createProgram([kProgram], options, host))
        .map((found) => ts.formatDiagnostic(found, host));
}

// Nothing may stand in an example that its schema does not describe.
function closed(node) {
    if (Array.isArray(node)) return node.map(closed);
    if (node === null || typeof node !== 'object') return node;
    const copy = Object.fromEntries(Object.entries(node).map(([k, v]) => [k, closed(v)]));
    if (copy.type === 'object' && copy.properties) copy.additionalProperties = false;
    return copy;
}

// Has `value` all that `members` has? UUID stands for any.
function holds(value, members) {
    if (members === 'UUID') return kUuid.test(value);
    if (members === null || typeof members !== 'object') return value === members;
    if (Array.isArray(members) && members.length !== value?.length) return false;
    return Object.entries(members).every(([name, member]) => holds(value?.[name], member));
}

function brief(members) {
    return JSON.stringify(members).slice(0, 40);
}
