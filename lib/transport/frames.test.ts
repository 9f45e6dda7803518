import fc from 'fast-check';
import {
  encodeFrame,
  encodeHeader,
  FrameDecoder,
  FrameType,
  MAX_CONTROL_BYTES,
  MAX_DATA_BYTES,
  ProtocolError,
} from './frames';

function decodeAll(chunks: Iterable<Buffer>): { type: number; payload: Buffer }[] {
  const seen: { type: number; payload: Buffer }[] = [];
  const decoder = new FrameDecoder({
    data: (payload) => seen.push({ type: FrameType.data, payload }),
    control: (type, payload) => seen.push({ type, payload }),
  });
  for (const chunk of chunks) decoder.push(chunk);
  return seen;
}

function* cut(bytes: Buffer, sizes: number[]): Iterable<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('frames survive any cutting of the stream', () => {
  const frame = fc.record({
    type: fc.integer({ min: 1, max: 10 }) as fc.Arbitrary<FrameType>,
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), sizes, (frames, cuts) => {
      const seen = decodeAll(cut(Buffer.concat(frames.map((f) => encodeFrame(f.type, f.payload))), cuts));
      const isData = (f: { type: number }) => f.type === FrameType.data;
      const payload = (all: { type: number; payload: Buffer }[]) =>
        Buffer.concat(all.filter(isData).map((f) => f.payload));
      expect(seen.filter((f) => !isData(f))).toEqual(frames.filter((f) => !isData(f)));
      expect(payload(seen)).toEqual(payload(frames));
    }),
  );
});

test('payload of DATA passes on before its frame is whole', () => {
  const seen = decodeAll([encodeHeader(FrameType.data, MAX_DATA_BYTES), Buffer.from('first'), Buffer.from('second')]);
  expect(seen.map((f) => f.payload.toString())).toEqual(['first', 'second']);
});

test.each([
  ['type 0', Buffer.from([0, 0, 0, 0])],
  ['type 12', Buffer.from([12, 0, 0, 0])],
  ['a control payload over 16 KiB', Buffer.from([FrameType.ping, 0, 0x40, 1])],
])('%s is a protocol error', (_, bytes) => {
  expect(() => decodeAll([bytes])).toThrow(ProtocolError);
});

test('encoding refuses what no decoder would take', () => {
  expect(() => encodeHeader(FrameType.close, MAX_CONTROL_BYTES + 1)).toThrow(RangeError);
  expect(() => encodeHeader(FrameType.data, MAX_DATA_BYTES + 1)).toThrow(RangeError);
  expect(encodeHeader(FrameType.data, MAX_DATA_BYTES)).toEqual(Buffer.from([4, 0xff, 0xff, 0xff]));
});
