import { Feed } from './feed';
import { MAX_WAITING, type Push } from './outbox';

describe('changes', () => {
  const change: Push = { $case: 'cancel_session', value: { session_id: 's', cause: 'canceled', closed_by: 'admin' } };

  function newFeed() {
    const sent: Push[] = [];
    let tooMuch = 0;
    const outbox = { push: (...messages: Push[]) => void sent.push(...messages), drained: () => Promise.resolve() };
    const feed = new Feed({} as never, 'w', outbox as never, () => tooMuch++);
    return { feed, sent, tooMuch: () => tooMuch };
  }

  test('wait for the Welcome, in bounded number, and then pass', async () => {
    const { feed, sent, tooMuch } = newFeed();
    for (let i = 0; i < MAX_WAITING; i++) feed.push(change);
    expect([sent.length, tooMuch()]).toEqual([0, 0]);
    await feed.run(undefined);
    expect(sent).toHaveLength(MAX_WAITING);
    feed.push(change);
    expect([sent.length, tooMuch()]).toEqual([MAX_WAITING + 1, 0]);
  });

  test('that are more than may wait end the stream', () => {
    const { feed, tooMuch } = newFeed();
    for (let i = 0; i <= MAX_WAITING; i++) feed.push(change);
    expect(tooMuch()).toBe(1);
    feed.end();
    feed.push(change);
    expect(tooMuch()).toBe(1);
  });
});
