/** What the helper commands have in common: a style, a program, and what it is started with. */
import { hostOf as hostOfAddress } from '../../lib/config/address';
import type { Context } from '../core/command';
import { UsageError } from '../core/errors';
import { connect, type Launch, type OpenSession, type Program } from './connect';

export interface HelperSession extends OpenSession {
  style: string;
  username: string;
}

/** Runs a helper. `styles` names the program of each style. */
export function runHelper(
  context: Context,
  styles: Readonly<Record<string, string>>,
  launch: (session: HelperSession) => Launch,
  more: Pick<Program, 'inactivityMs'> = {},
): Promise<number> {
  const { values } = context;
  const style = values.text('style');
  const program = Object.hasOwn(styles, style) ? styles[style] : undefined;
  if (program === undefined)
    throw new UsageError(`-style ${JSON.stringify(style)} is unknown here; use ${Object.keys(styles).join(' or ')}`);
  return connect(context, {
    name: values.text('exec') || program,
    launch: (session) => launch({ ...session, style, username: usernameOf(context) }),
    quiet: true,
    ...more,
  });
}

const usernameOf = ({ values }: Context): string => (values.has('username') ? values.text('username') : '');

/** Host part of an endpoint such as `tcp://db.example:5432`; without the brackets of IPv6. */
export function hostOf(endpoint: string): string {
  return hostOfAddress(endpoint.replace(/^\w+:\/\//, ''));
}
