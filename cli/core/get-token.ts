/** `config get-token`. */
import type { Context } from './command';
import { EXIT, LocalError, UsageError } from './errors';
import { openKeyring, type StoredToken } from './keyring/keyring';
import { chooseToken, tokenName } from './token';

const PROPERTIES = ['user-id', 'account-id', 'auth-method-id'];

export async function getToken(context: Context): Promise<number> {
  const { values, printer } = context;
  const chosen = PROPERTIES.filter((name) => values.bool(name));
  if (chosen.length > 1)
    throw new UsageError(`Only one of ${chosen.map((name) => `-${name}`).join(', ')} can be printed`);
  const text = chosen[0] === undefined ? (await chooseToken(context)).text : await property(context, chosen[0]);
  if (text === '') throw new LocalError('No token was found; log in with "authenticate"');
  if (printer.format === 'json') printer.json({ [chosen[0]?.replaceAll('-', '_') ?? 'token']: text });
  else printer.exact(text);
  return EXIT.ok;
}

async function property({ io, values }: Context, name: string): Promise<string> {
  const type = values.text('keyring-type');
  const token: StoredToken | undefined =
    type === 'none' ? undefined : await (await openKeyring(type, io.env)).read(tokenName(values.string('token-name')));
  const value = token?.[name.replaceAll('-', '_')];
  return typeof value === 'string' ? value : '';
}
