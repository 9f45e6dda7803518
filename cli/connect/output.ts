/** The messages of `connect`: where it listens, how many connections are left, why it ended. */
import { brokeredCredentials } from '../output/brokered-credentials';
import { localTime } from '../output/format';
import type { Printer } from '../output/print';
import { row, rows } from '../output/table';
import { shellWord } from '../io/shell';
import type { SessionProxy } from './listener/session-proxy';
import { usernameOf, type BrokeredCredentials, type SessionCredential } from './credentials';

/** Value column of the listening block. */
const COLUMN = 23;

export function showListening(
  printer: Printer,
  proxy: SessionProxy,
  credentials: readonly SessionCredential[] = [],
): void {
  if (printer.format === 'json') {
    printer.json({
      address: proxy.address,
      port: proxy.port,
      protocol: 'tcp',
      expiration: proxy.expiration.toISOString(),
      connection_limit: proxy.connectionLimit,
      session_id: proxy.sessionId,
      ...(credentials.length === 0 ? {} : { credentials }),
    });
    return;
  }
  const fields = {
    Address: proxy.address,
    'Connection Limit': proxy.connectionLimit,
    Expiration: localTime(proxy.expiration.toISOString()),
    Port: proxy.port,
    Protocol: 'tcp',
    'Session ID': proxy.sessionId,
  };
  printer.table(['', 'Proxy listening information:', ...rows(2, fields, COLUMN)]);
  if (credentials.length > 0) printer.line(['', ...brokeredCredentials(credentials, 2)].join('\n'));
}

/**
 * Credentials that the person needs, and that there are others. Never wrapped: a secret is copied
 * from here.
 */
export function showCredentials(printer: Printer, { toType, others }: BrokeredCredentials): void {
  const offered = others.map(offer);
  if (printer.format === 'json') {
    if (toType.length > 0) printer.json({ credentials: toType });
    if (offered.length > 0) printer.json({ other_credentials: offered });
    return;
  }
  if (toType.length > 0) printer.line(brokeredCredentials(toType, 0).join('\n'));
  if (offered.length === 0) return;
  const lines = offered.map(({ credential_source_id: id = '', username }) =>
    row(2, id, username === undefined ? 'no user name' : `-username ${shellWord(username)}`, COLUMN),
  );
  printer.table(['Other credentials of the session, which can be chosen instead:', ...lines]);
}

function offer(credential: SessionCredential): { credential_source_id?: string; username?: string } {
  const { id } = credential.credential_source ?? {};
  const username = usernameOf(credential);
  return { ...(id === undefined ? {} : { credential_source_id: id }), ...(username === '' ? {} : { username }) };
}

export function showConnectionsLeft(printer: Printer, left: number, limit: number): void {
  const used = limit - left;
  if (printer.format === 'json')
    printer.json({ connections_left: left, connections_used: used, connection_limit: limit });
  else {
    const counts = [`  Connections Left:   ${left}`, `  Connections Used:   ${used} of ${limit}`];
    printer.table(['', 'Connection information:', ...counts]);
  }
}

export function showTermination(printer: Printer, reason: string): void {
  if (printer.format === 'json') printer.json({ termination_reason: reason });
  else printer.table(['', 'Termination information:', row(2, 'Reason', reason, 12)]);
}
