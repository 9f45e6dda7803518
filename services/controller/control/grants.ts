/** What workers are told about sessions. */
import type { CancelSession, SessionGrant } from '../../../proto/gen/worker/control';
import type { Executor } from '../db/db';
import type { Kms } from '../kms/kms';
import { endedRefusal } from '../sessions/connections';
import type { GrantRow } from '../sessions/sessions.store';

export interface GrantInput {
  id: string;
  endpoint: string;
  certificate: Buffer;
  connection_limit: number;
  offline_grace_seconds: number | null;
  expiration_time: Date;
}

/** The right to serve a session, with its key of 64 bytes. */
export function egressGrant(session: GrantInput, privateKey: Buffer, now: Date): SessionGrant {
  return {
    session_id: session.id,
    expires_in_ms: remainingMs(session.expiration_time, now),
    role: {
      $case: 'egress',
      value: {
        certificate: session.certificate,
        private_key: privateKey,
        endpoint: session.endpoint,
        connection_limit: session.connection_limit,
        offline_grace_seconds: session.offline_grace_seconds ?? undefined,
      },
    },
  };
}

export const remainingMs = (expiration: Date, now: Date): bigint =>
  BigInt(Math.max(0, expiration.getTime() - now.getTime()));

/** The same from a row; undefined when the key is gone with its project. */
export async function grantOfRow(
  kms: Kms,
  on: Executor,
  session: GrantRow,
  now: Date,
): Promise<SessionGrant | undefined> {
  if (session.key_id === null) return undefined;
  const key = await kms.decrypt(on, session.key_id, session.private_key, {
    column: 'sessions.private_key',
    row: session.id,
  });
  return egressGrant(session, key, now);
}

/** The end of a session; undefined while it lives. */
export function cancellation(
  session: Pick<GrantRow, 'id' | 'status' | 'termination_reason' | 'ended_by' | 'expiration_time'>,
  now: Date,
): CancelSession | undefined {
  const cause = endedRefusal(session.status, session.termination_reason, session.expiration_time <= now);
  if (cause === undefined) return undefined;
  return {
    session_id: session.id,
    cause,
    closed_by: session.ended_by ?? (cause === 'expired' ? 'policy' : 'controller'),
  };
}
