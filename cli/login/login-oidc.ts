/**
 * Logging in with an OIDC provider: the controller starts an attempt and names the URL of the
 * provider, the person logs in there with a browser, and meanwhile this command asks the controller
 * for the token until it is there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { authMethods } from '../resources/auth-methods';
import { openInBrowser } from './browser';
import type { ApiClient } from '../core/client';
import { LocalError } from '../io/errors';
import type { ApiContext } from '../core/flags';
import { finishLogin } from './login-result';

/** Time between two looks for the token. */
const POLL_MS = 1_500;

/**
 * An attempt is good for five minutes at the controller; a little more ends it here in any case.
 */
const MAX_POLLS = 220;

export async function logInWithProvider(context: ApiContext, client: ApiClient, authMethodId: string): Promise<number> {
  const service = await authMethods.service();
  const started = await client.call({
    service,
    method: 'authenticate',
    request: { auth_method_id: authMethodId, command: 'start' },
    action: 'authentication start',
    attempt: 'start the login',
  });
  const { auth_url: url, token_id: tokenId } = (started.attributes ?? {}) as Record<string, unknown>;
  if (typeof url !== 'string' || typeof tokenId !== 'string')
    throw new LocalError('Error trying to start the login: the controller named no URL to log in at');
  await show(context, url);
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    if (poll > 0) await sleep(POLL_MS);
    const answer = await client.call({
      service,
      method: 'authenticate',
      request: { auth_method_id: authMethodId, command: 'token', attributes: { token_id: tokenId } },
      action: 'authentication token fetch',
      isSecret: true,
      attempt: 'fetch the token',
    });
    // Pending answers have only a status.
    if (typeof (answer.attributes as Record<string, unknown> | undefined)?.token === 'string')
      return finishLogin(context, answer);
  }
  throw new LocalError('The login was not finished in time; start it again');
}

// With -format json standard output is for the answer alone.
async function show({ io, printer }: ApiContext, url: string): Promise<void> {
  const opened = openInBrowser(url, io.env);
  if (printer.format === 'json') {
    if (!(await opened)) printer.warn(`No browser could be started; open this URL to log in: ${url}`);
    return;
  }
  printer.line(`Opening the URL in your browser to log in. If no window opens, open it yourself:\n\n${url}\n`);
  if (!(await opened)) printer.warn('No browser could be started on this machine.');
}
