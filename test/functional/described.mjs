// Holds every answer against the OpenAPI document that the server gives (fcgi/openapi.json is the
// same, by scripts/check-openapi): the operation, the status, and the schema of the body, in which
// nothing may stand that is not described.
import assert from 'node:assert/strict';
import fs from 'node:fs';

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const kDocument = new URL('../../fcgi/openapi.json', import.meta.url);
// What nginx answers by itself, or the router before there is an operation.
const kStatusesOfAll = new Set([400, 405, 408, 413, 414, 421, 429, 431, 500, 501, 503, 505]);

const document = closed(JSON.parse(fs.readFileSync(kDocument, 'utf8')));
const ajv = new Ajv2020({ strict: false, allErrors: false });
addFormats.default(ajv);
ajv.addSchema(document, 'openapi');

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        // A secret's path has slashes of its own; every other argument is one segment.
        pattern: new RegExp(
            `^${path.replace(/\{secret_path\}/, '.+').replace(/\{[a-z_]+\}/g, '[^/]+')}$`,
        ),
        operation,
    })),
);

// Clients must bear more members than are described; this server may not send them.
function closed(node) {
    if (Array.isArray(node)) return node.map(closed);
    if (node === null || typeof node !== 'object') return node;
    const copy = Object.fromEntries(Object.entries(node).map(([k, v]) => [k, closed(v)]));
    if (copy.type === 'object' && copy.properties) copy.additionalProperties = false;
    return copy;
}

// { path, method, operation } of each.
export function documentedOperations() {
    return operations;
}

// The most literal path wins, as in the router.
export function findOperation(method, target) {
    const path = target.split('?')[0];
    const found = operations.filter((one) => one.method === method && one.pattern.test(path));
    return found.sort((a, b) => weight(b.path) - weight(a.path))[0];
}
const weight = (path) => path.replace(/\{[^}]*\}/g, '').length;

const validators = new Map();
function validatorOf({ path, method }, status) {
    const pointer = ['paths', path, method.toLowerCase(), 'responses', status, 'content']
        .concat(['application/json', 'schema'])
        .map((part) => encodeURIComponent(String(part).replace(/~/g, '~0').replace(/\//g, '~1')))
        .join('/');
    if (!validators.has(pointer))
        validators.set(pointer, ajv.compile({ $ref: `openapi#/${pointer}` }));
    return validators.get(pointer);
}

export function checkDescribed(method, target, answer) {
    const found = findOperation(method, target);
    if (!found) return;
    const where = `${method} ${found.path} -> ${answer.status}`;
    const described = found.operation.responses[answer.status];
    if (!described) {
        const known = kStatusesOfAll.has(answer.status) || answer.status === 304;
        assert.ok(known, `${where} is not described in the OpenAPI document`);
        return;
    }
    const type = answer.header('content-type');
    assert.ok(answer.text === '' || described.content?.[type.split(';')[0]], `${where}: ${type}`);
    if (answer.text === '' || type !== 'application/json') return;
    const validate = validatorOf(found, answer.status);
    const fine = validate(answer.json);
    assert.ok(fine, `${where}: ${ajv.errorsText(validate.errors)}: ${answer.text.slice(0, 300)}`);
}
