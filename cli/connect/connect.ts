/**
 * A session on a local port, from its authorization to its end. Whatever ends it (the program, a signal, the session
 * itself), the listener closes, the program is ended and the session is ended through the worker, in this order.
 *
 * Exit status: the program's own; 0 when the user ended it; 1 when the server side did.
 */
import { isIP } from 'node:net';
import { InvalidAuthorizationToken } from '../../lib/transport/authorization-token';
import type { Context } from '../core/command';
import { EXIT, LocalError, UsageError } from '../core/errors';
import { startSessionProxy, type ProxyEnd, type SessionProxy } from '../proxy/session-proxy';
import { fillTemplates, findProgram, proxiedEnvironment, startChild, type Child } from './child';
import { showConnectionsLeft, showListening, showTermination } from './output';
import { sessionToken } from './session-token';
import { onSignals } from './signals';

export interface Program {
  name: string;
  /** Arguments behind the words of the user. */
  args: (proxy: SessionProxy) => string[];
  /** A helper owns the terminal: nothing is printed before its program starts. */
  quiet: boolean;
}

/** Reason when the user ends it. */
const SIGNALED: ProxyEnd = { reason: 'Received shutdown signal', serverSide: false };

/** Runs `connect`; `program` is what to run, if anything. */
export async function connect(context: Context, program: Program | undefined): Promise<number> {
  const listen = listenOptions(context);
  // A helper whose program is missing must not open a session for nothing.
  if (program?.quiet === true) findProgram(program.name, context.io.env);
  let signal: (end: ProxyEnd) => void = () => undefined;
  const signaled = new Promise<ProxyEnd>((resolve) => (signal = resolve));
  let running: Child | undefined;
  const restore = onSignals((name) => {
    // The terminal sends Ctrl-C to the program too, which may only stop what it is doing.
    if (name === 'SIGINT' && running !== undefined && context.io.stdin.isTTY === true) return 'ignored';
    signal(SIGNALED);
    return 'handled';
  });
  try {
    const proxy = await openProxy(context, listen, program);
    try {
      return await serve(context, proxy, program, signaled, (child) => (running = child));
    } finally {
      running?.stop();
      await proxy.close();
    }
  } finally {
    restore();
  }
}

interface ListenOptions {
  listenAddress: string;
  listenPort: number;
}

/** Largest TCP port. */
const MAX_PORT = 65_535;

function listenOptions({ values }: Context): ListenOptions {
  const listenAddress = values.text('listen-addr');
  if (isIP(listenAddress) === 0)
    throw new LocalError(`-listen-addr must be an IP address, which ${JSON.stringify(listenAddress)} is not`);
  const listenPort = values.int('listen-port') ?? 0;
  if (listenPort < 0 || listenPort > MAX_PORT)
    throw new LocalError(`-listen-port must be from 0 to ${MAX_PORT}, which ${listenPort} is not`);
  return { listenAddress, listenPort };
}

async function openProxy(context: Context, listen: ListenOptions, program: Program | undefined): Promise<SessionProxy> {
  const { values, printer } = context;
  const token = await sessionToken(context);
  try {
    return await startSessionProxy({
      token,
      ...listen,
      inactivityMs: values.duration('inactive-timeout') ?? 0,
      onWarning: (text) => printer.warn(text),
      onConnectionsLeft: (left) => {
        if (program === undefined) showConnectionsLeft(printer, left);
      },
    });
  } catch (error) {
    if (error instanceof InvalidAuthorizationToken) throw new UsageError(error.message);
    await abandon(token);
    throw new LocalError(
      `Could not listen on ${listen.listenAddress}, port ${listen.listenPort}: ${(error as Error).message}; ` +
        'choose another with -listen-addr and -listen-port',
    );
  }
}

/** Ends a session whose listener could not be opened. */
async function abandon(token: string): Promise<void> {
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 }).catch(() => undefined);
  await proxy?.close();
}

async function serve(
  context: Context,
  proxy: SessionProxy,
  program: Program | undefined,
  signaled: Promise<ProxyEnd>,
  started: (child: Child) => void,
): Promise<number> {
  if (program?.quiet !== true) showListening(context.printer, proxy);
  if (program === undefined) return finish(context, proxy, await Promise.race([signaled, proxy.done]));
  const child = startChild(
    findProgram(program.name, context.io.env),
    [...context.values.rest, ...program.args(proxy)].map((word) => fillTemplates(word, proxy.address, proxy.port)),
    { ...context.io.env, ...proxiedEnvironment(proxy.address, proxy.port) },
  );
  started(child);
  const outcome = await Promise.race([child.ended, signaled, cutShort(proxy)]);
  if (typeof outcome === 'number') return outcome;
  child.stop();
  const status = await child.ended;
  if (outcome !== SIGNALED && !outcome.serverSide) return status;
  return finish(context, proxy, outcome);
}

/** The ends that take the program with them. One that has used its last connection may finish what it does. */
async function cutShort(proxy: SessionProxy): Promise<ProxyEnd> {
  const end = await proxy.done;
  if (end.serverSide || !end.reason.startsWith('No connections left')) return end;
  return new Promise<ProxyEnd>(() => undefined);
}

async function finish({ printer }: Context, proxy: SessionProxy, end: ProxyEnd): Promise<number> {
  await proxy.close();
  showTermination(printer, end.reason);
  if (!end.serverSide) return EXIT.ok;
  printer.error(end.message === undefined ? end.reason : `${end.reason}: ${end.message}`);
  return EXIT.refused;
}

/** A finished helper command. */
export const helper =
  (name: string, args: (context: Context, proxy: SessionProxy) => string[]) =>
  (context: Context): Promise<number> => {
    const style = context.values.text('style');
    if (style !== name) throw new UsageError(`-style ${JSON.stringify(style)} is unknown here; there is only ${name}`);
    return connect(context, {
      name: context.values.text('exec') || name,
      args: (proxy) => args(context, proxy),
      quiet: true,
    });
  };
