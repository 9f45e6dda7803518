import type { AsJson } from '../../lib/rpc/as-json';
import type { Key, KeyVersionDestructionJob } from '../../proto/gen/api/scopes';
import { row, time } from './table';

const KEY_COLUMN = 15;
const KEY_VERSION_COLUMN = 17;
const JOB_COLUMN = 21;

/** Blocks with an empty line between them. */
const separated = (blocks: readonly string[][]): string[] =>
  blocks.flatMap((block, index) => [...(index === 0 ? [] : ['']), ...block]);

/** Keys of a scope with their versions. */
export function keysTable(keys: readonly AsJson<Key>[]): string[] {
  if (keys.length === 0) return ['No keys found'];
  const blocks = keys.map((key) => [
    row(2, 'ID', key.id, KEY_COLUMN),
    row(4, 'Scope ID', key.scope?.id ?? '', KEY_COLUMN),
    row(4, 'Type', key.type, KEY_COLUMN),
    row(4, 'Purpose', key.purpose, KEY_COLUMN),
    '    Key Versions:',
    ...(key.versions ?? []).flatMap((version) => [
      row(6, 'Version', version.version, KEY_VERSION_COLUMN),
      row(8, 'ID', version.id, KEY_VERSION_COLUMN),
      row(8, 'Created', time(version.created_time) ?? '', KEY_VERSION_COLUMN),
    ]),
  ]);
  return ['', 'Key information:', ...separated(blocks)];
}

/** Destructions of key versions of a scope. */
export function jobsTable(jobs: readonly AsJson<KeyVersionDestructionJob>[]): string[] {
  if (jobs.length === 0) return ['No key version destruction jobs found'];
  const blocks = jobs.map((job) => [
    row(2, 'Key version ID', job.key_version_id, JOB_COLUMN),
    row(4, 'Scope ID', job.scope?.id ?? '', JOB_COLUMN),
    row(4, 'Started', time(job.created_time) ?? '', JOB_COLUMN),
    row(4, 'Status', job.status, JOB_COLUMN),
    row(4, 'Rows completed', job.completed_count ?? '0', JOB_COLUMN),
    row(4, 'Total rows', job.total_count ?? '0', JOB_COLUMN),
  ]);
  return ['', 'Key version destruction job information:', ...separated(blocks)];
}
