/**
 * WebSocket frames, of clients (first byte odd) and servers: the same in any split, and one class
 * of errors.
 */
import {
  decodeClose,
  encodeClose,
  encodeWebSocketFrame,
  Opcode,
  WebSocketDecoder,
  WebSocketError,
} from '../../../lib/transport/websocket-frames';
import { invariant, outcome, same, splits, type Target } from '../target';

type Event = ['chunk', Buffer] | ['end'] | ['control', number, Buffer];

function told(parts: Buffer[], masked: boolean): { events: Event[]; error: string; code: number } {
  const events: Event[] = [];
  const decoder = new WebSocketDecoder(
    {
      chunk(chunk) {
        const last = events.at(-1);
        // The decoder unmasks in place; what it has told is kept as it was.
        if (last?.[0] === 'chunk') last[1] = Buffer.concat([last[1], chunk]);
        else events.push(['chunk', Buffer.from(chunk)]);
      },
      messageEnd: () => events.push(['end']),
      control(opcode, payload) {
        invariant(payload.length <= 125, 'a control payload over its limit');
        events.push(['control', opcode, Buffer.from(payload)]);
      },
    },
    masked,
  );
  const end = outcome(() => parts.forEach((part) => decoder.push(Buffer.from(part))), WebSocketError);
  const error = 'error' in end ? (end.error as WebSocketError) : undefined;
  return { events, error: error?.message ?? '', code: error?.code ?? 0 };
}

const seed = (masked: boolean, ...frames: Buffer[]): Buffer => Buffer.concat([Buffer.of(masked ? 1 : 0), ...frames]);

export const target: Target = {
  seeds: () =>
    [true, false].flatMap((mask) => [
      seed(mask, encodeWebSocketFrame(Opcode.binary, Buffer.from('hello'), mask)),
      seed(mask, encodeClose(1000, 'bye', mask)),
      seed(mask, encodeWebSocketFrame(Opcode.binary, Buffer.alloc(300), mask)),
      seed(mask, encodeWebSocketFrame(Opcode.binary, Buffer.alloc(70_000), mask).subarray(0, 2_000)),
      seed(
        mask,
        encodeWebSocketFrame(Opcode.ping, Buffer.from('?'), mask),
        encodeWebSocketFrame(Opcode.pong, Buffer.of(), mask),
      ),
      seed(
        mask,
        Buffer.from([0x02, mask ? 0x80 : 0, ...(mask ? [1, 2, 3, 4] : []), 0x80, mask ? 0x80 : 0, 1, 2, 3, 4]),
      ),
    ]),
  open: () => ({
    run(input, chance) {
      const masked = (input[0] ?? 0) % 2 === 1;
      const bytes = input.subarray(1);
      const [whole, ...others] = splits(bytes, chance).map((parts) => told(parts, masked));
      for (const other of others) same(other, whole, 'frames differ by how the bytes are split');
      const total = whole!.events.reduce(
        (sum, event) => sum + (event[0] === 'end' ? 0 : (event.at(-1) as Buffer).length),
        0,
      );
      invariant(total <= bytes.length, 'more payload than bytes');
      for (const event of whole!.events) {
        if (event[0] !== 'control') continue;
        const [, opcode, payload] = event;
        const copy = told([encodeWebSocketFrame(opcode, payload, masked)], masked);
        same(copy.events, [event], 'a control frame changes when it is written again');
        if (opcode !== Opcode.close) continue;
        const close = outcome(() => decodeClose(payload), WebSocketError);
        if ('value' in close) invariant(Number.isInteger(close.value.code), 'a close code that is no number');
      }
    },
  }),
};
