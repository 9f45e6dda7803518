/** `config get-token`. */
import type { Context } from '../core/command';
import { EXIT, LocalError, UsageError } from '../io/errors';
import { openKeyring, type StoredToken } from '../core/keyring/keyring';
import { chooseToken, tokenName, type TokenArgs } from '../core/token';

const PROPERTIES = ['user-id', 'account-id', 'auth-method-id'] as const;

type Property = (typeof PROPERTIES)[number];

export async function getToken(context: Context<TokenArgs & Record<Property, boolean>>): Promise<number> {
  const { args, printer } = context;
  const chosen = PROPERTIES.filter((name) => args[name]);
  if (chosen.length > 1)
    throw new UsageError(`Only one of ${chosen.map((name) => `-${name}`).join(', ')} can be printed`);
  const text = chosen[0] === undefined ? (await chooseToken(context)).text : await property(context, chosen[0]);
  if (text === '') throw new LocalError('No token was found; log in with "authenticate"');
  if (printer.format === 'json') printer.json({ [chosen[0]?.replaceAll('-', '_') ?? 'token']: text });
  else printer.exact(text);
  return EXIT.ok;
}

async function property({ io, args }: Context<TokenArgs>, name: Property): Promise<string> {
  const type = args['keyring-type'];
  const token: StoredToken | undefined =
    type === 'none' ? undefined : await (await openKeyring(type, io.env)).read(tokenName(args));
  const value = token?.[name.replaceAll('-', '_')];
  return typeof value === 'string' ? value : '';
}
