/** Password files of libpq: `host:port:database:user:password`, one entry a line. */
import { checkText, Inexpressible } from './inexpressible';

const FORMAT = 'a password file of psql';

export interface PgpassEntry {
  host: string;
  port: number;
  username: string;
  password: string;
}

/** A file with one entry: this user at this host and port, whatever the database. */
export const pgpassFile = ({ host, port, username, password }: PgpassEntry): string =>
  `${field('host', host)}:${port}:*:${field('user name', username)}:${field('password', password)}\n`;

/**
 * A backslash stands before colons and backslashes; a line break would end the entry, or be cut
 * from its end.
 */
function field(what: string, value: string): string {
  checkText(what, value, FORMAT);
  if (/[\r\n]/.test(value)) throw new Inexpressible(what, 'a line break', FORMAT);
  // A field of one star matches everything, escaped or not.
  if (value === '*' && what !== 'password') throw new Inexpressible(what, 'only a star', FORMAT);
  return value.replace(/[\\:]/g, '\\$&');
}
