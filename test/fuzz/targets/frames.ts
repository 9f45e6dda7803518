/**
 * Frames of `sallyport/1`: the same in any split, printed again as they came, and one class of
 * errors.
 */
import {
  decodePayload,
  encodeFrame,
  encodeHeader,
  FrameDecoder,
  FrameType,
  MAX_CONTROL_BYTES,
  ProtocolError,
} from '../../../lib/transport/frames';
import { Close, Connect, ConnectError, ConnectOk, End } from '../../../proto/gen/transport/transport';
import { invariant, outcome, same, shown, splits, type Target } from '../target';

const PAYLOADS = [Connect, ConnectOk, ConnectError, Close, End] as const;

/** What a decoder tells, payload of one frame put together, and the error it died of. */
function told(parts: Buffer[]): { events: [number, Buffer][]; error: string } {
  const events: [number, Buffer][] = [];
  const decoder = new FrameDecoder({
    data(chunk) {
      invariant(chunk.length > 0, 'an empty piece of data');
      const last = events.at(-1);
      if (last?.[0] === FrameType.data) last[1] = Buffer.concat([last[1], chunk]);
      else events.push([FrameType.data, chunk]);
    },
    control(type, payload) {
      invariant(payload.length <= MAX_CONTROL_BYTES, 'a control payload over its limit');
      events.push([type, payload]);
    },
  });
  const end = outcome(() => parts.forEach((part) => decoder.push(part)), ProtocolError);
  return { events, error: 'error' in end ? end.error.message : '' };
}

/** Whole frames at the front of `bytes`, written again. */
function again(bytes: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const [type, length] = [bytes[at]!, bytes.readUIntBE(at + 1, 3)];
    const payload = bytes.subarray(at + 4, at + 4 + length);
    if (type < 1 || type > FrameType.check || payload.length < length) break;
    if (type === FrameType.data) frames.push(encodeHeader(type, length), payload);
    else if (length <= MAX_CONTROL_BYTES) frames.push(encodeFrame(type as FrameType, payload));
    else break;
    at += 4 + length;
  }
  return Buffer.concat(frames);
}

export const target: Target = {
  seeds: () => [
    Buffer.concat([
      encodeFrame(FrameType.connect, Connect.encode({ tofu_token: 'a'.repeat(20) }).finish()),
      encodeHeader(FrameType.data, 3),
      Buffer.from('abc'),
      encodeFrame(FrameType.fin),
    ]),
    encodeFrame(FrameType.connectErr, ConnectError.encode({ cause: 'rst', text: 'x', closed_by: 'worker' }).finish()),
    encodeFrame(FrameType.close, Close.encode({ cause: 'fin', text: 'x', closed_by: 'client' }).finish()),
    Buffer.concat([encodeFrame(FrameType.ping, Buffer.from('ping')), encodeFrame(FrameType.end)]),
    Buffer.from('04000000040000000bffffff', 'hex'),
  ],
  open: () => ({
    run(input, chance) {
      const [whole, ...others] = splits(input, chance).map((parts) => told(parts));
      for (const other of others) same(other, whole, 'frames differ by how the bytes are split');
      const written = again(input);
      same(written, input.subarray(0, written.length), 'frames are written differently than they were read');
      for (const [type, payload] of whole!.events) {
        if (type === FrameType.data) continue;
        for (const message of PAYLOADS) {
          const decoded = outcome(() => decodePayload<unknown>(message, payload), ProtocolError);
          if (!('value' in decoded)) continue;
          const twice = message.decode(message.encode(decoded.value as never).finish());
          invariant(shown(twice) === shown(decoded.value), 'a payload changes when it is written again');
        }
      }
    },
  }),
};
