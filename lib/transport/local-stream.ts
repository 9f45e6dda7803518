/**
 * The local end of a relayed connection. Two things about a TCP socket that Node gets wrong are
 * corrected here.
 */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A TCP socket, or what behaves as one. */
export type LocalStream = Duplex & { resetAndDestroy(): unknown };

const SCRATCH = Buffer.alloc(1);

/**
 * The error that hides behind the 'end' of a socket; undefined when its peer has really ended.
 *
 * A reset that arrives together with bytes is an 'end' for Node: after a read that does not fill
 * its buffer, libuv takes a hang-up for the end without reading again (uv__stream_io of
 * src/unix/stream.c). One more read finds out, and costs one system call per connection. After a
 * FIN it finds nothing, even when a reset followed the FIN. Otherwise it finds what broke the
 * socket. A write of no bytes would not do: it also fails after a FIN, breaks the socket, and is
 * not possible once this side has ended.
 *
 * The descriptor is in a property that Node does not document. Where there is none (Windows, other
 * streams), what Node says is used.
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
 * Resets the local side. While a requested end is still on its way to the kernel, libuv refuses to
 * reset (EINVAL), and Node forgets the socket without closing it. So the end goes first, and the
 * reset one turn later.
 */
export function reset(local: LocalStream): void {
  const isEnding = local.writableEnded && !local.writableFinished && local.writableLength === 0;
  if (isEnding && local instanceof Socket) local.once('finish', () => local.resetAndDestroy());
  else local.resetAndDestroy();
}
