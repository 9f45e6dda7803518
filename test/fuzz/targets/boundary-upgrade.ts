/**
 * A client of Boundary's session protocol as the worker hears it: the upgrade request and what
 * follows it. The first byte tells whether the bytes come right behind a good request or are the
 * request themselves.
 */
import type { TLSSocket } from 'node:tls';
import { Registry } from 'prom-client';
import { createLogger } from '../../../lib/log/log';
import { encodeClose, encodeWebSocketFrame, Opcode } from '../../../lib/transport/websocket-frames';
import { ClientCommand, ClientHandshake } from '../../../proto/gen/transport/boundary';
import { boundaryHandler } from '../../../services/worker/proxy/boundary-upgrade';
import { ConnectionPlaces } from '../../../services/worker/proxy/connection-places';
import { createProxyMetrics } from '../../../services/worker/proxy/metrics';
import { SessionRegistry } from '../../../services/worker/sessions/registry';
import { RecordingController } from '../../harness/session-worker';
import { invariant, same, splits, type Target } from '../target';
import { STILL, turn, Wire } from '../wire';

const REQUEST = [
  'GET /v1/proxy HTTP/1.1',
  'Host: worker',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol: boundary-tcp-proxy-v1',
  '\r\n',
].join('\r\n');

const handshake = (command: ClientCommand): Buffer =>
  encodeWebSocketFrame(Opcode.binary, ClientHandshake.encode({ tofu_token: 'a'.repeat(20), command }).finish(), true);
const after = (...frames: Buffer[]): Buffer => Buffer.concat([Buffer.of(1), ...frames]);

/** What the client is told, in full, and what the controllers hear. */
async function talk(parts: Buffer[]): Promise<{ told: string; authorized: number; ended: number; closed: number }> {
  const controller = new RecordingController();
  const registry = new SessionRegistry(STILL, () => Promise.resolve(undefined));
  const session = registry.put({
    sessionId: 's_1234567890',
    certificate: Buffer.alloc(0),
    privateKey: Buffer.alloc(0),
    endpoint: { host: '127.0.0.1', port: 1 },
    connectionLimit: -1,
    expiresInMs: 3_600_000,
  });
  const handle = boundaryHandler({
    controller,
    places: new ConnectionPlaces(),
    endSession: () => undefined,
    isDraining: () => false,
    clock: STILL,
    log: createLogger('fuzz', { level: 'silent' }),
    metrics: createProxyMetrics(new Registry()),
    random: () => 0,
    // Never answers: what the client sends meanwhile is kept.
    dial: () => ({ result: new Promise(() => undefined), giveUp: () => undefined }),
  });
  const socket = new Wire();
  handle(socket as unknown as TLSSocket, session);
  await socket.feed(parts, parts.length < 40);
  socket.push(null);
  for (let i = 0; i < 4; i++) await turn();
  const told = socket.sent.toString('latin1').replace(/Date: [^\r]*/g, '');
  socket.destroy();
  await turn();
  return {
    told,
    authorized: controller.authorized.length,
    ended: controller.ended.length,
    closed: controller.closed.length,
  };
}

export const target: Target = {
  seeds: () => [
    after(
      handshake(ClientCommand.CLIENT_COMMAND_UNSPECIFIED),
      encodeWebSocketFrame(Opcode.binary, Buffer.from('data'), true),
    ),
    after(handshake(ClientCommand.CLIENT_COMMAND_SESSION_CANCEL), encodeClose(1000, '', true)),
    after(handshake(ClientCommand.CLIENT_COMMAND_UNSPECIFIED), encodeClose(1001, 'bye', true)),
    after(
      encodeWebSocketFrame(Opcode.ping, Buffer.from('x'), true),
      encodeWebSocketFrame(Opcode.binary, Buffer.from('x'), true),
    ),
    Buffer.concat([Buffer.of(0), Buffer.from(REQUEST)]),
    Buffer.concat([
      Buffer.of(0),
      Buffer.from(
        REQUEST.replace('boundary-tcp-proxy-v1', 'x,\tboundary-tcp-proxy-v1').replace(
          'Host',
          'Origin: http://x\r\nHost',
        ),
      ),
    ]),
    Buffer.from('\0GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
  ],
  words: [
    '\r\n',
    'Upgrade: websocket',
    'Origin: http://',
    'Transfer-Encoding: chunked',
    'Content-Length: 5',
    'HTTP/1.1',
    '/v1/proxy',
    'Expect: 100-continue',
  ],
  maxLength: 2_048,
  open: () => ({
    async run(input, chance) {
      const isAfter = (input[0] ?? 0) % 2 === 1;
      const bytes = Buffer.concat([Buffer.from(isAfter ? REQUEST : ''), input.subarray(1)]);
      const [whole, , chosen] = splits(bytes, chance);
      const expected = await talk(whole!);
      invariant(
        expected.told === '' || /^HTTP\/1\.1 (101|4\d\d) /.test(expected.told),
        `an answer of our own fault: ${expected.told.slice(0, 60)}`,
      );
      const { told: _, ...other } = await talk(chosen!);
      // What is told depends on when the controller has answered.
      const { told: __, ...heard } = expected;
      if (isAfter) same(other, heard, 'the controllers hear something else by how the bytes are split');
    },
  }),
};
