/**
 * Requests that nobody means well: good ones with something in them exchanged for what has broken
 * servers before, bodies that are no JSON any more, bytes that are hardly a message any more.
 */
import { ScalarType, type DescField, type DescMessage, type Registry } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { toBytes } from '../../services/controller/gateway/to-message';

/** Texts that have broken servers. */
export const HOSTILE_TEXTS = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\udfff\ud800',
    '\u202e',
    '\ufeff',
    '\u{1f600}',
    'ﬁ',
    'İ',
    '%s%n',
    '${x}',
  ],
  ...["'; drop table users; --", "' or '1'='1", '\\', "\\'", '$1', '{{.User.Id}}', '{{', '../../../etc/passwd', '..'],
  ...['\r\nSet-Cookie: a=b', 'a\r\n\r\nHTTP/1.1 200 OK', '<script>', '__proto__', 'constructor', 'null', 'NaN', '-0'],
  ...['1e999', '9'.repeat(400), 'a'.repeat(513), 'a'.repeat(20_000), '(', '[a-', '.*'.repeat(200), '\n'.repeat(300)],
];
export const HOSTILE_IDS = [
  ...['..', '.', '%00', '%2f', '%2e%2e', '%', '%zz', '%ff', '%c0%af', '%ed%a0%80', 'g_%00', 'u_%2f..', ':', '::', ';'],
  ...["'", '"', '*', '%20', 'u_', '_', 'u_1234567890%0d%0a', `g_${'a'.repeat(10_000)}`, 'u_1234567890:nope', '{id}'],
];
const HOSTILE_NUMBERS = [-1, 0, 0.5, 1e300, -1e300, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, 2 ** 64, -(2 ** 63), 5e-324];
/** Texts that some fields look into. */
const LANGUAGES = [
  ...['"/item/name" matches "(a+)+$"', '('.repeat(5_000), 'not '.repeat(5_000), '"/item/a/b/c" is empty', '"" == ""'],
  ...['ids=*;type=*;actions=*', 'ids=;actions=', '{"ids":["*"]', 'type=target;actions=list', ';;;', '{"ids":[[]]}'],
  ...['http://127.0.0.1:1/', 'ldaps://127.0.0.1:1', 'file:///etc/passwd', 'http://[::1', 'a..b', '-', '[::1]:1', ':0'],
  ...['2NEpo7TZRRrLZSi2U', '0OIl', 'neslat_', 'neslat_zzzzzzzz', '9999-99', '2030-13', '0001-01', '-----BEGIN X-----'],
];
const HOSTILE_VALUES: unknown[] = [
  null,
  true,
  [],
  {},
  [[]],
  [null],
  { id: null },
  { '': '' },
  [{}, 'x', 1],
  [['a', 1]],
];

/** Whatever a client could put where something else belongs. */
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...HOSTILE_TEXTS) },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...LANGUAGES) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...HOSTILE_NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_VALUES) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** A value of the field's type, for fields that a good request leaves out. */
function fitting(field: DescField): unknown {
  const one =
    field.message?.typeName === 'google.protobuf.Timestamp'
      ? '2030-01-01T00:00:00Z'
      : field.message !== undefined
        ? {}
        : field.scalar === ScalarType.STRING
          ? 'text'
          : field.scalar === ScalarType.BOOL || 1;
  return field.fieldKind === 'list' ? [one] : one;
}

/** Items of a list where one was meant. */
const MANY = 3_000;

interface Mutation {
  /** Picks the place. */
  at: number;
  how: 'replace' | 'add field' | 'remove' | 'add key' | 'repeat';
  value: unknown;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'add field', 'add field', 'remove', 'add key', 'repeat'),
  value: hostile,
});

type Place = [holder: any, key: string | number];

/** Every place in the object, the outer ones first. */
function places(holder: any): Place[] {
  if (typeof holder !== 'object' || holder === null) return [];
  return Object.keys(holder as object).flatMap((key): Place[] => [[holder, key], ...places(holder[key])]);
}

