/**
 * A session on a local port, from its authorization to its end. Whatever ends it (the program, a
 * signal, an output that takes nothing more, the session itself), the listener closes, the program
 * is ended and the session is ended through the worker, in this order.
 *
 * With a program, standard output is the program's: whatever this command says goes to standard
 * error.
 *
 * Exit status: the program's own; else as in exit-status.ts: 0 when the user ended it, 1 when the
 * server side did.
 *
 * With -stdio there is no listener: standard input and output are the only connection, and the
 * session ends with it.
 */
import { isIP } from 'node:net';
import { MAX_PORT } from '../../lib/contract/numbers';
import { InvalidAuthorizationToken } from '../../lib/transport/authorization-token';
import { withoutSecrets } from '../../lib/config/variables';
import { LocalError, SessionOver, UsageError } from '../io/errors';
import { onInterruption } from '../io/interruptions';
import type { Printer } from '../output/print';
import { whyOver } from './listener/session-check';
import { startSessionProxy, type ProxyEnd, type SessionProxy } from './listener/session-proxy';
import { fillTemplates, findProgram, proxiedEnvironment, startChild, type Child } from './child';
import { BrokeredCredentials } from './credentials';
import { showConnectionsLeft, showCredentials, showListening, showTermination } from './output';
import { exitStatus } from './exit-status';
import type { ConnectContext } from './flags';
import { SecretFiles } from './secret-files';
import { standardStreams } from './standard-streams';
import { authorization, type Authorization } from './session-token';
import { withoutProxy, type Variables } from './surroundings';
import { checkLaunch } from './writers/words';

/** What a program is started with. */
export interface Launch {
  /** In front of the words of the user: there nothing can take them for something else. */
  args: string[];
  /** Behind them. */
  last?: string[];
  /** Undefined takes a variable away. */
  env?: Variables;
  /** Replaces what further templates stand in the words of the user. */
  fill?(word: string): string;
}

export interface OpenSession {
  proxy: SessionProxy;
  /** Brokered credentials; those that a program is given are shown nowhere. */
  credentials: BrokeredCredentials;
  /** Removed when the command ends. */
  files: SecretFiles;
  /** Shows a text that a person should read. */
  warn(text: string): void;
}

export interface Program {
  name: string;
  launch(session: OpenSession): Launch;
  /** A helper: nothing says where the proxy listens. */
  quiet: boolean;
  /** What -inactive-timeout is when it is 0. */
  inactivityMs?: number;
}

/** Reason when the user ends it. */
const SIGNALED: ProxyEnd = { reason: 'Received shutdown signal', serverSide: false };

/** Runs `connect`; `program` is what to run, if anything. */
export async function connect(context: ConnectContext, program: Program | undefined): Promise<number> {
  const listen = listenOptions(context);
  // Checked first: a helper whose program is missing must not open a session for nothing.
  if (program?.quiet === true) findProgram(program.name, context.io.env);
  let signal: (end: ProxyEnd) => void = () => undefined;
  const signaled = new Promise<ProxyEnd>((resolve) => (signal = resolve));
  let running: Child | undefined;
  const restore = onInterruption(context.io.stdout, (name) => {
    // The terminal sends Ctrl-C to the program too, which may only stop what it is doing.
    if (name === 'SIGINT' && running !== undefined && context.io.stdin.isTTY === true) return 'ignored';
    signal(SIGNALED);
    return 'handled';
  });
  try {
    const given = await authorization(context);
    if (given.isOld) await refuseEnded(given.token);
    const session = await openSession(context, given, { ...listen, program });
    try {
      return await serve(context, session, program, signaled, (child) => (running = child));
    } finally {
      running?.stop();
      await session.proxy.close();
      session.files.remove(session.warn);
    }
  } finally {
    restore();
  }
}

interface ListenOptions {
  listenAddress: string;
  listenPort: number;
}

function listenOptions({ args }: ConnectContext): ListenOptions {
  const listenAddress = args['listen-addr'];
  if (isIP(listenAddress) === 0)
    throw new LocalError(`-listen-addr must be an IP address, which ${JSON.stringify(listenAddress)} is not`);
  const listenPort = args['listen-port'] ?? 0;
  if (listenPort < 0 || listenPort > MAX_PORT)
    throw new LocalError(`-listen-port must be from 0 to ${MAX_PORT}, which ${listenPort} is not`);
  return { listenAddress, listenPort };
}

async function openSession(
  { args, printer }: ConnectContext,
  { token, credentials }: Authorization,
  { program, ...listen }: ListenOptions & { program: Program | undefined },
): Promise<OpenSession> {
  const warn = (text: string): void => printer.warn(text);
  try {
    const proxy = await startSessionProxy({
      token,
      ...listen,
      allowOtherUsers: args['allow-other-users'],
      inactivityMs: args['inactive-timeout'] || program?.inactivityMs,
      onWarning: warn,
      onConnectionsLeft: (left, limit) => {
        if (program === undefined) showConnectionsLeft(printer, left, limit);
      },
    });
    const chosen = new BrokeredCredentials(credentials, args.username);
    return { proxy, credentials: chosen, files: new SecretFiles(), warn };
  } catch (error) {
    if (error instanceof InvalidAuthorizationToken) throw new UsageError(error.message);
    await abandon(token);
    throw new LocalError(
      `Could not listen on ${listen.listenAddress}, port ${listen.listenPort}: ${(error as Error).message}; ` +
        'choose another with -listen-addr and -listen-port',
    );
  }
}

