// Plans bought by Stripe: POST /billing/checkout, /billing/portal, and what Stripe tells by
// /billing/webhook. Stripe is a double, held against Stripe's own library in stripe.test.mjs.
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';

import Stripe from 'stripe';

import {
    after,
    assert,
    assertShape,
    before,
    describe,
    eventually,
    inParallel,
    test,
    unique,
} from './claim.mjs';
import { answerWith } from './providers.mjs';
import { kPatience, kSlowdown, Stack } from './stack.mjs';
import { eventOf, kPrices, kRetiredPrice, Purchase, StripeDouble, v1 } from './stripe.mjs';

// The promise: an answer whatever Stripe does.
const kWithin = 6_000 * kSlowdown;

let stripe;
let stack;
let tenant;
before(
    async () => {
        stripe = await StripeDouble.start();
        stack = await stripe.startStack({ workers: 1, threads: 8 });
        tenant = await stack.newTenant({ plan: 'free' });
    },
    { timeout: 90_000 * kPatience },
);
after(async () => {
    await stack?.stop();
    await stripe?.stop();
});

const kBody = { plan: 'pro', interval: 'monthly' };
const checkout = (body = kBody, { of = tenant, headers } = {}) =>
    of.call('POST', '/v1/billing/checkout', { body, headers });
const portal = (of = tenant, headers) => of.call('POST', '/v1/billing/portal', { headers });
const statusOf = async (of) => {
    const shown = (await of.call('GET', '/v1/me/status')).expect(200);
    return [shown.plan, shown.subscription_status, shown.has_subscription];
};
const tell = async (event, options) => {
    const answer = await stripe.tell(stack, event, options);
    answer.expect(200);
    return answer;
};
const newTenant = (plan = 'free') => stack.newTenant({ plan });
const eventsOf = async (of, type) => {
    const listed = await of.call('GET', `/v1/audit?event_type=${type}`);
    return listed.expect(200).events;
};
// A tenant that has bought a plan.
async function newBuyer(options) {
    const buyer = await newTenant();
    const purchase = new Purchase(buyer, { customer: stripe.newCustomer(), ...options });
    for (const event of [purchase.completed(), purchase.told('created', 'active')])
        await tell(event);
    return { buyer, purchase };
}

