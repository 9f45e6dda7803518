/** Bytes that flow both ways at a steady pace until they are told to end, hashed at both ends. */
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { dial, endpoint, type Endpoint } from '../harness/endpoints';
import { waitFor } from '../harness/wait';

const SOURCE = randomBytes(1 << 20);
const BLOCK_BYTES = 32 * 1024;
/**
 * 3 MB/s each way: fast enough that a gap would show, slow enough for a minute beside other work.
 */
const PERIOD_MS = 10;
/** More is not queued; the sender then waits for its peer. */
const MAX_QUEUED_BYTES = 1 << 20;
const ID_BYTES = 16;

/** One end of a transfer. */
class End {
  sentBytes = 0;
  receivedBytes = 0;
  private readonly sent = createHash('sha256');
  private readonly received = createHash('sha256');
  private digests: { sent: string; received: string } | undefined;
  private sending: NodeJS.Timeout | undefined;
  /** True once the peer has ended its direction in order; false when the connection broke first. */
  readonly ended: Promise<boolean>;

  constructor(private readonly socket: Socket) {
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve(true));
      socket.once('close', () => {
        clearInterval(this.sending);
        resolve(false);
      });
    });
    socket.on('data', (chunk: Buffer) => {
      this.received.update(chunk);
      this.receivedBytes += chunk.length;
    });
  }

  start(): void {
    this.sending = setInterval(() => this.sendBlock(), PERIOD_MS);
  }

  send(bytes: Buffer): void {
    this.sent.update(bytes);
    this.sentBytes += bytes.length;
    this.socket.write(bytes);
  }

  stop(): void {
    clearInterval(this.sending);
    this.socket.end();
  }

  hashes(): { sent: string; received: string } {
    this.digests ??= { sent: this.sent.digest('hex'), received: this.received.digest('hex') };
    return this.digests;
  }

  /** Another part of the source each time, so that bytes lost, doubled or moved change the hash. */
  private sendBlock(): void {
    if (this.socket.writableLength > MAX_QUEUED_BYTES || this.socket.destroyed) return;
    const at = (this.sentBytes * 7 + ID_BYTES) % (SOURCE.length - BLOCK_BYTES);
    this.send(SOURCE.subarray(at, at + BLOCK_BYTES));
  }
}

export interface TransferResult {
  /** Both directions ended in order, and each hash equals that of the other end. */
  isRight: boolean;
  up: number;
  down: number;
}

export interface Transfer {
  /** Payload bytes that have arrived so far: the smaller of both directions. */
  moved(): number;
  /** Ends it in order and compares. */
  finish(): Promise<TransferResult>;
  /** Resolves when the connection is gone without having been ended. */
  lost: Promise<void>;
}

/** The endpoint of transfers. */
export interface TransferEndpoint extends Endpoint {
  start(port: number): Promise<Transfer>;
}

export async function transferEndpoint(): Promise<TransferEndpoint> {
  const ends = new Map<string, End>();
  const server = await endpoint((socket) => {
    // Also of those that were dialed and then not wanted.
    socket.once('end', () => socket.end());
    socket.once('data', (first: Buffer) => {
      const end = new End(socket);
      socket.pause().unshift(first);
      socket.resume();
      ends.set(first.subarray(0, ID_BYTES).toString('hex'), end);
      end.start();
      void end.ended.then((isOrderly) => isOrderly && end.stop());
    });
  });
  return { ...server, start: (port) => startTransfer(port, ends) };
}

async function startTransfer(port: number, ends: Map<string, End>): Promise<Transfer> {
  const socket = await dial(port);
  const near = new End(socket);
  const id = randomBytes(ID_BYTES);
  near.send(id);
  near.start();
  const far = await waitFor('the transfer to reach its endpoint', () => ends.get(id.toString('hex')));
  await waitFor('bytes both ways', () => near.receivedBytes > 0 && far.receivedBytes > ID_BYTES);
  return {
    moved: () => Math.min(near.receivedBytes, far.receivedBytes),
    lost: near.ended.then((isOrderly) => (isOrderly ? new Promise<void>(() => undefined) : undefined)),
    async finish() {
      near.stop();
      const isOrderly = (await near.ended) && (await far.ended);
      const isRight =
        isOrderly && near.hashes().sent === far.hashes().received && far.hashes().sent === near.hashes().received;
      return { isRight, up: near.sentBytes, down: far.sentBytes };
    },
  };
}
