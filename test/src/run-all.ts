/**
 * `npm test`: every check, then every test, then one line with the real counts. A check (format, lint, types) counts as
 * one; a test as Jest counted it. Nothing is left out because something before it failed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The part of Jest's --json report that is counted. */
interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  /** Suites that did not even load: their tests were never counted. */
  numRuntimeErrorTestSuites: number;
}

function run(script: string, args: string[] = []): Promise<number> {
  return new Promise((resolve) => {
    console.log(`\n> npm run ${script}`);
    const npmArgs = ['run', '--silent', script, ...(args.length === 0 ? [] : ['--', ...args])];
    const child = spawn('npm', npmArgs, { cwd: root, stdio: 'inherit' });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function runCheck(script: string): Promise<Counts> {
  const code = await run(script);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

async function runJest(script: string, folder: string): Promise<Counts> {
  const file = join(folder, `${script}.json`);
  const code = await run(script, ['--json', '--outputFile', file]);
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as JestReport;
    const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
    // Jest may fail for a reason that is no test's (a threshold, a handle): that is a failure too.
    const counted = code !== 0 && failed === 0 ? 1 : failed;
    return { passed: report.numPassedTests, failed: counted, skipped: report.numPendingTests };
  } catch (error) {
    console.error(`${script}: no report: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const folder = mkdtempSync(join(tmpdir(), 'holdpoint-test-'));
const counts: Counts[] = [];
try {
  for (const script of ['format:check', 'lint', 'types']) counts.push(await runCheck(script));
  counts.push(await runJest('unit', folder));
  counts.push(await runJest('e2e', folder));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const sum = (key: keyof Counts): number => counts.reduce((total, each) => total + each[key], 0);
const skipped = sum('skipped');
console.log(
  `\n${String(sum('passed'))} passed, ${String(sum('failed'))} failed${skipped === 0 ? '' : `, ${String(skipped)} skipped`}`,
);
process.exitCode = sum('failed') === 0 ? 0 : 1;
