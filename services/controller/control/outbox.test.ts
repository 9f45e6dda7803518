import { EventEmitter } from 'node:events';
import { SessionGrant, type AttachResponse } from '../../../proto/gen/worker/control';
import { MAX_GRANTS_WAITING, MAX_WAITING, Outbox, type Push } from './outbox';

/**
 * A stream that takes so many messages until it drains; what it has taken is on its way when told
 * so.
 */
class Stream extends EventEmitter {
  readonly written: Push[] = [];
  room = Infinity;
  private callbacks: (() => void)[] = [];
  write({ message }: AttachResponse, callback?: () => void): boolean {
    this.written.push(message!);
    if (callback !== undefined) this.callbacks.push(callback);
    return --this.room > 0;
  }
  drain(room: number): void {
    this.room = room;
    this.emit('drain');
  }
  onItsWay(): void {
    for (const callback of this.callbacks.splice(0)) callback();
  }
  get ids(): string[] {
    return this.written.map((message) => {
      if (message.$case === 'grants') return message.value.grants.map((one) => one.session_id).join(' ');
      return message.$case === 'session_grant' || message.$case === 'cancel_session'
        ? message.value.session_id
        : message.$case;
    });
  }
}

const cancel = (session_id: string): Push => ({
  $case: 'cancel_session',
  value: { session_id, cause: 'canceled', closed_by: 'admin' },
});
const grant = (session_id: string, bytes = 0): Push => ({
  $case: 'session_grant',
  value: SessionGrant.fromPartial({
    session_id,
    role: { $case: 'egress', value: { certificate: Buffer.alloc(bytes), endpoint: 'tcp://h:1' } },
  }),
});
const answer: Push = { $case: 'heartbeat', value: {} };

function newOutbox(takesPieces = true) {
  const stream = new Stream();
  let tooMuch = 0;
  const outbox = new Outbox(stream as never, () => tooMuch++);
  outbox.takesPieces = takesPieces;
  return { stream, outbox, tooMuch: () => tooMuch };
}

test('news waits until the one before is on its way; answers pass it', async () => {
  const { stream, outbox } = newOutbox();
  for (const id of ['1', '2']) outbox.push(cancel(id));
  outbox.answer(answer);
  expect(stream.ids).toEqual(['1', 'heartbeat']);
  let drained = false;
  const wait = outbox.drained().then(() => (drained = true));
  stream.onItsWay();
  expect(stream.ids).toEqual(['1', 'heartbeat', '2']);
  await Promise.resolve();
  expect(drained).toBe(false);
  stream.onItsWay();
  await wait;
  await outbox.drained();
});

test('what the stream does not take waits until it drains', () => {
  const { stream, outbox } = newOutbox();
  stream.room = 1;
  for (let i = 0; i < 3; i++) outbox.answer(answer);
  outbox.push(cancel('1'));
  expect(stream.ids).toEqual(['heartbeat']);
  stream.drain(2);
  expect(stream.ids).toEqual(['heartbeat', 'heartbeat', 'heartbeat']);
  stream.drain(1);
  expect(stream.ids.at(-1)).toBe('1');
});

test('grants that wait are told together, in their place among other news', () => {
  const { stream, outbox } = newOutbox();
  for (const message of [grant('1'), grant('2'), grant('3'), cancel('2'), grant('4')]) outbox.push(message);
  for (let i = 0; i < 4; i++) stream.onItsWay();
  expect(stream.ids).toEqual(['1', '2 3', '2', '4']);
});

test('grants are told one by one to a worker that does not take them together', () => {
  const { stream, outbox } = newOutbox(false);
  for (const message of [grant('1'), grant('2'), grant('3')]) outbox.push(message);
  for (let i = 0; i < 3; i++) stream.onItsWay();
  expect(stream.ids).toEqual(['1', '2', '3']);
});

test('pieces are cut by size, and by number', () => {
  const { stream, outbox } = newOutbox();
  for (let i = 0; i < 400; i++) outbox.push(grant(`large ${i}`, 8_000));
  for (let i = 0; i < 1_200; i++) outbox.push(grant(`small ${i}`));
  for (let i = 0; i < 20; i++) stream.onItsWay();
  const sizes = stream.written.map(piece);
  expect(sizes.reduce((sum, { count }) => sum + count, 0)).toBe(1_600);
  for (const { count, bytes } of sizes) {
    expect(count).toBeLessThanOrEqual(500);
    expect(bytes).toBeLessThanOrEqual(1_048_576);
  }
  expect(outbox.length).toBe(0);
});

const piece = (message: Push) => {
  const grants = message.$case === 'grants' ? message.value.grants : [(message as { value: SessionGrant }).value];
  const bytes = grants.reduce((sum, one) => sum + SessionGrant.encode(one).finish().length, 0);
  return { count: grants.length, bytes };
};

test('grants that find too much waiting are left out, other news is not', () => {
  const { outbox, tooMuch } = newOutbox();
  for (let i = 0; i < 20_000; i++) outbox.push(grant(`${i}`));
  expect(outbox.length).toBe(MAX_GRANTS_WAITING);
  outbox.push(cancel('1'));
  expect([outbox.length, tooMuch()]).toEqual([MAX_GRANTS_WAITING + 1, 0]);
});

test('a worker that does not read loses its stream', () => {
  const { outbox, tooMuch } = newOutbox();
  for (let i = 0; i < MAX_WAITING + 1; i++) outbox.push(cancel(`${i}`));
  expect([outbox.length, tooMuch()]).toEqual([MAX_WAITING, 0]);
  outbox.push(cancel('one more'));
  expect(tooMuch()).toBe(1);
});

test('at the end nobody waits for it any more', async () => {
  const { stream, outbox } = newOutbox();
  for (const id of ['1', '2', '3']) outbox.push(cancel(id));
  const wait = outbox.drained();
  outbox.end();
  await wait;
  outbox.push(cancel('4'));
  outbox.answer(answer);
  stream.onItsWay();
  expect([outbox.length, stream.written.length]).toEqual([0, 1]);
});

test('bytes that are not sent yet count, also behind a stream that takes them', () => {
  const stream = new Stream();
  let tooMuch = 0;
  const outbox = new Outbox(
    stream as never,
    () => tooMuch++,
    () => 3_000,
  );
  outbox.push(grant('1', 1_000), grant('2', 1_000));
  expect(tooMuch).toBe(0);
  stream.onItsWay();
  stream.onItsWay();
  outbox.push(grant('3', 2_000));
  expect(tooMuch).toBe(0);
  outbox.push(grant('4', 2_000));
  expect(tooMuch).toBe(1);
});
