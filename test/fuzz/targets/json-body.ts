/**
 * JSON bodies: the first byte chooses the request type. Only refusals of the caller; messages read
 * back as they were.
 */
import { ApiError } from '../../../lib/errors/errors';
import { parseJsonBody } from '../../../services/controller/gateway/json-body';
import { checkedJson, toBytes } from '../../../services/controller/gateway/to-message';
import { maskOfBody } from '../../../services/controller/gateway/update-mask';
import { openApi } from '../api';
import { mutateJson } from '../json';
import { invariant, outcome, same, type Target } from '../target';

const BODIES = [
  '{"scope_id":"p_1","name":"n","type":"tcp","attributes":{"default_port":22,"x":[1,"a",null,{"b":1e3}]},"version":1}',
  '{"name":null,"description":"\\u0000\\ud83d\\ude00","created_time":"2020-01-01T00:00:00Z","session_max_seconds":"28800"}',
  '{"principal_ids":["u_1"],"grant_strings":["ids=*;type=*;actions=*"],"host_source_ids":[]} trailing',
  '{"type":"password","attributes":{"login_name":"a","password":"b"},"command":"login","authorized_collection_actions":{"a":["b"]}}',
  '{"__proto__":{"a":1},"attributes":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
];

export const target: Target = {
  seeds: () =>
    BODIES.flatMap((body, i) =>
      [1, 40, 77, 130, 200].map((route) => Buffer.concat([Buffer.of(route + i), Buffer.from(body)])),
    ),
  mutate: (input, chance) => Buffer.concat([input.subarray(0, 1), mutateJson(input.subarray(1), chance)]),
  maxLength: 4_096,
  open() {
    const { routes, descriptors } = openApi();
    const withBody = routes.filter((route) => route.body !== '');
    return {
      run(input) {
        const route = withBody[(input[0] ?? 0) % withBody.length]!;
        const body = outcome(() => parseJsonBody(input.subarray(1)), ApiError);
        if ('error' in body)
          return invariant((body.error as ApiError).httpStatus === 400, 'bad JSON is an error of ours');
        const part = route.input.fields.find((field) => field.name === route.body)?.message ?? route.input;
        const request = outcome(() => {
          const bytes = toBytes(part, checkedJson(part, body.value), descriptors);
          const mask = maskOfBody(part, body.value);
          return { bytes, mask };
        }, ApiError);
        invariant(({} as Record<string, unknown>).polluted === undefined, 'prototypes were changed');
        if ('error' in request) {
          const error = request.error as ApiError;
          invariant(error.httpStatus === 400, 'a bad body is not the fault of the caller');
          invariant(JSON.stringify(error.body()).length < 20_000, 'a refusal out of proportion');
          return;
        }
        const { bytes } = request.value;
        invariant(bytes.length <= 256 + 12 * input.length, 'a message out of proportion');
        if (part !== route.input) return;
        const type = route.method.definition.requestType;
        const message = type.decode(bytes);
        same(type.decode(type.encode(message).finish()), message, 'a message changes when it is written again');
      },
    };
  },
};
