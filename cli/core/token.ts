/** Which token a request carries. */
import { shellWord } from '../io/shell';
import { environment } from '../io/environment';
import type { Args, Context, FlagsIn } from './command';
import { LocalError, UsageError } from '../io/errors';
import type { CLIENT } from './flags';
import { followReference } from './indirect';
import { DEFAULT_TOKEN_NAME, openKeyring } from './keyring/keyring';
import { recoveryTokens } from './recovery';
import type { Printer } from '../output/print';

export interface ChosenToken {
  /** Empty: the request is anonymous. */
  text: string;
  /** Command that prints the token, without its program. */
  getToken: string;
  /** Where it stands in the keyring, if it comes from there. */
  keyring?: { keyring_type: string; token_name: string } | undefined;
  /** Address of the login of a stored token. */
  boundTo?: string | undefined;
  /** Stores the address that has accepted a token of an older release. */
  bind?: ((address: string) => Promise<void>) | undefined;
  /** Makes the token of one request. Used instead of `text`. */
  fresh?: (() => string) | undefined;
}

type ClientArgs = Args<FlagsIn<[typeof CLIENT]>>;

/** The flags that name a token; the optional ones are not those of every command. */
export type TokenArgs = Pick<ClientArgs, 'token-name' | 'keyring-type'> &
  Partial<Pick<ClientArgs, 'token' | 'recovery-config' | 'output-curl-string'>>;

const GET_TOKEN = 'config get-token';

/** `-recovery-config`, then `-token`, then `SALLYPORT_TOKEN`, then the keyring. */
export async function chooseToken(context: Context<TokenArgs>): Promise<ChosenToken> {
  const { io, args, printer } = context;
  const fresh = recoveryTokens(args['recovery-config'] ?? '', io.env);
  if (fresh !== undefined) return { text: '', getToken: GET_TOKEN, fresh };
  const reference = args.token ?? '';
  if (reference !== '') return { text: printable(referenced(reference, io.env)), getToken: GET_TOKEN };
  const fromEnv = environment(io.env, 'TOKEN');
  if (fromEnv !== undefined && fromEnv !== '') {
    printer.warn('The token comes from the environment; -token env://NAME says so in the command and is preferred.');
    return { text: printable(fromEnv), getToken: GET_TOKEN };
  }
  return keyringToken(context);
}

async function keyringToken({ io, args, printer }: Context<TokenArgs>): Promise<ChosenToken> {
  const name = tokenName(args);
  const type = args['keyring-type'];
  const quiet = args['output-curl-string'] ?? true;
  if (usesNoKeyring(name, type, quiet ? undefined : printer)) return { text: '', getToken: GET_TOKEN };
  const keyring = await openKeyring(type, io.env);
  const stored = await keyring.read(name);
  const getToken = `${GET_TOKEN} -keyring-type ${shellWord(type)} -token-name ${shellWord(name)}`;
  if (stored === undefined) {
    if (!quiet)
      printer.misgiving(
        `No token named ${JSON.stringify(name)} in the keyring (${keyring.description}); log in with "authenticate".`,
      );
    return { text: '', getToken };
  }
  const boundTo = stored.bound_address;
  // The store may be read-only; then the next command binds the entry.
  const bind = async (address: string): Promise<void> =>
    void (await keyring.write(name, { ...stored, bound_address: address }).catch(() => undefined));
  const place = { keyring_type: type, token_name: name };
  const text = printable(stored.token);
  return { text, getToken, keyring: place, boundTo, bind: boundTo === undefined ? bind : undefined };
}

export const tokenName = ({ 'token-name': name }: Pick<TokenArgs, 'token-name'>): string => name || DEFAULT_TOKEN_NAME;

/** `-token-name none` is an older way to say `-keyring-type none`. */
export function usesNoKeyring(name: string, type: string, printer?: Printer): boolean {
  if (name === 'none') printer?.warn('-token-name none is deprecated, use -keyring-type none.');
  return type === 'none' || name === 'none';
}

function referenced(reference: string, env: NodeJS.ProcessEnv): string {
  let value: string | undefined;
  try {
    value = followReference(reference, env);
  } catch (error) {
    if (error instanceof UsageError) throw new LocalError(error.message);
    throw error;
  }
  if (value === undefined || reference.trimStart().startsWith('string://'))
    throw new LocalError('-token must be env://NAME or file://PATH, never the token itself');
  return value;
}

function printable(token: string): string {
  if (!/^[\x21-\x7e]*$/.test(token)) throw new LocalError('The token has characters that no token has.');
  return token;
}

/** The id in front of the secret of a token; undefined when the text is no token. */
export const tokenId = (token: string): string | undefined => /^(at_[0-9A-Za-z]+)_./.exec(token)?.[1];
