/** Option files of the programs of MySQL and MariaDB. */
import { checkText, Inexpressible } from './inexpressible';

const FORMAT = 'an option file of mysql';

/** The programs read a line into 4,096 bytes, and take the rest for the next option. */
const MAX_LINE_BYTES = 4_000;

const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** A file that only gives the password. */
export function mysqlPasswordFile(password: string): string {
  checkText('password', password, FORMAT);
  const line = `password="${password.replace(/[\b\t\n\r"\\]/g, (character) => ESCAPES[character]!)}"`;
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) throw new Inexpressible('password', 'too many bytes', FORMAT);
  return `[client]\n${line}\n`;
}
