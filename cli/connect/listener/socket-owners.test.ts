import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../../../test/harness/tools';
import { SocketOwners } from './socket-owners';

const LINUX = process.platform === 'linux' ? [] : ['linux'];

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'socket-owners-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of open.splice(0))
    if ('close' in one) one.close();
    else one.destroy();
});

/** Both ends of a connection to a listener on `host`, made through `to`. */
async function connection(host: string, to: string): Promise<{ client: Socket; accepted: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect((server.address() as AddressInfo).port, to);
  open.push(client, await accepted);
  return { client, accepted: await accepted };
}

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (ends: string, uid: number, inode: number): string =>
  `   1: ${ends} 01 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 2 0 20 0 0 10 -1\n`;

/**
 * Answers of a table with these lines, for 127.0.0.1:1000 connected to 127.0.0.1:2000 unless said
 * otherwise.
 */
function ownerIn(lines: string, ends = {}, more = {}) {
  const table = join(directory, 'tcp');
  writeFileSync(table, HEAD + lines);
  const both = { remoteAddress: '127.0.0.1', remotePort: 1_000, localAddress: '127.0.0.1', localPort: 2_000 };
  return new SocketOwners({ tables: [table, join(directory, 'absent')], ...more }).ownerOf({ ...both, ...ends });
}

describeWith(LINUX, 'the table of this system', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['::', '127.0.0.1'],
    ['::', '::ffff:127.0.0.1'],
  ])('names the user of a connection to %s by %s', async (host, to) => {
    const { accepted } = await connection(host, to);
    expect(await new SocketOwners().ownerOf(accepted)).toEqual({ kind: 'user', uid: process.getuid!() });
  });

  test('a burst is answered whole, by few scans', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => connection('127.0.0.1', '127.0.0.1')));
    const owners = new SocketOwners();
    let scans = 0;
    const scan = owners['scan'].bind(owners);
    owners['scan'] = (batch) => ((scans += 1), scan(batch));
    const answers = await Promise.all(all.map(({ accepted }) => owners.ownerOf(accepted)));
    expect(answers).toEqual(all.map(() => ({ kind: 'user', uid: process.getuid!() })));
    // The first one alone, the others together; once more each, should the table have changed under
    // a scan.
    expect(scans).toBeLessThanOrEqual(4);
  });

  test("a socket that its program has closed is nobody's, and not the superuser's", async () => {
    const { client, accepted } = await connection('127.0.0.1', '127.0.0.1');
    await new Promise<void>((resolve) => client.write('x', () => resolve()));
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.destroy();
    await closed;
    // Linux from 6.17 on remembers for a moment whose it was.
    const answers = [{ kind: 'gone' }, ...(process.getuid!() === 0 ? [] : [{ kind: 'user', uid: process.getuid!() }])];
    expect(answers).toContainEqual(await new SocketOwners().ownerOf(accepted));
  });
});

test('the end of the program counts, in whatever form; who holds no socket any more is gone', async () => {
  const ends = '0100007F:03E8 0100007F:07D0';
  expect(await ownerIn(line('0100007F:07D0 0100007F:03E8', 7, 1) + line(ends, 1234, 5))).toEqual({
    kind: 'user',
    uid: 1234,
  });
  const mapped = '0000000000000000FFFF00000100007F:03E8 0000000000000000FFFF00000100007F:07D0';
  expect(await ownerIn(line(mapped, 8, 5))).toEqual({ kind: 'user', uid: 8 });
  expect(await ownerIn(line(ends, 0, 0))).toEqual({ kind: 'gone' });
  expect(await ownerIn(line(ends, 1234, 0))).toEqual({ kind: 'user', uid: 1234 });
  // A new connection may have the ends of one that is timing out.
  expect(await ownerIn(line(ends, 9, 5) + line(ends, 0, 0))).toEqual({ kind: 'user', uid: 9 });
  const v6 = { remoteAddress: 'fe80::1:2%eth0', localAddress: '2001:db8::5' };
  const row = '000080FE000000000000000002000100:03E8 B80D0120000000000000000005000000:07D0';
  expect(await ownerIn(line(row, 10, 5), v6)).toEqual({ kind: 'user', uid: 10 });
});

test('without a line: gone on this machine, untold elsewhere; without a table: untold', async () => {
  expect(await ownerIn('')).toEqual({ kind: 'gone' });
  expect(await ownerIn('', { remoteAddress: '::1', localAddress: '::1' })).toEqual({ kind: 'gone' });
  expect(await ownerIn('', { remoteAddress: '192.0.2.1', localAddress: '192.0.2.2' })).toEqual({ kind: 'untold' });
  const none = new SocketOwners({ tables: [join(directory, 'absent')] });
  expect(await none.ownerOf({ remoteAddress: '127.0.0.1' })).toEqual({ kind: 'untold' });
});

test('a table is read up to its limit', async () => {
  const ends = '0100007F:03E8 0100007F:07D0';
  const filler = line('0100007F:0001 0100007F:0002', 1, 1).repeat(20_000);
  expect(await ownerIn(filler + line(ends, 11, 5))).toEqual({ kind: 'user', uid: 11 });
  expect(await ownerIn(filler + line(ends, 11, 5), {}, { maxTableBytes: 1_000_000 })).toEqual({ kind: 'gone' });
});
