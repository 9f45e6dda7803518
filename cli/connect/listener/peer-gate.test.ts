import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { waitFor } from '../../../test/harness/wait';
import { PeerGate } from './peer-gate';
import type { Owner } from './socket-owners';

/** A listener behind a gate whose owners the test tells, and who reads what passes. */
class Door {
  readonly taken: Socket[] = [];
  readonly warnings: string[] = [];
  readonly lines: string[] = [];
  readonly answers: ((owner: Owner) => void)[] = [];
  readonly clients: Socket[] = [];
  private readonly server: Server;
  readonly gate = new PeerGate({
    take: (socket) => this.taken.push(socket),
    warn: (text) => this.warnings.push(text),
    log: (text) => this.lines.push(text),
    owners: { ownerOf: () => new Promise((resolve) => this.answers.push(resolve)) },
  });

  constructor() {
    this.server = createServer({ pauseOnConnect: true }, (socket) => this.gate.offer(socket)).listen(0, '127.0.0.1');
  }

  async connect(count = 1): Promise<Socket> {
    if (!this.server.listening) await once(this.server, 'listening');
    const before = this.clients.length;
    for (let i = 0; i < count; i++) {
      const client = connect((this.server.address() as AddressInfo).port, '127.0.0.1');
      client.on('error', () => undefined);
      this.clients.push(client);
    }
    const isSettled = (client: Socket): boolean => !client.connecting;
    await waitFor('the connections', () => this.clients.slice(before).every(isSettled));
    return this.clients.at(-1)!;
  }

  close(): void {
    this.server.close();
    this.gate.close();
    for (const socket of [...this.clients, ...this.taken]) socket.destroy();
  }
}

let door: Door;
beforeEach(() => (door = new Door()));
afterEach(() => door.close());

async function meet(owner: Owner): Promise<Socket> {
  const client = await door.connect();
  await waitFor('the question', () => door.answers.length > 0);
  door.answers.splice(0).forEach((answer) => answer(owner));
  return client;
}

const reset = (client: Socket) => waitFor('the reset', () => client.destroyed);

test('this user, the superuser and whom nobody can tell pass', async () => {
  await meet({ kind: 'user', uid: process.getuid!() });
  await meet({ kind: 'user', uid: 0 });
  await meet({ kind: 'untold' });
  await waitFor('three connections', () => door.taken.length === 3);
  expect(door.warnings).toEqual([]);
});

test('others are reset and told of once each; those who have closed are reset without a word', async () => {
  await reset(await meet({ kind: 'user', uid: 12_345 }));
  await reset(await meet({ kind: 'user', uid: 12_345 }));
  await reset(await meet({ kind: 'gone' }));
  expect(door.taken).toEqual([]);
  expect(door.warnings).toEqual([expect.stringMatching(/id 12345 was refused; -allow-other-users/)]);
  expect(door.lines).toHaveLength(3);
});

test('who waits when the gate closes is reset, whatever is answered later', async () => {
  const client = await door.connect();
  await waitFor('the question', () => door.answers.length > 0);
  door.gate.close();
  await reset(client);
  door.answers[0]!({ kind: 'user', uid: 0 });
  const late = await door.connect();
  await waitFor('the second question', () => door.answers.length === 2);
  door.answers[1]!({ kind: 'user', uid: 0 });
  await reset(late);
  expect(door.taken).toEqual([]);
});

test('connections beyond the limit are reset', async () => {
  await door.connect(256);
  await waitFor('the questions', () => door.answers.length === 256);
  await reset(await door.connect());
  expect(door.answers).toHaveLength(256);
  door.answers[0]!({ kind: 'untold' });
  await waitFor('one that passes', () => door.taken.length === 1);
  await door.connect();
  await waitFor('a question more', () => door.answers.length === 257);
});
