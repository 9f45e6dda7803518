/** Logging out: the token stops working, then it is forgotten here. */
import { authTokens } from '../resources/auth-tokens';
import { withClient } from '../core/api-command';
import { ControllerError, EXIT, UsageError } from '../io/errors';
import type { ApiContext } from '../core/flags';
import { openKeyring } from '../core/keyring/keyring';
import { tokenId, tokenName } from '../core/token';

/** HTTP status of a token that is already gone. */
const NOT_FOUND = 404;

export const logOut = (context: ApiContext): Promise<number> =>
  withClient(context, async (client) => {
    const id = tokenId(client.tokenText);
    if (id === undefined) throw new UsageError('There is no token to log out with; see -token-name and -keyring-type');
    const remote = await deleteRemote(context, async () => {
      await client.call({
        service: await authTokens.service(),
        method: 'deleteAuthToken',
        request: { id },
        action: 'delete on token',
        attempt: 'delete token',
      });
    });
    const local = await deleteLocal(context);
    if (context.printer.format === 'json') context.printer.json({ status_code: 204 });
    else context.printer.table([remote, local]);
    return EXIT.ok;
  });

async function deleteRemote(context: ApiContext, work: () => Promise<void>): Promise<string> {
  try {
    await work();
    return 'The token was deleted from the controller.';
  } catch (error) {
    if (!(error instanceof ControllerError) || error.status !== NOT_FOUND) throw error;
    return 'The controller no longer knew the token.';
  }
}

async function deleteLocal({ io, args }: ApiContext): Promise<string> {
  const name = tokenName(args);
  const type = args['keyring-type'];
  if (type === 'none' || name === 'none') return 'No keyring is in use, so a token kept on this machine is left alone.';
  const found = await (await openKeyring(type, io.env)).remove(name);
  return found
    ? `The token "${name}" was deleted from the keyring.`
    : `The keyring holds no token named "${name}" (any more).`;
}
