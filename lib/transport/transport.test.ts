/** What a peer says behind the end, in the same read, is heard by nobody. */
import { Duplex } from 'node:stream';
import { systemClock } from '../clock/clock';
import { encodeFrame, encodeHeader, FrameType } from './frames';
import { SILENT, Transport } from './transport';
import { WebSocketChannel, type WebSocketEvents } from './websocket-channel';
import { encodeClose, encodeWebSocketFrame, Opcode } from './websocket-frames';

/** A socket whose other end takes everything. */
const socketOf = (): Duplex => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('frames behind the one at which the transport is destroyed', async () => {
  const socket = socketOf();
  const heard: string[] = [];
  const transport: Transport = new Transport(
    socket,
    {
      ...SILENT,
      data: () => heard.push('data'),
      control(type) {
        heard.push(`control ${type}`);
        transport.destroy();
      },
      closed: () => heard.push('closed'),
    },
    systemClock,
  );
  const data = Buffer.concat([encodeHeader(FrameType.data, 1), Buffer.of(1)]);
  socket.push(Buffer.concat([encodeFrame(FrameType.fin), data, encodeFrame(FrameType.end)]));
  await turn();
  expect(heard).toEqual([`control ${FrameType.fin}`, 'closed']);
});

test('messages behind a Close frame', async () => {
  const socket = socketOf();
  const heard: string[] = [];
  const hears = (what: string) => () => void heard.push(what);
  const events: WebSocketEvents = {
    chunk: hears('chunk'),
    messageEnd: hears('message'),
    drain: hears('drain'),
    closing: hears('closing'),
    answered: hears('answered'),
    lost: hears('lost'),
  };
  const channel = new WebSocketChannel(socket, events, { clock: systemClock, role: 'client' });
  const message = encodeWebSocketFrame(Opcode.binary, Buffer.from('x'), false);
  channel.start(Buffer.concat([message, encodeClose(1000, '', false), message]));
  expect(heard).toEqual(['chunk', 'message', 'closing']);
  channel.destroy();
  await turn();
});
