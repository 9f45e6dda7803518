/** docs/causes.md says what the code says, and each cause names a test that there is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitStatus } from '../../cli/connect/exit-status';
import { CAUSES, isClosedBy, REFUSAL_TEXT } from '../../lib/contract/endings';
import { closedReason } from '../../services/controller/sessions/connections';
import { WORKER_FULL } from '../../services/worker/proxy/connection-places';

const ROOT = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Cells of the rows of each table, by heading. */
function tables(): Record<string, string[][]> {
  const [, ...sections] = read('docs/causes.md').split(/^## /m);
  return Object.fromEntries(
    sections.map((section) => {
      const [, , ...body] = section.split('\n').filter((line) => line.startsWith('|'));
      const rows = body.map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
      return [section.split('\n')[0]!, rows];
    }),
  );
}

const { Connections: connections = [], Refusals: refusals = [], Sessions: sessions = [] } = tables();
const unquoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((found) => found[1]!);
const unique = (values: readonly string[]): string[] => [...new Set(values)].sort();

/** Words that a constraint of the schema allows. */
function allowed(constraint: string): string[] {
  const line = new RegExp(`CONSTRAINT ${constraint} CHECK (.*)$`, 'm').exec(read('services/controller/db/schema.sql'))!;
  return [...line[1]!.matchAll(/'([^']+)'::text/g)].map((found) => found[1]!);
}

test('the causes of the page, the programs and the schema are the same', () => {
  const causes = unique(CAUSES);
  expect(unique(connections.map(([cause]) => unquoted(cause!)[0]!))).toEqual(causes);
  expect(unique(allowed('cause_is_known'))).toEqual(causes);
});

test.each(connections)('%s by %s is shown as "%s" and ends connect with %s', (cause, by, reason, exit) => {
  const [word] = unquoted(cause);
  expect(isClosedBy(by)).toBe(true);
  expect(closedReason(by as never, word as never)).toBe(reason);
  expect(exitStatus({ reason: '', serverSide: exit !== '0', cause: word })).toBe(Number(exit));
});

test('the refusals of the page are those of the controller, the worker and the client', () => {
  const page = refusals.flatMap(([cause]) => unquoted(cause!));
  expect(unique(page)).toEqual(
    unique([...Object.keys(REFUSAL_TEXT), 'worker drain', WORKER_FULL, 'controller unreachable', 'worker unreachable']),
  );
  for (const [cause, exit] of refusals) {
    for (const word of unquoted(cause!))
      expect(exitStatus({ reason: '', serverSide: true, cause: word })).toBe(Number(exit));
  }
});

test('the reasons of sessions are those of the schema', () => {
  expect(unique(sessions.map(([reason]) => unquoted(reason!)[0]!))).toEqual(
    unique(allowed('termination_reason_is_known')),
  );
});

test.each(['cause_is_known', 'closed_by_is_known', 'closed_reason_is_known', 'termination_reason_is_known'])(
  '"unknown" can never be written (%s)',
  (constraint) => {
    const words = allowed(constraint);
    expect(words.length).toBeGreaterThan(3);
    expect(words).not.toContain('unknown');
  },
);

test.each([...connections, ...refusals, ...sessions].map((row) => [row[0]!, row.at(-1)!]))(
  '%s has its test: %s',
  (_, cell) => {
    const found = /^`([^`]+)`: (.+)$/.exec(cell)!;
    const [, file, title] = found as unknown as [string, string, string];
    expect(existsSync(join(ROOT, file))).toBe(true);
    expect(read(file)).toContain(title);
  },
);
