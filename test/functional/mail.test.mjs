// Mails: to whom, with what in them, by SMTP and by the host's own sendmail; and what nobody can make
// of them.
import fs from 'node:fs';
import path from 'node:path';

import { SMTPServer } from 'smtp-server';

import { after, assert, before, describe, eventually, test, unique } from './claim.mjs';
import { freePort, kPatience, runOrThrow, Stack } from './stack.mjs';

const kFrom = 'notices@store.example.com';
const kPublicUrl = 'https://store.example.com';
const kPassword = unique('mail-password');
const kSlow = { timeout: 60_000 * kPatience };

// A mail as it came, taken apart: { from, to, headers, text }.
function parse({ from, to, raw }) {
    const end = raw.indexOf('\r\n\r\n');
    const unfolded = raw.slice(0, end).replace(/\r\n[ \t]+/g, ' ');
    const headers = Object.fromEntries(
        unfolded.split('\r\n').map((line) => {
            const [, name, value] = /^([\w-]+): (.*)$/.exec(line);
            return [name.toLowerCase(), value];
        }),
    );
    const body = raw.slice(end + 4).replace(/=\r\n/g, '');
    const bytes = body.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return { from, to, headers, raw, text: Buffer.from(bytes, 'latin1').toString('utf8') };
}

// A mail server with the stack's certificate, or another; what came is kept.
class MailServer {
    mails = [];
    sessions = [];
    // Set to refuse a recipient with this status.
    refusal;

    static async start(stack, port, options = {}) {
        const mailServer = new MailServer();
        const tls = path.join(stack.state, 'tls');
        mailServer.server = new SMTPServer({
            key: fs.readFileSync(path.join(tls, 'server.key')),
            cert: fs.readFileSync(path.join(tls, 'server.pem')),
            authOptional: true,
            allowInsecureAuth: true,
            logger: false,
            onAuth: ({ username, password }, session, done) =>
                username === 'store' && password === kPassword
                    ? done(null, { user: username })
                    : done(new Error('wrong')),
            onRcptTo: (address, session, done) => {
                if (!mailServer.refusal) return done();
                const error = new Error('refused by this test');
                error.responseCode = mailServer.refusal;
                return done(error);
            },
            onData: (stream, session, done) => {
                const chunks = [];
                stream.on('data', (chunk) => chunks.push(chunk));
                stream.on('end', () => {
                    mailServer.sessions.push(session);
                    mailServer.mails.push(
                        parse({
                            from: session.envelope.mailFrom.address,
                            to: session.envelope.rcptTo.map(({ address }) => address),
                            raw: Buffer.concat(chunks).toString('latin1'),
                        }),
                    );
                    done();
                });
            },
            ...options,
        });
        mailServer.server.on('error', () => undefined);
        await new Promise((resolve) => mailServer.server.listen(port, '127.0.0.1', resolve));
        return mailServer;
    }

    // Those to this address, once there are as many.
    async to(address, count = 1) {
        const found = () => this.mails.filter(({ to }) => to.includes(address));
        await eventually(`${count} mails to ${address}`, () => found().length >= count);
        return found();
    }

    stop() {
        return new Promise((resolve) => this.server.close(resolve));
    }
}

const smtpConf = (port, { scheme = 'smtp', user = 'store', stack }) =>
    [
        'egress:',
        `  ca_file: ${path.join(stack.state, 'tls/ca.pem')}`,
        'mail:',
        `  from: ${kFrom}`,
        `  smtp_url: ${scheme}://localhost:${port}`,
        ...(user ? [`  smtp_user: ${user}`] : []),
        ...(user ? [`  password_file: ${path.join(stack.state, 'mail.password')}`] : []),
        `  public_url: ${kPublicUrl}`,
        '',
    ].join('\n');
const kFiles = { 'mail.password': `${kPassword}\n` };

// A member with a role, by SQL; their address.
async function newMember(stack, tenant, role) {
    const email = `${unique(role)}@example.com`;
    await stack.psql(
        `with u as (insert into store.users (user_id, issuer, subject, email)
                    values (gen_random_uuid(), 'urn:test', '${email}', '${email}')
                    returning user_id)
         insert into store.members (tenant_id, user_id, role)
         select '${tenant.id}', user_id, '${role}' from u`,
    );
    return email;
}

