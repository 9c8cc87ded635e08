// What every test file needs: a test with a deadline, waiting for a predicate, unique names.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import nodeTest from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

export { assert };
export { before, after, describe } from 'node:test';

// How much longer this machine may take than one that does nothing else: a factor of how long a test
// waits, never of what it promises.
export const kPatienceOfMachine = Number(process.env.SECRETSTORE_PATIENCE || 1);
assert.ok(kPatienceOfMachine > 0, 'SECRETSTORE_PATIENCE is a factor');

const kDefaultTimeoutMs = 30_000 * kPatienceOfMachine;
const kDefaultWaitMs = 10_000 * kPatienceOfMachine;

// A test whose name is a claim that is true when it passes.
export function test(name, ...rest) {
    const body = rest.pop();
    const options = { timeout: kDefaultTimeoutMs, ...(rest[0] ?? {}) };
    return nodeTest(name, options, body);
}

// Awaits the predicate and returns its first truthy value. `what` tells a failure what was missing.
export async function eventually(what, predicate, { timeoutMs = kDefaultWaitMs, pollMs = 20 } = {}) {
    const deadline = Date.now() + timeoutMs;
    let lastError;
    for (;;) {
        try {
            const value = await predicate();
            if (value) return value;
            lastError = undefined;
        } catch (error) {
            lastError = error;
        }
        if (Date.now() > deadline) {
            throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: lastError });
        }
        await pause(pollMs);
    }
}

// A name that no other test uses, of characters that every grammar of the product allows.
export function unique(prefix) {
    return `${prefix}-${randomBytes(5).toString('hex')}`;
}

export function assertExactMembers(value, members, what = 'members') {
    assert.deepEqual(Object.keys(value).sort(), [...members].sort(), what);
}

export const kUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const kTimestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

// Runs `task(index)` for 0 … count-1, at most `width` at once; the results in order.
export async function inParallel(count, width, task) {
    const results = new Array(count);
    let next = 0;
    async function lane() {
        while (next < count) {
            const index = next++;
            results[index] = await task(index);
        }
    }
    await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
    return results;
}

// Every member of `required` is there and passes its check (a RegExp, a typeof name, an exact
// value or a predicate); beyond them only those of `optional`.
export function assertShape(value, required, optional = {}) {
    const checks = { ...required, ...optional };
    for (const name of Object.keys(required)) {
        assert.ok(name in value, `no member '${name}' in ${JSON.stringify(value)}`);
    }
    for (const [name, member] of Object.entries(value)) {
        assert.ok(name in checks, `a member '${name}' that nobody described`);
        assert.ok(passes(member, checks[name]), `'${name}' is ${JSON.stringify(member)}`);
    }
}

function passes(value, check) {
    if (check instanceof RegExp) return typeof value === 'string' && check.test(value);
    if (typeof check === 'function') return check(value);
    try {
        assert.deepEqual(value, check);
        return true;
    } catch {
        return false;
    }
}

export const isString = (value) => typeof value === 'string';
export const isWholeNumber = (value) => Number.isInteger(value) && value >= 0;
export const orNull = (check) => (value) => value === null || passes(value, check);
export const anything = () => true;
