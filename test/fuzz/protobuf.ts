/**
 * Changes protobuf messages along their structure: fields are changed, doubled, dropped, swapped,
 * nested.
 */
import { Mutator } from './mutate';
import type { Chance } from './target';

interface Field {
  number: number;
  type: number;
  /** Of types 1, 2 and 5. */
  bytes: Buffer;
  /** Of type 0. */
  value: bigint;
}

const MAX_FIELDS = 200;

export function mutateMessage(input: Buffer, chance: Chance): Buffer {
  return change(input, chance, 0);
}

function change(bytes: Buffer, chance: Chance, depth: number): Buffer {
  const fields = readFields(bytes);
  if (fields === undefined || fields.length === 0) {
    return new Mutator(chance, [Buffer.from('__proto__'), Buffer.alloc(40, 0x41)], 1_024).change(bytes, bytes);
  }
  const at = chance.below(fields.length);
  const field = fields[at]!;
  switch (chance.below(8)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      for (let left = 1 << chance.below(5); left > 0; left--) fields.push(field);
      break;
    case 2:
      fields.splice(chance.below(fields.length), 0, ...fields.splice(at, 1));
      break;
    case 3:
      field.number = 1 + chance.below(20);
      break;
    case 4:
      field.value = BigInt(chance.pick([0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 53, 127, 128])) & 0xffff_ffff_ffff_ffffn;
      break;
    case 5:
      // The same message, deeper and deeper.
      for (let left = 1 << chance.below(8); left > 0; left--) {
        field.bytes = writeFields([{ number: field.number, type: 2, bytes: field.bytes, value: 0n }]);
        if (field.bytes.length > 2_000) break;
      }
      field.type = 2;
      break;
    default:
      if (field.type === 2) field.bytes = depth < 6 ? change(field.bytes, chance, depth + 1) : field.bytes;
      else field.type = chance.below(6);
  }
  return writeFields(fields.slice(0, MAX_FIELDS));
}

function readFields(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const key = readVarint(bytes, at);
    if (key === undefined || key.value === 0n || fields.length > MAX_FIELDS) return undefined;
    const type = Number(key.value & 7n);
    const number = Number(key.value >> 3n);
    at = key.end;
    if (type === 0) {
      const value = readVarint(bytes, at);
      if (value === undefined) return undefined;
      fields.push({ number, type, bytes: Buffer.alloc(0), value: value.value });
      at = value.end;
      continue;
    }
    const length = type === 2 ? readVarint(bytes, at) : { value: type === 1 ? 8n : 4n, end: at };
    if (length === undefined || ![1, 2, 5].includes(type)) return undefined;
    const end = length.end + Number(length.value);
    if (end > bytes.length) return undefined;
    fields.push({ number, type, bytes: Buffer.from(bytes.subarray(length.end, end)), value: 0n });
    at = end;
  }
  return fields;
}

function readVarint(bytes: Buffer, from: number): { value: bigint; end: number } | undefined {
  let value = 0n;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    value |= BigInt(bytes[at]! & 0x7f) << BigInt(7 * (at - from));
    if (bytes[at]! < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

function writeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, type, bytes, value }) => [
      varint(BigInt(number * 8 + type)),
      ...(type === 0 ? [varint(value)] : type === 2 ? [varint(BigInt(bytes.length)), bytes] : [bytes]),
    ]),
  );
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
}
