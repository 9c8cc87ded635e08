// Identity providers for the tests: the real ones of npm behind https servers of our own, which can
// be told to lie in their stead. oauth2-mock-server signs what Firebase would; oidc-provider is a
// certified OpenID Connect provider whose sign-in is walked through like a browser would.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';

import { OAuth2Server } from 'oauth2-mock-server';
import { Provider } from 'oidc-provider';

import { freePort, runOrThrow } from './stack.mjs';

// A certificate authority and a certificate for localhost, in a folder that every user may read:
// egress runs as another one.
export class Authority {
    static async create() {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secretstore-authority-'));
        fs.chmodSync(folder, 0o755);
        const file = (name) => path.join(folder, name);
        const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
        const openssl = (args) => runOrThrow('/usr/bin/openssl', args.flat(2));
        await openssl([
            ['req', '-x509', newKey, '-days', '2', '-subj', '/CN=test authority'],
            ['-keyout', file('ca.key'), '-out', file('ca.pem')],
            ['-addext', 'basicConstraints=critical,CA:TRUE'],
            ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
        ]);
        await openssl([
            ['req', '-x509', newKey, '-days', '2', '-subj', '/CN=localhost'],
            ['-keyout', file('server.key'), '-out', file('server.pem')],
            ['-CA', file('ca.pem'), '-CAkey', file('ca.key')],
            ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
            ['-addext', 'basicConstraints=critical,CA:FALSE'],
        ]);
        fs.chmodSync(file('ca.pem'), 0o644);
        return new Authority(folder);
    }

    constructor(folder) {
        this.folder = folder;
        this.caFile = path.join(folder, 'ca.pem');
        this.ca = fs.readFileSync(this.caFile);
        this.key = fs.readFileSync(path.join(folder, 'server.key'));
        this.cert = fs.readFileSync(path.join(folder, 'server.pem'));
    }

    remove() {
        fs.rmSync(this.folder, { recursive: true });
    }
}

// What stands before a provider: serves what it serves, unless `lie` is set: a listener that
// answers in its place, or answers nothing.
export class Front {
    lie = null;
    requests = [];
    #server;
    #sockets = new Set();

    static async start(authority, options) {
        const front = new Front(authority, await freePort(), options);
        await front.listen();
        return front;
    }

    constructor(authority, port, { tls = {} } = {}) {
        this.port = port;
        this.url = `https://localhost:${port}`;
        this.tls = { key: authority.key, cert: authority.cert, ...tls };
    }

    // `listener` is what is served from now on.
    serve(listener) {
        this.listener = listener;
        return this;
    }

    listen() {
        this.#server = https.createServer(this.tls, (request, response) => {
            this.requests.push(request.url);
            (this.lie ?? this.listener)(request, response);
        });
        this.#server.on('connection', (socket) => {
            this.#sockets.add(socket);
            socket.on('close', () => this.#sockets.delete(socket));
        });
        return new Promise((resolve, reject) => {
            this.#server.once('error', reject);
            this.#server.listen(this.port, '127.0.0.1', resolve);
        });
    }

    // Nobody listens there any more; listen() opens it again.
    close() {
        for (const socket of this.#sockets) socket.destroy();
        return new Promise((resolve) => {
            this.#server.close(resolve);
        });
    }
}

export const answerWith =
    (body, { status = 200, headers = { 'Content-Type': 'application/json' } } = {}) =>
    (request, response) => {
        response.writeHead(status, headers);
        response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    };

// A pair of RSA keys under a kid.
export function newKey(modulusLength = 2048) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
    const members = { kid: `kid-${randomBytes(8).toString('hex')}`, use: 'sig', alg: 'RS256' };
    return {
        ...members,
        publicKey,
        privateKey,
        jwk: { ...publicKey.export({ format: 'jwk' }), ...members },
        privateJwk: { ...privateKey.export({ format: 'jwk' }), ...members },
    };
}

const now = () => Math.floor(Date.now() / 1000);

// oauth2-mock-server, with the claims of Firebase's ID tokens.
export class FirebaseDouble {
    static async start(authority, project) {
        const double = new FirebaseDouble(project);
        double.front = await Front.start(authority);
        double.server = new OAuth2Server();
        double.server.issuer.url = `https://securetoken.google.com/${project}`;
        await double.addKey();
        double.front.serve(double.server.service.requestHandler);
        return double;
    }

    constructor(project) {
        this.project = project;
    }

    get jwksUri() {
        return `${this.front.url}/jwks`;
    }

    // The one key from now on; gives what it is.
    async addKey() {
        const key = newKey();
        await this.server.issuer.keys.add(key.privateJwk);
        this.key = key;
        return key;
    }

    // What it publishes from now on: only this key.
    async replaceKey() {
        const issuer = this.server.issuer.url;
        this.server = new OAuth2Server();
        this.server.issuer.url = issuer;
        const key = await this.addKey();
        this.front.serve(this.server.service.requestHandler);
        return key;
    }

