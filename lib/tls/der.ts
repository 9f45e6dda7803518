/**
 * The part of DER (X.690) that X.509 certificates with Ed25519 keys need. Written by hand because a session
 * certificate is made in every authorize-session: a general ASN.1 library costs milliseconds there.
 */
export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: tag, length, contents. */
export function element(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

export const sequence = (...items: Uint8Array[]): Buffer => element(DER.sequence, ...items);

/** Context-specific tag `[number]`, constructed or primitive. */
export function tagged(number: number, constructed: boolean, ...contents: Uint8Array[]): Buffer {
  return element(0x80 | (constructed ? 0x20 : 0) | number, ...contents);
}

/** Non-negative integer from big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return element(DER.integer, ...(digits[0]! & 0x80 ? [Buffer.of(0)] : []), digits);
}

/** Bit string; the last `unused` bits of the last byte do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return element(DER.bitString, Buffer.of(unused), bytes);
}

/** Object identifier from dotted text. */
export function objectId(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first! * 40 + second!, ...rest]) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(DER.objectId, Buffer.from(bytes));
}

/** UTCTime up to 2049, GeneralizedTime afterwards (RFC 5280, 4.1.2.5); whole seconds. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14) + 'Z';
  return date.getUTCFullYear() < 2050
    ? element(DER.utcTime, Buffer.from(digits.slice(2)))
    : element(DER.generalizedTime, Buffer.from(digits));
}

export interface DerElement {
  tag: number;
  contents: Buffer;
  /** The whole element, tag and length included. */
  whole: Buffer;
  /** What follows it. */
  rest: Buffer;
}

/** First element of `bytes`; throws when it is cut short, indefinite or of an unexpected tag. */
export function readElement(bytes: Buffer, expected?: number): DerElement {
  const tag = bytes[0];
  const short = bytes[1];
  if (tag === undefined || short === undefined) throw new Error('DER: cut short');
  if (expected !== undefined && tag !== expected) throw new Error(`DER: tag ${tag} where ${expected} is expected`);
  let start = 2;
  let length = short;
  if (short & 0x80) {
    const count = short & 0x7f;
    // Three bytes reach 16 MiB, far beyond any certificate.
    if (count === 0 || count > 3 || bytes.length < 2 + count) throw new Error('DER: bad length');
    length = bytes.readUIntBE(2, count);
    start += count;
  }
  if (bytes.length < start + length) throw new Error('DER: cut short');
  return {
    tag,
    contents: bytes.subarray(start, start + length),
    whole: bytes.subarray(0, start + length),
    rest: bytes.subarray(start + length),
  };
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const digits: number[] = [];
  for (let left = length; left > 0; left >>>= 8) digits.unshift(left & 0xff);
  return Buffer.from([0x80 | digits.length, ...digits]);
}
