// A steady load of reads and writes over a few kept TLS connections, which counts. It goes on
// through everything that is done to the store meanwhile.
import fs from 'node:fs';
import https from 'node:https';

const kConnections = 8;
const kResends = 3;
// A request that takes longer has hung.
const kTimeoutMs = 25_000;

// One request; never throws. { status: 0, problem, closed } where there was no answer; `closed`: the
// connection was, and not a byte came back.
function send(agent, { method, path, token, body, name }) {
    return new Promise((resolve) => {
        const headers = { Authorization: `Bearer ${token}`, 'User-Agent': name };
        if (body) headers['Content-Type'] = 'application/json';
        const request = https.request(
            { host: 'localhost', port: 443, agent, method, path: `/v1${path}`, headers },
            (response) => {
                response.resume();
                response.on('end', () => resolve({ status: response.statusCode }));
                response.on('error', (error) => resolve({ status: 0, problem: error.code }));
            },
        );
        request.setTimeout(kTimeoutMs, () => request.destroy(new Error('hung')));
        request.on('error', (error) => {
            const closed = ['ECONNRESET', 'EPIPE'].includes(error.code);
            resolve({ status: 0, problem: error.code ?? error.message, closed });
        });
        request.end(body);
    });
}

export class Load {
    #agent;
    #fresh; // a connection for each request
    #token;
    #loops;
    #going = true;
    #answers = []; // { at, ms, status, problem, lost }

    constructor({ caFile, token }) {
        const ca = fs.readFileSync(caFile);
        this.#agent = new https.Agent({ keepAlive: true, maxSockets: kConnections, ca });
        this.#fresh = new https.Agent({ keepAlive: false, ca });
        this.#token = token;
        this.#loops = Array.from({ length: kConnections }, (_, i) => this.#loop(i));
    }

    async #loop(number) {
        const path = `/secrets/app/KEY_${number}`;
        for (let turn = 0; this.#going; turn += 1) {
            const body = JSON.stringify({ value: `value ${number} ${turn}` });
            const request =
                turn % 10 === 0
                    ? { method: 'PUT', path, body, token: this.#token }
                    : { method: 'GET', path, token: this.#token };
            const at = performance.now();
            // Names of attempts that got no answer: the audit log names whoever asked.
            const lost = [];
            const attempt = () =>
                send(lost.length ? this.#fresh : this.#agent, {
                    ...request,
                    name: `load/${number}.${turn}.${lost.length}`,
                });
            let answer = await attempt();
            // An nginx that is reloaded closes connections that wait for a request, and one may just
            // be on its way. The method is idempotent: so it is sent again (RFC 9110 §9.2.2), over a
            // new connection, for the others in the pool may be dying too.
            while (answer.closed && lost.length < kResends) {
                lost.push(`load/${number}.${turn}.${lost.length}`);
                answer = await attempt();
            }
            this.#answers.push({ at, ms: performance.now() - at, lost, ...answer });
        }
    }

    // What was asked since `from`.
    since(from) {
        return new Counted(this.#answers.filter((answer) => answer.at >= from));
    }

    get count() {
        return this.#answers.length;
    }

    async stop() {
        this.#going = false;
        await Promise.all(this.#loops);
        this.#agent.destroy();
    }
}

export class Counted {
    constructor(answers) {
        this.answers = answers;
        this.failed = answers.filter((answer) => answer.status === 0 || answer.status >= 400);
        this.lost = answers.flatMap((answer) => answer.lost);
    }

    // Of the answers that `keep` keeps.
    percentile(share, keep = () => true) {
        const times = this.answers
            .filter(keep)
            .map((answer) => answer.ms)
            .sort((left, right) => left - right);
        return times.length ? times[Math.min(times.length - 1, Math.floor(share * times.length))] : 0;
    }

    // What went wrong, by its kind.
    get kinds() {
        const kinds = {};
        for (const { status, problem } of this.failed) {
            const kind = problem ?? status;
            kinds[kind] = (kinds[kind] ?? 0) + 1;
        }
        return kinds;
    }
}
