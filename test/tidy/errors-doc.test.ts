/** docs/errors.md says what the catalogue says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { ERROR_CATALOGUE } from '../../lib/errors/errors';

test('the table of docs/errors.md is the catalogue', () => {
  const text = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8');
  const table = [...text.matchAll(/^\| `([^`]+)` \| (\d+) \| `(\w+)` \|/gm)].map((row) => row.slice(1, 4));
  const catalogue = Object.entries(ERROR_CATALOGUE).map(([kind, { http, grpc }]) => [kind, String(http), status[grpc]]);
  expect(table.sort()).toEqual(catalogue.sort());
});
