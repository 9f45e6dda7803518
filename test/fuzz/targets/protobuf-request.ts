/**
 * Requests as gRPC brings them: the first byte chooses the type. A message reads back as it was, or
 * is refused.
 */
import { openApi } from '../api';
import { mutateMessage } from '../protobuf';
import { invariant, outcome, same, type Target } from '../target';

/** Keys that stand for the prototype are no fields: nothing may be inherited from a request. */
function assertPlain(value: unknown, depth = 0): void {
  invariant(depth < 400, 'a message without end');
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  invariant(
    [Object.prototype, Array.prototype, Map.prototype, null].includes(prototype as never),
    'a message with a foreign prototype',
  );
  for (const inner of Object.values(value)) assertPlain(inner, depth + 1);
}

const api = openApi();
const types = [...api.pipeline.methods.values()].map((method) => method.definition.requestType);

const seedOf = (index: number, request: object): Buffer =>
  Buffer.concat([Buffer.of(index), types[index]!.encode(types[index]!.fromPartial(request)).finish()]);

export const target: Target = {
  seeds: () =>
    types.slice(0, 256).flatMap((_, index) => [
      seedOf(index, { id: 'x_1', item: { name: 'n', attributes: { a: [1, { b: null }] }, version: 1, tags: {} } }),
      seedOf(index, {
        scope_id: 'global',
        filter: 'a',
        page_size: 10,
        attributes: { login_name: 'a', __proto__: {} },
        list_token: 'x',
      }),
    ]),
  mutate: (input, chance) => Buffer.concat([input.subarray(0, 1), mutateMessage(input.subarray(1), chance)]),
  maxLength: 4_096,
  steps: { base: 40_000, perByte: 1_000 },
  open: () => ({
    run(input) {
      const type = types[(input[0] ?? 0) % types.length]!;
      const decoded = outcome(() => type.decode(input.subarray(1)), Error);
      // The front answers that it is no valid message.
      if ('error' in decoded) return invariant(!(decoded.error instanceof TypeError), String(decoded.error.stack));
      assertPlain(decoded.value);
      const again = outcome(() => type.decode(type.encode(decoded.value).finish()), Error);
      same(again, decoded, 'a message changes when it is written again');
      const whole = JSON.stringify(type.toJSON(decoded.value), (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
      invariant(whole.length <= 4_096 + 64 * input.length, 'a message out of proportion');
    },
  }),
};
