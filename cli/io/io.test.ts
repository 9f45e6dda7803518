import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { packageFile } from '../../lib/config/package-root';

test('a reader that leaves early, as head does, ends a command quietly, as it ends other programs', async () => {
  const child = spawn(packageFile('bin/sallyport'), ['version'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  expect({ status, signal, errors: errors.replace(/^sallyport: building.*\n/, '') }).toEqual({
    status: null,
    signal: 'SIGPIPE',
    errors: '',
  });
}, 120_000);
