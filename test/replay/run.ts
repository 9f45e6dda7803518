/**
 * Replays recorded answers of Boundary against a fresh `sallyport dev`: the HTTP API and the
 * command line twice on the same server, then the names of all commands and flags. Fails on steps
 * that differ unless docs/compatibility.md lists them. CONFORMANCE_DIR names the recordings with
 * their replayers; without them nothing is run. Run: npm run replay
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { SALLYPORT, startDev } from '../harness/dev';
import { run } from '../harness/process';
import { listedDifferences, problems, type Front, type Step } from './differences';
import { noArguments } from '../harness/selection';

const ROOT = resolve(__dirname, '../..');
const DEFAULT_DIR = '../shared/conformance';
const ROUNDS = 2;
/** A replay takes a minute on two idle processors; a hang ends here. */
const TIMEOUT_MS = 600_000;

interface Tally {
  passed: number;
  failed: number;
}

/** Runs a replayer; its JSON report, or its text when it makes none. */
async function replay(dir: string, program: string, args: string[]): Promise<string> {
  const finished = await run(process.execPath, [resolve(dir, program), ...args], { timeoutMs: TIMEOUT_MS });
  if ((finished.code === 0 || finished.code === 1) && finished.stdout !== '') return finished.stdout;
  throw new Error(`${program} ended with ${finished.code ?? finished.signal}: ${finished.stderr.slice(-2000)}`);
}

/** Steps of a report; the line behind its end counts them again. */
const stepsOf = (report: string): Step[] => JSON.parse(report.slice(0, report.lastIndexOf(']') + 1)) as Step[];

async function round(dir: string, front: Front, args: string[], listed: ReadonlySet<string>): Promise<Tally> {
  const program = front === 'http' ? 'replay.mjs' : 'replay-cli.mjs';
  const steps = stepsOf(await replay(dir, program, [...args, '--json']));
  const wrong = problems(steps, listed);
  for (const problem of wrong) console.log(`FAILED ${front} ${problem}`);
  const differing = steps.filter((step) => !step.ok).length;
  console.log(`${front}: ${steps.length} steps, ${differing} differ, ${wrong.length} of them not as listed`);
  return { passed: steps.length - wrong.length, failed: wrong.length };
}

async function surface(dir: string): Promise<Tally> {
  const report = await replay(dir, 'replay-cli.mjs', ['--cli', `'${SALLYPORT}'`, '--surface']);
  process.stdout.write(`names of commands and flags: ${report}`);
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(report) ?? [];
  return passed === undefined ? { passed: 0, failed: 1 } : { passed: Number(passed), failed: Number(failed) };
}

async function all(dir: string): Promise<Tally> {
  const listed = listedDifferences(readFileSync(resolve(ROOT, 'docs/compatibility.md'), 'utf8'));
  const tallies: Tally[] = [];
  const dev = await startDev();
  try {
    const addr = ['--addr', dev.apiAddress];
    for (let i = 0; i < ROUNDS; i++) {
      const cli = ['--cli', `'${SALLYPORT}'`, ...addr];
      const rounds = [round(dir, 'http', addr, listed.http), round(dir, 'cli', cli, listed.cli)];
      tallies.push(...(await Promise.all(rounds)));
    }
  } finally {
    await dev.stop();
  }
  tallies.push(await surface(dir));
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
  };
}

async function main(): Promise<number> {
  noArguments();
  const named = process.env['CONFORMANCE_DIR'];
  const dir = resolve(ROOT, named || DEFAULT_DIR);
  if (!existsSync(resolve(dir, 'replay.mjs'))) {
    if (named) throw new Error(`there are no recordings in ${dir}, which CONFORMANCE_DIR names`);
    console.log(`not run: there are no recordings in ${dir}; CONFORMANCE_DIR names another folder`);
    return 0;
  }
  // The replayers do nothing when their path leads through a symbolic link.
  const { passed, failed } = await all(realpathSync(dir));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
