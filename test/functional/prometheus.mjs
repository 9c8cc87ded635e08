// Reads Prometheus' text format strictly: what promtool would complain of throws here, and so do
// samples without a family and classes of a histogram that do not add up.
import assert from 'node:assert/strict';
import http from 'node:http';

const kName = /^[a-z][a-z0-9_]*$/;
const kSample = /^([a-z][a-z0-9_]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\d+(?:\.\d+)?)$/;
const kSuffix = { histogram: /_(bucket|sum|count)$/ };

export class Metrics {
    // `text`: a whole page.
    constructor(text) {
        this.text = text;
        this.families = new Map();
        this.samples = new Map();
        assert.ok(text.endsWith('\n'), 'the last line has an end');
        let family;
        for (const line of text.slice(0, -1).split('\n')) {
            if (line.startsWith('# HELP ')) family = this.#begin(line);
            else if (line.startsWith('# TYPE ')) this.#type(family, line);
            else this.#sample(family, line);
        }
        for (const [name, { type }] of this.families)
            if (type === 'histogram') this.#checkHistogram(name);
    }

    #begin(line) {
        const [, , name, ...help] = line.split(' ');
        assert.match(name, kName);
        assert.ok(!this.families.has(name), `two families ${name}`);
        assert.ok(help.length > 0, `${name} has no help`);
        this.families.set(name, {});
        return name;
    }

    #type(family, line) {
        const [, , name, type] = line.split(' ');
        assert.equal(name, family, line);
        assert.match(type, /^(counter|gauge|histogram)$/);
        assert.equal(type === 'counter', name.endsWith('_total'), line);
        this.families.get(name).type = type;
    }

    #sample(family, line) {
        const [, name, labels = '', value] = kSample.exec(line) ?? [];
        assert.ok(name, `no sample: ${JSON.stringify(line)}`);
        const { type } = this.families.get(family);
        assert.equal(kSuffix[type] ? name.replace(kSuffix[type], '') : name, family, line);
        const key = `${name}${labels}`;
        assert.ok(!this.samples.has(key), `twice: ${line}`);
        this.samples.set(key, Number(value));
    }

    #checkHistogram(name) {
        const classes = new Map();
        for (const [key, value] of this.samples) {
            const [, labels] = new RegExp(`^${name}_bucket\\{(.*?),?le="[^"]+"\\}$`).exec(key) ?? [];
            if (labels === undefined) continue;
            const before = classes.get(labels) ?? [];
            assert.ok(value >= (before.at(-1) ?? 0), `${key} is less than the class before`);
            classes.set(labels, [...before, value]);
        }
        for (const [labels, values] of classes)
            assert.equal(values.at(-1), this.samples.get(`${name}_count{${labels}}`), labels);
    }

    // One sample; 0 where it is not shown.
    value(key) {
        return this.samples.get(`secretstore_${key}`) ?? 0;
    }

    // All samples of a family whose labels include these, added up.
    sum(family, labels = {}) {
        const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
        let sum = 0;
        for (const [key, value] of this.samples) {
            if (key !== `secretstore_${family}` && !key.startsWith(`secretstore_${family}{`)) continue;
            const found = key.slice(key.indexOf('{') + 1, -1).split(',');
            if (wanted.every((label) => found.includes(label))) sum += value;
        }
        return sum;
    }
}

// One request to the admin listener of a stack: { status, headers, text }.
export function askAdmin(stack, target, { method = 'GET', headers = {} } = {}) {
    const { hostname, port } = new URL(stack.env.ASS_ADMIN_URL);
    return new Promise((resolve, reject) => {
        const options = { hostname, port, path: target, method, headers, timeout: 15_000 };
        const request = http.request(options, (response) => {
            const chunks = [];
            response.on('data', (chunk) => chunks.push(chunk));
            response.on('end', () =>
                resolve({
                    status: response.statusCode,
                    headers: response.headers,
                    text: Buffer.concat(chunks).toString('utf8'),
                }),
            );
        });
        request.on('timeout', () => request.destroy(new Error(`no answer: ${target}`)));
        request.on('error', reject);
        request.end();
    });
}

export async function scrape(stack) {
    const answer = await askAdmin(stack, '/metrics');
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    return new Metrics(answer.text);
}

// { status, checks }.
export async function readiness(stack, exclude) {
    const answer = await askAdmin(stack, `/readyz${exclude ? `?exclude=${exclude}` : ''}`);
    const body = JSON.parse(answer.text);
    assert.equal(body.status, answer.status === 200 ? 'ready' : 'not_ready', answer.text);
    return { ...body, status: answer.status };
}
