/**
 * Speaks as much of MongoDB's protocol as a shell needs to connect, to log in and to be answered. A
 * login never brings the password itself, but a proof of it (SCRAM, RFC 5802): the server checks it
 * against the one that it expects.
 */
import { deserialize, serialize, type Binary, type Document } from 'bson';
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface ExpectedLogin {
  username: string;
  password: string;
  mechanism: 'SCRAM-SHA-1' | 'SCRAM-SHA-256';
}

interface SeenLogin {
  username: string;
  database: string;
  mechanism: string;
  /** Whether the proof is one of the expected password. */
  proven: boolean;
}

export interface MongoLoginServer {
  port: number;
  expected: ExpectedLogin;
  /** The logins that were tried. */
  logins: SeenLogin[];
  /** Commands by name, and the user of their connection if it had logged in. */
  commands: { name: string; user: string | undefined }[];
  close(): void;
}

const HEADER_BYTES = 16;
const OPCODES = { reply: 1, query: 2004, message: 2013 };
const AUTHENTICATION_FAILED = { ok: 0, errmsg: 'Authentication failed.', code: 18, codeName: 'AuthenticationFailed' };
/** What a server says of itself. */
const HELLO = {
  ...{ ismaster: true, isWritablePrimary: true, helloOk: true, readOnly: false },
  ...{ maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
  ...{ minWireVersion: 0, maxWireVersion: 21, ok: 1 },
};
const ITERATIONS = 4_096;

/** The server's half of a SCRAM exchange. */
class Scram {
  private readonly nonce: string;
  private readonly salt = randomBytes(16);
  private readonly clientFirst: string;
  readonly username: string;

  constructor(
    clientFirstMessage: string,
    readonly mechanism: string,
  ) {
    // Behind the two commas of "no channel binding, no other identity".
    this.clientFirst = clientFirstMessage.slice('n,,'.length);
    const [, name, nonce] = /^n=([^,]*),r=(.*)$/s.exec(this.clientFirst)!;
    this.username = name!.replaceAll('=2C', ',').replaceAll('=3D', '=');
    this.nonce = nonce! + randomBytes(18).toString('base64');
  }

  get first(): string {
    return `r=${this.nonce},s=${this.salt.toString('base64')},i=${ITERATIONS}`;
  }

  /** The signature of the server if the final message proves the password. */
  verify(clientFinalMessage: string, { username, password }: ExpectedLogin): string | undefined {
    const hash = this.mechanism === 'SCRAM-SHA-1' ? 'sha1' : 'sha256';
    const [, withoutProof, proof] = /^(.*),p=([^,]*)$/s.exec(clientFinalMessage)!;
    // What the older mechanism takes for the password.
    const digest = createHash('md5').update(`${username}:mongo:${password}`).digest('hex');
    const size = createHash(hash).digest().length;
    const salted = pbkdf2Sync(hash === 'sha1' ? digest : password, this.salt, ITERATIONS, size, hash);
    const sign = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
    const clientKey = sign(salted, 'Client Key');
    const all = `${this.clientFirst},${this.first},${withoutProof}`;
    const signature = sign(createHash(hash).update(clientKey).digest(), all);
    const wanted = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!));
    const given = Buffer.from(proof!, 'base64');
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    return `v=${sign(sign(salted, 'Server Key'), all).toString('base64')}`;
  }
}

class Connection {
  private buffer = Buffer.alloc(0);
  private scram: Scram | undefined;
  private user: string | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly server: MongoLoginServer,
  ) {
    socket.on('data', (chunk: Buffer) => this.read(chunk)).on('error', () => undefined);
  }

  private read(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    while (this.buffer.length >= HEADER_BYTES && this.buffer.length >= this.buffer.readInt32LE(0)) {
      const message = this.buffer.subarray(0, this.buffer.readInt32LE(0));
      this.buffer = this.buffer.subarray(message.length);
      const [id, opcode, body] = [message.readInt32LE(4), message.readInt32LE(12), message.subarray(HEADER_BYTES)];
      if (opcode === OPCODES.query) {
        // Flags, the name of a collection, two numbers; then the command.
        const command = deserialize(body.subarray(body.indexOf(0, 4) + 1 + 8));
        this.send(id, OPCODES.reply, [8, 0, 0, 0, 1], this.answer(command));
      } else {
        // Flags, the kind of the first section; then the command.
        this.send(id, OPCODES.message, [0], this.answer(deserialize(body.subarray(5), { promoteBuffers: false })));
      }
    }
  }

  private send(to: number, opcode: number, numbers: number[], answer: Document): void {
    const words = numbers.map((number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(number);
      return bytes;
    });
    const kind = opcode === OPCODES.message ? [Buffer.from([0])] : [];
    const body = Buffer.concat([...words, ...kind, serialize(answer)]);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeInt32LE(HEADER_BYTES + body.length, 0);
    header.writeInt32LE(to, 8);
    header.writeInt32LE(opcode, 12);
    this.socket.write(Buffer.concat([header, body]));
  }

  private answer(command: Document): Document {
    const name = Object.keys(command)[0]!;
    this.server.commands.push({ name, user: this.user });
    switch (name.toLowerCase()) {
      case 'hello':
      case 'ismaster': {
        const mechanisms = 'saslSupportedMechs' in command && { saslSupportedMechs: [this.server.expected.mechanism] };
        return { ...HELLO, localTime: new Date(), ...mechanisms };
      }
      case 'buildinfo':
        return { version: '7.0.0', versionArray: [7, 0, 0, 0], modules: [], gitVersion: 'x', ok: 1 };
      case 'saslstart':
        this.scram = new Scram(text(command['payload']), command['mechanism'] as string);
        return sasl(false, this.scram.first);
      case 'saslcontinue':
        return this.finishLogin(command);
      default:
        return { ok: 1 };
    }
  }

  private finishLogin(command: Document): Document {
    const { username, mechanism } = this.scram!;
    const signature = this.scram!.verify(text(command['payload']), this.server.expected);
    const database = command['$db'] as string;
    this.server.logins.push({ username, database, mechanism, proven: signature !== undefined });
    if (signature === undefined || username !== this.server.expected.username) return AUTHENTICATION_FAILED;
    this.user = username;
    return sasl(true, signature);
  }
}

const text = (payload: unknown): string => Buffer.from((payload as Binary).buffer).toString();
const sasl = (done: boolean, payload: string): Document => ({
  conversationId: 1,
  done,
  payload: Buffer.from(payload),
  ok: 1,
});

export async function startMongoLoginServer(): Promise<MongoLoginServer> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    new Connection(socket, server);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const server: MongoLoginServer = {
    port: (listener.address() as AddressInfo).port,
    expected: { username: '', password: '', mechanism: 'SCRAM-SHA-256' },
    logins: [],
    commands: [],
    close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
  return server;
}
