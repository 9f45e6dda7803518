/**
 * Changes inputs: bytes, words, lengths in front of what they count, numbers in text, repetition,
 * splices.
 */
import type { Chance } from './target';

const INTERESTING = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 22, 31, 32, 63, 64, 100, 126, 127, 128, 129, 253, 254, 255];
const NUMBERS = ['0', '-1', '1', '00', '1e9', '1e999', '-0', '65536', '2147483648', '4294967296', '9007199254740993'];
const LONG_NUMBERS = ['18446744073709551616', '1' + '0'.repeat(30), '9'.repeat(310), '0.0000001', '.5', 'NaN', '0x10'];
const PAIRS = ['()', '{}', '[]', '""', "''", '``', '<>'];
const SPECIAL = ['\0', '\r\n', '\n', '\\', '"', '%00', '%2f', '__proto__', 'constructor', '\ufeff', '\u2028', '\u00e9'];

export class Mutator {
  constructor(
    private readonly chance: Chance,
    private readonly words: readonly Buffer[],
    private readonly maxLength: number,
  ) {}

  /** A changed copy; `other` gives parts. */
  change(input: Buffer, other: Buffer): Buffer {
    let bytes: Buffer = Buffer.from(input);
    for (let left = 1 + this.chance.small(6); left > 0; left--) bytes = this.once(bytes, other);
    return bytes.length > this.maxLength ? bytes.subarray(0, this.maxLength) : bytes;
  }

  private once(bytes: Buffer, other: Buffer): Buffer {
    const way = this.chance.pick(WAYS);
    return way(this, bytes, other);
  }

  place(bytes: Buffer, room = 0): number {
    return this.chance.below(bytes.length - room + 1);
  }

  range(bytes: Buffer): [number, number] {
    const from = this.place(bytes);
    return [from, from + this.chance.small(bytes.length - from + 1)];
  }

  replaced(bytes: Buffer, from: number, to: number, by: Uint8Array): Buffer {
    return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
  }

  word(): Buffer {
    const kind = this.chance.below(8);
    if (kind === 0) return Buffer.from(this.chance.pick(SPECIAL));
    if (kind === 1) return Buffer.from(this.chance.pick(this.chance.below(3) === 0 ? LONG_NUMBERS : NUMBERS));
    return this.words.length === 0 ? Buffer.of(this.byte()) : this.chance.pick(this.words);
  }

  byte(): number {
    return this.chance.below(2) === 0 ? this.chance.pick(INTERESTING) : this.chance.below(256);
  }

  below(bound: number): number {
    return this.chance.below(bound);
  }

  pick<T>(from: readonly T[]): T {
    return this.chance.pick(from);
  }

  small(bound: number): number {
    return this.chance.small(bound);
  }

  /** Bytes that the input may still grow by. */
  room(bytes: Buffer): number {
    return Math.max(0, this.maxLength - bytes.length);
  }
}

type Way = (m: Mutator, bytes: Buffer, other: Buffer) => Buffer;

const flip: Way = (m, bytes) => {
  if (bytes.length > 0) bytes[m.below(bytes.length)]! ^= 1 << m.below(8);
  return bytes;
};
const setByte: Way = (m, bytes) => {
  if (bytes.length > 0) bytes[m.below(bytes.length)] = m.byte();
  return bytes;
};
const insertByte: Way = (m, bytes) => {
  const at = m.place(bytes);
  return m.replaced(bytes, at, at, Buffer.of(m.byte()));
};
const remove: Way = (m, bytes) => m.replaced(bytes, ...m.range(bytes), Buffer.alloc(0));
const cut: Way = (m, bytes) => bytes.subarray(0, m.place(bytes));
const copy: Way = (m, bytes) => {
  const at = m.place(bytes);
  return m.replaced(bytes, at, at, bytes.subarray(...m.range(bytes)));
};
const insertWord: Way = (m, bytes) => {
  const at = m.place(bytes);
  return m.replaced(bytes, at, at, m.word());
};
const overwriteByWord: Way = (m, bytes) => m.replaced(bytes, ...m.range(bytes), m.word());
const splice: Way = (m, bytes, other) => m.replaced(bytes, ...m.range(bytes), other.subarray(...m.range(other)));
const cross: Way = (m, bytes, other) =>
  Buffer.concat([bytes.subarray(0, m.place(bytes)), other.subarray(m.place(other))]);

