// Stripe for the tests: a small https server that answers as Stripe's API does where billing asks
// it, and signs what it tells as Stripe does. What it answers and signs is held against Stripe's own
// library in stripe.test.mjs.
import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import Stripe from 'stripe';

import { Authority, Front } from './providers.mjs';
import { Stack } from './stack.mjs';

export const kPrices = {
    pro_monthly: 'price_pro_monthly',
    pro_annual: 'price_pro_annual',
    enterprise_monthly: 'price_enterprise_monthly',
};
// Not sold any more.
export const kRetiredPrice = 'price_pro_of_last_year';
// As Stripe's library speaks it, and we.
const kApiVersion = Stripe.API_VERSION;
const id = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;
const seconds = () => Math.floor(Date.now() / 1000);

// What Stripe says of a request that it refuses: docs.stripe.com/api/errors.
const refusal = (status, error) => ({ status, body: { error } });
const kKeyInUse = refusal(409, {
    type: 'invalid_request_error',
    code: 'idempotency_key_in_use',
    message: 'There is currently another in-progress request using this idempotency key.',
});
const kOtherRequest = refusal(400, {
    type: 'idempotency_error',
    message: 'Keys for idempotent requests can only be used with the same parameters.',
});

export class StripeDouble {
    // Of each request that came: { path, headers, form }.
    requests = [];
    #answers = new Map(); // idempotency key → { asked, answer }, as Stripe keeps them
    #customers = new Set();

    static async start() {
        const double = new StripeDouble(await Authority.create());
        double.front = await Front.start(double.authority);
        double.front.serve((request, response) => double.#serve(request, response));
        return double;
    }

    constructor(authority) {
        this.authority = authority;
        this.key = `sk_test_${randomBytes(12).toString('hex')}`;
        this.webhookSecret = `whsec_${randomBytes(16).toString('hex')}`;
        // Files that are named by what they are, as systemd hands out credentials.
        this.credentials = fs.mkdtempSync(path.join(os.tmpdir(), 'secretstore-stripe-'));
        const credential = (name, text) => {
            const file = path.join(this.credentials, name);
            fs.writeFileSync(file, `${text}\n`, { mode: 0o400 });
            return file;
        };
        this.options = [
            '--credential',
            credential('secretstore-stripe-key', this.key),
            '--credential',
            credential('secretstore-stripe-webhook-secret', this.webhookSecret),
        ];
    }

    // YAML for a store that bills by this.
    get conf() {
        return [
            'billing:',
            '  enabled: true',
            `  api_base: ${this.front.url}`,
            `  ca_file: ${this.authority.caFile}`,
            '  success_url: https://example.com/billing/success',
            '  cancel_url: https://example.com/billing/cancel',
            '  return_url: https://example.com/billing',
            '  prices:',
            ...Object.entries(kPrices).map(([name, price]) => `    ${name}: ${price}`),
            '  retired_prices:',
            `    pro: ${kRetiredPrice}`,
            '',
        ].join('\n');
    }

    startStack({ conf = '', options = [], ...more } = {}) {
        return Stack.start({
            ...more,
            conf: this.conf + conf,
            options: [...this.options, ...options],
        });
    }

    async stop() {
        await this.front.close();
        this.authority.remove();
        fs.rmSync(this.credentials, { recursive: true });
    }

    // A customer that Stripe knows.
    newCustomer() {
        const customer = id('cus');
        this.#customers.add(customer);
        return customer;
    }

    forget(customer) {
        this.#customers.delete(customer);
    }

    // --- the API ----------------------------------------------------------------------------

    #serve(request, response) {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const form = Object.fromEntries(new URLSearchParams(text));
            this.requests.push({ path: request.url, headers: request.headers, form });
            const send = ({ status = 200, body }) => {
                response.writeHead(status, {
                    'Content-Type': 'application/json',
                    'Request-Id': id('req'),
                    'Stripe-Version': request.headers['stripe-version'] ?? kApiVersion,
                });
                response.end(JSON.stringify(body));
            };
            this.#answerOnce(request, `${request.url} ${text}`, form, send);
        });
    }

    // The first answer to an idempotency key is kept, and takes a moment: who asks meanwhile is told
    // so.
    #answerOnce(request, asked, form, send) {
        const key = request.headers['idempotency-key'];
        const kept = key && this.#answers.get(key);
        if (kept && kept.asked !== asked) return send(kOtherRequest);
        if (kept) return send(kept.answer ?? kKeyInUse);
        const entry = { asked };
        if (key) this.#answers.set(key, entry);
        return setImmediate(() => {
            entry.answer = this.#answer(request, form);
            send(entry.answer);
        });
    }

    #answer(request, form) {
        if (request.headers.authorization !== `Bearer ${this.key}`)
            return refusal(401, {
                type: 'invalid_request_error',
                message: 'Invalid API Key provided.',
            });
        if (form.customer && !this.#customers.has(form.customer))
            return refusal(400, {
                type: 'invalid_request_error',
                code: 'resource_missing',
                param: 'customer',
                message: `No such customer: '${form.customer}'`,
            });
        if (request.method === 'POST' && request.url === '/v1/checkout/sessions')
            return { body: this.#checkoutSession(form) };
        if (request.method === 'POST' && request.url === '/v1/billing_portal/sessions')
            return { body: portalSession(form) };
        return refusal(404, {
            type: 'invalid_request_error',
            message: `Unrecognized request URL (${request.method}: ${request.url}).`,
        });
    }

    #checkoutSession(form) {
        const session = id('cs_test');
        return {
            id: session,
            object: 'checkout.session',
            created: seconds(),
            client_reference_id: form.client_reference_id ?? null,
            customer: form.customer ?? null,
            metadata: metadataOf(form, 'metadata'),
            mode: form.mode,
            payment_status: 'unpaid',
            status: 'open',
            success_url: form.success_url,
            cancel_url: form.cancel_url,
            subscription: null,
            url: `https://checkout.stripe.com/c/pay/${session}`,
        };
    }

    // --- what it tells ----------------------------------------------------------------------

    // The header Stripe-Signature of a body.
    sign(body, { at = seconds(), secret = this.webhookSecret } = {}) {
        return `t=${at},v1=${v1(body, at, secret)}`;
    }

    // Sends an event to a store's webhook; any of what is sent may be replaced.
    tell(stack, event, { body = JSON.stringify(event), signature = this.sign(body) } = {}) {
        const headers = { 'Content-Type': 'application/json; charset=utf-8' };
        if (signature !== null) headers['Stripe-Signature'] = signature;
        return stack.client.post('/v1/billing/webhook', { body, headers });
    }
}

