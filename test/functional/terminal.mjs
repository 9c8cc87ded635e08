// A pseudo-terminal for programs that talk with a person: what they show can be awaited, keys can
// be pressed.
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

import { assert, eventually } from './claim.mjs';
import { kPatience } from './stack.mjs';

// Copies between its own pipes and the program's terminal. The end of its input hangs up.
const kPseudoTerminal = `
import fcntl, os, pty, select, struct, sys, termios

rows, columns = int(sys.argv[1]), int(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    os.execv(sys.argv[3], sys.argv[3:])
while True:
    ready = select.select([0, terminal], [], [])[0]
    if terminal in ready:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
    if 0 in ready:
        keys = os.read(0, 65536)
        if not keys:
            break
        os.write(terminal, keys)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const kPatient = { timeoutMs: 15_000 * kPatience };

export const kKey = { enter: '\r', down: '\x1b[B', space: ' ', controlC: '\x03' };

export class Terminal {
    #child;
    #raw = '';
    #seen = 0;
    #code;

    constructor(program, args, { env, cwd, uid, gid, rows = 40, columns = 120 } = {}) {
        const size = [String(rows), String(columns)];
        this.#child = spawn('/usr/bin/python3', ['-c', kPseudoTerminal, ...size, program, ...args], {
            env,
            cwd,
            uid,
            gid,
            stdio: ['pipe', 'pipe', 'inherit'],
        });
        this.#child.stdout.setEncoding('utf8');
        this.#child.stdout.on('data', (chunk) => (this.#raw += chunk));
        this.#child.stdin.on('error', () => undefined);
        this.#child.on('close', (code, signal) => (this.#code = code ?? signal));
    }

    // All that was shown, without colours and movements of the cursor.
    get text() {
        return stripVTControlCharacters(this.#raw).replace(/\r/g, '');
    }

    // Waits until what was shown since the last match matches; the match.
    async shows(pattern) {
        const look = () => pattern.exec(this.text.slice(this.#seen));
        const all = () => `all that it showed:\n${this.text}`;
        await eventually(
            `the terminal shows ${pattern}`,
            () => look() || this.#code !== undefined,
            kPatient,
        ).catch((error) => assert.fail(`${error.message}; ${all()}`));
        const match = look();
        assert.ok(match, `it ended and did not show ${pattern}; ${all()}`);
        this.#seen += match.index + match[0].length;
        return match;
    }

    press(...keys) {
        this.#child.stdin.write(keys.join(''));
    }

    // The exit code.
    async ended() {
        const hasEnded = () => this.#code !== undefined;
        await eventually('the program in the terminal ends', hasEnded, kPatient);
        return this.#code;
    }

    // As if its window were closed.
    async hangUp() {
        this.#child.stdin.end();
        return this.ended();
    }
}
