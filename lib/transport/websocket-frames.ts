/**
 * WebSocket frames (RFC 6455, 5) without extensions. Payload of data messages passes on as it
 * arrives; only control payloads, at most 125 bytes, are stored until whole.
 */
import { randomBytes } from 'node:crypto';
import { UNPOOLED, withRoom, type Owner } from './slabs';

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Close codes (RFC 6455, 7.4.1). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Stands for a Close frame without a code; never sent. */
  noStatus: 1005,
  invalidPayload: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  internalError: 1011,
} as const;

const MAX_CONTROL_BYTES = 125;
const MASK_BYTES = 4;
const FIN_BIT = 0x80;
const RSV_BITS = 0x70;
const MASK_BIT = 0x80;
/** Longest header: two bytes, eight of length, four of mask. */
export const MAX_HEADER_BYTES = 14;

/** The peer broke the framing; `code` is what a Close frame should say. */
export class WebSocketError extends Error {
  override name = 'WebSocketError';

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export interface WebSocketSink {
  /** Part of a binary message; stays valid until `owner` is released. */
  chunk(chunk: Buffer, owner: Owner): void;
  /** The binary message is whole. */
  messageEnd(): void;
  control(opcode: number, payload: Buffer): void;
}

/** A whole frame; masked when `mask` is set, as every frame of a client must be. */
export function encodeWebSocketFrame(opcode: number, payload: Uint8Array, mask: boolean): Buffer {
  const header = encodeHeader(opcode, payload.length, mask);
  if (!mask) return Buffer.concat([header, payload]);
  const key = randomBytes(MASK_BYTES);
  const masked = Buffer.from(payload);
  applyMask(masked, key, 0);
  return Buffer.concat([header, key, masked]);
}

/**
 * The same with a binary `payload`, made in the room in front of it; the payload itself is masked.
 */
export function encodeInPlace(payload: Buffer, mask: boolean): Buffer {
  const header = encodeHeader(Opcode.binary, payload.length, mask);
  const frame = withRoom(payload, header.length + (mask ? MASK_BYTES : 0));
  header.copy(frame);
  if (!mask) return frame;
  const key = randomBytes(MASK_BYTES);
  key.copy(frame, header.length);
  applyMask(payload, key, 0);
  return frame;
}

/** Header of an unfragmented frame, without the key of a masked one. */
function encodeHeader(opcode: number, length: number, mask: boolean): Buffer {
  const maskBit = mask ? MASK_BIT : 0;
  const first = FIN_BIT | opcode;
  if (length < 126) return Buffer.from([first, maskBit | length]);
  if (length < 65_536) return Buffer.from([first, maskBit | 126, length >> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = maskBit | 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

export function encodeClose(code: number, reason: string, mask: boolean): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return encodeWebSocketFrame(Opcode.close, payload, mask);
}

/** Code and reason in the payload of a Close frame. Throws {@link WebSocketError}. */
export function decodeClose(payload: Buffer): { code: number; reason: string } {
  if (payload.length === 0) return { code: CloseCode.noStatus, reason: '' };
  if (payload.length === 1) throw new WebSocketError(CloseCode.protocolError, 'Close frame with one byte');
  return { code: payload.readUInt16BE(), reason: payload.toString('utf8', 2) };
}

function applyMask(bytes: Buffer, key: Buffer, offset: number): void {
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= key[(offset + i) & 3]!;
}

/**
 * Cuts a byte stream into frames, whatever the sizes of its chunks. Throws {@link WebSocketError}
 * and is then dead.
 */
export class WebSocketDecoder {
  private readonly header = Buffer.alloc(MAX_HEADER_BYTES);
  private headerBytes = 0;
  private isFinal = false;
  private opcode = 0;
  private key: Buffer | undefined;
  private left = 0;
  private taken = 0;
  private isInPayload = false;
  private isInMessage = false;
  private parts: Buffer[] = [];

  /** `masked`: whether the peer must mask, as a client must and a server must not. */
  constructor(
    private readonly sink: WebSocketSink,
    private readonly masked: boolean,
  ) {}

  push(chunk: Buffer, owner: Owner = UNPOOLED): void {
    let at = 0;
    while (at < chunk.length) at = this.isInPayload ? this.takePayload(chunk, at, owner) : this.takeHeader(chunk, at);
  }

  private takeHeader(chunk: Buffer, at: number): number {
    this.header[this.headerBytes++] = chunk[at]!;
    if (this.headerBytes >= 2 && this.headerBytes === this.headerLength()) this.open();
    return at + 1;
  }

  private headerLength(): number {
    const length = this.header[1]! & 0x7f;
    const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
    return 2 + extended + (this.header[1]! & MASK_BIT ? MASK_BYTES : 0);
  }

  private open(): void {
    const first = this.header[0]!;
    const second = this.header[1]!;
    this.isFinal = (first & FIN_BIT) !== 0;
    this.opcode = first & 0x0f;
    if ((first & RSV_BITS) !== 0) throw new WebSocketError(CloseCode.protocolError, 'reserved bits are set');
    if (((second & MASK_BIT) !== 0) !== this.masked) {
      throw new WebSocketError(CloseCode.protocolError, this.masked ? 'frame is not masked' : 'frame is masked');
    }
    this.left = this.payloadLength(second & 0x7f);
    this.checkOpcode();
    const end = this.headerBytes;
    this.key = this.masked ? Buffer.from(this.header.subarray(end - MASK_BYTES, end)) : undefined;
    this.headerBytes = 0;
    this.taken = 0;
    this.isInPayload = true;
    if (this.left === 0) this.close();
  }

  private payloadLength(short: number): number {
    if (short < 126) return short;
    if (short === 126) return this.header.readUInt16BE(2);
    const length = this.header.readBigUInt64BE(2);
    if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new WebSocketError(CloseCode.tooBig, 'frame is too long');
    return Number(length);
  }

  private checkOpcode(): void {
    const { opcode } = this;
    const bad = (message: string) => new WebSocketError(CloseCode.protocolError, message);
    if (opcode >= Opcode.close) {
      if (opcode > Opcode.pong) throw bad(`frame with opcode ${opcode}`);
      if (!this.isFinal || this.left > MAX_CONTROL_BYTES) throw bad('control frame is fragmented or too long');
      return;
    }
    if (opcode === Opcode.text) throw new WebSocketError(CloseCode.unsupportedData, 'text message');
    if (opcode > Opcode.binary) throw bad(`frame with opcode ${opcode}`);
    if ((opcode === Opcode.continuation) !== this.isInMessage) throw bad('frame out of sequence');
    this.isInMessage = true;
  }

  private takePayload(chunk: Buffer, at: number, owner: Owner): number {
    const part = chunk.subarray(at, Math.min(at + this.left, chunk.length));
    if (this.key) applyMask(part, this.key, this.taken);
    this.taken += part.length;
    this.left -= part.length;
    if (this.opcode >= Opcode.close) this.parts.push(Buffer.from(part));
    else this.sink.chunk(part, owner);
    if (this.left === 0) this.close();
    return at + part.length;
  }

  private close(): void {
    this.isInPayload = false;
    if (this.opcode >= Opcode.close) {
      const payload = Buffer.concat(this.parts);
      this.parts = [];
      this.sink.control(this.opcode, payload);
    } else if (this.isFinal) {
      this.isInMessage = false;
      this.sink.messageEnd();
    }
  }
}