describe('a checkout', () => {
    test('is answered with the page where the plan is bought', async () => {
        const session = (await checkout()).expect(200);
        assertShape(session, {
            url: /^https:\/\/checkout\.stripe\.com\/c\/pay\/cs_/,
            session_id: /^cs_test_/,
        });
    });

    test('is asked of Stripe as its own library would ask', async () => {
        (await checkout({ plan: 'enterprise', interval: 'monthly' })).expect(200);
        const ours = stripe.requests.at(-1);
        const library = new Stripe(stripe.key, {
            host: 'localhost',
            port: stripe.front.port,
            protocol: 'https',
            httpAgent: new https.Agent({ ca: stripe.authority.ca }),
            telemetry: false,
        });
        const metadata = { tenant_id: tenant.id, plan: 'enterprise' };
        const session = await library.checkout.sessions.create({
            mode: 'subscription',
            line_items: [{ price: kPrices.enterprise_monthly, quantity: 1 }],
            success_url: 'https://example.com/billing/success',
            cancel_url: 'https://example.com/billing/cancel',
            client_reference_id: tenant.id,
            metadata,
            subscription_data: { metadata },
        });
        assert.match(session.id, /^cs_test_/);
        const theirs = stripe.requests.at(-1);
        assert.deepEqual(ours.form, theirs.form);
        assert.equal(ours.path, theirs.path);
        for (const name of ['authorization', 'content-type', 'stripe-version'])
            assert.equal(ours.headers[name], theirs.headers[name], name);
        assert.match(ours.headers['idempotency-key'], /^[0-9a-f]{64}$/);
    });

    test('is on record, with what is bought', async () => {
        const answer = await checkout({ plan: 'pro', interval: 'annual' });
        const event = await tenant.auditOf(answer.requestId);
        assert.equal(event.event_type, 'billing.checkout_created');
        assert.deepEqual(event.details, {
            plan: 'pro',
            interval: 'annual',
            session_id: answer.expect(200).session_id,
        });
    });

    test('again under its Idempotency-Key is the same, and on record once', async () => {
        const own = await newTenant();
        const headers = { 'Idempotency-Key': unique('key') };
        const first = await checkout(kBody, { of: own, headers });
        const again = await checkout(kBody, { of: own, headers });
        assert.equal(again.expect(200).session_id, first.expect(200).session_id);
        assert.equal((await eventsOf(own, 'billing.checkout_created')).length, 1);
    });

    test('of something else under the same key is answered with 409', async () => {
        const headers = { 'Idempotency-Key': unique('key') };
        (await checkout(kBody, { headers })).expect(200);
        const other = await checkout({ ...kBody, interval: 'annual' }, { headers });
        other.expect(409, 'INVALID_REQUEST');
    });

    test('without a key is another one each time', async () => {
        const ids = [(await checkout()).expect(200), (await checkout()).expect(200)];
        assert.notEqual(ids[0].session_id, ids[1].session_id);
    });

    test('of a customer that Stripe knows is for that customer', async () => {
        const { buyer, purchase } = await newBuyer();
        await tell(purchase.told('deleted', 'canceled', 9));
        (await checkout(kBody, { of: buyer })).expect(200);
        assert.equal(stripe.requests.at(-1).form.customer, purchase.customer);
    });

    test('of a customer that Stripe has forgotten makes a new one', async () => {
        const { buyer, purchase } = await newBuyer();
        await tell(purchase.told('deleted', 'canceled', 9));
        stripe.forget(purchase.customer);
        (await checkout(kBody, { of: buyer })).expect(200);
        assert.equal(stripe.requests.at(-1).form.customer, undefined);
        const next = new Purchase(buyer, { customer: stripe.newCustomer() });
        await tell(next.completed(20));
        assert.equal((await statusOf(buyer))[0], 'pro');
        (await portal(buyer)).expect(200);
        assert.equal(stripe.requests.at(-1).form.customer, next.customer);
    });

    test('of who has a subscription is refused, and Stripe not asked', async () => {
        const { buyer } = await newBuyer();
        const before = stripe.requests.length;
        const answer = await checkout(kBody, { of: buyer });
        answer.expect(400, 'INVALID_REQUEST');
        assert.match(answer.message, /portal/);
        assert.equal(stripe.requests.length, before);
    });

    for (const [what, body, message] of [
        ['no plan', { interval: 'monthly' }, /plan.*pro.*enterprise/],
        ['no interval', { plan: 'pro' }, /interval.*monthly.*annual/],
        ['an unknown plan', { ...kBody, plan: 'gold' }, /plan.*pro.*enterprise/],
        ['the free plan', { ...kBody, plan: 'free' }, /plan.*pro.*enterprise/],
        ['a plan that is a number', { ...kBody, plan: 7 }, /plan.*pro.*enterprise/],
        ['an unknown interval', { ...kBody, interval: 'weekly' }, /interval.*monthly.*annual/],
        ['a price', { ...kBody, price: kPrices.pro_annual }, /price/],
        ['a number for an interval', { ...kBody, interval: 12 }, /interval.*monthly.*annual/],
        ['what is not for sale', { plan: 'enterprise', interval: 'annual' }, /not sold/],
    ]) {
        test(`with ${what} is refused`, async () => {
            const answer = await checkout(body);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, message);
        });
    }
});

