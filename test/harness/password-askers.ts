/**
 * Servers that only ask for a password and remember what they are given, for programs that log in
 * by themselves.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Asker {
  port: number;
  /** What was answered, in the order of the connections. */
  given: { username: string; password: string }[];
  close(): void;
}

type Give = (username: string, password: string) => void;

async function listen(serve: (socket: Socket, give: Give) => void): Promise<Asker> {
  const given: Asker['given'] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket, (username, password) => given.push({ username, password }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    given,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;

/** PostgreSQL: asks for a password in clear, then refuses. */
export const startPostgresAsker = (): Promise<Asker> =>
  listen((socket, give) => {
    let buffer = Buffer.alloc(0);
    let username: string | undefined;
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      if (username === undefined && buffer.length >= 8 && buffer.length >= buffer.readUInt32BE(0)) {
        const message = buffer.subarray(0, buffer.readUInt32BE(0));
        buffer = buffer.subarray(message.length);
        const code = message.readUInt32BE(4);
        if (code === SSL_REQUEST || code === GSS_REQUEST) return void socket.write('N');
        const fields = message.subarray(8).toString().split('\0');
        username = fields[fields.indexOf('user') + 1]!;
        socket.write(Buffer.concat([Buffer.from('R'), word(8), word(3)]));
      }
      if (buffer[0] !== 0x70 || buffer.length < 5 || buffer.length < 1 + buffer.readUInt32BE(1)) return;
      give(username ?? '', buffer.subarray(5, buffer.readUInt32BE(1)).toString());
      const body = Buffer.from('SFATAL\0C28P01\0Mno\0\0');
      socket.end(Buffer.concat([Buffer.from('E'), word(body.length + 4), body]));
    });
  });

/** Redis: refuses what it is given. Strings are read as bytes, whatever is in them. */
export const startRedisAsker = (): Promise<Asker> =>
  listen((socket, give) => {
    let buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      for (let command = redisCommand(buffer); command !== undefined; command = redisCommand(buffer)) {
        buffer = buffer.subarray(command.length);
        const [name, ...rest] = command.words;
        if (name === 'AUTH') give(rest.length > 1 ? rest[0]! : '', rest.at(-1)!);
        socket.write('-ERR no\r\n');
      }
    });
  });

function redisCommand(buffer: Buffer): { words: string[]; length: number } | undefined {
  const end = buffer.indexOf('\r\n');
  if (end < 0) return undefined;
  const words: string[] = [];
  let at = end + 2;
  for (let left = Number(buffer.subarray(1, end).toString()); left > 0; left--) {
    const head = buffer.indexOf('\r\n', at);
    if (head < 0) return undefined;
    const length = Number(buffer.subarray(at + 1, head).toString());
    if (buffer.length < head + 2 + length + 2) return undefined;
    words.push(buffer.subarray(head + 2, head + 2 + length).toString());
    at = head + 2 + length + 2;
  }
  return { words, length: at };
}

/** The oldest and the newest version of Cassandra's protocol that is spoken here. */
const [CQL_OLDEST, CQL_NEWEST] = [3, 4];
const CQL = { error: 0x00, startup: 0x01, authenticate: 0x03, options: 0x05, supported: 0x06, authResponse: 0x0f };
const CQL_HEADER_BYTES = 9;
const CQL_ERRORS = { protocol: 0x000a, credentials: 0x0100 };

const cqlString = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};
/** Two options: one with a list of one text, one with an empty list. */
const CQL_OPTIONS = Buffer.concat([
  ...[Buffer.from([0, 2]), cqlString('CQL_VERSION'), Buffer.from([0, 1]), cqlString('3.4.5')],
  ...[cqlString('COMPRESSION'), Buffer.from([0, 0])],
]);
const cqlError = (code: number, text: string): Buffer => Buffer.concat([word(code), cqlString(text)]);

/** Cassandra: asks for user name and password, then refuses. */
export const startCassandraAsker = (): Promise<Asker> =>
  listen((socket, give) => {
    let buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      while (buffer.length >= CQL_HEADER_BYTES && buffer.length >= CQL_HEADER_BYTES + buffer.readUInt32BE(5)) {
        const frame = buffer.subarray(0, CQL_HEADER_BYTES + buffer.readUInt32BE(5));
        buffer = buffer.subarray(frame.length);
        const version = frame[0]!;
        const answer = (opcode: number, body: Buffer): void => {
          const head = Buffer.from([0x80 | Math.min(version, CQL_NEWEST), 0, frame[2]!, frame[3]!, opcode]);
          socket.write(Buffer.concat([head, word(body.length), body]));
        };
        const [opcode, body] = [frame[4], frame.subarray(CQL_HEADER_BYTES)];
        if (version < CQL_OLDEST || version > CQL_NEWEST)
          answer(CQL.error, cqlError(CQL_ERRORS.protocol, 'Invalid or unsupported protocol version'));
        else if (opcode === CQL.options) answer(CQL.supported, CQL_OPTIONS);
        else if (opcode === CQL.startup)
          answer(CQL.authenticate, cqlString('org.apache.cassandra.auth.PasswordAuthenticator'));
        else if (opcode === CQL.authResponse) {
          // The length of the token, then an identity that is not used, the user name and the
          // password.
          const [, username, password] = body.subarray(4).toString().split('\0');
          give(username!, password!);
          answer(CQL.error, cqlError(CQL_ERRORS.credentials, 'Provided username and password are incorrect'));
        }
      }
    });
  });
