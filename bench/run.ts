/** Runs benchmarks by name, without one that of throughput. Run: npm run bench [NAME] */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { choose } from '../test/harness/selection';

const BENCHMARKS: { name: string; what: string; file?: string }[] = [
  { name: 'throughput', what: 'a session beside plain TCP, bare pumps and tunnels of others' },
  { name: 'far', what: 'the same over a line that takes time' },
  { name: 'figures', what: 'a whole deployment: latencies of the API, of connections and of the CLI' },
  { name: 'cancel', what: 'from a cancel to the cut, beside a thousand live connections' },
  { name: 'regex', what: 'regular expressions at their limits' },
  { name: 'grants', file: 'foreign-grants', what: 'what the grants of others cost a list' },
];

const [wanted = 'throughput', ...others] = process.argv.slice(2);
if (others.length > 0) throw new Error('npm run bench takes one name');
const labels = ({ name, what }: (typeof BENCHMARKS)[number]) => [name, what];
for (const { name, file = name } of choose(BENCHMARKS, wanted, { what: 'benchmark', labels })) {
  const { status } = spawnSync(process.execPath, ['-r', 'esbuild-register', join(__dirname, `${file}.ts`)], {
    stdio: 'inherit',
  });
  process.exitCode ||= status ?? 1;
}
