import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { describeWith } from '../harness/tools';
import { isTest, read, sourceFiles } from '../tidy/tree';
import { listenOn } from '../../lib/limits/listen';

/** Of a listening port, as the system knows it. */
const backlogOf = (port: number): number =>
  Number(
    execFileSync('ss', ['-ltnH', `sport = :${port}`])
      .toString()
      .trim()
      .split(/\s+/)[2],
  );

describeWith(['ss'], 'backlog', () => {
  test('the system keeps as many connections as we ask for', async () => {
    const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
    const server = createServer();
    await listenOn(server, { host: '127.0.0.1', port: 0 });
    expect(backlogOf((server.address() as AddressInfo).port)).toBe(Math.min(4_096, most));
    server.close();
  });
});

test('an address that is taken is told', async () => {
  const [first, second] = [createServer(), createServer()];
  await listenOn(first, { host: '127.0.0.1', port: 0 });
  const { port } = first.address() as AddressInfo;
  await expect(listenOn(second, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  first.close();
});

test('nothing else listens over TCP', () => {
  const files = sourceFiles().filter(
    (file) => /^(lib|services|cli)\//.test(file) && !isTest(file) && /\.listen\((?!\))/.test(read(file)),
  );
  expect(files).toEqual([
    'cli/cache/daemon.ts', // A Unix socket of its owner.
    'lib/limits/listen.ts',
    'services/dev/dev.ts', // Looks for a free port, as the next does.
    'services/dev/embedded-postgres.ts',
    'services/worker/data-plane.ts', // Asks the proxy port, or the processes that have one.
    'services/worker/data/control-link.ts', // A Unix socket in the worker's directory.
    'services/worker/data/data-process.ts', // Asks both of them.
  ]);
});
