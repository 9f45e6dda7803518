/**
 * Peers that mean harm to a proxy port, in a process of their own. They never authenticate. Of each
 * kind a number of sockets is kept going, spread over loopback addresses; those that the worker has
 * closed are replaced.
 */
import { fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';

export type Abuse =
  /** Connects and says nothing. */
  | 'idle'
  /** A byte of a ClientHello now and then. */
  | 'slow-loris'
  /** A whole ClientHello for a session that exists, and nothing more. */
  | 'half-open'
  /** Bytes that are no TLS. */
  | 'garbage'
  /** A ClientHello that announces 16 MiB and keeps sending. */
  | 'oversized'
  /** Connects and resets. */
  | 'port scan';

export interface AttackOptions {
  port: number;
  /** Sockets at once, by kind. */
  sockets: Record<Abuse, number>;
  /** New sockets of each kind per second, at most. */
  perSecond: number;
  /** Loopback addresses that each kind comes from, none of them used by another kind. */
  addresses: number;
  /** ClientHello, base64. */
  hello: string;
}

export interface AttackTally {
  opened: number;
  /** Sockets that stand open now. */
  open: number;
  closedByWorker: number;
}

const STEP_MS = 20;

export class Attacker {
  private constructor(private readonly child: ReturnType<typeof fork>) {}

  static start(options: AttackOptions): Attacker {
    const execArgv = ['-r', 'esbuild-register'];
    const child = fork(__filename, [JSON.stringify(options)], { execArgv, cwd: `${__dirname}/../..` });
    return new Attacker(child);
  }

  tally(): Promise<Record<Abuse, AttackTally>> {
    return new Promise((resolve, reject) => {
      this.child.once('exit', () => reject(new Error('the attacker ended')));
      this.child.once('message', (tally) => resolve(tally as Record<Abuse, AttackTally>));
      this.child.send('tally');
    });
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}

function attack(options: AttackOptions): void {
  const kinds = Object.keys(options.sockets) as Abuse[];
  const tallies = kinds.map((kind, i) => [kind, attackAs(kind, i + 1, options)] as const);
  process.on('message', () => process.send!(Object.fromEntries(tallies.map(([kind, tally]) => [kind, tally()]))));
  process.on('disconnect', () => process.exit());
}

function attackAs(kind: Abuse, network: number, options: AttackOptions): () => AttackTally {
  const hello = Buffer.from(options.hello, 'base64');
  const open = new Set<Socket>();
  const tally = { opened: 0, closedByWorker: 0 };
  const begin = (): void => {
    const host = 1 + (tally.opened++ % options.addresses);
    const socket = connect({ port: options.port, host: '127.0.0.1', localAddress: `127.0.${network}.${host}` });
    open.add(socket);
    socket.on('error', () => undefined).on('data', () => undefined);
    socket.on('close', () => {
      if (open.delete(socket)) tally.closedByWorker++;
    });
    socket.on('connect', () => behave(kind, socket, hello, () => open.delete(socket)));
  };
  setInterval(() => {
    const room = Math.min(options.sockets[kind] - open.size, (options.perSecond * STEP_MS) / 1_000);
    for (let i = 0; i < room; i++) begin();
  }, STEP_MS);
  return () => ({ ...tally, open: open.size });
}

function behave(kind: Abuse, socket: Socket, hello: Buffer, leave: () => void): void {
  switch (kind) {
    case 'idle':
      return;
    case 'slow-loris':
      return drip(socket, hello);
    case 'half-open':
      return void socket.write(hello);
    case 'garbage':
      return void socket.write('GET / HTTP/1.1\r\nHost: worker\r\n\r\n');
    case 'oversized':
      return flood(socket);
    case 'port scan':
      leave();
      return void socket.resetAndDestroy();
  }
}

function drip(socket: Socket, hello: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= hello.length - 1) clearInterval(timer);
    else socket.write(hello.subarray(at, ++at));
  }, 100);
}

/** Records of 16 KiB that belong to one handshake message of 16 MiB. */
function flood(socket: Socket): void {
  const record = Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0]), Buffer.alloc(0x4000)]);
  const first = Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]), Buffer.alloc(0x4000 - 4)]);
  socket.write(first);
  for (let i = 0; i < 8; i++) socket.write(record);
}

if (require.main === module) attack(JSON.parse(process.argv[2]!) as AttackOptions);
