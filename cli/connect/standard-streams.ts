/**
 * Joins standard input and output to one stream, for programs that use a session through pipes,
 * such as the ProxyCommand of ssh. Each direction ends on its own.
 */
import { createReadStream, createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { isatty, ReadStream, WriteStream } from 'node:tty';

/** Joins the two. The readable one is read only as fast as the other side takes the bytes. */
class JoinedStreams extends Duplex {
  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
  ) {
    super({ allowHalfOpen: true });
    input.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) input.pause();
    });
    input.on('end', () => this.push(null));
    input.on('error', (error) => this.destroy(error));
    output.on('error', (error) => this.destroy(error));
    input.pause();
  }

  override _read(): void {
    this.input.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.output.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.output.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.input.destroy();
    this.output.destroy();
    done(error);
  }

  /** Pipes have no reset: the other side sees both directions end. */
  resetAndDestroy(): this {
    return this.destroy();
  }
}

/** Those of this process. */
export const standardStreams = (): JoinedStreams => new JoinedStreams(openInput(), openOutput());

// Not process.stdin and process.stdout: writes to the latter block the process while a pipe is
// full.
function openInput(): Readable {
  if (isatty(0)) return new ReadStream(0);
  return isStream(0) ? new Socket({ fd: 0, readable: true, writable: false }) : createReadStream('', { fd: 0 });
}

function openOutput(): Writable {
  if (isatty(1)) return new WriteStream(1);
  return isStream(1) ? new Socket({ fd: 1, readable: false, writable: true }) : createWriteStream('', { fd: 1 });
}

function isStream(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket();
}