export function v1(body, at, secret) {
    return createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex');
}

function metadataOf(form, name) {
    const prefix = `${name}[`;
    return Object.fromEntries(
        Object.entries(form)
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, value]) => [key.slice(prefix.length, -1), value]),
    );
}

function portalSession(form) {
    const session = id('bps');
    return {
        id: session,
        object: 'billing_portal.session',
        created: seconds(),
        customer: form.customer,
        return_url: form.return_url,
        url: `https://billing.stripe.com/p/session/${session}`,
    };
}

// An event of Stripe about an object.
export function eventOf(type, object, created = seconds()) {
    return {
        id: id('evt'),
        object: 'event',
        api_version: kApiVersion,
        created,
        data: { object },
        livemode: false,
        type,
    };
}

// One subscription's life, in events. `created`: seconds since it began.
export class Purchase {
    constructor(tenant, { plan = 'pro', price = kPrices.pro_monthly, customer } = {}) {
        this.tenant = tenant;
        this.plan = plan;
        this.price = price;
        this.customer = customer ?? id('cus');
        this.subscription = id('sub');
        this.began = seconds();
    }

    get metadata() {
        return { tenant_id: this.tenant.id, plan: this.plan };
    }

    completed(at = 0, change = {}) {
        return this.#event('checkout.session.completed', at, {
            id: id('cs_test'),
            object: 'checkout.session',
            client_reference_id: this.tenant.id,
            customer: this.customer,
            metadata: this.metadata,
            payment_status: 'paid',
            status: 'complete',
            subscription: this.subscription,
            ...change,
        });
    }

    // `what`: created, updated or deleted.
    told(what, status, at = 0, change = {}) {
        return this.#event(`customer.subscription.${what}`, at, {
            id: this.subscription,
            object: 'subscription',
            customer: this.customer,
            items: { object: 'list', data: [{ id: id('si'), price: { id: this.price } }] },
            metadata: this.metadata,
            status,
            ...change,
        });
    }

    paymentFailed(at = 0, change = {}) {
        return this.#event('invoice.payment_failed', at, {
            id: id('in'),
            object: 'invoice',
            customer: this.customer,
            metadata: {},
            parent: {
                type: 'subscription_details',
                subscription_details: {
                    metadata: this.metadata,
                    subscription: this.subscription,
                },
            },
            ...change,
        });
    }

    #event(type, at, object) {
        return eventOf(type, object, this.began + at);
    }
}
