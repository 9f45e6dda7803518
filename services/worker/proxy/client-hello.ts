/**
 * Reads session id and offered protocols from a TLS ClientHello (RFC 8446, 4.1.2) before any TLS
 * state exists.
 */
import { limit } from '../../../lib/limits/limit';

/**
 * Largest ClientHello accepted; the largest real ones, with post-quantum shares, stay below 4 KiB.
 */
export const MAX_CLIENT_HELLO_BYTES = limit('ClientHello', 16 * 1024, {
  what: 'first message of a TLS handshake at the proxy port',
  unit: 'bytes',
  reached: 'the socket is closed',
  test: 'services/worker/proxy/client-hello.test.ts: a hello that is longer than any is bad',
});

const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;

export interface ClientHello {
  serverName: string | undefined;
  protocols: string[];
}

/** 'more': not complete yet. 'bad': not a ClientHello, or too large. */
export type ClientHelloResult = ClientHello | 'more' | 'bad';

/** Looks at everything received so far. */
export const parseClientHello = (received: Buffer): ClientHelloResult => new ClientHelloReader().push(received);

/**
 * Puts the handshake message together from its records, as the bytes come; the work is linear in
 * their number.
 */
export class ClientHelloReader {
  private readonly record = Buffer.alloc(RECORD_HEADER_BYTES);
  private recordBytes = 0;
  /** Bytes of the record that are still to come. */
  private left = 0;
  /** Header of the message, then its body. */
  private part = Buffer.alloc(MESSAGE_HEADER_BYTES);
  private partBytes = 0;
  private hasHeader = false;
  private received = 0;
  private result: ClientHelloResult = 'more';

  /** Adds bytes behind those pushed before. A result other than 'more' does not change any more. */
  push(chunk: Buffer): ClientHelloResult {
    this.received += chunk.length;
    for (let at = 0; at < chunk.length && this.result === 'more';) {
      at += this.left === 0 ? this.takeHeader(chunk, at) : this.takePart(chunk, at);
    }
    if (this.result === 'more' && this.received > MAX_CLIENT_HELLO_BYTES) this.result = 'bad';
    return this.result;
  }

  private takeHeader(chunk: Buffer, at: number): number {
    const count = chunk.copy(this.record, this.recordBytes, at, at + RECORD_HEADER_BYTES - this.recordBytes);
    this.recordBytes += count;
    if (this.record[0] !== HANDSHAKE_RECORD || (this.recordBytes > 1 && this.record[1] !== 3)) this.result = 'bad';
    if (this.recordBytes < RECORD_HEADER_BYTES) return count;
    this.recordBytes = 0;
    this.left = this.record.readUInt16BE(3);
    if (this.left === 0) this.result = 'bad';
    return count;
  }

  private takePart(chunk: Buffer, at: number): number {
    const count = chunk.copy(this.part, this.partBytes, at, at + this.left);
    this.partBytes += count;
    this.left -= count;
    if (this.partBytes === this.part.length) this.partIsWhole();
    return count;
  }

  private partIsWhole(): void {
    if (this.hasHeader) {
      this.result = parseBody(this.part);
      return;
    }
    const size = this.part.readUIntBE(1, 3);
    if (this.part[0] !== CLIENT_HELLO || size > MAX_CLIENT_HELLO_BYTES) this.result = 'bad';
    else if (size === 0) this.result = parseBody(Buffer.alloc(0));
    else this.part = Buffer.alloc(size);
    this.hasHeader = true;
    this.partBytes = 0;
  }
}

function parseBody(bytes: Buffer): ClientHelloResult {
  try {
    return readBody(new Reader(bytes));
  } catch (error) {
    if (error instanceof RangeError) return 'bad';
    throw error;
  }
}

/** Name of the session: a server name that starts with `s_`, else the first such protocol. */
export function sessionIdOf(hello: ClientHello): string | undefined {
  const isSession = (text: string) => /^s_[A-Za-z0-9]{1,32}$/.test(text);
  if (hello.serverName !== undefined && isSession(hello.serverName)) return hello.serverName;
  return hello.protocols.find(isSession);
}

/** Takes fields off a buffer; throws RangeError at its end. */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isEmpty(): boolean {
    return this.at >= this.bytes.length;
  }

  number(size: number): number {
    return this.take(size).readUIntBE(0, size);
  }

  take(size: number): Buffer {
    if (this.at + size > this.bytes.length) throw new RangeError('cut short');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** A vector with a length prefix of `size` bytes. */
  vector(size: number): Reader {
    return new Reader(this.take(this.number(size)));
  }

  rest(): Buffer {
    return this.take(this.bytes.length - this.at);
  }
}

function readBody(body: Reader): ClientHello {
  body.take(2 + 32);
  body.vector(1);
  body.vector(2);
  body.vector(1);
  const hello: ClientHello = { serverName: undefined, protocols: [] };
  if (body.isEmpty) return hello;
  for (const extensions = body.vector(2); !extensions.isEmpty;) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === EXTENSION_SERVER_NAME) hello.serverName = serverName(content);
    if (type === EXTENSION_ALPN) hello.protocols = protocolNames(content.vector(2));
  }
  return hello;
}

function serverName(content: Reader): string | undefined {
  const names = content.vector(2);
  const type = names.number(1);
  const name = names.vector(2).rest();
  return type === 0 ? name.toString('latin1') : undefined;
}

function protocolNames(list: Reader): string[] {
  const names: string[] = [];
  while (!list.isEmpty) names.push(list.vector(1).rest().toString('latin1'));
  return names;
}
