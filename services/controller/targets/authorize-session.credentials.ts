/** The credentials that a session brings its user. */
import { ApiError } from '../../../lib/errors/errors';
import type { ControllerDeps } from '../context';
import { canonicalJson } from '../credential-stores/store-secrets';
import { brokeredFields, type CredentialType, type Secret } from '../credentials/credentials';
import { brokeredSources, type BrokeredSource } from '../credentials/credentials.store';

export interface SessionCredential {
  credential_source: {
    id: string;
    name: string;
    description: string;
    credential_store_id: string;
    type: string;
    credential_type: string;
  };
  secret: { raw: Buffer; decoded: Record<string, unknown> };
  credential: Record<string, unknown>;
}

/**
 * All brokered credentials of the target, decrypted. Throws 400 when one would have to come from a
 * Vault.
 */
export async function brokeredCredentials(deps: ControllerDeps, targetId: string): Promise<SessionCredential[]> {
  const sources = await brokeredSources(deps.db.executor, targetId);
  const library = sources.find((source) => source.library_type !== null);
  if (library !== undefined) {
    throw new ApiError(
      'FailedPrecondition',
      `The target brokers credentials of the credential library ${library.id}, but this release does not issue ` +
        'credentials from Vault: remove it from the target.',
    );
  }
  return Promise.all(sources.map((source) => opened(deps, source)));
}

async function opened({ kms, db }: ControllerDeps, source: BrokeredSource): Promise<SessionCredential> {
  const text = await kms.decrypt(db.executor, source.key_id!, source.secret!, {
    column: 'credentials.secret',
    row: source.id,
  });
  const type = source.credential_type as CredentialType;
  const fields = brokeredFields(type, source, JSON.parse(text.toString()) as Secret);
  return {
    credential_source: {
      id: source.id,
      name: source.name ?? '',
      description: source.description ?? '',
      credential_store_id: source.credential_store_id,
      type: 'static',
      credential_type: type,
    },
    secret: { raw: Buffer.from(canonicalJson(fields)), decoded: fields },
    credential: fields,
  };
}
