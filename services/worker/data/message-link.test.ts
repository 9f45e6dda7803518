import { EventEmitter } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { FromData, ToData } from '../../../proto/gen/worker/data';
import { waitFor } from '../../../test/harness/wait';
import { MessageLink } from './message-link';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((clean) => clean()));

/** A link whose other end is a bare socket. */
async function linked() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server as EventEmitter, 'connection') as Promise<[Socket]>;
  const raw = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  raw.on('error', () => undefined);
  const [socket] = await accepted;
  cleanups.push(
    () => [raw, socket].forEach((each) => each.destroy()),
    () => void server.close(),
  );
  const heard: string[] = [];
  let isClosed = false;
  const link = new MessageLink<ToData, FromData>(
    socket,
    { out: ToData, in: FromData },
    { message: ({ message }) => void heard.push(message?.$case ?? ''), closed: () => (isClosed = true) },
  );
  return { raw, link, heard, isClosed: () => isClosed };
}

const framed = (message: NonNullable<FromData['message']>): Buffer => {
  const payload = FromData.encode({ message }).finish();
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.length);
  return Buffer.concat([header, payload]);
};

test('messages arrive whole, however they are cut', async () => {
  const { raw, heard, isClosed } = await linked();
  raw.setNoDelay(true);
  const find = framed({ $case: 'find_session', value: { request_id: 1n, session_id: 's_1', client_address: '::1' } });
  const stats = framed({ $case: 'connection_stats', value: { stats: [] } });
  const all = Buffer.concat([find, stats, find, stats, stats]);
  for (const byte of all.subarray(0, 60)) {
    raw.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  raw.write(all.subarray(60));
  await waitFor('all messages', () => heard.length === 5);
  expect(heard).toEqual(['find_session', 'connection_stats', 'find_session', 'connection_stats', 'connection_stats']);
  expect(isClosed()).toBe(false);
});

test('a length beyond the limit ends the link', async () => {
  const { raw, heard, isClosed } = await linked();
  raw.write(Buffer.from([0, 0x40, 0, 1]));
  await waitFor('the end', isClosed);
  expect(heard).toEqual([]);
});

test('what is no message ends the link', async () => {
  const { raw, isClosed } = await linked();
  raw.write(Buffer.from([0, 0, 0, 3, 0xff, 0xff, 0xff]));
  await waitFor('the end', isClosed);
});