function mutate(object: Record<string, any>, message: DescMessage, { at, how, value }: Mutation): void {
  const all = places(object);
  const [holder, key] = all[at % Math.max(1, all.length)] ?? [object, 'id'];
  if (how === 'remove') delete holder[key];
  else if (how === 'add key' && typeof holder === 'object') holder[`k${String(value).slice(0, 50)}`] = value;
  else if (how === 'repeat') holder[key] = Array.from({ length: MANY }, () => holder[key] as unknown);
  else if (how === 'add field') {
    const inItem = typeof object['item'] === 'object' && object['item'] !== null;
    const fields = message.fields.find((field) => inItem && field.name === 'item')?.message?.fields ?? message.fields;
    const field = fields[at % fields.length];
    if (field !== undefined) (inItem ? object['item'] : object)[field.name] = at % 2 === 0 ? value : fitting(field);
  } else holder[key] = value;
}

/** Requests like `good` with up to three things exchanged. */
export const spoiled = (message: DescMessage, good: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc.array(mutation, { maxLength: 3 }).map((mutations) => {
    const object = structuredClone(good);
    // Repeating what is repeated already would make more than any server reads.
    for (const [i, one] of mutations.entries())
      mutate(object, message, i > 0 && one.how === 'repeat' ? { ...one, how: 'remove' } : one);
    return object;
  });

/** Now and then damages the JSON text of a body in ways that JSON.stringify never would. */
export const damaged: fc.Arbitrary<(json: string) => Buffer> = fc.tuple(fc.nat(40), fc.nat()).map(
  ([how, at]) =>
    (json: string) =>
      damage(json, how, at),
);

function damage(json: string, how: number, at: number): Buffer {
  const place = at % (json.length + 1);
  const insert = (what: string | Buffer): Buffer =>
    Buffer.concat([Buffer.from(json.slice(0, place)), Buffer.from(what), Buffer.from(json.slice(place))]);
  switch (how) {
    case 0:
      return Buffer.from(json.slice(0, place));
    case 1:
      return insert(Buffer.from([0xff, 0xfe, 0xc0]));
    case 2:
      return insert('\u0000');
    case 3:
      return Buffer.from(json.replace(/\d+/, '1e999'));
    case 4:
      return Buffer.from(json.replace(/\d+/, '-0'));
    case 5:
      return Buffer.from(json.replace(/"[^"]*"(?=[,}])/, '"\\ud800"'));
    case 6:
      return Buffer.from(json.replace('{', '{"id":1,"id":{},"version":-1,"version":"x","attributes":[],'));
    case 7:
      return Buffer.from('{"attributes":'.repeat(20_000));
    case 8:
      return Buffer.from(`{"attributes":${'['.repeat(30_000)}${']'.repeat(30_000)}}`);
    case 9:
      return Buffer.from(json.replace(/"[^"]*"(?=[,}])/, `"${'x'.repeat(300_000)}"`));
    case 10:
      return Buffer.from(`[${json}]`);
    default:
      return Buffer.from(json);
  }
}

/** Tag and length of a field that holds bytes. */
const delimited = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** The request on the wire, with all of its fields that protobuf can hold. */
export function onTheWire(message: DescMessage, object: Record<string, unknown>, registry: Registry): Buffer {
  const parts = message.fields.map((field) => {
    const value = object[field.name];
    if (value === undefined || value === null) return Buffer.alloc(0);
    const ours = field.message !== undefined && !field.message.typeName.startsWith('google.protobuf.');
    if (ours && field.fieldKind === 'message' && typeof value === 'object') {
      return delimited(field.number, onTheWire(field.message, value as Record<string, unknown>, registry));
    }
    try {
      return Buffer.from(toBytes(message, { [field.name]: value } as never, registry));
    } catch {
      return Buffer.alloc(0);
    }
  });
  return Buffer.concat(parts);
}

/** Now and then damages a message: bytes exchanged, bytes added, a text that is no UTF-8. */
export const damagedBytes: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .tuple(fc.nat(12), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 16 }))
  .map(([how, at, noise]) => (bytes: Buffer) => {
    const place = at % (bytes.length + 1);
    if (how === 0) return Buffer.concat([bytes, noise]);
    if (how === 1) return Buffer.concat([bytes.subarray(0, place), noise, bytes.subarray(place + noise.length)]);
    if (how === 2) return bytes.subarray(0, place);
    if (how === 3) return Buffer.concat([bytes, delimited(1, Buffer.from([0x67, 0x5f, 0xff, 0xfe, 0x00]))]);
    return bytes;
  });
