/** The local port of a session on a machine that several users share. */
import { execFile } from 'node:child_process';
import { echo } from '../harness/endpoints';
import { exchange } from '../harness/session-pair';
import { cleanUp, setUp } from '../harness/session-setup';
import { describeWith } from '../harness/tools';

afterEach(cleanUp);

/** Connects, sends and prints what comes back; with `close` it goes as soon as it has sent. */
const CLIENT = `
  const [port, host, how] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), host, () => {
    socket.write('hello', () => { if (how === 'close') process.exit(0); });
  });
  socket.on('data', (bytes) => { process.stdout.write(bytes); socket.destroy(); });
  socket.on('error', (error) => process.stdout.write(error.code));
`;

/** What a program of that user gets. */
function asUser(uid: number, ...words: string[]): Promise<string> {
  const drop = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
  return new Promise((resolve, reject) =>
    execFile('setpriv', [...drop, process.execPath, '-e', CLIENT, ...words], (error, stdout) =>
      error === null ? resolve(stdout) : reject(new Error(error.message)),
    ),
  );
}

/** A session whose endpoint counts what reaches it. */
async function counted(allowOtherUsers?: boolean, listenAddress = '127.0.0.1') {
  let connections = 0;
  let bytes = 0;
  const session = await setUp(
    (socket) => {
      connections += 1;
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
      echo(socket);
    },
    { proxy: { allowOtherUsers, listenAddress } },
  );
  return { ...session, port: String(session.proxy.port), reached: () => ({ connections, bytes }) };
}

describeWith(['root', 'setpriv'], 'programs of another user', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['::', '127.0.0.1'],
    ['::', '::ffff:127.0.0.1'],
  ])('reach nothing at %s by %s, and nothing of them reaches the endpoint', async (listen, host) => {
    const { port, proxy, reached, warnings } = await counted(undefined, listen);
    expect(await asUser(65_534, port, host)).toMatch(/^(ECONNRESET|EPIPE)?$/);
    // Whoever has closed its end is shown as the superuser.
    await asUser(65_534, port, host, 'close');
    expect(reached()).toEqual({ connections: 0, bytes: 0 });
    expect(warnings).toEqual([expect.stringContaining('id 65534')]);
    if (host === '127.0.0.1') expect((await exchange(proxy.port, Buffer.from('mine'))).toString()).toBe('mine');
    expect(reached()).toEqual(host === '127.0.0.1' ? { connections: 1, bytes: 4 } : { connections: 0, bytes: 0 });
  });

  test('are served when the user says so', async () => {
    const { port, reached, warnings } = await counted(true);
    expect(await asUser(65_534, port, '127.0.0.1')).toBe('hello');
    expect({ ...reached(), warnings }).toEqual({ connections: 1, bytes: 5, warnings: [] });
  });
});