    claims(subject, more = {}) {
        return {
            iss: `https://securetoken.google.com/${this.project}`,
            aud: this.project,
            sub: subject,
            user_id: subject,
            auth_time: now() - 5,
            iat: now() - 5,
            exp: now() + 3600,
            email: `${subject}@example.com`,
            email_verified: true,
            firebase: { identities: {}, sign_in_provider: 'password' },
            ...more,
        };
    }

    // As the mock server itself signs it, under the kid of `key`.
    signIn(subject, { key = this.key, ...more } = {}) {
        return this.server.issuer.buildToken({
            kid: key.kid,
            scopesOrTransform: (header, payload) => {
                delete payload.nbf;
                Object.assign(payload, this.claims(subject, more));
            },
        });
    }

    stop() {
        return this.front.close();
    }
}

// oidc-provider with one client, the console.
export class OidcDouble {
    static kClient = 'console';

    static async start(authority) {
        const double = new OidcDouble();
        double.front = await Front.start(authority);
        double.authority = authority;
        double.issuer = double.front.url;
        double.key = newKey();
        const provider = new Provider(double.issuer, {
            clients: [
                {
                    client_id: OidcDouble.kClient,
                    client_secret: 'not-a-secret-of-anybody',
                    redirect_uris: ['https://localhost/callback'],
                    response_types: ['code'],
                    grant_types: ['authorization_code'],
                },
            ],
            jwks: { keys: [double.key.privateJwk] },
            cookies: { keys: ['a-cookie-key-of-a-test'] },
            claims: { openid: ['sub'], email: ['email', 'email_verified'] },
            conformIdTokenClaims: false,
            findAccount: (context, subject) => ({
                accountId: subject,
                claims: () => ({
                    sub: subject,
                    email: `${subject}@example.com`,
                    email_verified: true,
                }),
            }),
        });
        double.front.serve(provider.callback());
        return double;
    }

    claims(subject, more = {}) {
        return {
            iss: this.issuer,
            aud: OidcDouble.kClient,
            sub: subject,
            iat: now() - 5,
            exp: now() + 3600,
            auth_time: now() - 5,
            ...more,
        };
    }

    // The authorization code flow with PKCE, through the provider's own pages.
    async signIn(subject) {
        const browser = new Browser(this.authority);
        const verifier = randomBytes(32).toString('base64url');
        const query = new URLSearchParams({
            client_id: OidcDouble.kClient,
            response_type: 'code',
            redirect_uri: 'https://localhost/callback',
            scope: 'openid email',
            code_challenge: createHash('sha256').update(verifier).digest('base64url'),
            code_challenge_method: 'S256',
            max_age: '3600',
        });
        let page = await browser.get(`${this.issuer}/auth?${query}`);
        page = await browser.submit(page, { prompt: 'login', login: subject, password: 'any' });
        page = await browser.submit(page, { prompt: 'consent' });
        const code = new URL(page.location).searchParams.get('code');
        const answer = await browser.send(`${this.issuer}/token`, {
            method: 'POST',
            body: new URLSearchParams({
                grant_type: 'authorization_code',
                code,
                redirect_uri: 'https://localhost/callback',
                client_id: OidcDouble.kClient,
                client_secret: 'not-a-secret-of-anybody',
                code_verifier: verifier,
            }),
        });
        return JSON.parse(answer.body).id_token;
    }

    stop() {
        return this.front.close();
    }
}

// As much of a browser as a sign-in needs: cookies, redirects, one form a page.
class Browser {
    #cookies = new Map();

    constructor(authority) {
        this.ca = authority.ca;
    }

    send(url, { method = 'GET', body } = {}) {
        const text = body?.toString();
        const headers = { Cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') };
        if (text) headers['Content-Type'] = 'application/x-www-form-urlencoded';
        return new Promise((resolve, reject) => {
            const request = https.request(url, { method, headers, ca: this.ca }, (response) => {
                const chunks = [];
                response.on('data', (chunk) => chunks.push(chunk));
                response.on('end', () => {
                    for (const cookie of response.headers['set-cookie'] ?? []) {
                        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
                        this.#cookies.set(name, value);
                    }
                    const { location } = response.headers;
                    resolve({
                        url,
                        body: Buffer.concat(chunks).toString('utf8'),
                        location: location && new URL(location, url).href,
                    });
                });
            });
            request.on('error', reject);
            request.end(text);
        });
    }

    // Follows redirects, as far as they stay with the provider.
    async get(url, options) {
        let page = await this.send(url, options);
        while (page.location && new URL(page.location).origin === new URL(url).origin) {
            page = await this.send(page.location);
        }
        return page;
    }

    submit(page, fields) {
        const [, action] = /<form[^>]* action="([^"]+)"/.exec(page.body);
        return this.get(new URL(action, page.url).href, {
            method: 'POST',
            body: new URLSearchParams(fields),
        });
    }
}
