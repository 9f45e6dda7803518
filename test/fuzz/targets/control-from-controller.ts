/** Messages of a controller as a worker takes them: a message a length byte, on one stream. */
import { Duplex } from 'node:stream';
import { AttachResponse, Hello } from '../../../proto/gen/worker/control';
import { ControlStream, type AttachClient } from '../../../services/worker/control/control-stream';
import { egressGrantOf, sessionEndOf } from '../../../services/worker/control/messages';
import { SessionRegistry } from '../../../services/worker/sessions/registry';
import { mutateMessage } from '../protobuf';
import { invariant, outcome, type Target } from '../target';
import { STILL, turn } from '../wire';

const GRANT = {
  session_id: 's_1234567890',
  expires_in_ms: 1000n,
  role: {
    $case: 'egress',
    value: {
      certificate: Buffer.alloc(8),
      private_key: Buffer.alloc(64),
      endpoint: 'tcp://[::1]:22',
      connection_limit: -1,
      offline_grace_seconds: 5,
    },
  },
};
const message = (value: object): Buffer =>
  Buffer.from(AttachResponse.encode(AttachResponse.fromPartial({ message: value } as never)).finish());

/** Cuts the input into messages by a length of two bytes in front of each. */
function messages(input: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + 2 <= input.length && parts.length < 20;) {
    const length = input.readUInt16BE(at);
    parts.push(input.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return parts;
}

const joined = (parts: Buffer[]): Buffer =>
  Buffer.concat(parts.flatMap((part) => [Buffer.of(part.length >> 8, part.length & 0xff), part]));

class Call extends Duplex {
  constructor() {
    super({ objectMode: true });
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
  cancel = (): void => undefined;
}

export const target: Target = {
  seeds: () => [
    joined([
      message({
        $case: 'welcome',
        value: { worker_id: 'w_1', heartbeat_seconds: 5, grants: [GRANT], cancel_sessions: [{ session_id: 's_1' }] },
      }),
      message({ $case: 'session_grant', value: GRANT }),
      message({ $case: 'cancel_session', value: { session_id: 's_1234567890', cause: 'expired', closed_by: 'admin' } }),
    ]),
    joined([
      message({ $case: 'authorize_connection', value: { request_id: 1n, refused: 'x' } }),
      message({ $case: 'heartbeat', value: {} }),
    ]),
    joined([
      message({ $case: 'get_grant', value: { request_id: 1n, grant: GRANT } }),
      message({ $case: 'connection_closed_ack', value: { sequence: 5n } }),
    ]),
  ],
  mutate(input, chance) {
    const parts = messages(input);
    const at = chance.below(parts.length);
    return joined(parts.map((part, i) => (i === at ? mutateMessage(part, chance).subarray(0, 60_000) : part)));
  },
  maxLength: 4_096,
  open: () => ({
    async run(input) {
      const registry = new SessionRegistry(STILL, () => Promise.resolve(undefined));
      const periods: number[] = [];
      const call = new Call();
      const client = { attach: () => call, close: () => undefined } as unknown as AttachClient;
      const put = (grant: Parameters<typeof egressGrantOf>[0]): void => {
        const egress = egressGrantOf(grant);
        if (egress === undefined) return;
        invariant(
          egress.endpoint.port > 0 && egress.endpoint.port < 65_536 && egress.privateKey.length === 64,
          'a bad grant',
        );
        invariant(
          !Number.isNaN(egress.expiresInMs) && !Number.isNaN(egress.offlineGraceMs ?? 0),
          'a time that is none',
        );
        registry.put(egress);
      };
      let ends = 0;
      const clock = { ...STILL, every: (ms: number) => (periods.push(ms), () => undefined) };
      const stream = new ControlStream(client, Hello.fromPartial({}), clock, {
        welcome: (welcome) => {
          welcome.grants.forEach(put);
          for (const cancel of welcome.cancel_sessions) registry.end(cancel.session_id, sessionEndOf(cancel));
        },
        message(incoming) {
          if (incoming.$case === 'session_grant') put(incoming.value);
          else if (incoming.$case === 'cancel_session')
            registry.end(incoming.value.session_id, sessionEndOf(incoming.value));
        },
        ended: () => ends++,
      });
      for (const part of messages(input)) {
        // A message that does not decode ends the call, as grpc-js has it.
        const decoded = outcome(() => AttachResponse.decode(part), Error);
        if ('error' in decoded) break;
        call.push(decoded.value);
      }
      await turn();
      stream.end(new Error('over'));
      invariant(ends === 1, 'the end is told more than once');
      invariant(
        periods.every((ms) => ms >= 1_000),
        'a heartbeat without a pause',
      );
    },
  }),
};