// Something that happened, as if its service had told it.
function tell(stack, tenant, type, payload) {
    return stack.psql(
        `insert into store.outbox (tenant_id, message_id, event_type, payload)
         values ('${tenant.id}', gen_random_uuid(), '${type}', '${JSON.stringify(payload)}')`,
    );
}

const kAsked = {
    approval_id: '00000000-0000-4000-8000-000000000123',
    agent_name: 'nightly',
    access_tier: 'sensitive',
    requested_scopes: ['secrets:read:production/*'],
    expires_at: '2026-06-02T10:30:00Z',
};

function hurry(stack, tenant) {
    return stack.psql(
        `update store.deliveries set next_attempt_at = now()
         where tenant_id = '${tenant.id}' and next_attempt_at is not null`,
    );
}

async function mailDelivery(tenant, address, predicate) {
    return eventually(`a delivery to ${address}`, async () => {
        const page = (await tenant.call('GET', '/v1/deliveries?limit=200')).expect(200);
        return page.items.find((one) => one.recipient === address && predicate(one));
    });
}

describe('mail', () => {
    let stack;
    let port;
    let server;
    before(async () => {
        stack = await Stack.start({ workers: 1, threads: 8 });
        port = await freePort();
        server = await MailServer.start(stack, port);
        await stack.restartEgress('mail', smtpConf(port, { stack }), kFiles);
    }, kSlow);
    after(async () => {
        await server?.stop();
        await stack?.stop();
    });

    test('goes by TLS, signed in, from the address that is configured', async () => {
        const tenant = await stack.newTenant();
        await tenant.newAgent({ name: 'nightly' });
        const [mail] = await server.to(tenant.email);
        const [session] = server.sessions.slice(-1);
        assert.ok(session.secure, 'it went in the clear');
        assert.equal(session.user, 'store');
        assert.equal(mail.from, kFrom);
        assert.equal(mail.headers.from, `Agent Secret Store <${kFrom}>`);
        assert.equal(mail.headers.to, `<${tenant.email}>`);
        assert.match(mail.headers.subject, /New agent: nightly$/);
        assert.match(mail.headers['message-id'], /^<[0-9a-f-]{36}@store\.example\.com>$/);
        assert.equal(mail.headers['auto-submitted'], 'auto-generated');
        assert.ok(Math.abs(Date.parse(mail.headers.date) - Date.now()) < 60_000);
    });

    test('about a request goes to who may decide it, with a link to decide and none that does', async () => {
        const tenant = await stack.newTenant();
        const [admin, approver, viewer] = [
            await newMember(stack, tenant, 'admin'),
            await newMember(stack, tenant, 'approver'),
            await newMember(stack, tenant, 'viewer'),
        ];
        await tell(stack, tenant, 'approval.requested', kAsked);
        for (const address of [tenant.email, admin, approver]) {
            const [mail] = await server.to(address);
            const links = mail.text.match(/https:\S+/g);
            assert.deepEqual(links, [`${kPublicUrl}/approvals/${kAsked.approval_id}`]);
            assert.match(mail.text, /secrets:read:production\/\*/);
        }
        await tell(stack, tenant, 'approval.requested', { ...kAsked, access_tier: 'critical' });
        await server.to(tenant.email, 2);
        assert.equal((await server.to(admin)).length, 1);
        assert.ok(!server.mails.some(({ to }) => to.includes(viewer)));
    });

    test('is turned off by the preferences of the tenant, each its own', async () => {
        const tenant = await stack.newTenant();
        const prefer = (preferences) =>
            tenant.call('PATCH', '/v1/me', { body: { notification_preferences: preferences } });
        (await prefer({ security_alerts: false })).expect(200);
        await tenant.newAgent();
        await tell(stack, tenant, 'approval.requested', kAsked);
        const [mail] = await server.to(tenant.email);
        assert.match(mail.headers.subject, /Approval wanted/);
        (await prefer({ security_alerts: true, approval_requests: false })).expect(200);
        await tell(stack, tenant, 'approval.requested', kAsked);
        await tenant.newAgent({ name: 'second' });
        const [, second] = await server.to(tenant.email, 2);
        assert.match(second.headers.subject, /New agent: second/);
        assert.equal((await server.to(tenant.email)).length, 2);
    });

    for (const [what, name] of [
        ['a line break', 'Acme\r\nBcc: victim@example.com'],
        ['the end of the headers', 'Acme\r\n\r\nPay here: evil'],
        ['the end of the mail', 'Acme\r\n.\r\nQUIT'],
        ['an encoded line break', '=?UTF-8?Q?=0D=0ABcc:_victim@example.com?='],
        ['letters of everywhere', 'Büro für 東京 \u{1f510}'],
    ]) {
        test(`is one mail to one person although the tenant's name holds ${what}`, async () => {
            const tenant = await stack.newTenant();
            (await tenant.call('PATCH', '/v1/me', { body: { name } })).expect(200);
            await tenant.newAgent();
            const [mail] = await server.to(tenant.email);
            assert.deepEqual(mail.to, [tenant.email]);
            assert.deepEqual(Object.keys(mail.headers).sort(), [
                'auto-submitted',
                'content-transfer-encoding',
                'content-type',
                'date',
                'from',
                'message-id',
                'mime-version',
                'subject',
                'to',
            ]);
            assert.ok(!server.mails.some(({ to }) => to.includes('victim@example.com')));
            if (what.startsWith('letters')) assert.ok(mail.text.includes(name));
        });
    }

    test('with an invitation holds the code that lets in, and nobody else has it', async () => {
        const tenant = await stack.newTenant();
        const email = `${unique('guest')}@people.example`;
        const invited = await tenant.invite('approver', email);
        const [mail] = await server.to(email);
        const [code] = mail.text.match(/ass_invite_\w+/);
        assert.equal(code, invited.invitation_token);
        assert.deepEqual(mail.text.match(/https:\S+/g), [`${kPublicUrl}/invitations`]);
        assert.ok(!server.mails.some(({ to, text }) => !to.includes(email) && text.includes(code)));
        const joined = await stack.client.post('/v1/invitations/accept', {
            token: await stack.idToken(email),
            body: { token: code },
        });
        assert.equal(joined.expect(200).role, 'approver');
    });

    test('about a request that an agent has just made tells who may decide it', async () => {
        const tenant = await stack.newTenant();
        const agent = await tenant.newAgent({ name: 'asking-agent' });
        await tenant.putSecret('asked/KEY', { value: 'v', access_tier: 'sensitive' });
        const asked = await agent.requestToken({ scopes: ['secrets:read:asked/KEY'] });
        const { approval_id: id } = asked.expect(200);
        const mails = await server.to(tenant.email, 2);
        const mail = mails.find(({ headers }) => /Approval wanted: asking-agent$/.test(headers.subject));
        assert.deepEqual(mail.text.match(/https:\S+/g), [`${kPublicUrl}/approvals/${id}`]);
        assert.match(mail.text, /secrets:read:asked\/KEY/);
    });

    test('to an address that could be more than one is not sent', async () => {
        const tenant = await stack.newTenant();
        const email = 'a@example.com,victim@example.com';
        await tell(stack, tenant, 'member.invited', { email, role: 'viewer' });
        const dead = await mailDelivery(tenant, email, ({ status }) => status === 'dead');
        assert.equal(dead.last_error, 'address');
        assert.ok(!server.mails.some(({ to }) => to.includes('victim@example.com')));
    });

    test('that is refused for good is dead at once, for now is tried again', async () => {
        const tenant = await stack.newTenant();
        const [final, later] = [`${unique('gone')}@example.com`, `${unique('full')}@example.com`];
        server.refusal = 550;
        await tell(stack, tenant, 'member.invited', { email: final, role: 'viewer' });
        const dead = await mailDelivery(tenant, final, ({ status }) => status !== 'pending');
        assert.deepEqual([dead.status, dead.last_status, dead.last_error], ['dead', 550, 'refused']);
        server.refusal = 450;
        await tell(stack, tenant, 'member.invited', { email: later, role: 'viewer' });
        const failed = await mailDelivery(tenant, later, ({ status }) => status !== 'pending');
        assert.deepEqual([failed.status, failed.last_status], ['failed', 450]);
        server.refusal = undefined;
        await hurry(stack, tenant);
        await server.to(later);
        (await tenant.call('POST', `/v1/deliveries/${dead.id}/resend`)).expect(200);
        await server.to(final);
    });

    test('waits for a server that is away', kSlow, async () => {
        const tenant = await stack.newTenant();
        await server.stop();
        await tenant.newAgent();
        const failed = await mailDelivery(tenant, tenant.email, ({ status }) => status === 'failed');
        assert.equal(failed.last_error, 'unreachable');
        server = await MailServer.start(stack, port);
        await hurry(stack, tenant);
        await server.to(tenant.email);
        await mailDelivery(tenant, tenant.email, ({ status }) => status === 'delivered');
    });

    test('can be tried by the operator, who sees what became of it', async () => {
        const tenant = await stack.newTenant();
        const address = `${unique('operator')}@example.com`;
        const ctl = (to) => stack.ctl(['mail', 'test', to, '--tenant', tenant.id]);
        assert.match(await ctl(address), /: delivered, status 250/);
        const [mail] = await server.to(address);
        assert.match(mail.headers.subject, /Mail works/);
        await assert.rejects(ctl('no address'), /exit 2: .*no mail address/);
        server.refusal = 550;
        await assert.rejects(ctl(address), /exit 1: .*dead, status 550, refused/);
        server.refusal = undefined;
    });

    test('holds no value, no key and no token, nor does any log hold the password', async () => {
        const tenant = await stack.newTenant();
        const agent = await tenant.newAgent();
        await server.to(tenant.email);
        const all = server.mails.map(({ raw }) => raw).join('\n');
        assert.ok(!all.includes(agent.key.slice(13)));
        for (const file of stack.logFiles())
            assert.ok(!fs.readFileSync(file, 'utf8').includes(kPassword), file);
    });
});

