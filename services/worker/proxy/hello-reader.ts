/**
 * Reads the ClientHello of a fresh socket, bounded in size and time, without losing a byte of it.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../../lib/clock/clock';
import { ClientHelloReader, type ClientHello } from './client-hello';

export type HelloRefusal = 'not tls' | 'hello timeout' | 'hello cut short';

/**
 * Resolves with the hello; its bytes are put back for TLS to read, and the socket is paused. Or
 * resolves with the reason why there is none, such as a peer that is too slow for `deadlineMs`.
 * Never rejects. The caller destroys the socket after a refusal.
 */
export function readClientHello(socket: Socket, clock: Clock, deadlineMs: number): Promise<ClientHello | HelloRefusal> {
  return new Promise((resolve) => {
    const reader = new ClientHelloReader();
    let received: Buffer = Buffer.alloc(0);
    const finish = (result: ClientHello | HelloRefusal) => {
      cancel();
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      socket.pause();
      if (typeof result !== 'string') socket.unshift(received);
      resolve(result);
    };
    const onEnd = () => finish('hello cut short');
    const onData = (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const result = reader.push(chunk);
      if (result === 'bad') finish('not tls');
      else if (result !== 'more') finish(result);
    };
    const cancel = clock.after(deadlineMs, () => finish('hello timeout'));
    socket.on('data', onData).on('end', onEnd).on('close', onEnd);
  });
}
