// What each role may call: every endpoint for people with every role. The table is the route table's
// own, as the OpenAPI document tells it (x-required-role), so an endpoint that is added later is in
// it from its first day.
import { assert, before, describe, test } from './claim.mjs';
import { operations, targetOf } from './operations.mjs';
import { Stack } from './stack.mjs';

const stack = Stack.shared();
const http = stack.client;

const kRoles = ['viewer', 'approver', 'admin', 'owner'];
const rank = (role) => kRoles.indexOf(role);
const keyOf = (operation) => operation.name.replace(/\{[^}]*\}/g, '{}');

// Changes that need no more than to be a member: what they change is the member's own.
const kOwn = [
    'DELETE /v1/members/{}',
    'POST /v1/me/tokens',
    'DELETE /v1/me/tokens/{}',
];

const all = await operations(http);
const forPeople = all.filter(({ kinds }) => kinds.includes('user'));
const forMembers = forPeople.filter(({ role }) => role !== undefined);

describe('the table of roles', () => {
    test('names a role for every endpoint that takes a member, and for no other', () => {
        const without = forPeople.filter(({ role }) => role === undefined).map(({ name }) => name);
        assert.deepEqual(without, ['POST /v1/invitations/accept']);
        for (const { name, role } of forMembers) assert.ok(kRoles.includes(role), name);
        for (const { name, role } of all.filter(({ kinds }) => !kinds.includes('user')))
            assert.equal(role, undefined, name);
    });

    test('lets viewers change nothing but their own', () => {
        const changes = forMembers.filter(
            ({ method, role }) => method !== 'GET' && role === 'viewer',
        );
        assert.deepEqual(changes.map(keyOf).sort(), [...kOwn].sort());
    });

    test('lets approvers change nothing more but approvals', () => {
        for (const { name, template, role } of forMembers)
            if (role === 'approver') assert.match(template, /^\/v1\/approvals/, name);
    });
});

describe('with the role', () => {
    let tenant;
    const people = {};
    before(async () => {
        tenant = await stack.newTenant();
        for (const role of kRoles) people[role] = await tenant.newMember(role);
    });

    const send = (operation, token) =>
        http.call(operation.method, targetOf(operation), {
            token,
            body: operation.takesBody ? {} : undefined,
        });
    const kDenied = /^This takes the role (viewer|approver|admin|owner) in the tenant; yours is /;

    for (const role of kRoles) {
        for (const operation of forMembers) {
            if (rank(role) >= rank(operation.role)) {
                test(`${role}, ${operation.name} is open`, async () => {
                    const answer = await send(operation, people[role].token);
                    assert.notEqual(answer.status, 401, answer.text);
                    if (answer.status === 403) assert.doesNotMatch(answer.message, kDenied);
                });
            } else {
                test(`${role}, ${operation.name} is refused, on record`, async () => {
                    const before = await tenant.state({ except: ['audit_events'] });
                    const answer = await send(operation, people[role].token);
                    answer.expect(403, 'SCOPE_DENIED');
                    const [, wanted] = kDenied.exec(answer.message) ?? [];
                    assert.equal(wanted, operation.role, answer.message);
                    const event = await tenant.auditOf(answer.requestId);
                    assert.equal(event.event_type, 'auth.failed');
                    assert.equal(event.reason, 'role_too_low');
                    assert.equal(event.actor_id, people[role].id);
                    assert.deepEqual(await tenant.state({ except: ['audit_events'] }), before);
                });
            }
        }
    }

    test('viewer or approver, nobody else is removed', async () => {
        const other = await tenant.newMember('viewer');
        for (const role of ['viewer', 'approver']) {
            const answer = await http.call('DELETE', `/v1/members/${other.id}`, {
                token: people[role].token,
            });
            answer.expect(403, 'SCOPE_DENIED');
            assert.equal((await tenant.auditOf(answer.requestId)).reason, 'role_out_of_reach');
        }
        (await http.get('/v1/me', { token: other.token })).expect(200);
    });
});

describe('GET /me', () => {
    for (const role of kRoles) {
        test(`tells a member the role ${role}`, async () => {
            const tenant = await stack.newTenant();
            const member = await tenant.newMember(role);
            const me = (await http.get('/v1/me', { token: member.token })).expect(200);
            assert.deepEqual(
                [me.id, me.user_id, me.email, me.role],
                [tenant.id, member.id, member.email, role],
            );
        });
    }
});
