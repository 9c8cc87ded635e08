// The file in which the workers of a store count (core/service/rate_counters.h), to look at and to
// let time pass in: a window of a minute is not waited for.
import fs from 'node:fs';
import path from 'node:path';

const kHeaderBytes = 64;
const kSlotBytes = 16;
const kBeganShift = 24n;
const kRestMask = (1n << kBeganShift) - 1n;
const kCountMask = (1n << 23n) - 1n;

export class LimitsFile {
    constructor(stack) {
        this.path = path.join(stack.state, 'limits');
    }

    // { at, key, window } of every slot that somebody has.
    slots() {
        const bytes = fs.readFileSync(this.path);
        const found = [];
        for (let at = kHeaderBytes; at < bytes.length; at += kSlotBytes) {
            const key = bytes.readBigUInt64LE(at);
            if (key !== 0n) found.push({ at, key, window: bytes.readBigUInt64LE(at + 8) });
        }
        return found;
    }

    // Makes every window begin that much earlier. Only while no request is under way.
    age(milliseconds) {
        const file = fs.openSync(this.path, 'r+');
        try {
            for (const { at, window } of this.slots()) {
                if (window === 0n) continue;
                const began = (window >> kBeganShift) - BigInt(milliseconds);
                const bytes = Buffer.alloc(8);
                bytes.writeBigUInt64LE((began << kBeganShift) | (window & kRestMask));
                fs.writeSync(file, bytes, 0, 8, at + 8);
            }
        } finally {
            fs.closeSync(file);
        }
    }

    // How many requests the windows hold, all together.
    counted() {
        return this.slots().reduce((sum, { window }) => sum + Number(window & kCountMask), 0);
    }
}
