/**
 * A few simulated worlds, and whether the simulation itself can be relied on. Thousands more: npm
 * run sim.
 */
import { createTestDatabase, type TestDatabase } from '../harness/postgres';
import { createFixture, type Fixture } from './fixture';
import { Random } from './random';
import { Scheduler } from './scheduler';
import { report, simulate } from './simulate';
import { World, type Outcome } from './world';

/**
 * Besides the first ones: seeds that fail when faults are put back which the product once had
 * (README.md).
 */
const SEEDS = [1, 2, 3, 25, 38, 87];

const databases: TestDatabase[] = [];
const fixtures: Fixture[] = [];

beforeAll(async () => {
  for (let n = 0; n < 2; n++) {
    const database = await createTestDatabase();
    databases.push(database);
    fixtures.push(await createFixture(database.url));
  }
});

afterAll(async () => {
  for (const fixture of fixtures) await fixture.close();
  for (const database of databases) await database.drop();
});

test('no rule is broken', async () => {
  const failures: string[] = [];
  const ended = (outcome: Outcome): void => {
    if (outcome.violations.length > 0) failures.push(report(outcome));
  };
  const tally = await simulate(fixtures, SEEDS, { ended });
  expect(failures.join('\n\n')).toBe('');
  expect(tally.connections).toBeGreaterThan(10);
});

test('a seed is one world: the same events again, in another database, with every statement sent', async () => {
  const lives = await Promise.all([new World(7, fixtures[0]!).live(), new World(7, fixtures[1]!, true).live()]);
  const again = await new World(7, fixtures[1]!).live();
  const other = await new World(8, fixtures[0]!).live();
  expect(new Set([...lives, again].map((life) => life.digest)).size).toBe(1);
  expect(other.digest).not.toBe(again.digest);
});

test('a failure names its seed, the rule, the last events and the command that repeats it', async () => {
  const world = new World(3, fixtures[0]!);
  world.scheduler.at(900, 'the rule is broken', () => world.truth.broken('bytes fall from the sky'));
  const outcome = await world.live();
  const text = report(outcome);
  expect(text).toContain('seed 3 fails:');
  expect(text).toMatch(/at 900\.\d ms: bytes fall from the sky/);
  expect(text).toContain('the rule is broken');
  expect(text).toContain('npm run sim -- --seed 3');
  expect(outcome.virtualMs).toBeLessThan(1_000);
});

test('events run in the order of their time, then of their making', async () => {
  const scheduler = new Scheduler();
  const seen: number[] = [];
  const random = new Random(1);
  for (let i = 0; i < 200; i++) {
    const at = random.below(20);
    scheduler.at(at, '', () => void seen.push(at * 1_000 + i));
  }
  const cancel = scheduler.at(5, '', () => void seen.push(-1));
  cancel();
  await scheduler.run(100);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen).toHaveLength(200);
});
