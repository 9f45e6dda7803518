/** Prints the result of a login and stores its token. */
import { localTime } from '../output/format';
import { row } from '../output/table';
import { parseAddress } from '../core/address';
import { EXIT } from '../io/errors';
import type { ApiContext } from '../core/flags';
import { openKeyring, type StoredToken } from '../core/keyring/keyring';
import { tokenName, usesNoKeyring } from '../core/token';

/** Value column of the answer to a login. */
const COLUMN = 19;

/** Prints the answer; as a table it also stores the token, as JSON the token is in it. */
export async function finishLogin(context: ApiContext, answer: Record<string, unknown>): Promise<number> {
  if (context.printer.format === 'json') {
    context.printer.json({ status_code: 200, item: answer });
    return EXIT.ok;
  }
  const token = answer.attributes as StoredToken;
  showLogin(context, token);
  await keep(context, token);
  return EXIT.ok;
}

function showLogin({ printer }: ApiContext, token: StoredToken): void {
  const lines: [string, unknown][] = [
    ['Account ID', token.account_id],
    ['Auth Method ID', token.auth_method_id],
    ['Expiration Time', localTime(String(token.expiration_time))],
    ['User ID', token.user_id],
  ];
  printer.table(['', 'Authentication information:', ...lines.map(([label, value]) => row(2, label, value, COLUMN))]);
}

// The login has succeeded, so the person gets the token and the status 0, even when it cannot be
// stored.
async function keep({ io, args, printer }: ApiContext, token: StoredToken): Promise<void> {
  const name = tokenName(args);
  const type = args['keyring-type'];
  if (usesNoKeyring(name, type, printer)) {
    printer.warn(
      'No keyring is in use, so the token is printed. Pass it to other commands with -token or SALLYPORT_TOKEN:',
    );
    printer.line(token.token);
    printer.warn('Whoever sees the token can use it.');
    return;
  }
  try {
    const bound = { ...token, bound_address: parseAddress(args.addr).url };
    const place = await (await openKeyring(type, io.env)).write(name, bound);
    printer.line(`\nThe token name "${name}" was stored in the keyring (${place}) and is not displayed here.`);
  } catch (error) {
    printer.error((error as Error).message);
    printer.warn(
      `The token was not stored with -keyring-type ${type}, so here it is for use with -token or SALLYPORT_TOKEN: ${token.token}`,
    );
  }
}
