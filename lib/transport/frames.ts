/**
 * Frames of the session transport `sallyport/1`: one byte of type, three bytes of length (big
 * endian), payload. Only control payloads are stored until whole; payload of DATA passes on as it
 * arrives. See docs/transport.md.
 */
import { limit } from '../limits/limit';
import { UNPOOLED, type Owner } from './slabs';
export const FrameType = {
  connect: 1,
  connectOk: 2,
  connectErr: 3,
  data: 4,
  fin: 5,
  rst: 6,
  ping: 7,
  pong: 8,
  close: 9,
  end: 10,
  check: 11,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export const HEADER_BYTES = 4;
/** Largest payload that the length field can express. */
export const MAX_DATA_BYTES = 0xff_ff_ff;
/** Largest payload of every frame but DATA. */
export const MAX_CONTROL_BYTES = limit('control frame', 16 * 1024, {
  what: 'payload of a frame of `sallyport/1` that carries no data',
  unit: 'bytes',
  reached: 'the connection is closed',
  test: 'lib/transport/frames.test.ts: encoding refuses what no decoder would take',
});

/** The peer does not speak `sallyport/1` as documented; the transport is over. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

export interface FrameSink {
  /** Part of the payload of a DATA frame; stays valid until `owner` is released. */
  data(chunk: Buffer, owner: Owner): void;
  /** The payload belongs to the sink. */
  control(type: Exclude<FrameType, typeof FrameType.data>, payload: Buffer): void;
}

const EMPTY = Buffer.alloc(0);
const LAST_TYPE = FrameType.check;

/** Header of a frame whose payload of `length` bytes follows separately. */
export function encodeHeader(type: FrameType, length: number): Buffer {
  return writeHeader(Buffer.allocUnsafe(HEADER_BYTES), type, length);
}

/** The same, at the start of `frame`, which it returns. */
export function writeHeader(frame: Buffer, type: FrameType, length: number): Buffer {
  const limit = type === FrameType.data ? MAX_DATA_BYTES : MAX_CONTROL_BYTES;
  if (length > limit) throw new RangeError(`a payload of ${length} bytes is over the limit of ${limit}`);
  frame.writeUInt32BE(((type << 24) | length) >>> 0);
  return frame;
}

/** The protobuf message in a control payload. Throws {@link ProtocolError}. */
export function decodePayload<T>(type: { decode(input: Uint8Array): T }, payload: Buffer): T {
  try {
    return type.decode(payload);
  } catch (cause) {
    throw new ProtocolError('a payload is not the message it should be', { cause });
  }
}

/** Whole frame with a small payload. */
export function encodeFrame(type: FrameType, payload: Uint8Array = EMPTY): Buffer {
  return Buffer.concat([encodeHeader(type, payload.length), payload]);
}

/**
 * Cuts a byte stream into frames, whatever the sizes of its chunks. Throws {@link ProtocolError}
 * and is then dead.
 */
export class FrameDecoder {
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerBytes = 0;
  private type: FrameType = FrameType.data;
  private left = 0;
  private parts: Buffer[] = [];

  constructor(private readonly sink: FrameSink) {}

  push(chunk: Buffer, owner: Owner = UNPOOLED): void {
    let at = 0;
    while (at < chunk.length) at = this.left > 0 ? this.takePayload(chunk, at, owner) : this.takeHeader(chunk, at);
  }

  private takeHeader(chunk: Buffer, at: number): number {
    const count = Math.min(HEADER_BYTES - this.headerBytes, chunk.length - at);
    chunk.copy(this.header, this.headerBytes, at, at + count);
    this.headerBytes += count;
    if (this.headerBytes === HEADER_BYTES) this.open();
    return at + count;
  }

  private open(): void {
    this.headerBytes = 0;
    const type = this.header[0]!;
    const length = this.header.readUIntBE(1, 3);
    if (type < 1 || type > LAST_TYPE) throw new ProtocolError(`frame of unknown type ${type}`);
    if (type !== FrameType.data && length > MAX_CONTROL_BYTES) {
      throw new ProtocolError(`frame of type ${type} with ${length} bytes, over the limit of ${MAX_CONTROL_BYTES}`);
    }
    this.type = type as FrameType;
    this.left = length;
    if (length === 0 && this.type !== FrameType.data) this.sink.control(this.type, EMPTY);
  }

  private takePayload(chunk: Buffer, at: number, owner: Owner): number {
    const count = Math.min(this.left, chunk.length - at);
    const part = chunk.subarray(at, at + count);
    this.left -= count;
    if (this.type === FrameType.data) {
      this.sink.data(part, owner);
      return at + count;
    }
    this.parts.push(Buffer.from(part));
    if (this.left === 0) {
      const payload = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
      this.parts = [];
      this.sink.control(this.type, payload);
    }
    return at + count;
  }
}
