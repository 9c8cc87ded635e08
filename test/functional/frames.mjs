// HTTP/2 byte for byte (RFC 9113), for what no library would send. Header fields are literals
// without indexing (RFC 7541 §6.2.2), so every field stands on the wire as it is given.
import tls from 'node:tls';

export const kPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const kFrame = {
    data: 0x0,
    headers: 0x1,
    priority: 0x2,
    reset: 0x3,
    settings: 0x4,
    push: 0x5,
    ping: 0x6,
    goaway: 0x7,
    windowUpdate: 0x8,
    continuation: 0x9,
};
export const kFlag = { endStream: 0x1, endHeaders: 0x4, padded: 0x8 };
const kNameOfType = Object.fromEntries(Object.entries(kFrame).map(([name, type]) => [type, name]));

export function frame(type, flags, stream, payload = Buffer.alloc(0), length = payload.length) {
    const head = Buffer.alloc(9);
    head.writeUIntBE(length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
}

// An integer of 7 bits (RFC 7541 §5.1).
function integer(value) {
    if (value < 127) return Buffer.from([value]);
    const bytes = [127];
    for (value -= 127; value >= 128; value >>= 7) bytes.push((value & 127) | 128);
    return Buffer.from([...bytes, value]);
}

function literal(text) {
    const bytes = Buffer.from(text, 'latin1');
    return Buffer.concat([integer(bytes.length), bytes]);
}

// [[name, value], …] as a header block.
export function block(fields) {
    return Buffer.concat(
        fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
    );
}

export function request(authority, fields = [], { method = 'GET', path = '/v1/health' } = {}) {
    return block([
        [':method', method],
        [':scheme', 'https'],
        [':authority', authority],
        [':path', path],
        ...fields,
    ]);
}

// Sends the frames behind preface and settings; what comes back until the server ends the
// connection, all streams are answered, or it has said nothing for a while:
// { frames: [{ name, flags, stream, payload }], ended }.
export function exchange(client, frames, { quietMs = 3000 } = {}) {
    return new Promise((resolve, reject) => {
        const chunks = [];
        const socket = tls.connect({
            host: client.url.hostname,
            port: Number(client.url.port),
            servername: 'localhost',
            ca: client.ca,
            ALPNProtocols: ['h2'],
        });
        let ended = true;
        socket.setTimeout(quietMs, () => {
            ended = false;
            socket.destroy();
        });
        socket.on('secureConnect', () =>
            socket.write(Buffer.concat([kPreface, frame(kFrame.settings, 0, 0), ...frames])),
        );
        socket.on('data', (chunk) => chunks.push(chunk));
        // A reset is the server's way to end a connection that it does not believe any more.
        socket.on('error', (error) =>
            ['ECONNRESET', 'EPIPE'].includes(error.code) ? undefined : reject(error),
        );
        socket.on('close', () => resolve({ frames: parse(Buffer.concat(chunks)), ended }));
    });
}

function parse(bytes) {
    const frames = [];
    for (let at = 0; at + 9 <= bytes.length; ) {
        const length = bytes.readUIntBE(at, 3);
        frames.push({
            name: kNameOfType[bytes.readUInt8(at + 3)] ?? 'unknown',
            flags: bytes.readUInt8(at + 4),
            stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
            payload: bytes.subarray(at + 9, at + 9 + length),
        });
        at += 9 + length;
    }
    return frames;
}

// The bodies that came, as text.
export function bodiesOf(frames) {
    return frames
        .filter(({ name }) => name === 'data')
        .map(({ payload }) => payload.toString('utf8'))
        .filter((text) => text !== '');
}
