import { leave, WHOLE_BYTES, type How, type Side } from './resets';

const COUNT = 60;

/** How many there are of each. */
const tally = (texts: string[]): Record<string, number> =>
  texts.reduce<Record<string, number>>((sum, text) => ({ ...sum, [text]: (sum[text] ?? 0) + 1 }), {});

test.each<[Side, How]>([
  ['client', 'reset'],
  ['endpoint', 'reset'],
  ['client', 'late reset'],
  ['endpoint', 'late reset'],
])('%s: a %s in the middle of bytes never passes for an end', async (side, how) => {
  const { closed, seen } = await leave(side, how, COUNT);
  expect(tally(closed.map(({ cause, closedBy, error }) => `${cause} ${closedBy} ${error ?? ''}`.trimEnd()))).toEqual(
    side === 'client' ? { 'rst client': COUNT } : { 'rst endpoint ECONNRESET': COUNT },
  );
  expect(tally(seen)).toEqual({ ECONNRESET: COUNT });
});

test.each<[Side]>([['client'], ['endpoint']])(
  '%s: an end behind bytes is an end, and no byte is missing',
  async (side) => {
    const { closed, seen } = await leave(side, 'end', COUNT);
    expect(tally(closed.map(({ cause, closedBy }) => `${cause} ${closedBy}`))).toEqual({ [`fin ${side}`]: COUNT });
    const bytes = closed.map(({ bytesUp, bytesDown }) => (side === 'client' ? bytesUp : bytesDown));
    expect(bytes.every((count) => count === WHOLE_BYTES)).toBe(true);
    expect(tally(seen)).toEqual({ fin: COUNT });
  },
);
