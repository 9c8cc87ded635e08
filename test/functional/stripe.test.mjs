// The double of Stripe against Stripe's own library: it answers what that library understands, asks
// and refuses like it, and signs what it accepts. So what the store is tested against is Stripe's
// way and not ours.
import https from 'node:https';

import Stripe from 'stripe';

import { after, assert, before, describe, test } from './claim.mjs';
import { eventOf, kPrices, StripeDouble } from './stripe.mjs';

let double;
let stripe;
before(async () => {
    double = await StripeDouble.start();
    stripe = library();
});
after(() => double?.stop());

const library = (key = double.key) =>
    new Stripe(key, {
        host: 'localhost',
        port: double.front.port,
        protocol: 'https',
        httpAgent: new https.Agent({ ca: double.authority.ca }),
        maxNetworkRetries: 0,
        telemetry: false,
    });

const checkout = (change = {}) => ({
    mode: 'subscription',
    line_items: [{ price: kPrices.pro_monthly, quantity: 1 }],
    success_url: 'https://example.com/billing/success',
    cancel_url: 'https://example.com/billing/cancel',
    client_reference_id: 'tenant',
    metadata: { tenant_id: 'tenant', plan: 'pro' },
    subscription_data: { metadata: { tenant_id: 'tenant', plan: 'pro' } },
    ...change,
});

describe("Stripe's own library", () => {
    test('takes a checkout session of the double', async () => {
        const session = await stripe.checkout.sessions.create(checkout());
        assert.match(session.id, /^cs_test_/);
        assert.match(session.url, /^https:\/\/checkout\.stripe\.com\//);
        assert.equal(session.client_reference_id, 'tenant');
        assert.deepEqual(session.metadata, { tenant_id: 'tenant', plan: 'pro' });
    });

    test('takes a portal session of the double', async () => {
        const customer = double.newCustomer();
        const session = await stripe.billingPortal.sessions.create({
            customer,
            return_url: 'https://example.com/billing',
        });
        assert.match(session.url, /^https:\/\/billing\.stripe\.com\//);
    });

    test('gets the same session for the same idempotency key', async () => {
        const options = { idempotencyKey: 'a-key' };
        const first = await stripe.checkout.sessions.create(checkout(), options);
        const again = await stripe.checkout.sessions.create(checkout(), options);
        assert.equal(again.id, first.id);
    });

    test('understands that a key came with another request', async () => {
        const options = { idempotencyKey: 'another-key' };
        await stripe.checkout.sessions.create(checkout(), options);
        await assert.rejects(
            stripe.checkout.sessions.create(checkout({ client_reference_id: 'x' }), options),
            Stripe.errors.StripeIdempotencyError,
        );
    });

    test('understands that a customer is missing', async () => {
        const asked = stripe.billingPortal.sessions.create({ customer: 'cus_nobody' });
        await assert.rejects(
            asked,
            (error) => error.code === 'resource_missing' && error.param === 'customer',
        );
    });

    test('understands that its key is wrong', async () => {
        await assert.rejects(
            library('sk_test_of-nobody').checkout.sessions.create(checkout()),
            Stripe.errors.StripeAuthenticationError,
        );
    });

    test('accepts an event that the double signed', () => {
        const body = JSON.stringify(eventOf('customer.subscription.updated', { id: 'sub_1' }));
        const event = stripe.webhooks.constructEvent(
            body,
            double.sign(body),
            double.webhookSecret,
        );
        assert.equal(event.data.object.id, 'sub_1');
    });

    test('refuses one that another secret signed, and an old one', () => {
        const body = JSON.stringify(eventOf('customer.subscription.updated', {}));
        const old = Math.floor(Date.now() / 1000) - 301;
        for (const options of [{ secret: 'whsec_of-nobody' }, { at: old }])
            assert.throws(
                () =>
                    stripe.webhooks.constructEvent(
                        body,
                        double.sign(body, options),
                        double.webhookSecret,
                    ),
                Stripe.errors.StripeSignatureVerificationError,
            );
    });

    test('signs as the double does', () => {
        const payload = JSON.stringify(eventOf('customer.subscription.updated', {}));
        const at = Math.floor(Date.now() / 1000);
        const header = stripe.webhooks.generateTestHeaderString({
            payload,
            secret: double.webhookSecret,
            timestamp: at,
        });
        assert.equal(header, double.sign(payload, { at }));
    });
});
