/**
 * The yardstick of the data path: a bare client and a bare worker that carry bytes between TCP and
 * TLS 1.3, without frames, counts, limits, half-close or a word about errors. `plain` reads as Node
 * does by itself; `pooled` reads into buffers that are used again, wherever Node has an option for
 * that, which is everywhere but at an accepted TLS socket. Measured by throughput.ts.
 */
import { createServer, connect, Socket, type AddressInfo, type OnReadOpts, type Server } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { newId } from '../lib/ids/ids';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from '../lib/tls/keys';
import { createSessionCertificate } from '../lib/tls/session-certificate';
import { serve, startProgram, type Program } from './harness/children';

export type PumpKind = 'plain' | 'pooled';

interface Order {
  role: 'client' | 'worker';
  kind: PumpKind;
  /** PEM. */
  key: string;
  cert: string;
  /** Where the bytes go. */
  to: number;
}

const BLOCK_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 128 * 1024;
const MAX_FREE = 64;
const CIPHERS = 'TLS_AES_128_GCM_SHA256';
const BOTH_WAYS = { highWaterMark: BLOCK_BYTES, noDelay: true, host: '127.0.0.1' };

const free: Buffer[] = [];
const take = (): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
const put = (buffer: Buffer): void => void (free.length < MAX_FREE && free.push(buffer));

/** Writes of one turn of the event loop go out together. */
class Corked {
  private isHeld = false;

  constructor(readonly socket: Socket) {}

  write(chunk: Buffer, written?: () => void): boolean {
    if (!this.isHeld) {
      this.isHeld = true;
      this.socket.cork();
      setImmediate(() => {
        this.isHeld = false;
        this.socket.uncork();
      });
    }
    return this.socket.write(chunk, written) || this.socket.writableLength < HIGH_WATER_BYTES;
  }
}

/** Reads of the socket that it is given to, into pooled buffers, go on to the other side. */
function pooledReads(sides: { from: Socket; to: Corked }): OnReadOpts {
  const callback = (count: number, read: Uint8Array): boolean => {
    const buffer = read as Buffer;
    const chunk = count === buffer.length ? buffer : buffer.subarray(0, count);
    if (!sides.to.write(chunk, () => put(buffer))) sides.from.pause();
    return true;
  };
  return { buffer: take, callback };
}

function plainReads(from: Socket, to: Corked): void {
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause();
  });
}

/** What remains of a direction: back-pressure and the end. */
function follow(from: Socket, to: Socket): void {
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
  from.resume();
}

type Sides = { from: Socket; to: Corked };
const nobody = (): Sides => ({}) as Sides;

function client({ kind, key, cert, to }: Order): Server {
  const options = { ...BOTH_WAYS, port: to, key, cert, servername: 's', rejectUnauthorized: false };
  return createServer({ ...BOTH_WAYS, pauseOnConnect: kind === 'pooled' }, (accepted) => {
    const [up, down] = [nobody(), nobody()];
    const isPooled = kind === 'pooled';
    const near = isPooled ? wrapAnew(accepted, pooledReads(up)) : accepted;
    const far = tls.connect({ ...options, ...(isPooled && { onread: pooledReads(down) }) });
    far.setNoDelay(true);
    join(near, far, up, down);
    if (isPooled) return;
    plainReads(near, up.to);
    plainReads(far, down.to);
  });
}

function worker({ kind, key, cert, to }: Order): Server {
  const options = {
    ...BOTH_WAYS,
    key,
    cert,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3' as const,
    ciphers: CIPHERS,
  };
  return tls.createServer(options, (near: TLSSocket) => {
    near.setNoDelay(true);
    const [up, down] = [nobody(), nobody()];
    const isPooled = kind === 'pooled';
    const far = connect({ ...BOTH_WAYS, port: to, ...(isPooled && { onread: pooledReads(down) }) });
    join(near, far, up, down);
    plainReads(near, up.to);
    if (!isPooled) plainReads(far, down.to);
  });
}

function join(near: Socket, far: Socket, up: Sides, down: Sides): void {
  Object.assign(up, { from: near, to: new Corked(far) });
  Object.assign(down, { from: far, to: new Corked(near) });
  follow(near, far);
  follow(far, near);
}

/**
 * The same connection as a socket with another way of reading; the property and the option are not
 * documented.
 */
function wrapAnew(accepted: Socket, onread: OnReadOpts): Socket {
  const bare = accepted as unknown as { _handle: unknown };
  const handle = bare._handle;
  bare._handle = null;
  return new Socket({ handle, highWaterMark: BLOCK_BYTES, readable: true, writable: true, onread } as object);
}

async function start(order: Order): Promise<{ port: number }> {
  const server = order.role === 'client' ? client(order) : worker(order);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port };
}

/** A pump to an endpoint of this machine: what listens, and its two processes. */
export async function startPump(
  kind: PumpKind,
  endpoint: number,
): Promise<{ port: number; programs: Program<{ port: number }>[] }> {
  const now = new Date();
  const expiration = new Date(now.getTime() + 3_600_000);
  const made = createSessionCertificate({ sessionId: newId('s'), workerHosts: ['127.0.0.1'], now, expiration });
  const identity = { cert: pemFromDer(made.certificate), key: privateKeyPem(ed25519FromRaw(made.privateKey)) };
  const behind = await startProgram<{ port: number }>(__filename, { role: 'worker', kind, to: endpoint, ...identity });
  const front = await startProgram<{ port: number }>(__filename, {
    role: 'client',
    kind,
    to: behind.ready.port,
    ...identity,
  });
  return { port: front.ready.port, programs: [front, behind] };
}

if (require.main === module) serve(start);
