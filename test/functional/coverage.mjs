// Which answers of which operations the tests have seen, held against the OpenAPI document: each
// client adds a line for each answer to one file, and the run reads it when all is over.
import fs from 'node:fs';

import { documentedOperations, findOperation } from './described.mjs';

// Every operation gives these from the same few lines (dispatcher, limiter, database), and breaking
// those for each operation would prove nothing more.
const kOfAllAlike = new Set(['429', '500', '503']);

// A line: method, path, status, and the code of an error.
export function recordAnswer(file, method, target, answer) {
    const path = target.split('?')[0].slice(0, 300);
    const code = answer.status >= 400 ? codeOf(answer) : '';
    fs.appendFileSync(file, `${method} ${path} ${answer.status} ${code}\n`);
}

function codeOf(answer) {
    try {
        return answer.code ?? '';
    } catch {
        return ''; // no JSON, as after HEAD
    }
}

export class Coverage {
    // `seen`: operation → set of "status code".
    constructor(seen) {
        this.seen = seen;
    }

    static read(file) {
        const seen = new Map(documentedOperations().map((one) => [nameOf(one), new Set()]));
        for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
            const [method, path, status, code] = line.split(' ');
            const operation = status && findOperation(method, path);
            if (operation) seen.get(nameOf(operation)).add(`${status} ${code}`);
        }
        return new Coverage(seen);
    }

    // Operations that no test called with success.
    uncalled() {
        return [...this.seen]
            .filter(([, answers]) => ![...answers].some((one) => one.startsWith('2')))
            .map(([name]) => name);
    }

    // Errors that the document promises and no test produced.
    unproduced() {
        return documentedOperations().flatMap((one) => {
            const answers = this.seen.get(nameOf(one));
            return errorsOf(one)
                .filter((error) => !answers.has(error))
                .map((error) => `${nameOf(one)}: ${error}`);
        });
    }

    // A line for each operation: the statuses that were seen.
    table() {
        const width = Math.max(...[...this.seen.keys()].map((name) => name.length));
        return [...this.seen]
            .map(([name, answers]) => {
                const statuses = [...new Set([...answers].map((one) => one.split(' ')[0]))];
                return `${name.padEnd(width)}  ${statuses.sort().join(' ')}`;
            })
            .join('\n');
    }
}

const nameOf = ({ method, path }) => `${method} ${path}`;

function errorsOf({ operation }) {
    return Object.entries(operation.responses)
        .filter(([status]) => Number(status) >= 400 && !kOfAllAlike.has(status))
        .flatMap(([status, { content }]) =>
            Object.keys(content['application/json'].examples).map((code) => `${status} ${code}`),
        );
}
