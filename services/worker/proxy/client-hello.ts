/** Reads session id and offered protocols from a TLS ClientHello (RFC 8446, 4.1.2) before any TLS state exists. */

/** Largest ClientHello accepted; the largest real ones, with post-quantum shares, stay below 4 KiB. */
export const MAX_CLIENT_HELLO_BYTES = 16 * 1024;

const RECORD_HEADER_BYTES = 5;
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
export function parseClientHello(received: Buffer): ClientHelloResult {
  const message = handshakeMessage(received);
  if (typeof message === 'string') return message;
  try {
    return parseBody(new Reader(message));
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

/** The handshake message, put together from its records. */
function handshakeMessage(received: Buffer): Buffer | 'more' | 'bad' {
  if (received.length > 0 && received[0] !== HANDSHAKE_RECORD) return 'bad';
  if (received.length > 1 && received[1] !== 3) return 'bad';
  const parts: Buffer[] = [];
  let have = 0;
  for (let at = 0; at + RECORD_HEADER_BYTES <= received.length;) {
    const length = received.readUInt16BE(at + 3);
    if (received[at] !== HANDSHAKE_RECORD || length === 0) return 'bad';
    const part = received.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length);
    parts.push(part);
    have += part.length;
    if (have >= 4) {
      const message = parts.length === 1 ? part : Buffer.concat(parts);
      const size = message.readUIntBE(1, 3);
      if (message[0] !== CLIENT_HELLO || size > MAX_CLIENT_HELLO_BYTES) return 'bad';
      if (message.length >= 4 + size) return message.subarray(4, 4 + size);
    }
    at += RECORD_HEADER_BYTES + length;
  }
  return received.length > MAX_CLIENT_HELLO_BYTES ? 'bad' : 'more';
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

function parseBody(body: Reader): ClientHello {
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
