/** Raw bytes to a real port. */
import type { Socket } from 'node:net';

/** Silence after which the other side has nothing more to say, ms. */
const QUIET_MS = 40;
const MAX_ANSWER_BYTES = 1 << 20;

/** Sends the parts and answers with what comes back until the other side closes or falls silent. */
export function exchange(open: () => Socket, parts: readonly Buffer[], quietMs = QUIET_MS): Promise<Buffer> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const socket = open();
    let bytes = 0;
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(heard));
    };
    let timer = setTimeout(finish, 10_000);
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk);
      bytes += chunk.length;
      clearTimeout(timer);
      if (bytes > MAX_ANSWER_BYTES) return finish();
      timer = setTimeout(finish, quietMs);
    });
    // A reset is an answer too.
    socket.on('error', () => undefined).on('close', finish);
    socket.on('connect', () => {
      for (const part of parts) socket.write(part);
      socket.end();
      clearTimeout(timer);
      timer = setTimeout(finish, quietMs);
    });
  });
}

/** Status codes of the HTTP/1.1 answers in `bytes`. */
export const statusesOf = (bytes: Buffer): number[] =>
  [...bytes.toString('latin1').matchAll(/(?:^|\r?\n\r?\n|\})HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
