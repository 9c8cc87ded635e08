// Runs the functional suite: one shared stack, every *.test.mjs beside this file, then the stack
// is taken down whatever happened.
//
//     node test/functional/run.mjs [PART-OF-A-FILE-NAME…]
//
// SECRETSTORE_BUILD chooses the build folder (default build/); SECRETSTORE_KEEP=1 leaves the shared
// stack running and the folders of the others in place. The summary of node's test runner is what
// is printed last.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Coverage } from './coverage.mjs';
import { kBuild, kPatience, kPrivateWebhooks, logTails, Stack } from './stack.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const filters = process.argv.slice(2);
const files = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.test.mjs'))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .sort();

// Tests that own a stack mostly wait for processes: two files at a time use the cores better.
const kFilesAtOnce = 2;
// More than the longest of its tests may take.
const kDeadlineOfAFile = 900_000 * kPatience;
// Endpoint × statuses that tests produced.
const kTable = path.join(kBuild, 'status-codes.txt');
const kSummaryWords = 'tests|suites|pass|fail|cancelled|skipped|todo|duration_ms';
const kSummaryLine = new RegExp(`^(\\u001b\\[\\d+m)?ℹ (${kSummaryWords}) `);

async function main() {
    if (files.length === 0) {
        console.error(`no test file matches: ${filters.join(' ')}`);
        return 2;
    }
    const coverage = path.join(os.tmpdir(), `secretstore-coverage-${process.pid}`);
    // Webhooks of the tests lead to this machine, where most of them find a closed port.
    const stack = await Stack.start({ workers: 2, threads: 32, conf: kPrivateWebhooks });
    let code = 1;
    let summary = [];
    try {
        ({ code, summary } = await runTests(stack, coverage));
        const findings = stack.findings();
        const gaps = reportCoverage(Coverage.read(coverage));
        if (code !== 0) console.log(logTails(stack.state));
        if (findings) console.log(`\nSanitizers or assertions of the shared stack:\n${findings}`);
        if (findings) code = 1;
        // A part of the suite is not meant to meet everything.
        if (filters.length === 0 && code === 0 && gaps > 0) code = 1;
    } finally {
        fs.rmSync(coverage, { force: true });
        if (process.env.SECRETSTORE_KEEP) console.log(`\nStill running: ${stack.folder}`);
        else await stack.stop();
    }
    // Once more where something was printed after it.
    if (code !== 0) console.log(summary.join('\n'));
    return code;
}

// Prints what node prints, and gives back its summary so that it can stand at the end.
function runTests(stack, coverage) {
    const args = [
        '--test',
        `--test-concurrency=${kFilesAtOnce}`,
        `--test-timeout=${kDeadlineOfAFile}`,
        '--test-reporter=spec',
    ];
    const child = spawn(
        process.execPath,
        [...args, ...files.map((name) => path.join(folder, name))],
        {
            env: {
                ...process.env,
                SECRETSTORE_STACK: stack.folder,
                SECRETSTORE_COVERAGE: coverage,
                NODE_EXTRA_CA_CERTS: stack.env.NODE_EXTRA_CA_CERTS,
            },
            stdio: ['ignore', 'pipe', 'inherit'],
        },
    );
    const stop = () => child.kill('SIGTERM');
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    const summary = [];
    let rest = '';
    child.stdout.on('data', (chunk) => {
        process.stdout.write(chunk);
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        summary.push(...lines.filter((line) => kSummaryLine.test(line)));
    });
    return new Promise((resolve) => {
        child.on('close', (exitCode) => resolve({ code: exitCode ?? 1, summary }));
    });
}

// Says what no test produced, unless only a part of the suite ran; how many operations no test called.
function reportCoverage(coverage) {
    fs.mkdirSync(path.dirname(kTable), { recursive: true });
    fs.writeFileSync(kTable, `${coverage.table()}\n`);
    const uncalled = coverage.uncalled();
    const gaps = {
        'Operations that no test called with success': uncalled,
        'Errors of the OpenAPI document that no test produced': coverage.unproduced(),
    };
    if (filters.length === 0)
        for (const [what, lines] of Object.entries(gaps))
            if (lines.length > 0) console.log(`\n${what}:\n  ${lines.join('\n  ')}`);
    console.log(`\nWhich operation answered with which status: ${path.relative('', kTable)}`);
    return uncalled.length;
}

process.exitCode = await main();
