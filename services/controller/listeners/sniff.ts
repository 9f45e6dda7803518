/**
 * What a fresh connection speaks, told by its first bytes. The bytes are put back, so that the
 * protocol's own server reads them again.
 */
import { limit } from '../../../lib/limits/limit';
import type { Socket } from 'node:net';

export type Protocol = 'tls' | 'http2' | 'http1' | 'unknown';

const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** First byte of a TLS record that holds a ClientHello. */
const TLS_HANDSHAKE = 0x16;
/** How long a connection may stay silent before its first bytes, ms. */
export const SNIFF_TIMEOUT_MS = limit('first bytes at the API port', 10_000, {
  what: 'silence of a new connection to the API port before its first bytes',
  unit: 'ms',
  reached: 'the connection is closed',
  test: 'services/controller/listeners/api-listener.test.ts: closes silent connections',
});

/** The protocol, or undefined when more bytes are needed to tell. */
function protocolOf(bytes: Buffer): Protocol | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === TLS_HANDSHAKE) return 'tls';
  const common = Math.min(bytes.length, HTTP2_PREFACE.length);
  if (bytes.subarray(0, common).equals(HTTP2_PREFACE.subarray(0, common))) {
    return bytes.length >= HTTP2_PREFACE.length ? 'http2' : undefined;
  }
  // A request line starts with a method; some clients send an empty line before it.
  return /^[A-Z\r]/.test(String.fromCharCode(bytes[0]!)) ? 'http1' : 'unknown';
}

/**
 * Calls back once: with the protocol and the paused socket, its bytes still unread, or with
 * `silent` at the deadline. Not at all when the peer leaves first.
 */
export function sniff(socket: Socket, timeoutMs: number, done: (protocol: Protocol | 'silent') => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const finish = (protocol: Protocol | 'silent'): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    if (seen.length > 0) socket.unshift(seen);
    done(protocol);
  };
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const protocol = protocolOf(seen);
    if (protocol !== undefined) finish(protocol);
  };
  const timer = setTimeout(() => finish('silent'), timeoutMs);
  socket.on('close', () => clearTimeout(timer));
  socket.on('readable', onReadable);
}