describe('the portal', () => {
    test('is answered with the page of the customer', async () => {
        const { buyer, purchase } = await newBuyer();
        const answer = await portal(buyer);
        assertShape(answer.expect(200), { url: /^https:\/\/billing\.stripe\.com\/p\/session\// });
        const { path, form } = stripe.requests.at(-1);
        assert.equal(path, '/v1/billing_portal/sessions');
        assert.deepEqual(form, {
            customer: purchase.customer,
            return_url: 'https://example.com/billing',
        });
        assert.equal((await buyer.auditOf(answer.requestId)).event_type, 'billing.portal_opened');
    });

    test('of who has bought nothing is answered with 404', async () => {
        const answer = await portal(await newTenant());
        answer.expect(404, 'STRIPE_CUSTOMER_NOT_FOUND');
        assert.match(answer.message, /checkout/);
    });

    test('of a customer that Stripe has forgotten is answered with 404', async () => {
        const { buyer, purchase } = await newBuyer();
        stripe.forget(purchase.customer);
        (await portal(buyer)).expect(404, 'STRIPE_CUSTOMER_NOT_FOUND');
    });

    test('is of the own tenant: of two customers each gets theirs', async () => {
        const [one, two] = [await newBuyer(), await newBuyer()];
        for (const { buyer, purchase } of [one, two]) {
            (await portal(buyer)).expect(200);
            assert.equal(stripe.requests.at(-1).form.customer, purchase.customer);
        }
    });
});

describe('who may', () => {
    for (const target of ['/v1/billing/checkout', '/v1/billing/portal']) {
        const body = target.endsWith('checkout') ? kBody : undefined;
        const send = (token, headers) => stack.client.post(target, { token, body, headers });

        test(`call ${target}: an admin`, async () => {
            const { buyer } = await newBuyer();
            const own = target.endsWith('portal') ? buyer : await newTenant();
            const { token } = await own.newMember('admin');
            (await send(token)).expect(200);
        });

        for (const role of ['viewer', 'approver']) {
            test(`not call ${target}: a member with the role ${role}, on record`, async () => {
                const own = await newTenant();
                const asked = stripe.requests.length;
                const answer = await send((await own.newMember(role)).token);
                answer.expect(403, 'SCOPE_DENIED');
                assert.match(answer.message, /role admin/);
                const event = await own.auditOf(answer.requestId);
                assert.deepEqual([event.event_type, event.reason], ['auth.failed', 'role_too_low']);
                assert.equal(stripe.requests.length, asked);
            });
        }

        test(`not call ${target}: whatever takes a key of the store to verify`, async () => {
            const agent = await tenant.newAgent();
            const personal = (await tenant.newPersonalToken()).token;
            for (const [what, token] of [
                ['an agent key', agent.key],
                ['a scoped token', await agent.newToken(['secrets:*:*'])],
                ['a personal token', personal],
            ]) {
                const answer = await send(token);
                answer.expect(403, 'SCOPE_DENIED');
                assert.equal(answer.message, `This endpoint takes an ID token, not ${what}`);
            }
        });

        test(`not call ${target}: nobody, and forged credentials`, async () => {
            (await send(undefined)).expect(401, 'UNAUTHORIZED');
            const agent = await tenant.newAgent();
            for (const token of [
                `${tenant.userToken.slice(0, -8)}AAAAAAAA`,
                agent.key.slice(0, -1),
                `ass_user_${'0'.repeat(48)}`,
                'this-is-not-any-credential',
            ])
                (await send(token)).expect(401, 'UNAUTHORIZED');
        });

        test(`not call ${target}: a stranger, who gets no tenant by it`, async () => {
            const token = await stack.idToken(`${unique('nobody')}@people.example`);
            const answer = await send(token);
            answer.expect(403, 'SCOPE_DENIED');
            assert.match(answer.message, /invitation/);
        });

        test(`not call ${target}: for a tenant of others, by X-Tenant-Id`, async () => {
            const own = await newTenant();
            const asked = stripe.requests.length;
            const answer = await send(own.userToken, { 'X-Tenant-Id': tenant.id });
            answer.expect(403, 'SCOPE_DENIED');
            assert.equal((await own.auditOf(answer.requestId)).reason, 'not_a_member');
            assert.equal(stripe.requests.length, asked);
            assert.deepEqual(await tenant.audit(answer.requestId), []);
        });
    }
});

describe('what Stripe tells', () => {
    test('of a checkout that is completed gives the plan', async () => {
        const own = await newTenant();
        await tell(new Purchase(own).completed());
        assert.deepEqual(await statusOf(own), ['pro', 'active', true]);
    });

    test('of a plan counts from the next request on', async () => {
        const own = await newTenant();
        for (let i = 0; i < 5; ++i) await own.newAgent();
        const body = { name: unique('more'), allowed_namespaces: ['a'] };
        (await own.call('POST', '/v1/agents', { body })).expect(403, 'PLAN_LIMIT_REACHED');
        await tell(new Purchase(own).told('created', 'active'));
        (await own.call('POST', '/v1/agents', { body })).expect(200);
    });

    test('of the price decides the plan, not what was asked for at the checkout', async () => {
        const own = await newTenant();
        const purchase = new Purchase(own, { price: kPrices.enterprise_monthly });
        await tell(purchase.told('created', 'active'));
        assert.deepEqual(await statusOf(own), ['enterprise', 'active', true]);
    });

    for (const [what, event, end] of [
        ['an update', (p) => p.told('updated', 'past_due', 5), ['pro', 'past_due', true]],
        ['a failed payment', (p) => p.paymentFailed(5), ['pro', 'past_due', true]],
        [
            'a failed payment, in the older shape',
            (p) => p.paymentFailed(5, { subscription: p.subscription, parent: undefined }),
            ['pro', 'past_due', true],
        ],
        ['an unpaid one', (p) => p.told('updated', 'unpaid', 5), ['free', 'unpaid', false]],
        ['a deletion', (p) => p.told('deleted', 'canceled', 5), ['free', 'canceled', false]],
    ]) {
        test(`of a subscription is followed: ${what}`, async () => {
            const { buyer, purchase } = await newBuyer();
            await tell(event(purchase));
            assert.deepEqual(await statusOf(buyer), end);
        });
    }

    test('of a price that is not sold any more keeps the plan', async () => {
        const { buyer, purchase } = await newBuyer();
        purchase.price = kRetiredPrice;
        await tell(purchase.told('updated', 'active', 5));
        assert.deepEqual(await statusOf(buyer), ['pro', 'active', true]);
    });

    test('of a price of something else gives no plan, whatever was bought once', async () => {
        const { buyer, purchase } = await newBuyer();
        purchase.price = 'price_of_something_else';
        await stack.logContains(/stripe_price_unknown/, () =>
            tell(purchase.told('updated', 'active', 5)),
        );
        assert.deepEqual(await statusOf(buyer), ['free', 'active', true]);
    });

    test('of several prices in one subscription counts by the best', async () => {
        const own = await newTenant();
        const items = ['price_of_support', kPrices.pro_monthly, kPrices.enterprise_monthly];
        const change = { items: { data: items.map((price) => ({ price: { id: price } })) } };
        await tell(new Purchase(own).told('created', 'active', 0, change));
        assert.equal((await statusOf(own))[0], 'enterprise');
    });

    test('of a smaller plan takes nothing away, and refuses only what is more', async () => {
        const { buyer, purchase } = await newBuyer();
        for (let i = 0; i < 7; ++i) await buyer.newAgent();
        await tell(purchase.told('deleted', 'canceled', 5));
        assert.equal((await buyer.call('GET', '/v1/agents')).expect(200).total, 7);
        const body = { name: unique('more'), allowed_namespaces: ['a'] };
        (await buyer.call('POST', '/v1/agents', { body })).expect(403, 'PLAN_LIMIT_REACHED');
    });

    test('is on record, with what was and what is', async () => {
        const own = await newTenant();
        const event = new Purchase(own).told('created', 'active');
        const answer = await tell(event);
        const row = await own.auditOf(answer.requestId);
        assert.deepEqual([row.event_type, row.actor_type], ['billing.plan_changed', 'operator']);
        assert.deepEqual(row.details, {
            from: 'free',
            to: 'pro',
            subscription_status: 'active',
            stripe_event: event.id,
        });
    });

    test('twice is done once', async () => {
        const own = await newTenant();
        const event = new Purchase(own).told('created', 'active');
        await tell(event);
        const before = await own.state();
        await tell(event);
        assert.deepEqual(await own.state(), before);
    });

    test('16 times at once is done once', async () => {
        const own = await newTenant();
        const event = new Purchase(own).told('created', 'active');
        await inParallel(16, 16, () => tell(event));
        assert.equal((await eventsOf(own, 'billing.plan_changed')).length, 1);
    });

    test('in any order ends the same', async () => {
        const orders = [
            [0, 1, 2, 3],
            [3, 2, 1, 0],
            [2, 0, 3, 1],
            [1, 3, 0, 2],
        ];
        for (const order of orders) {
            const own = await newTenant();
            const purchase = new Purchase(own);
            const events = [
                purchase.told('created', 'incomplete'),
                purchase.told('updated', 'active', 1),
                purchase.completed(1),
                purchase.paymentFailed(5),
            ];
            for (const i of order) await tell(events[i]);
            assert.deepEqual(await statusOf(own), ['pro', 'past_due', true], order.join());
        }
    });

    test('all at once ends the same', async () => {
        const own = await newTenant();
        const purchase = new Purchase(own);
        const events = Array.from({ length: 20 }, (_, i) =>
            purchase.told('updated', i % 2 === 0 ? 'active' : 'past_due', i),
        );
        await inParallel(20, 10, (i) => tell(events[i]));
        assert.deepEqual(await statusOf(own), ['pro', 'past_due', true]);
    });

    test('leaves a plan that the operator gave, until what was bought changes', async () => {
        const { buyer, purchase } = await newBuyer();
        await stack.ctl(['tenant', 'plan', buyer.id, 'enterprise']);
        await tell(purchase.told('updated', 'past_due', 5));
        assert.equal((await statusOf(buyer))[0], 'enterprise');
        await tell(purchase.told('deleted', 'canceled', 9));
        assert.equal((await statusOf(buyer))[0], 'free');
    });

    test('of nobody here is taken, and nothing done', async () => {
        const nobody = { id: '00000000-0000-4000-8000-000000000123' };
        await tell(new Purchase(nobody).told('created', 'active'));
        await tell(eventOf('customer.subscription.created', { id: 'sub_1', customer: 'cus_1' }));
        await tell(eventOf('customer.subscription.created', { id: 'sub_1' }));
        await tell(eventOf('customer.subscription.created', null));
    });

    test('of other things is taken, and nothing done', async () => {
        const before = await tenant.state();
        await tell(eventOf('customer.created', { client_reference_id: tenant.id }));
        assert.deepEqual(await tenant.state(), before);
    });

    test('signed by its own library is believed', async () => {
        const own = await newTenant();
        const body = JSON.stringify(new Purchase(own).told('created', 'active'));
        const signature = new Stripe(stripe.key).webhooks.generateTestHeaderString({
            payload: body,
            secret: stripe.webhookSecret,
        });
        await tell(undefined, { body, signature });
        assert.deepEqual(await statusOf(own), ['pro', 'active', true]);
    });
});

describe("one tenant's event and another tenant:", () => {
    // Refused, and on record where it belongs, once; nothing is done to either.
    async function isDenied(event, owner, other) {
        const except = { except: ['audit_events', 'stripe_events'] };
        const before = [await owner.state(except), await other.state()];
        for (let i = 0; i < 2; ++i) {
            const answer = await stripe.tell(stack, event);
            answer.expect(400, 'INVALID_REQUEST');
            assert.match(answer.message, /another tenant/);
        }
        assert.deepEqual([await owner.state(except), await other.state()], before);
        const [denied, ...more] = await eventsOf(owner, 'billing.event_denied');
        assert.deepEqual(more, []);
        assert.equal(denied.metadata.reason, 'tenant_mismatch');
        assert.equal(denied.metadata.stripe_event, event.id);
        assert.ok(!JSON.stringify(denied).includes(other.id));
    }
    let other;
    before(async () => {
        other = await newTenant();
    });
    const claim = (of = other) => ({ metadata: { tenant_id: of.id, plan: 'enterprise' } });

    for (const [what, make] of [
        ['updated', (p) => p.told('updated', 'past_due', 5, claim())],
        ['deleted', (p) => p.told('deleted', 'canceled', 5, claim())],
        ['bought again', (p) => p.completed(5, { ...claim(), client_reference_id: other.id })],
        ['bought for it', (p) => p.completed(5, { client_reference_id: other.id })],
        ['bought in its name', (p) => p.completed(5, claim())],
        [
            'not paid',
            (p) =>
                p.paymentFailed(5, {
                    parent: {
                        subscription_details: { ...claim(), subscription: p.subscription },
                    },
                }),
        ],
    ]) {
        test(`a known customer's is refused where it names the other: ${what}`, async () => {
            const { buyer, purchase } = await newBuyer();
            await isDenied(make(purchase), buyer, other);
        });
    }

    test('a new customer is not taken where checkout and metadata name two', async () => {
        const own = await newTenant();
        const purchase = new Purchase(own);
        await isDenied(purchase.completed(0, { client_reference_id: other.id }), own, other);
        assert.deepEqual(await statusOf(own), ['free', 'none', false]);
    });

    // A payment link of the account can be opened with any reference in its URL.
    test('a reference alone gives nothing', async () => {
        const before = await other.state();
        const bought = new Purchase(other).completed(0, { metadata: {} });
        await tell(bought);
        await tell(new Purchase(other).completed(0, { metadata: { plan: 'pro' } }));
        assert.deepEqual(await other.state(), before);
    });

    test('a subscription of one is not ended by an event of the other with its id', async () => {
        const [one, two] = [await newBuyer(), await newBuyer()];
        two.purchase.subscription = one.purchase.subscription;
        await tell(two.purchase.told('deleted', 'canceled', 9));
        assert.deepEqual(await statusOf(one.buyer), ['pro', 'active', true]);
    });

    test('a customer of one tenant does not become the other one\'s', async () => {
        const { buyer, purchase } = await newBuyer();
        const event = new Purchase(other, { customer: purchase.customer });
        (await stripe.tell(stack, event.completed())).expect(400, 'INVALID_REQUEST');
        (await portal(other)).expect(404, 'STRIPE_CUSTOMER_NOT_FOUND');
        (await portal(buyer)).expect(200);
    });
});

describe('a webhook', () => {
    const seconds = () => Math.floor(Date.now() / 1000);
    const kFaults = {
        'no signature': () => null,
        'an empty signature': () => '',
        'a signature by another secret': (body) => stripe.sign(body, { secret: 'whsec_other-one' }),
        'a signature of another body': () => stripe.sign('{}'),
        'a signature of 6 minutes ago': (body) => stripe.sign(body, { at: seconds() - 360 }),
        'a signature of in 6 minutes': (body) => stripe.sign(body, { at: seconds() + 360 }),
        'a signature whose time was changed': (body) =>
            `t=${seconds()},v1=${v1(body, seconds() - 360, stripe.webhookSecret)}`,
        'a signature of another scheme': (body) => stripe.sign(body).replace('v1=', 'v0='),
        'a bare signature': (body) => v1(body, seconds(), stripe.webhookSecret),
    };
    for (const [what, signatureOf] of Object.entries(kFaults)) {
        test(`with ${what} is answered with 400, and nothing done`, async () => {
            const own = await newTenant();
            const before = await own.state();
            const body = JSON.stringify(new Purchase(own).told('created', 'active'));
            const answer = await stripe.tell(stack, undefined, {
                body,
                signature: signatureOf(body),
            });
            answer.expect(400, 'INVALID_REQUEST');
            assert.deepEqual(await own.state(), before);
        });
    }

    test('with one right signature among several is believed', async () => {
        const own = await newTenant();
        const body = JSON.stringify(new Purchase(own).told('created', 'active'));
        const old = v1(body, seconds(), 'whsec_the-one-before');
        const signature = stripe.sign(body).replace('v1=', `v1=${old},v1=`);
        await tell(undefined, { body, signature });
        assert.equal((await statusOf(own))[0], 'pro');
    });

    test('whose body is no event is answered with 400, though it is signed', async () => {
        for (const body of ['{}', '[]', 'null', '{"id":"evt_1","id":"evt_2","created":1}', '{'])
            (await stripe.tell(stack, undefined, { body })).expect(400, 'INVALID_REQUEST');
    });

    test('of another type of content is answered with 415', async () => {
        const body = JSON.stringify(eventOf('customer.created', {}));
        const headers = { 'Content-Type': 'text/plain', 'Stripe-Signature': stripe.sign(body) };
        const answer = await stack.client.post('/v1/billing/webhook', { body, headers });
        answer.expect(415, 'INVALID_REQUEST');
    });

    test('of no body is answered with 400', async () => {
        const answer = await stripe.tell(stack, undefined, { body: '', signature: stripe.sign('') });
        answer.expect(400, 'INVALID_REQUEST');
    });

    test('is signed as it comes, byte by byte', async () => {
        const own = await newTenant();
        const body = `\n${JSON.stringify(new Purchase(own).told('created', 'active'), null, 3)}\n `;
        await tell(undefined, { body });
        assert.equal((await statusOf(own))[0], 'pro');
        const changed = stripe.tell(stack, undefined, { body: `${body} `, signature: stripe.sign(body) });
        (await changed).expect(400, 'INVALID_REQUEST');
    });

    test('with an Idempotency-Key as well is taken', async () => {
        const own = await newTenant();
        const body = JSON.stringify(new Purchase(own).told('created', 'active'));
        const headers = {
            'Content-Type': 'application/json',
            'Stripe-Signature': stripe.sign(body),
            'Idempotency-Key': unique('key'),
        };
        const answer = await stack.client.post('/v1/billing/webhook', { body, headers });
        answer.expect(200);
        assert.equal((await statusOf(own))[0], 'pro');
    });

    test('needs no credential, and gains nothing by one', async () => {
        const answer = await tenant.call('POST', '/v1/billing/webhook', { body: {} });
        answer.expect(400, 'INVALID_REQUEST');
    });
});

describe('while Stripe', () => {
    const kLies = {
        'says nothing': () => {},
        'fails': answerWith({ error: { type: 'api_error' } }, { status: 500 }),
        'is overloaded': answerWith({ error: { type: 'rate_limit' } }, { status: 429 }),
        'takes our key for none': answerWith({ error: { type: 'x' } }, { status: 401 }),
        'sends a page': answerWith('<html></html>', { headers: { 'Content-Type': 'text/html' } }),
        'sends half a session': answerWith({ id: 'cs_test_1' }),
        'sends elsewhere': answerWith('', { status: 302, headers: { Location: '/v1/other' } }),
        'never stops': (request, response) => {
            response.writeHead(200);
            const more = (error) =>
                error || response.destroyed || response.write('x'.repeat(65536), more);
            response.on('error', () => {});
            more();
        },
        'breaks off': (request, response) => response.destroy(),
    };
    after(() => {
        stripe.front.lie = null;
    });
    for (const [what, lie] of Object.entries(kLies)) {
        test(`${what}, a checkout is answered with 503 within 6 s`, async () => {
            stripe.front.lie = lie;
            const own = await newTenant();
            const before = await own.state();
            const began = Date.now();
            const answer = await checkout(kBody, { of: own });
            answer.expect(503, 'INTERNAL_ERROR');
            assert.ok(Date.now() - began < kWithin, `${Date.now() - began} ms`);
            assert.match(answer.message, /Stripe/);
            assert.deepEqual(await own.state(), before);
        });
    }

    test('says nothing to as many as the pool has threads, the rest goes on', async () => {
        const own = await newTenant();
        await tenant.putSecret('billing/KEY', { value: 'v' });
        const token = await (await tenant.newAgent()).newToken(['secrets:read:billing/*']);
        const asked = stripe.requests.length;
        let waiting = 0;
        stripe.front.lie = () => {
            waiting += 1;
        };
        let answered = 0;
        const hanging = Array.from({ length: 12 }, async () => {
            const answer = await checkout();
            answered += 1;
            return answer;
        });
        // Of 8 threads 6 wait for Stripe; who comes then is told so at once.
        await eventually('six wait', () => waiting === 6 && answered === 6);
        await inParallel(20, 2, async () =>
            (await stack.client.get('/v1/secrets/billing/KEY', { token })).expect(200),
        );
        await tell(new Purchase(own).told('created', 'active'));
        assert.deepEqual(await statusOf(own), ['pro', 'active', true]);
        assert.equal(answered, 6, 'Stripe was given up before the rest was done');
        for (const answer of await Promise.all(hanging)) answer.expect(503, 'INTERNAL_ERROR');
        assert.equal(stripe.requests.length, asked);
    });

    test('is not there, the same; and it is well when it is back', async () => {
        stripe.front.lie = null;
        await stripe.front.close();
        (await checkout()).expect(503, 'INTERNAL_ERROR');
        await stripe.front.listen();
        (await checkout()).expect(200);
    });
});

describe('the pool', () => {
    test('serves nothing but billing: what gets there by a trick is not found', async () => {
        for (const target of [
            '/v1/billing/..%2fagents',
            '/v1/billing/%2e%2e/agents',
            '/v1/billing/../agents',
            '/v1/billing/secrets/a/KEY',
            '/v1/%62illing/checkout',
            '/v1/billing/',
            '/v1/billing',
        ]) {
            const answer = await stack.client.rawGet(target, { token: tenant.userToken });
            assert.ok([400, 404].includes(answer.status), `${target}: ${answer.status}`);
        }
    });

    test('has no root key, and needs none to start', async () => {
        const moved = path.join(stack.state, 'root.key.aside');
        const key = path.join(stack.state, 'root.key');
        fs.renameSync(key, moved);
        try {
            const [before] = stack.workerPids('billing');
            process.kill(before, 'SIGKILL');
            await eventually('another one serves', async () => {
                const [pid] = stack.workerPids('billing');
                return pid !== undefined && pid !== before;
            });
            (await checkout()).expect(200);
        } finally {
            fs.renameSync(moved, key);
        }
    });

    test('counts requests in the same window as the others', async () => {
        const own = await newTenant();
        const remaining = (answer) => Number(answer.header('x-ratelimit-remaining'));
        const before = remaining(await own.call('GET', '/v1/me'));
        const between = remaining(await checkout(kBody, { of: own }));
        const after = remaining(await own.call('GET', '/v1/me'));
        assert.deepEqual([between, after], [before - 1, before - 2]);
    });

    test('whose worker dies in between answers all the same, and records once', async () => {
        const own = await newTenant();
        let killed = false;
        stripe.front.lie = (request, response) => {
            stripe.front.listener(request, response);
            if (killed) return;
            killed = true;
            for (const pid of stack.workerPids('billing')) process.kill(pid, 'SIGKILL');
        };
        const answer = await checkout(kBody, { of: own });
        stripe.front.lie = null;
        assert.ok(killed);
        answer.expect(200);
        const [event, ...more] = await eventsOf(own, 'billing.checkout_created');
        assert.deepEqual(more, []);
        assert.equal(event.metadata.session_id, answer.json.session_id);
    });

    test('never shows its secrets, not even in a log', async () => {
        (await checkout()).expect(200);
        for (const file of stack.logFiles())
            for (const secret of [stripe.key, stripe.webhookSecret])
                assert.ok(!fs.readFileSync(file, 'utf8').includes(secret), file);
    });

    test('says what it lacks and ends with 78', async () => {
        const noKey = await stack.workerWithSocket(
            ['--config', stack.config, '--pool', 'billing'],
            { env: {} },
        );
        assert.equal(noKey.code, 78);
        assert.match(noKey.stderr, /secretstore-stripe-key/);
        const noPool = await stack.worker(['--config', stack.config, '--pool', 'shop']);
        assert.equal(noPool.code, 78);
        assert.match(noPool.stderr, /store.*billing/);
    });
});

describe('without billing', () => {
    let plain;
    let own;
    before(
        async () => {
            plain = await Stack.start({ workers: 1, threads: 4 });
            own = await plain.newTenant();
        },
        { timeout: 60_000 * kPatience },
    );
    after(() => plain?.stop());

    for (const [target, body] of [
        ['/v1/billing/checkout', kBody],
        ['/v1/billing/portal', undefined],
    ]) {
        test(`${target} is answered with 404, which says so`, async () => {
            const answer = await own.call('POST', target, { body });
            answer.expect(404, 'NOT_FOUND');
            assert.match(answer.message, /[Bb]illing/);
        });
    }

    test('the webhook is answered with 404, whatever its signature', async () => {
        const answer = await stripe.tell(plain, new Purchase(own).told('created', 'active'));
        answer.expect(404, 'NOT_FOUND');
    });

    test('there is no pool for it, and none can be started', async () => {
        assert.deepEqual(plain.workerPids('billing'), []);
        const args = ['--config', plain.config, '--pool', 'billing'];
        const ended = await plain.workerWithSocket(args);
        assert.equal(ended.code, 78);
        assert.match(ended.stderr, /billing\.enabled/);
    });
});