/** One part many times over: what costs more than its length shows itself so. */
const repeat: Way = (m, bytes) => {
  const [from, to] = m.range(bytes);
  if (to === from) return bytes;
  const most = Math.min(Math.floor(m.room(bytes) / (to - from)), 1 << m.below(12));
  return m.replaced(bytes, from, from, Buffer.concat(Array<Buffer>(most).fill(bytes.subarray(from, to))));
};

/** A number of one to four bytes is set to a limit, or to what follows it. */
const setLength: Way = (m, bytes) => {
  const size = Math.min(1 + m.below(4), bytes.length);
  if (size === 0) return bytes;
  const at = m.place(bytes, size);
  const most = 2 ** (8 * size) - 1;
  const rest = bytes.length - at - size;
  const value = m.pick([0, 1, rest, rest - 1, rest + 1, most, most >> 1, m.below(rest + 1), m.byte()]);
  bytes.writeUIntBE(Math.min(Math.max(0, value), most), at, size);
  return bytes;
};

/** Bytes are put in or taken out, and the numbers before them that may count them follow. */
const grow: Way = (m, bytes) => {
  const at = m.place(bytes);
  const part = m.below(3) === 0 ? Buffer.alloc(m.small(64), m.byte()) : m.word();
  const changed = m.replaced(bytes, at, at, part);
  for (let before = at - 1; before >= Math.max(0, at - 96); before--) {
    for (const size of [1, 2, 3]) {
      if (before + size > at) continue;
      const value = changed.readUIntBE(before, size);
      const reaches = before + size + value;
      const isLikely = value > 0 && reaches >= at && reaches <= bytes.length && value + part.length < 2 ** (8 * size);
      if (isLikely && m.below(4) > 0) changed.writeUIntBE(value + part.length, before, size);
    }
  }
  return changed;
};

const replaceNumber: Way = (m, bytes) => {
  const found = [...bytes.toString('latin1').matchAll(/-?\d+(\.\d+)?/g)];
  if (found.length === 0) return insertWord(m, bytes, bytes);
  const number = m.pick(found);
  const text = m.pick(m.below(3) === 0 ? LONG_NUMBERS : NUMBERS);
  return m.replaced(bytes, number.index, number.index + number[0].length, Buffer.from(text));
};
const nest: Way = (m, bytes) => {
  const [from, to] = m.range(bytes);
  const pair = m.pick(PAIRS);
  const depth = Math.min(1 << m.below(9), m.room(bytes) >> 1);
  const inner = [pair[0]!.repeat(depth), bytes.toString('latin1', from, to), pair[1]!.repeat(depth)].join('');
  return m.replaced(bytes, from, to, Buffer.from(inner, 'latin1'));
};
const changeCase: Way = (m, bytes) => {
  const [from, to] = m.range(bytes);
  const text = bytes.toString('latin1', from, to);
  return m.replaced(bytes, from, to, Buffer.from(m.below(2) === 0 ? text.toUpperCase() : text.toLowerCase(), 'latin1'));
};

const WAYS: readonly Way[] = [
  flip,
  flip,
  setByte,
  setByte,
  insertByte,
  remove,
  remove,
  cut,
  copy,
  copy,
  insertWord,
  insertWord,
  insertWord,
  overwriteByWord,
  overwriteByWord,
  splice,
  cross,
  repeat,
  setLength,
  setLength,
  grow,
  grow,
  replaceNumber,
  nest,
  changeCase,
];
