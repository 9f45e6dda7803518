/** The messages of `connect`: where it listens, how many connections are left, why it ended. */
import { brokeredCredentials } from '../output/brokered-credentials';
import { localTime } from '../output/format';
import type { Printer } from '../output/print';
import { row, rows } from '../output/table';
import type { SessionProxy } from '../proxy/session-proxy';
import type { SessionCredential } from './credentials';

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

/** Credentials that the program could not be given. Never wrapped: a secret is copied from here. */
export function showCredentials(printer: Printer, credentials: readonly SessionCredential[]): void {
  if (printer.format === 'json') printer.json({ credentials });
  else printer.line(brokeredCredentials(credentials, 0).join('\n'));
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
