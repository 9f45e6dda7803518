/** The committed corpus through every target, and the fuzzer on targets whose faults are known. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCorpus } from './corpus';
import { Fuzzer, type Report } from './engine';
import type { Instruments } from './instrument';
import { mutateMessage } from './protobuf';
import { Chance, hashOf, invariant, type Target } from './target';
import { TARGETS } from './targets';

test('targets, their list and the corpus belong together', () => {
  const files = readdirSync(join(__dirname, 'targets')).filter((name) => name !== 'index.ts');
  expect(files.map((name) => name.replace(/\.ts$/, '')).sort()).toEqual(Object.keys(TARGETS).sort());
  expect(readdirSync(join(__dirname, 'corpus')).filter((name) => !Object.hasOwn(TARGETS, name))).toEqual([]);
});

test.each(Object.keys(TARGETS))('corpus of %s', async (name) => {
  const { target } = (await import(`./targets/${name}`)) as { target: Target };
  const opened = await target.open();
  try {
    for (const input of [...target.seeds().map((seed) => Buffer.from(seed)), ...readCorpus(name)]) {
      await opened.run(Buffer.from(input), new Chance(hashOf(input)));
    }
  } finally {
    await opened.close?.();
  }
});

/** Three branches deep in a row of conditions; the counters are kept by hand. */
function planted(fault: (input: Buffer) => void, seeds: string[] = ['']): { target: Target; instruments: Instruments } {
  const counters = new Uint32Array(8);
  const run = (input: Buffer): void => {
    const wanted = 'FUZZ';
    for (let i = 0; i < wanted.length && input[i] === wanted.charCodeAt(i); i++) counters[i]!++;
    fault(input);
    counters[7]! += input.length;
  };
  const target: Target = {
    seeds: () => seeds,
    maxLength: 64,
    steps: { base: 100, perByte: 10 },
    open: () => ({ run }),
  };
  return { target, instruments: { counters, branches: () => counters.length, literals: new Set('FUZ') } };
}

async function search({ target, instruments }: ReturnType<typeof planted>, seed = 1): Promise<Report> {
  return new Fuzzer(target, await target.open(), instruments, { seed, seconds: 20, corpus: [] }).run();
}

test('branches lead to a fault that no single step finds, which is then made small', async () => {
  const report = await search(planted((input) => invariant(!input.toString('latin1').startsWith('FUZZ'), 'found')));
  expect(report.failure?.text).toContain('found');
  expect(report.failure?.input.toString()).toBe('FUZZ');
});

test('an input that costs more than its length allows', async () => {
  const { target, instruments } = planted(() => undefined, ['x'.repeat(20)]);
  const open = () => ({
    run(input: Buffer) {
      instruments.counters[0] = input.length ** 2;
    },
  });
  const report = await search({ target: { ...target, open }, instruments });
  expect(report.failure?.text).toMatch(/^costly: \d+ branches for \d+ bytes/);
});

/** In a process of its own: jest keeps such errors to itself. */
test('an error that nobody awaits belongs to its input', () => {
  const program = `
    const { Fuzzer } = require(${JSON.stringify(join(__dirname, 'engine.ts'))});
    const run = async (input) => {
      if (input.toString() === 'late') void Promise.reject(new Error('thrown late'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const instruments = { counters: new Uint32Array(1), branches: () => 1, literals: new Set() };
    new Fuzzer({ seeds: () => ['ok', 'late'] }, { run }, instruments, { seed: 1, seconds: 0, corpus: [] })
      .run()
      .then(({ failure }) => console.log(failure.input.toString(), failure.text.split('\\n', 1)[0]));`;
  const ran = spawnSync(process.execPath, ['-r', 'esbuild-register', '-e', program], { encoding: 'utf8' });
  expect([ran.stdout, ran.stderr]).toEqual(['late Error: thrown late\n', '']);
});

test('the same seed makes the same inputs', () => {
  const inputs = (seed: number): string[] => {
    const chance = new Chance(seed);
    return Array.from({ length: 50 }, () =>
      mutateMessage(Buffer.from('0a0361626312026869', 'hex'), chance).toString('hex'),
    );
  };
  expect(inputs(1)).toEqual(inputs(1));
  expect(inputs(1)).not.toEqual(inputs(2));
});

const command = (...args: string[]) =>
  spawnSync(process.execPath, ['-r', 'esbuild-register', join(__dirname, 'run.ts'), ...args], { encoding: 'utf8' });

test('the command runs what is named, whatever its case, and refuses a name of nothing', () => {
  const ran = command('--only', 'FRAMES', '--seconds', '0');
  expect(ran.stdout).toMatch(/^frames +\d+ runs .* branches [1-9]\d*\/\d+ /);
  expect(ran.stdout.trim().split('\n').at(-1)).toBe('1 passed, 0 failed');
  const none = command('--only', 'nothing');
  expect(none.status).toBe(1);
  expect(none.stderr).toContain('there are:\n  activation-token\n  api-port\n');
});
