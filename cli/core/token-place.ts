/**
 * Decides where a token may be sent. A stored token goes only to the address of its login, and no
 * token goes over a network without TLS. Each rule has a flag that lifts it.
 */
import { hostOf, isThisMachine } from '../../lib/config/address';
import type { Address } from './address';
import type { Args, Flag } from './command';
import { LocalError } from '../io/errors';

export const OTHER_ADDRESS = {
  name: 'allow-other-address',
  type: 'bool',
  env: 'ALLOW_OTHER_ADDRESS',
  description: 'Send a stored token to another address than the one where its login was.',
} as const satisfies Flag;

export const CLEAR_TEXT = {
  name: 'allow-clear-text',
  type: 'bool',
  env: 'ALLOW_CLEAR_TEXT',
  description:
    'Send tokens and passwords without TLS to another machine. Anybody on the way can then read and use them.',
} as const satisfies Flag;

/** What the user allows. */
export interface TokenFreedom {
  otherAddress: boolean;
  clearText: boolean;
}

export const freedomOf = (args: Partial<Args<typeof OTHER_ADDRESS | typeof CLEAR_TEXT>>): TokenFreedom => ({
  otherAddress: args['allow-other-address'] === true,
  clearText: args['allow-clear-text'] === true,
});

/**
 * Throws when a token may not be sent there. `boundTo` is the address of its login; undefined for a
 * token that is bound to none.
 */
export function checkPlace(boundTo: string | undefined, address: Address, freedom: TokenFreedom): void {
  if (boundTo !== undefined && boundTo !== address.url && !freedom.otherAddress)
    throw new LocalError(
      `The stored token was made at ${boundTo} and is not sent to ${address.url}; log in there with another ` +
        `-token-name, or say -${OTHER_ADDRESS.name} if both are one controller`,
    );
  checkClearText(address, freedom);
}

/** Throws when a secret would cross a network in clear. */
export function checkClearText(address: Address, freedom: TokenFreedom): void {
  if (address.tls || freedom.clearText || staysHere(address)) return;
  throw new LocalError(
    `${address.url} is another machine and has no TLS, so that tokens and passwords are not sent to it; use https://, ` +
      `or say -${CLEAR_TEXT.name}`,
  );
}

/**
 * This machine and its Unix sockets. What ends in .localhost some resolvers ask the network for.
 */
function staysHere({ target }: Address): boolean {
  return target.startsWith('unix:') || isThisMachine(hostOf(target));
}
