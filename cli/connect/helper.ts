/**
 * The common part of the helper commands: a style, a program, and what the program is started with.
 */
import { hostOf as hostOfAddress } from '../../lib/config/address';
import { UsageError } from '../io/errors';
import type { ConnectContext } from './flags';
import { connect, type Launch, type OpenSession, type Program } from './connect';

export interface HelperSession extends OpenSession {
  style: string;
  username: string;
}

/** Runs a helper. `styles` names the program of each style. */
export function runHelper(
  context: ConnectContext & { args: { style: string } },
  styles: Readonly<Record<string, string>>,
  launch: (session: HelperSession) => Launch,
  more: Pick<Program, 'inactivityMs'> = {},
): Promise<number> {
  const { style, exec, username } = context.args;
  const program = Object.hasOwn(styles, style) ? styles[style] : undefined;
  if (program === undefined)
    throw new UsageError(`-style ${JSON.stringify(style)} is unknown here; use ${Object.keys(styles).join(' or ')}`);
  return connect(context, {
    name: exec || program,
    launch: (session) => launch({ ...session, style, username }),
    quiet: true,
    ...more,
  });
}

/** Host part of an endpoint such as `tcp://db.example:5432`; without the brackets of IPv6. */
export function hostOf(endpoint: string): string {
  return hostOfAddress(endpoint.replace(/^\w+:\/\//, ''));
}
