/**
 * Attacks on a deployment of its own, on loopback, at most 5 minutes: what each does to the
 * processes and to an honest user. Run: npm run attack [-- --only NAME] [--seed N] [--json FILE]
 * [--list]. See README.md.
 */
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pause, type Attack, type Finding, type Orders, type Prepared } from './attack';
import { AttackProcess } from './attacker';
import { ATTACKS } from './attacks';
import { Gauge, type Strain } from './gauges';
import { HonestUser } from './honest';
import { judge, type Result } from './judge';
import { choose, wholeNumber } from '../harness/selection';
import { ATTACKER_ADDRESS, Stage } from './stage';
import { heading, resultLine } from './table';

/** No attack begins later. */
const LAST_BEGIN_MS = 270_000;
/** Whatever runs is ended. */
const END_MS = 295_000;
/** Of an attack; of the measurements before and after it. */
const SECONDS = 4;
const BEFORE_MS = 1_500;
const AFTER_MS = 1_500;
/** For what one attack needs beside its phases, on a slow machine. */
const AROUND_MS = 2_500;
/** On a machine that is too slow for everything, the phases are shortened, to this at least. */
const SHORTEST = 0.4;

interface Run {
  results: Result[];
  /** In order; those behind the results were not run. */
  chosen: readonly Attack[];
}

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
      list: { type: 'boolean' },
    },
  });
  const seed = values.seed === undefined ? randomInt(1e9) : wholeNumber('seed', values.seed);
  const labels = (attack: Attack): string[] => [attack.class, attack.name];
  return { ...values, seed, chosen: choose(ATTACKS, values.only, { what: 'attack', labels }) };
}

async function main(): Promise<number> {
  const { chosen, seed, json, list } = options();
  if (list) {
    for (const { class: kind, name } of chosen) console.log(`${kind}: ${name}`);
    return 0;
  }
  console.log(`seed ${seed}`);
  const run: Run = { results: [], chosen };
  const began = Date.now();
  const stage = await Stage.open();
  let isClosed = false;
  process.on('exit', () => isClosed || stage.kill());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  const end = setTimeout(() => process.exit(finish(run, json)), END_MS - (Date.now() - began));
  try {
    console.log(heading());
    for (const [i, attack] of chosen.entries()) {
      if (Date.now() - began > LAST_BEGIN_MS) break;
      const pace = paceOf(chosen.slice(i), LAST_BEGIN_MS - (Date.now() - began));
      const result = await perform(stage, attack, { seed: seed + i, pace });
      run.results.push(result);
      console.log(resultLine(result));
    }
  } finally {
    await stage.close();
    isClosed = true;
    clearTimeout(end);
  }
  return finish(run, json);
}

/**
 * By what the phases are shortened so that all attacks that are left fit in the time that is left.
 */
function paceOf(left: readonly Attack[], leftMs: number): number {
  const phases = left.map(
    ({ seconds = SECONDS, atMostSeconds = 0 }) => BEFORE_MS + 1_000 * (seconds + atMostSeconds / 2) + AFTER_MS,
  );
  const wanted = phases.reduce((sum, ms) => sum + ms, 0);
  return Math.min(1, Math.max(SHORTEST, (leftMs - left.length * AROUND_MS) / wanted));
}

/** The last lines; answers the exit code. */
function finish({ results, chosen }: Run, json: string | undefined): number {
  const missing = chosen.slice(results.length).map(({ name }) => name);
  for (const name of missing) console.log(`FAILED: ${name}: not run, the time was over`);
  const failed = results.filter(({ verdict }) => verdict === 'failed');
  for (const { name, reasons, errors } of failed) console.log(`FAILED: ${name}: ${[...reasons, ...errors].join('; ')}`);
  const missed = results.filter(({ verdict }) => verdict === 'aim missed').length;
  const met = results.length - missed - failed.length;
  console.log(`aim met ${met}, aim missed ${missed}, beyond ten times the aim ${failed.length}`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 1)}\n`);
  console.log(`${met + missed} passed, ${failed.length + missing.length} failed`);
  return failed.length + missing.length === 0 ? 0 : 1;
}

interface Measured {
  strain: Record<'controller' | 'worker', Strain>;
  findings: Finding[];
}

async function perform(stage: Stage, attack: Attack, { seed, pace }: { seed: number; pace: number }): Promise<Result> {
  const { deployment } = stage;
  const { ports } = deployment;
  const gauges = {
    controller: new Gauge(() => deployment.controller, ports.ops),
    worker: new Gauge(() => deployment.worker, ports.workerOps),
  };
  const honest = new HonestUser(stage);
  const began = Date.now();
  const attacker = await AttackProcess.start();
  let prepared: Prepared = {};
  let measured: Measured | undefined;
  const findings: Finding[] = [];
  try {
    prepared = (await attack.prepare?.(stage)) ?? {};
    honest.start(attack.withLogins === true);
    await honest.spend(pace * BEFORE_MS);
    honest.phase = 'during';
    const orders = ordersOf(stage, attack, seed, prepared);
    measured = await during(attack, { stage, honest, attacker, gauges, orders, pace });
    honest.phase = 'after';
    await honest.spend(pace * AFTER_MS);
  } catch (error) {
    findings.push({ note: (error as Error).message.split('\n')[0]!, isBroken: true });
  }
  const tally = await attacker.stop();
  await honest.stop();
  const strain = measured?.strain ?? { controller: await gauges.controller.end(), worker: await gauges.worker.end() };
  const problem = await stage.settle();
  await attack
    .cleanUp?.(stage, prepared)
    .catch((error: Error) => findings.push({ note: `clean-up: ${error.message}` }));
  findings.push(...(measured?.findings ?? []));
  const { name, class: kind } = attack;
  const seconds = Math.round((Date.now() - began) / 1_000);
  return judge({ name, class: kind, seconds, strain, samples: honest.samples, findings, tally, problem });
}

const ordersOf = (stage: Stage, { name }: Attack, seed: number, prepared: Prepared): Orders => ({
  attack: name,
  seed,
  ports: stage.deployment.ports,
  from: ATTACKER_ADDRESS,
  authMethod: stage.authMethod,
  honest: { loginName: stage.honest.loginName, scope: stage.honest.scope },
  field: stage.field,
  prepared,
});

interface Play {
  stage: Stage;
  honest: HonestUser;
  attacker: AttackProcess;
  gauges: Record<'controller' | 'worker', Gauge>;
  orders: Orders;
  pace: number;
}

/** The attack, and what is seen of it. */
async function during(attack: Attack, { stage, honest, attacker, gauges, orders, pace }: Play): Promise<Measured> {
  await Promise.all([gauges.controller.begin(), gauges.worker.begin()]);
  const over = new AbortController();
  if (attack.run !== undefined) attacker.begin(orders);
  const seen = attack.meanwhile?.(stage, over.signal) ?? Promise.resolve([]);
  // It is waited for below.
  seen.catch(() => undefined);
  await Promise.race([attacker.reached, pause(1_000 * pace * (attack.atMostSeconds ?? 0))]);
  await honest.spend(1_000 * pace * (attack.seconds ?? SECONDS));
  honest.isExcused = attack.takesWorkerAway === true;
  over.abort();
  const findings = await seen;
  await attacker.stop();
  const [controller, worker] = await Promise.all([gauges.controller.end(), gauges.worker.end()]);
  honest.isExcused = false;
  return { strain: { controller, worker }, findings };
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error((error as Error).message ?? error);
    console.log('0 passed, 1 failed');
    process.exit(1);
  },
);
