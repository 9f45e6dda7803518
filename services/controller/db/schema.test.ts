/**
 * The committed dump shows what all migrations together make, so that a review sees the schema and
 * not its history.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDatabase } from '../../../test/harness/postgres';
import { describeWith } from '../../../test/harness/tools';

const FILE = join(__dirname, 'schema.sql');

/**
 * Without what differs between minor releases and runs: comments, settings, random markers, empty
 * lines.
 */
function normalize(dump: string): string {
  const kept = dump
    .split('\n')
    .filter((line) => line !== '' && !/^(--|SET |SELECT pg_catalog\.set_config|\\)/.test(line));
  return `-- Made by scripts/dump-schema.sh; do not edit.\n${kept.join('\n')}\n`;
}

describeWith(['pg_dump'], 'the schema', () => {
  test('schema.sql is what the migrations make (scripts/dump-schema.sh writes it)', async () => {
    const { url, drop } = await createTestDatabase();
    const args = ['--schema-only', '--no-owner', '--no-privileges', '--exclude-table=schema_migrations*', url];
    const dump = normalize(execFileSync('pg_dump', args, { encoding: 'utf8', maxBuffer: 1 << 26 }));
    await drop();
    if (process.env['SALLYPORT_WRITE_SCHEMA'] === '1') writeFileSync(FILE, dump);
    expect(existsSync(FILE) ? readFileSync(FILE, 'utf8') : '').toBe(dump);
  });
});
