/** SQL of destruction jobs and of the ciphertexts that they move. */
import type { AllowedIn } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import { assignments } from '../resources/rows';
import { CIPHERTEXTS, type CiphertextTable } from './ciphertexts';
import type { KeyPurpose } from './purposes';

/** Rows whose ciphertexts name the key version. */
export async function countReferences(on: Executor, versionId: string): Promise<bigint> {
  const counts = CIPHERTEXTS.map(
    (place) =>
      sql`select count(*) as n from ${sql.table(place.table)} where ${sql.ref(place.keyColumn)} = ${versionId}`,
  );
  const found = await row<{ n: bigint }>(
    on,
    sql`select sum(n)::bigint as n from (${sql.join(counts, sql` union all `)}) as counted`,
  );
  return found?.n ?? 0n;
}

/** A job that was made before stays as it is. */
export async function insertJob(
  tx: Tx,
  job: { versionId: string; scopeId: string; total: bigint; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into kms_destruction_jobs (key_version_id, scope_id, created_time, total_count)
        values (${job.versionId}, ${job.scopeId}, ${job.now}, ${job.total})
        on conflict (key_version_id) do nothing`,
  );
}

export interface OpenJob {
  key_version_id: string;
  scope_id: string;
  purpose: KeyPurpose;
}

export const openJobs = (on: Executor): Promise<OpenJob[]> =>
  rows(
    on,
    sql`select j.key_version_id, j.scope_id, d.purpose
        from kms_destruction_jobs j
        join kms_data_key_versions v on v.id = j.key_version_id
        join kms_data_keys d on d.id = v.data_key_id
        order by j.created_time, j.key_version_id`,
  );

export const startJob = (tx: Tx, versionId: string): Promise<number> =>
  changed(
    tx,
    sql`update kms_destruction_jobs set status = 'running' where key_version_id = ${versionId} and status = 'pending'`,
  );

export const countDone = (tx: Tx, versionId: string, count: number): Promise<number> =>
  changed(
    tx,
    sql`update kms_destruction_jobs set completed_count = least(total_count, completed_count + ${count})
        where key_version_id = ${versionId}`,
  );

/** What is over leaves the list: callers wait until it is empty. */
export const endJob = (tx: Tx, versionId: string): Promise<number> =>
  changed(tx, sql`delete from kms_destruction_jobs where key_version_id = ${versionId}`);

/** Keeps new references out until the transaction ends. */
export const lockVersion = (tx: Tx, versionId: string): Promise<unknown> =>
  row(tx, sql`select from kms_data_key_versions where id = ${versionId} for update`);

export interface CiphertextRow {
  id: string;
  [column: string]: unknown;
}

/** Rows that the key version encrypts, locked; those that somebody else holds are left out. */
export const lockCiphertexts = (
  tx: Tx,
  place: CiphertextTable,
  versionId: string,
  limit: number,
): Promise<CiphertextRow[]> =>
  rows(
    tx,
    sql`select ${sql.ref(place.id)} as id, ${sql.join(place.columns.map((column) => sql.ref(column)))}
        from ${sql.table(place.table)} where ${sql.ref(place.keyColumn)} = ${versionId}
        limit ${limit} for update skip locked`,
  );

/** Rows in the order of their ids, locked, with the key of their ciphertexts as `key_id`. */
export const lockRows = (tx: Tx, place: CiphertextTable, after: string, limit: number): Promise<CiphertextRow[]> =>
  rows(
    tx,
    sql`select ${sql.ref(place.id)} as id, ${sql.ref(place.keyColumn)} as key_id,
          ${sql.join(place.columns.map((column) => sql.ref(column)))}
        from ${sql.table(place.table)} where ${sql.ref(place.id)} > ${after} and ${sql.ref(place.keyColumn)} is not null
        order by ${sql.ref(place.id)} limit ${limit} for update`,
  );

export const storeCiphertexts = (
  tx: Tx,
  place: CiphertextTable,
  id: string,
  columns: Record<string, Buffer | string | null>,
): Promise<number> =>
  changed(tx, sql`update ${sql.table(place.table)} set ${assignments(columns)} where ${sql.ref(place.id)} = ${id}`);

export interface JobRow {
  key_version_id: string;
  status: string;
  created_time: Date;
  completed_count: bigint;
  total_count: bigint;
}

export const jobsOf = (
  on: Executor,
  { scopeId }: AllowedIn<'scope', 'list-key-version-destruction-jobs'>,
): Promise<JobRow[]> =>
  rows(
    on,
    sql`select key_version_id, status, created_time, completed_count, total_count from kms_destruction_jobs
        where scope_id = ${scopeId} order by created_time desc, key_version_id`,
  );
