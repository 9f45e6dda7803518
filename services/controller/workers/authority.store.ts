/** SQL of the deployment's authorities and keys. */
import { row, rows, sql, type Executor, type Tx } from '../db/db';
import type { Encrypted } from '../kms/kms';

export interface AuthorityRow {
  deployment_id: string;
  slot: 'current' | 'next';
  certificate: Buffer;
  private_key: Buffer;
  key_id: string;
}

export function selectAuthorities(on: Executor): Promise<AuthorityRow[]> {
  return rows(
    on,
    sql`select d.id as deployment_id, c.slot, c.certificate, c.private_key, c.key_id
        from ca_certificates c, deployment d`,
  );
}

export async function insertAuthority(
  tx: Tx,
  authority: { slot: string; certificate: Buffer; privateKey: Encrypted; now: Date },
): Promise<void> {
  await sql`insert into ca_certificates (slot, certificate, private_key, key_id, created_time)
    values (${authority.slot}, ${authority.certificate}, ${authority.privateKey.ciphertext},
      ${authority.privateKey.keyId}, ${authority.now})`.execute(tx);
}

/** Removes the authorities and the tokens that lead to them; answers the deployment's id. */
export async function deleteAuthorities(tx: Tx): Promise<string> {
  // Locks out other replacements.
  const deployment = await row<{ id: string }>(tx, sql`select id from deployment for update`);
  if (deployment === undefined) throw new Error('the database holds no deployment: run "sallyport database init"');
  await sql`delete from ca_certificates`.execute(tx);
  await sql`delete from worker_activation_tokens`.execute(tx);
  return deployment.id;
}

export async function insertDeployment(tx: Tx, id: string, now: Date): Promise<void> {
  await sql`insert into deployment (id, created_time) values (${id}, ${now})`.execute(tx);
}

export async function insertDeploymentKey(tx: Tx, purpose: string, key: Encrypted, now: Date): Promise<void> {
  await sql`insert into deployment_keys (purpose, key, key_id, created_time)
    values (${purpose}, ${key.ciphertext}, ${key.keyId}, ${now}) on conflict (purpose) do nothing`.execute(tx);
}

export function selectDeploymentKey(
  on: Executor,
  purpose: string,
): Promise<{ key: Buffer; key_id: string } | undefined> {
  return row(on, sql`select key, key_id from deployment_keys where purpose = ${purpose}`);
}