/**
 * A token of a session that is over fails here, with the reason, and not at the first connection.
 */
async function refuseEnded(token: string): Promise<void> {
  const reason = await whyOver(token).catch((error: unknown) => {
    throw error instanceof InvalidAuthorizationToken ? new UsageError(error.message) : error;
  });
  if (reason !== undefined) throw new SessionOver(reason);
}

/** Ends a session whose listener could not be opened. */
async function abandon(token: string): Promise<void> {
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 }).catch(() => undefined);
  await proxy?.close();
}

async function serve(
  context: ConnectContext,
  session: OpenSession,
  program: Program | undefined,
  signaled: Promise<ProxyEnd>,
  started: (child: Child) => void,
): Promise<number> {
  const { proxy, credentials } = session;
  const { printer } = context;
  if (program === undefined) {
    showListening(printer, proxy, credentials.all);
    return finish(printer, proxy, await Promise.race([signaled, proxy.done]));
  }
  // Standard output is the program's.
  const aside = printer.onStandardError();
  if (!program.quiet) showListening(aside, proxy);
  const child = launch(context, session, program, aside);
  started(child);
  const outcome = await Promise.race([child.ended, signaled, cutShort(proxy)]);
  if (typeof outcome === 'number') return outcome;
  child.stop();
  const status = await child.ended;
  if (outcome !== SIGNALED && !outcome.serverSide) return status;
  return finish(aside, proxy, outcome);
}

/** Starts the program, once the credentials that it could not be given have been shown. */
function launch(
  { io, args: flags, rest }: ConnectContext,
  session: OpenSession,
  program: Program,
  aside: Printer,
): Child {
  const { address, port } = session.proxy;
  checkUsername(session, flags.username);
  const { args, last = [], env, fill = same } = program.launch(session);
  // A generated argument is never a template, and what a template stands for is none either.
  const words = [...args, ...rest.map((word) => fill(fillTemplates(word, address, port))), ...last];
  showCredentials(aside, session.credentials);
  const variables = { ...withoutProxy(io.env, address), ...proxiedEnvironment(address, port), ...env };
  checkLaunch(words, variables);
  const path = findProgram(program.name, io.env);
  const inherited = flags['pass-token'] ? io.env : withoutSecrets(io.env);
  return startChild(path, words, { ...inherited, ...variables }, session.files.descriptors);
}

const same = (word: string): string => word;

/** A name that is given chooses among credentials; it must not be taken for one that is there. */
function checkUsername({ credentials: { usernames }, warn }: OpenSession, username: string): void {
  if (username === '' || usernames.length === 0 || usernames.includes(username)) return;
  const names = usernames.map((name) => JSON.stringify(name)).join(', ');
  if (usernames.length > 1)
    throw new UsageError(`-username ${JSON.stringify(username)}: the session brings credentials for ${names}`);
  warn(`The session brings a credential for ${names}, which goes before -username ${JSON.stringify(username)}`);
}

/**
 * Resolves with an end of the proxy that ends the program too. A proxy that has used its last
 * connection lets the program finish its work.
 */
async function cutShort(proxy: SessionProxy): Promise<ProxyEnd> {
  const end = await proxy.done;
  if (end.serverSide || !end.reason.startsWith('No connections left')) return end;
  return new Promise<ProxyEnd>(() => undefined);
}

async function finish(printer: Printer, proxy: SessionProxy, end: ProxyEnd): Promise<number> {
  await proxy.close();
  showTermination(printer, end.reason);
  return verdict(printer, end);
}

/** Exit status; the cause is told when the server side ended it. */
function verdict(printer: Printer, end: ProxyEnd): number {
  if (end.serverSide) printer.error(end.message === undefined ? end.reason : `${end.reason}: ${end.message}`);
  return exitStatus(end);
}

/**
 * Carries standard input and output as the session's only connection. Nothing else is written to
 * standard output.
 */
export async function connectStreams(context: ConnectContext): Promise<number> {
  const { token } = await authorization(context);
  let signal: (end: ProxyEnd) => void = () => undefined;
  const signaled = new Promise<ProxyEnd>((resolve) => (signal = resolve));
  const restore = onInterruption(context.io.stdout, () => {
    signal(SIGNALED);
    return 'handled';
  });
  const stream = standardStreams();
  try {
    const onWarning = (text: string): void => context.printer.warn(text);
    const proxy = await startSessionProxy({ token, listenAddress: '', listenPort: 0, stream, onWarning });
    const end = await Promise.race([signaled, proxy.done]);
    await proxy.close();
    return verdict(context.printer, end);
  } catch (error) {
    throw error instanceof InvalidAuthorizationToken ? new UsageError(error.message) : error;
  } finally {
    stream.destroy();
    restore();
  }
}
