// What reaches systemd's journal: fields by which an operator finds a request. No journal runs here:
// its place (/run/systemd/journal/socket, which libsystemd has fixed) is taken, in a mount namespace
// of its own, by a socket that hands over what it gets. What journald makes of it is not tested.
import path from 'node:path';

import { assert, describe, test } from './claim.mjs';
import { kBinaries, run, runOrThrow } from './stack.mjs';

const kProgram = path.join(kBinaries, 'journal_line');

// Argument 1: the program. Its stderr is a file; JOURNAL_STREAM names it where argument 2 says so.
// Prints what came at the socket (base64) and in the file.
const kJournal = `
import base64, json, os, socket, subprocess, sys, tempfile
os.makedirs("/run/systemd/journal")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
journal.settimeout(5)
stderr = tempfile.TemporaryFile()
status = os.fstat(stderr.fileno())
streams = {"none": None, "this": f"{status.st_dev}:{status.st_ino}",
           "another": f"{status.st_dev}:{status.st_ino + 1}"}
environment = {name: value for name, value in [("JOURNAL_STREAM", streams[sys.argv[2]])] if value}
code = subprocess.run([sys.argv[1]], stderr=stderr, env=environment).returncode
assert code == 0, code
stderr.seek(0)
text = stderr.read().decode()
datagram = b""
if text == "":
    datagram = journal.recv(65536)
print(json.dumps({"journal": base64.b64encode(datagram).decode(), "stderr": text}))
`;

// Root has the right to a mount namespace; whoever has not becomes root in a user namespace.
const kUnshare = process.getuid() === 0 ? ['--mount'] : ['--mount', '--user', '--map-root-user'];
const probe = await run('unshare', [...kUnshare, 'true']).catch(() => ({ code: -1 }));
const skip = probe.code === 0 ? false : 'this host gives nobody a mount namespace';

async function logged(stream) {
    const shell = 'mount -t tmpfs tmpfs /run && exec /usr/bin/python3 -c "$1" "$2" "$3"';
    const args = [...kUnshare, '--propagation', 'private', 'sh', '-c', shell, 'sh'];
    const out = JSON.parse(await runOrThrow('unshare', [...args, kJournal, kProgram, stream]));
    return { ...out, journal: Buffer.from(out.journal, 'base64') };
}

// The journal's own protocol: NAME=value, or for what spans lines NAME, a length of 64 bits and the
// value (systemd.io/JOURNAL_NATIVE_PROTOCOL).
function fieldsOf(datagram) {
    const fields = {};
    for (let at = 0; at < datagram.length; ) {
        const end = datagram.indexOf('\n', at);
        const line = datagram.subarray(at, end).toString('utf8');
        const equals = line.indexOf('=');
        at = end + 1;
        if (equals >= 0) {
            fields[line.slice(0, equals)] = line.slice(equals + 1);
        } else {
            const length = Number(datagram.readBigUInt64LE(at));
            fields[line] = datagram.subarray(at + 8, at + 8 + length).toString('utf8');
            at += 8 + length + 1;
        }
    }
    return fields;
}

describe('journal', { skip }, () => {
    test('a line has its event, request, tenant and code as fields', async () => {
        const { journal, stderr } = await logged('this');

        assert.equal(stderr, '');
        assert.deepEqual(fieldsOf(journal), {
            MESSAGE:
                'request_failed request_id=5a9f2c10d7b84e6f9a1b2c3d4e5f6071 ' +
                'tenant=0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b code=StoreUnavailable ' +
                'detail=first line\\x0aPRIORITY=0\\x0ax',
            PRIORITY: '3',
            SYSLOG_IDENTIFIER: 'journal_line',
            SECRETSTORE_EVENT: 'request_failed',
            SECRETSTORE_REQUEST_ID: '5a9f2c10d7b84e6f9a1b2c3d4e5f6071',
            SECRETSTORE_TENANT: '0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b',
            SECRETSTORE_CODE: 'StoreUnavailable',
            SECRETSTORE_DETAIL: 'first line\\x0aPRIORITY=0\\x0ax',
        });
    });

    test('a stderr that was redirected since gets the line, whatever is inherited', async () => {
        const { journal, stderr } = await logged('another');

        assert.equal(journal.length, 0);
        assert.match(stderr, /^time=\S+ level=error event=request_failed request_id=/);
    });

    test('without a journal the same stands on stderr as logfmt', async () => {
        const { stderr } = await logged('none');

        assert.match(
            stderr,
            / request_id=5a9f2c10d7b84e6f9a1b2c3d4e5f6071 tenant=0190a1b2-\S+ code=StoreUnavailable /,
        );
    });
});