describe('a mail server', () => {
    let stack;
    let server;
    let tenant;
    let port;
    before(async () => {
        stack = await Stack.start({ workers: 1, threads: 4 });
        tenant = await stack.newTenant();
    }, kSlow);
    after(async () => {
        await server?.stop();
        await stack?.stop();
    });
    const begin = async (options, conf = {}) => {
        await server?.stop();
        port = await freePort();
        server = await MailServer.start(stack, port, options);
        await stack.restartEgress('mail', smtpConf(port, { stack, ...conf }), kFiles);
    };
    const tryIt = (address = `${unique('try')}@example.com`) =>
        stack
            .ctl(['mail', 'test', address, '--tenant', tenant.id])
            .catch(({ message }) => message);
    // Signed by nobody but itself.
    const stranger = async () => {
        const files = ['stranger.key', 'stranger.pem'].map((name) => path.join(stack.state, name));
        const [key, cert] = files;
        const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
        const args = ['req', '-x509', ...made, '-subj', '/CN=localhost', '-days', '2'];
        await runOrThrow('openssl', [...args, '-keyout', key, '-out', cert]);
        return { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
    };

    test('that speaks TLS from the first byte is spoken to so', kSlow, async () => {
        await begin({ secure: true }, { scheme: 'smtps' });
        assert.match(await tryIt(), /delivered/);
        assert.ok(server.sessions[0].secure);
    });

    test('with a certificate of its own making gets no mail and no password', kSlow, async () => {
        let asked = 0;
        const onAuth = (auth, session, done) => done(null, { user: String(++asked) });
        await begin({ ...(await stranger()), onAuth });
        assert.match(await tryIt(), /failed, .*tls/);
        assert.deepEqual([server.mails.length, asked], [0, 0]);
        await begin({ ...(await stranger()), onAuth, secure: true }, { scheme: 'smtps' });
        assert.match(await tryIt(), /failed.*tls/);
        assert.deepEqual([server.mails.length, asked], [0, 0]);
    });

    test('of this machine may do without TLS', kSlow, async () => {
        await begin({ disabledCommands: ['STARTTLS', 'AUTH'] }, { user: '' });
        assert.match(await tryIt(), /delivered/);
        assert.ok(!server.sessions[0].secure);
    });

    test('that takes another password says so', kSlow, async () => {
        await begin({ onAuth: (auth, session, done) => done(new Error('wrong')) });
        assert.match(await tryIt(), /failed, .*sign_in/);
    });
});

describe('sendmail', () => {
    let stack;
    let tenant;
    before(async () => {
        stack = await Stack.start({ workers: 1, threads: 4 });
        tenant = await stack.newTenant();
    }, kSlow);
    after(() => stack?.stop());
    // Stores what it is given, and ends with `code`.
    const begin = async (code, more = '') => {
        const program = path.join(stack.state, 'sendmail.sh');
        const kept = path.join(stack.state, 'kept');
        const conf = ['mail:', `  from: ${kFrom}`, `  sendmail: ${program}`];
        await stack.restartEgress('mail', [...conf, `  public_url: ${kPublicUrl}`, ''].join('\n'), {
            'sendmail.sh': `#!/bin/sh\nprintf '%s\\n' "$@" >${kept}.arguments\n${more}\ncat >${kept}\nexit ${code}\n`,
        });
        return kept;
    };
    const tryIt = (address) =>
        stack
            .ctl(['mail', 'test', address, '--tenant', tenant.id])
            .catch(({ message }) => message);

    test('gets a mail as the host writes it, and addresses that are no options', kSlow, async () => {
        const kept = await begin(0);
        assert.match(await tryIt('someone@example.com'), /delivered, status 0/);
        const mail = fs.readFileSync(kept, 'utf8');
        assert.ok(!mail.includes('\r'));
        assert.match(mail, /^To: <someone@example\.com>$/m);
        assert.deepEqual(fs.readFileSync(`${kept}.arguments`, 'utf8').split('\n'), [
            '-i',
            '-f',
            kFrom,
            '--',
            'someone@example.com',
            '',
        ]);
        const email = '-oQ/tmp@example.com';
        await tell(stack, tenant, 'member.invited', { email, role: 'viewer' });
        const dead = await mailDelivery(tenant, email, ({ status }) => status !== 'pending');
        assert.deepEqual([dead.status, dead.last_error], ['dead', 'address']);
    });

    for (const [code, what, outcome] of [
        [75, 'for now', /failed, status 75, refused/],
        [67, 'for good', /dead, status 67, refused/],
    ]) {
        test(`that refuses ${what} is believed`, kSlow, async () => {
            await begin(code);
            assert.match(await tryIt('someone@example.com'), outcome);
        });
    }

    test('that does not read its mail fails', kSlow, async () => {
        await begin(1, 'exit 1');
        assert.match(await tryIt('someone@example.com'), /failed, status 1, refused/);
    });

    test('that is not there fails, and egress goes on', kSlow, async () => {
        await begin(0);
        fs.rmSync(path.join(stack.state, 'sendmail.sh'));
        assert.match(await tryIt('someone@example.com'), /failed, failed/);
        await begin(0);
        assert.match(await tryIt('someone@example.com'), /delivered/);
    });
});

describe('the configuration of mail', () => {
    const stack = Stack.shared();
    const base = { from: kFrom, smtp_url: 'smtp://mail.example.com', public_url: kPublicUrl };
    const check = async (settings) => {
        const lines = Object.entries(settings).map(([name, value]) => `  ${name}: ${value}`);
        const file = path.join(stack.state, `${unique('mail')}.yaml`);
        const own = fs.readFileSync(stack.config, 'utf8');
        fs.writeFileSync(file, `${own}mail:\n${lines.join('\n')}\n`, { mode: 0o644 });
        const result = await stack.egress(['--config', file, '--check-config']);
        fs.rmSync(file);
        return { ...result, line: own.split('\n').length };
    };

    test('is fine with all that is needed', async () => {
        assert.deepEqual((await check(base)).stderr, '');
    });

    for (const [what, settings, said] of [
        ['a sender that is no address', { ...base, from: 'nobody' }, /:\d+: 'mail.from' must be/],
        ['a server that is none', { ...base, smtp_url: 'mail.example.com' }, /:\d+: 'mail.smtp_url'/],
        [
            'a password in it',
            { ...base, smtp_url: 'smtp://user:word@mail.example.com' },
            /:\d+: 'mail.smtp_url'/,
        ],
        ['links without TLS', { ...base, public_url: 'http://a.example' }, /:\d+: 'mail.public_url'/],
        ['links that end in a slash', { ...base, public_url: `${kPublicUrl}/` }, /public_url/],
        ['no sender', { ...base, from: undefined }, /'mail.from' is missing/],
        ['no links', { ...base, public_url: undefined }, /'mail.public_url' is missing/],
        ['no way out', { ...base, smtp_url: undefined }, /one of 'mail.smtp_url' and/],
        ['two ways out', { ...base, sendmail: '/usr/sbin/sendmail' }, /one of 'mail.smtp_url' and/],
    ]) {
        test(`is refused with ${what}`, async () => {
            const given = Object.fromEntries(
                Object.entries(settings).filter(([, value]) => value !== undefined),
            );
            const { code, stderr } = await check(given);
            assert.equal(code, 78);
            assert.match(stderr, said);
            assert.ok(!stderr.includes('word'));
        });
    }
});
