/**
 * How a program of -exec gets a brokered credential: by variables, and by templates in its words
 * where a value is no secret. Arguments can be read by every user of the machine, so that a secret
 * is a file there.
 */
import { UsageError } from '../io/errors';
import type { BrokeredCredentials } from './credentials';
import type { SecretFiles } from './secret-files';

const PREFIX = 'SALLYPORT_BROKERED_';

/** Fields of a secret that have a variable; the whole secret has another. */
const FIELDS = ['username', 'password', 'domain', 'private_key', 'private_key_passphrase'] as const;

/** Those that may stand among arguments. */
const OPEN: readonly string[] = ['username', 'domain'];

export interface BrokeredValues {
  env: Record<string, string>;
  /** The words, with the values in the places of their templates. */
  fill(word: string): string;
}

/** Hands the first credential over. Files are made for what the words ask for. */
export function brokeredValues(credentials: BrokeredCredentials, files: SecretFiles): BrokeredValues {
  const whole = credentials.takeWhole();
  const texts = whole?.texts ?? {};
  const present = FIELDS.filter((name) => texts[name] !== undefined);
  const env = Object.fromEntries(present.map((name) => [`${PREFIX}${name.toUpperCase()}`, texts[name]!]));
  if (whole !== undefined) env[`${PREFIX}SECRET`] = whole.json;
  const paths = new Map<string, string>();
  const valueOf = (name: string, template: string): string => {
    const field = name.replace(/_file$/, '');
    const value = field === 'secret' ? whole?.json : texts[field];
    if (value === undefined) throw new UsageError(`${template}: the session brings no credential with that`);
    if (name === field && OPEN.includes(field)) return value;
    if (name === field)
      throw new UsageError(
        `${template}: arguments can be read by other users of this machine; use ${template.replace(name, `${name}_file`)}, ` +
          `or the variable ${PREFIX}${field.toUpperCase()}`,
      );
    if (!paths.has(field)) paths.set(field, files.forPath(value));
    return paths.get(field)!;
  };
  return { env, fill: (word) => word.replace(TEMPLATE, (template, name: string) => valueOf(name, template)) };
}

const TEMPLATE = new RegExp(`\\{\\{ ?(?:boundary|sallyport)\\.((?:${FIELDS.join('|')}|secret)(?:_file)?) ?\\}\\}`, 'g');
