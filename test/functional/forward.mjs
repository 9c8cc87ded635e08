// Runs in a network namespace (stack.mjs, forward()): connections of a socket that its parent has
// opened outside go to a port of the loopback interface inside.
import net from 'node:net';

const port = Number(process.argv[2]);

process.on('disconnect', () => process.exit());
process.once('message', (_, server) => {
    server.on('connection', (outer) => {
        const inner = net.connect(port, '127.0.0.1');
        outer.pipe(inner).pipe(outer);
        for (const [one, other] of [
            [outer, inner],
            [inner, outer],
        ]) {
            one.on('error', () => other.destroy());
            one.on('close', () => other.destroy());
        }
    });
    process.send('ready');
});
