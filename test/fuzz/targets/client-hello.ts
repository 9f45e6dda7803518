/**
 * ClientHello: the result does not change with bytes behind it or with how they come, and no byte
 * is lost.
 */
import type { Socket } from 'node:net';
import { MAX_CLIENT_HELLO_BYTES, parseClientHello, sessionIdOf } from '../../../services/worker/proxy/client-hello';
import { readClientHello } from '../../../services/worker/proxy/hello-reader';
import { invariant, same, splits, type Target } from '../target';
import { STILL, Wire } from '../wire';

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
const vector8 = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(bytes.length), bytes]);
const vector16 = (bytes: Uint8Array): Buffer => Buffer.concat([u16(bytes.length), bytes]);
const extension = (type: number, content: Uint8Array): Buffer => Buffer.concat([u16(type), vector16(content)]);

/** A ClientHello in records of `size` bytes. */
function hello(serverName: string | undefined, protocols: string[], size = 16_384): Buffer {
  const extensions = [extension(10, vector16(u16(29)))];
  if (serverName !== undefined) {
    extensions.push(extension(0, vector16(Buffer.concat([Buffer.of(0), vector16(Buffer.from(serverName, 'latin1'))]))));
  }
  const names = protocols.map((name) => vector8(Buffer.from(name, 'latin1')));
  if (protocols.length > 0) extensions.push(extension(16, vector16(Buffer.concat(names))));
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    vector8(Buffer.alloc(32, 9)),
    vector16(Buffer.of(0x13, 1, 0x13, 2)),
    vector8(Buffer.of(0)),
    vector16(Buffer.concat(extensions)),
  ]);
  const message = Buffer.concat([Buffer.of(1, 0), u16(body.length), body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    records.push(Buffer.concat([Buffer.of(22, 3, 1), vector16(message.subarray(at, at + size))]));
  }
  return Buffer.concat(records);
}

/** What the reader resolves with when the bytes come in these parts, and what it leaves to read. */
async function read(parts: Buffer[]): Promise<unknown> {
  const socket = new Wire();
  const result = readClientHello(socket as unknown as Socket, STILL, 1_000);
  await socket.feed([...parts], false);
  socket.push(null);
  const found = await result;
  if (typeof found === 'string') return found;
  const left: Buffer[] = [];
  for await (const chunk of socket) left.push(chunk as Buffer);
  same(Buffer.concat(left), Buffer.concat(parts), 'bytes of the hello are lost or changed');
  return found;
}

export const target: Target = {
  seeds: () => [
    hello('s_1234567890', ['s_1234567890', 'sallyport/1']),
    hello(undefined, ['http/1.1', 's_abcdefghij'], 40),
    hello('worker.example', [], 1),
    hello('', ['h2'], 7),
  ],
  words: [Buffer.of(22, 3, 1), Buffer.of(0, 0), Buffer.of(0, 16), 's_1234567890', Buffer.of(22, 3, 3, 0, 1, 1)],
  maxLength: MAX_CLIENT_HELLO_BYTES + 512,
  // Short inputs are parsed anew for each of their prefixes.
  steps: { base: 20_000, perByte: 1_000 },
  open: () => ({
    async run(input, chance) {
      const whole = parseClientHello(input);
      if (input.length <= 600) {
        let before: unknown = 'more';
        for (let length = 0; length <= input.length; length++) {
          const result = parseClientHello(input.subarray(0, length));
          if (before !== 'more') same(result, before, 'the result changes with bytes behind the hello');
          before = result;
        }
      }
      if (typeof whole !== 'string') {
        const id = sessionIdOf(whole);
        invariant(id === undefined || /^s_[A-Za-z0-9]{1,32}$/.test(id), 'a session id of the wrong form');
        const fits = (text: string): boolean => text.length > 0 && text.length < 200;
        if (whole.protocols.every(fits) && whole.protocols.length < 20 && fits(whole.serverName ?? 'x')) {
          same(parseClientHello(hello(whole.serverName, whole.protocols)), whole, 'a hello reads back differently');
        }
      }
      const expected = whole === 'bad' ? 'not tls' : whole === 'more' ? 'hello cut short' : whole;
      for (const parts of splits(input, chance)) same(await read(parts), expected, 'the reader finds something else');
    },
  }),
};
