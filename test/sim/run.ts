/**
 * Runs simulated worlds on a PostgreSQL of its own:
 *
 *   npm run sim -- --seeds 10000            seeds 1 to 10000
 *   npm run sim -- --seed 4711              one seed, with its trace when it fails
 *   npm run sim -- --seeds 500 --first 2000 --jobs 2 --worlds 4
 *
 * --jobs is the number of processes (default: one per processor, at most 4), --worlds how many
 * worlds each lives at once.
 */
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLogger } from '../../lib/log/log';
import { openDb, sql } from '../../services/controller/db/db';
import { migrate } from '../../services/controller/db/migrate';
import { startEmbeddedPostgres } from '../../services/dev/embedded-postgres';
import { temporaryDirectory } from '../../services/dev/temporary';
import { createFixture } from './fixture';
import { report, simulate, summary, type Tally } from './simulate';
import type { Outcome } from './world';
import { wholeNumber } from '../harness/selection';

const MAX_JOBS = 4;
const WORLDS = 4;
/** Failures that are reported in full. */
const MAX_REPORTS = 3;
const TEMPLATE = 'sim_template';

interface Job {
  urls: string[];
  seeds: number[];
  trace: boolean;
  everyStatement: boolean;
  bail: boolean;
}

function options() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      first: { type: 'string' },
      jobs: { type: 'string' },
      worlds: { type: 'string' },
      trace: { type: 'boolean' },
      'every-statement': { type: 'boolean' },
      bail: { type: 'boolean' },
    },
  });
  const number = (name: 'seeds' | 'seed' | 'first' | 'jobs' | 'worlds', otherwise: number): number => {
    const text = values[name];
    return text === undefined ? otherwise : wholeNumber(name, text, name === 'seed' || name === 'first' ? 0 : 1);
  };
  const first = number('seed', number('first', 1));
  const count = values.seed === undefined ? number('seeds', 100) : 1;
  return {
    seeds: Array.from({ length: count }, (_, i) => first + i),
    jobs: Math.max(1, Math.min(count, number('jobs', Math.min(MAX_JOBS, availableParallelism())))),
    worlds: Math.max(1, Math.min(count, number('worlds', WORLDS))),
    trace: values.trace === true,
    everyStatement: values['every-statement'] === true,
    bail: values.bail === true,
  };
}

async function main(): Promise<number> {
  const { seeds, jobs, worlds, ...how } = options();
  const dir = temporaryDirectory('sallyport-sim');
  const socketDir = join(dir, 's');
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'pg'), socketDir, port: 0, durable: false });
  try {
    const server = `postgres://postgres@127.0.0.1:${postgres.port}`;
    await makeDatabases(server, jobs * worlds);
    const started = Date.now();
    const parts = Array.from({ length: jobs }, (_, job): Job => {
      const urls = Array.from({ length: worlds }, (_, n) => socketUrl(socketDir, postgres.port, job * worlds + n));
      return { urls, seeds: seeds.filter((_, i) => i % jobs === job), ...how };
    });
    const tallies = jobs === 1 ? [await work(parts[0]!)] : await Promise.all(parts.map(inChild));
    const { text, failed } = summary(tallies, Date.now() - started);
    console.log(text);
    return failed.length === 0 ? 0 : 1;
  } finally {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const socketUrl = (directory: string, port: number, n: number): string =>
  `postgres://postgres@${encodeURIComponent(directory)}:${port}/sim_${n}`;

async function makeDatabases(server: string, count: number): Promise<void> {
  const log = createLogger('sim', { level: 'silent' });
  const admin = openDb({ url: `${server}/postgres`, log, maxConnections: 1 });
  try {
    await sql.raw('alter system set autovacuum = off').execute(admin.executor);
    await sql.raw('select pg_reload_conf()').execute(admin.executor);
    await sql.raw(`create database ${TEMPLATE}`).execute(admin.executor);
    await migrate(`${server}/${TEMPLATE}`, log);
    for (let n = 0; n < count; n++) {
      await sql.raw(`create database sim_${n} template ${TEMPLATE} strategy file_copy`).execute(admin.executor);
    }
  } finally {
    await admin.close();
  }
}

/** Lives the seeds of one process. */
async function work({ urls, seeds, trace, everyStatement, bail }: Job): Promise<Tally> {
  const fixtures = await Promise.all(urls.map((url) => createFixture(url)));
  let reports = 0;
  try {
    const ended = (outcome: Outcome): void => {
      if (trace) console.log([...outcome.trace, `${outcome.seed} ${outcome.digest}`].join('\n'));
      if (outcome.violations.length > 0 && reports++ < MAX_REPORTS) console.log(report(outcome));
    };
    return await simulate(fixtures, seeds, { ended, everyStatement, bail });
  } finally {
    await Promise.all(fixtures.map((fixture) => fixture.close()));
  }
}

function inChild(job: Job): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const child = fork(__filename, { execArgv: ['-r', 'esbuild-register'] });
    let tally: Tally | undefined;
    child.on('message', (message) => (tally = message as Tally));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (tally === undefined) reject(new Error(`a process of the simulation ended with ${code}`));
      else resolve(tally);
    });
    child.send(job);
  });
}

function asChild(): void {
  process.once('message', (job) => {
    work(job as Job).then(
      (tally) => process.send!(tally, () => process.disconnect()),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}

if (process.send) asChild();
else {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
