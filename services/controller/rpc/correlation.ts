/**
 * Correlation ids and caller addresses: what the gRPC and the HTTP side read of a request before
 * they parse it.
 */
import { limit } from '../../../lib/limits/limit';
import { randomUUID } from 'node:crypto';
import { invalidArgument } from '../../../lib/errors/errors';
import { plainAddress } from '../../../lib/limits/network';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The caller's correlation id, or a new one; throws when it sent one that is no UUID. */
export function correlationId(sent: string | undefined): string {
  if (sent === undefined || sent === '') return randomUUID();
  if (!UUID.test(sent)) {
    throw invalidArgument('Error in provided request.', [
      { name: 'x-correlation-id', description: 'This header must be a UUID.' },
    ]);
  }
  return sent;
}

/** Longest credential that is looked at; real tokens are a tenth of it. */
const MAX_TOKEN_LENGTH = limit('header with a token', 4_096, {
  what: 'header `Authorization`',
  unit: 'characters',
  reached: 'the rest is not looked at, so that the token is not a good one',
  test: 'services/controller/rpc/correlation.test.ts: a token that is longer than any is none',
});

/**
 * Token of an `Authorization: Bearer` header; undefined for other schemes, which makes the caller
 * anonymous.
 */
export function bearerToken(header: string | undefined): string | undefined {
  const match = /^bearer +(\S+)\s*$/i.exec((header ?? '').slice(0, MAX_TOKEN_LENGTH));
  return match?.[1];
}

/** Host of `ip:port`; IPv4 addresses that a dual-stack socket shows as IPv6 become IPv4 again. */
export function hostOfPeer(peer: string): string {
  const colon = peer.lastIndexOf(':');
  return plainAddress(colon < 0 ? peer : peer.slice(0, colon));
}
