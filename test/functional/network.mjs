// Hosts with a network of their own between them: network namespaces, their cables and a switch.
// The machine's own network is not touched. Only root can make them.
import { randomBytes } from 'node:crypto';

import { eventually } from './claim.mjs';
import { run, runOrThrow } from './stack.mjs';

const kFirstAddress = 11;

const ip = (...args) => runOrThrow('ip', args);

export class Network {
    #prefix = `ss${randomBytes(3).toString('hex')}`;
    #hosts;

    // Why there can be none here, or nothing.
    static async obstacle() {
        if (process.getuid() !== 0) return 'only root can make network namespaces';
        const name = `ss${randomBytes(4).toString('hex')}`;
        const made = await run('ip', ['netns', 'add', name]).catch((error) => ({
            code: 1,
            stderr: String(error),
        }));
        if (made.code !== 0) return `no network namespaces here: ${made.stderr.trim()}`;
        const bridge = await run('ip', ['-n', name, 'link', 'add', 'switch', 'type', 'bridge']);
        await ip('netns', 'delete', name);
        return bridge.code === 0 ? undefined : `no bridges here: ${bridge.stderr.trim()}`;
    }

    // One with these hosts, by name.
    static async of(...names) {
        const network = new Network(names);
        await network.#build();
        return network;
    }

    constructor(names) {
        this.#hosts = names;
    }

    get #switch() {
        return `${this.#prefix}-switch`;
    }
    #cable(host) {
        return `to-${host}`;
    }

    async #build() {
        await ip('netns', 'add', this.#switch);
        await ip('-n', this.#switch, 'link', 'add', 'switch', 'type', 'bridge');
        await ip('-n', this.#switch, 'link', 'set', 'switch', 'up');
        for (const host of this.#hosts) {
            const [inside, cable] = [this.namespace(host), this.#cable(host)];
            await ip('netns', 'add', inside);
            const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', inside];
            await ip('-n', this.#switch, 'link', 'add', cable, ...peer);
            await ip('-n', this.#switch, 'link', 'set', cable, 'master', 'switch', 'up');
            await ip('-n', inside, 'address', 'add', `${this.address(host)}/24`, 'dev', 'eth0');
            await ip('-n', inside, 'link', 'set', 'eth0', 'up');
            await ip('-n', inside, 'link', 'set', 'lo', 'up');
        }
    }

    namespace(host) {
        return `${this.#prefix}-${host}`;
    }
    address(host) {
        return `10.83.0.${kFirstAddress + this.#hosts.indexOf(host)}`;
    }
    get range() {
        return '10.83.0.0/24';
    }

    // A second address, of which no certificate speaks.
    async addAddress(host, address) {
        await ip('-n', this.namespace(host), 'address', 'add', `${address}/24`, 'dev', 'eth0');
    }

    // Nobody is told: packets get lost.
    unplug(host) {
        return ip('-n', this.#switch, 'link', 'set', this.#cable(host), 'down');
    }
    plugIn(host) {
        return ip('-n', this.#switch, 'link', 'set', this.#cable(host), 'up');
    }

    // Until connections get through again.
    reaches(from, to, port) {
        return eventually(`${from} reaches ${to}`, async () => {
            const connect = ['1', 'bash', '-c', `: </dev/tcp/${this.address(to)}/${port}`];
            return (await run('timeout', connect, { netns: this.namespace(from) })).code === 0;
        });
    }

    // When what runs in it has ended.
    async remove() {
        for (const host of this.#hosts) await ip('netns', 'delete', this.namespace(host));
        await ip('netns', 'delete', this.#switch);
    }
}
