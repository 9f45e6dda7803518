/** The local end of a relayed connection, and two things about a TCP socket that Node gets wrong. */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A TCP socket, or what behaves as one. */
export type LocalStream = Duplex & { resetAndDestroy(): unknown };

const SCRATCH = Buffer.alloc(1);

/**
 * The error that hides behind the 'end' of a socket; undefined when its peer has really ended.
 *
 * A reset that arrives together with bytes is an 'end' for Node: after a read that does not fill its buffer, libuv takes
 * a hang-up for the end without reading again (uv__stream_io of src/unix/stream.c). One more read tells, and costs one
 * system call per connection: it yields nothing after FIN, also when a reset came behind the FIN, and otherwise what
 * broke the socket. A write of no bytes would not do: it fails also behind a FIN, taking the socket with it, and is not
 * possible once this side has ended.
 *
 * The descriptor is in a property that Node does not document. Where it is absent (Windows, other streams), what Node
 * says stands.
 */
export function errorBehindEnd(local: LocalStream): NodeJS.ErrnoException | undefined {
  const fd = (local as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
  if (fd < 0) return undefined;
  try {
    readSync(fd, SCRATCH);
    return undefined;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    return failure.code === 'EAGAIN' ? undefined : failure;
  }
}

/**
 * Resets the local side. While an end that was asked for is still on its way to the kernel, libuv refuses to reset
 * (EINVAL), and Node forgets the socket without closing it; so the end goes first, one turn later the reset.
 */
export function reset(local: LocalStream): void {
  const isEnding = local.writableEnded && !local.writableFinished && local.writableLength === 0;
  if (isEnding && local instanceof Socket) local.once('finish', () => local.resetAndDestroy());
  else local.resetAndDestroy();
}
