/** Messages of a worker as a controller takes them. */
import { AttachRequest } from '../../../proto/gen/worker/control';
import { drainingBootIds, tagsOf } from '../../../services/controller/control/hello';
import { toStat } from '../../../services/controller/control/reports';
import { mutateMessage } from '../protobuf';
import { invariant, outcome, same, type Target } from '../target';

const message = (value: object): Buffer =>
  Buffer.from(AttachRequest.encode(AttachRequest.fromPartial({ message: value } as never)).finish());
const STAT = {
  connection_id: 'sc_1234567890',
  bytes_up: 1n,
  bytes_down: 2n,
  endpoint_address: '10.0.0.1',
  endpoint_port: 22,
};

export const target: Target = {
  seeds: () => [
    message({
      $case: 'hello',
      value: {
        protocol_version: 1,
        boot_id: 'b1',
        address: 'w:9202',
        config_tags: { Type: { values: ['A', 'b'] } },
        draining_boot_ids: ['b0'],
        sessions: [{ session_id: 's_1', connections: [{ connection_id: 'sc_1', bytes_up: 1n, bytes_down: 1n }] }],
      },
    }),
    message({ $case: 'connection_stats', value: { stats: [STAT, STAT] } }),
    message({
      $case: 'connection_closed',
      value: { ...STAT, sequence: 5n, closed_by: 'client', cause: 'fin', error: 'x', session_id: 's_1' },
    }),
    message({
      $case: 'authorize_connection',
      value: { request_id: 1n, session_id: 's_1', tofu_token: 'a', connection_id: 'sc_1' },
    }),
    message({ $case: 'renew_certificate', value: { request_id: 2n, certificate_request: Buffer.of(0x30) } }),
  ],
  mutate: mutateMessage,
  maxLength: 4_096,
  open: () => ({
    run(input) {
      const decoded = outcome(() => AttachRequest.decode(input), Error);
      if ('error' in decoded) return invariant(!(decoded.error instanceof TypeError), String(decoded.error.stack));
      same(
        outcome(() => AttachRequest.decode(AttachRequest.encode(decoded.value).finish()), Error),
        decoded,
        'a message changes when it is written again',
      );
      const { message: taken } = decoded.value;
      if (taken?.$case === 'hello') {
        const hello = taken.value;
        for (const [key, values] of Object.entries(tagsOf(hello))) {
          invariant(key.length <= 512 && values.every((value) => value.length <= 512), 'a tag that is too long');
        }
        const draining = drainingBootIds(hello);
        invariant(draining.length <= 100 && !draining.includes(hello.boot_id), 'too many processes');
      }
      const reports =
        taken?.$case === 'connection_stats'
          ? taken.value.stats
          : taken?.$case === 'connection_closed'
            ? [taken.value]
            : [];
      for (const report of reports) {
        const stat = toStat(report);
        invariant(
          stat.id.length <= 100 && !/\0|\p{Surrogate}/u.test(stat.id + (stat.endpoint_address ?? '')),
          'text that cannot be stored',
        );
        invariant(
          BigInt(stat.bytes_up) < 2n ** 63n && BigInt(stat.bytes_down) < 2n ** 63n,
          'a count that cannot be stored',
        );
      }
    },
  }),
};
