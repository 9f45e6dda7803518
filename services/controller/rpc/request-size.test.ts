import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ApiError } from '../../../lib/errors/errors';
import { AddRolePrincipalsRequest } from '../../../proto/gen/api/roles';
import { CreateTargetRequest, Target } from '../../../proto/gen/api/targets';
import { parseJsonBody } from '../gateway/json-body';
import { loadDescriptors } from './descriptors';
import { checkRequestSize } from './request-size';

const descriptors = loadDescriptors(readFileSync(join(__dirname, '../../../proto/gen/image.binpb')));
const principals = descriptors.getMessage('sallyport.api.v1.AddRolePrincipalsRequest')!;
const target = descriptors.getMessage('sallyport.api.v1.CreateTargetRequest')!;

/** What is wrong, by field; undefined when nothing is. */
function refusal(check: () => unknown): unknown {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.body().details?.request_fields ?? error.message;
  }
}

const overGrpc = (count: number): unknown =>
  refusal(() => {
    const principal_ids = Array<string>(count).fill('');
    const message = AddRolePrincipalsRequest.fromPartial({ principal_ids });
    checkRequestSize(principals, AddRolePrincipalsRequest.encode(message).finish());
  });
const overHttp = (count: number): unknown =>
  refusal(() => parseJsonBody(Buffer.from(`{"version":1,"principal_ids":[${Array(count).fill('""').join()}]}`)));

const TOO_MANY = 'A request has at most 10000 values in all: send several.';

test('a request has so many values at most', () => {
  for (const over of [overHttp, overGrpc]) {
    expect(over(9_990)).toBeUndefined();
    expect(over(10_001)).toEqual([{ name: 'principal_ids', description: TOO_MANY }]);
  }
});

const nested = (value: unknown, depth: number): unknown => (depth === 0 ? value : { a: nested(value, depth - 1) });
const withAttributes = (attributes: object): Uint8Array =>
  CreateTargetRequest.encode(CreateTargetRequest.fromPartial({ item: Target.fromPartial({ attributes }) })).finish();

test('values in objects count too', () => {
  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
  const check = (attributes: object) => refusal(() => checkRequestSize(target, withAttributes(attributes)));
  expect(check(keys(5_000))).toBeUndefined();
  expect(check(keys(10_001))).toEqual([{ name: 'item', description: TOO_MANY }]);
  expect(check({ list: Array<number>(30_000).fill(1) })).toEqual([{ name: 'item', description: TOO_MANY }]);
  const json = (attributes: object) => refusal(() => parseJsonBody(Buffer.from(JSON.stringify({ attributes }))));
  expect(json(keys(5_000))).toBeUndefined();
  expect(json(keys(10_001))).toEqual([{ name: 'attributes', description: TOO_MANY }]);
  // Names that are none are not repeated.
  expect(refusal(() => parseJsonBody(Buffer.from(`{"<b>":[${'1,'.repeat(20_000)}1]}`)))).toMatch(
    /more than 10000 values/,
  );
});

test('texts count without commas too, and what stands inside of a text does not', () => {
  expect(refusal(() => parseJsonBody(Buffer.from(`{${'"" '.repeat(30_000)}}`)))).toMatch(/more than 10000 values/);
  for (const inside of ['[{,', '\\"', '\\\\', '\\\\\\"[', '\\u0041'])
    expect(parseJsonBody(Buffer.from(`{"name":"${inside.repeat(30_000)}"}`))).toEqual({
      name: JSON.parse(`"${inside.repeat(30_000)}"`) as string,
    });
  expect(parseJsonBody(Buffer.from(`{"a":{"b":"}"}} {`))).toEqual({ a: { b: '}' } });
});

test('a request nests so deeply at most', () => {
  const check = (depth: number) => refusal(() => checkRequestSize(target, withAttributes({ a: nested(1, depth) })));
  expect(check(60)).toBeUndefined();
  expect(check(100)).toBe('The request is nested deeper than 64.');
  expect(refusal(() => parseJsonBody(Buffer.from(`{"a":${'['.repeat(64)}`)))).toBe(
    'The request body is nested deeper than 64.',
  );
});

test('fields that are unknown, repeated or no fields at all count as well, and nothing is looked at twice', () => {
  const check = (bytes: Buffer) => refusal(() => checkRequestSize(target, bytes));
  expect(check(Buffer.concat(Array<Buffer>(20_000).fill(Buffer.from([0xf8, 0x07, 1]))))).toMatch(/10000 values/);
  expect(check(Buffer.concat(Array<Buffer>(20_000).fill(Buffer.from([0x0a, 0]))))).toEqual([
    { name: 'item', description: TOO_MANY },
  ]);
  expect(check(Buffer.alloc(1_000_000, 0x0b))).toEqual([{ name: 'item', description: TOO_MANY }]);
});

test('any bytes are either taken or refused with a 400', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect([undefined, expect.anything()]).toContainEqual(refusal(() => checkRequestSize(target, bytes)));
    }),
  );
});
