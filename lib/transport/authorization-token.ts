/**
 * The authorization token of a session: base58 of SessionAuthorizationData. It contains the
 * session's private key.
 */
import { isIdOf } from '../contract/id-prefixes';
import { SessionAuthorizationData } from '../../proto/gen/transport/transport';
import { decodeBase58, encodeBase58 } from '../ids/base58';

export type { SessionAuthorizationData } from '../../proto/gen/transport/transport';

/**
 * The text is not an authorization token. The message says what is wrong and never repeats the
 * text.
 */
export class InvalidAuthorizationToken extends Error {
  override name = 'InvalidAuthorizationToken';
}

export function encodeAuthorizationToken(data: SessionAuthorizationData): string {
  return encodeBase58(SessionAuthorizationData.encode(data).finish());
}

export function decodeAuthorizationToken(text: string): SessionAuthorizationData {
  const trimmed = text.trim();
  if (trimmed === '') throw new InvalidAuthorizationToken('The authorization token is empty.');
  const bytes = decodeBase58(trimmed);
  if (!bytes) throw new InvalidAuthorizationToken('The authorization token is not base58 text, or too long.');
  const data = parse(bytes);
  const missing = [
    ...(isIdOf(data.session_id, 'session') ? [] : ['session id']),
    ...(data.certificate.length > 0 ? [] : ['certificate']),
    ...(data.private_key.length === 64 ? [] : ['private key']),
    ...(data.worker_info.some((worker) => worker.address !== '') ? [] : ['worker address']),
    ...(data.expiration ? [] : ['expiration']),
  ];
  if (missing.length > 0)
    throw new InvalidAuthorizationToken(`The authorization token has no ${missing.join(', no ')}.`);
  return data;
}

function parse(bytes: Buffer): SessionAuthorizationData {
  try {
    return SessionAuthorizationData.decode(bytes);
  } catch (cause) {
    throw new InvalidAuthorizationToken('The authorization token is cut short or damaged.', { cause });
  }
}
