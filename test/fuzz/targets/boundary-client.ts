/**
 * What a worker answers to a client of Boundary's session protocol, right behind a good upgrade.
 */
import type { TLSSocket } from 'node:tls';
import { BoundaryTransport } from '../../../cli/connect/listener/boundary-transport';
import { FrameType } from '../../../lib/transport/frames';
import { encodeClose, encodeWebSocketFrame, Opcode } from '../../../lib/transport/websocket-frames';
import { SUBPROTOCOL, webSocketAccept } from '../../../lib/transport/websocket-upgrade';
import { HandshakeResult } from '../../../proto/gen/transport/boundary';
import { Connect } from '../../../proto/gen/transport/transport';
import { invariant, same, splits, type Target } from '../target';
import { STILL, turn, Wire } from '../wire';

const result = encodeWebSocketFrame(
  Opcode.binary,
  HandshakeResult.encode({
    expiration: new Date(1_700_000_000_000),
    connection_limit: -1,
    connections_left: -1,
  }).finish(),
  false,
);

async function listen(parts: Buffer[]): Promise<{ heard: string[]; data: Buffer }> {
  const heard: string[] = [];
  const data: Buffer[] = [];
  const socket = new Wire();
  const transport = new BoundaryTransport(
    socket as unknown as TLSSocket,
    {
      data: (chunk) => data.push(Buffer.from(chunk)),
      control: (type, payload) => heard.push(`${type} ${payload.toString('hex')}`),
      drain: () => undefined,
      closed: (end) => heard.push(`closed ${end.kind}`),
    },
    STILL,
  );
  transport.send(FrameType.connect, Connect.encode({ tofu_token: 'a'.repeat(20) }).finish());
  for (let i = 0; i < 3; i++) await turn();
  const key = /sec-websocket-key: (\S+)/i.exec(socket.sent.toString())?.[1] ?? '';
  const answer = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${webSocketAccept(key)}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`;
  await socket.feed([Buffer.from(answer), ...parts], parts.length < 40);
  socket.push(null);
  for (let i = 0; i < 4; i++) await turn();
  socket.destroy();
  await turn();
  invariant(heard.filter((event) => event.startsWith('closed')).length <= 1, 'closed is told more than once');
  return { heard, data: Buffer.concat(data) };
}

export const target: Target = {
  seeds: () => [
    Buffer.concat([
      result,
      encodeWebSocketFrame(Opcode.binary, Buffer.from('data'), false),
      encodeClose(1000, '', false),
    ]),
    encodeClose(1008, 'tofu token not allowed', false),
    Buffer.concat([result, encodeClose(3000, 'unable to setup proxying', false)]),
    encodeWebSocketFrame(Opcode.binary, Buffer.alloc(200, 0xff), false),
  ],
  maxLength: 2_048,
  open: () => ({
    async run(input, chance) {
      const [whole, , chosen] = splits(input, chance);
      const expected = await listen(whole!);
      invariant(expected.data.length <= input.length, 'more payload than bytes');
      same(await listen(chosen!), expected, 'what is heard differs by how the bytes are split');
    },
  }),
};
