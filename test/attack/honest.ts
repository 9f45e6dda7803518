/**
 * An honest user who lists, authorizes sessions and connects again and again, and how long each
 * takes him.
 */
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { dial } from '../harness/endpoints';
import { OPERATIONS, pause, type Operation } from './attack';
import type { Stage } from './stage';

export const PHASES = ['before', 'during', 'after'] as const;
export type Phase = (typeof PHASES)[number];

export interface Sample {
  operation: Operation;
  phase: Phase;
  ms: number;
  /** Why it failed. */
  error?: string;
}

/**
 * From one call to the next of the same kind, at least: he is a person with a script, not a load.
 */
const PACE_MS = 60;
const AT_MOST_LONGER_MS = 4_000;
/** What takes longer has failed. */
const TIMEOUT_MS = 8_000;

export class HonestUser {
  readonly samples: Sample[] = [];
  phase: Phase = 'before';
  /** While the runner itself takes the worker away, connections fail for that reason. */
  isExcused = false;
  private isOver = false;
  private calls = 0;
  private loops: Promise<void>[] = [];
  private operations: readonly Operation[] = [];

  constructor(private readonly stage: Stage) {}

  start(withLogins: boolean): void {
    this.operations = OPERATIONS.filter((operation) => withLogins || operation !== 'login');
    this.loops = [this.repeat(() => this.list()), this.repeat(() => this.useSession())];
    if (withLogins) this.loops.push(this.repeat(() => this.login()));
  }

  /**
   * Lets the phase last so long, and longer on a slow machine: until each call was made once, if
   * that helps.
   */
  async spend(ms: number): Promise<void> {
    const end = Date.now() + ms;
    const made = (operation: Operation): boolean =>
      this.samples.some((sample) => sample.operation === operation && sample.phase === this.phase);
    await pause(ms);
    while (!this.operations.every(made) && Date.now() < end + AT_MOST_LONGER_MS) await pause(PACE_MS);
  }

  /** Resolves when the last calls have ended. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  private async repeat(round: () => Promise<unknown>): Promise<void> {
    while (!this.isOver) {
      const began = Date.now();
      await round();
      await pause(Math.max(5, began + PACE_MS - Date.now()));
    }
  }

  private get token(): string {
    const { tokens } = this.stage.honest;
    return tokens[this.calls++ % tokens.length]!;
  }

  private list(): Promise<unknown> {
    const { scope } = this.stage.honest;
    return this.timed('list', () => this.call('GET', `/v1/targets?scope_id=${scope}`, this.token));
  }

  private login(): Promise<unknown> {
    const { loginName, password } = this.stage.honest;
    const more = { timeoutMs: TIMEOUT_MS };
    return this.timed('login', () => this.stage.peer.login(this.stage.authMethod, loginName, password, more));
  }

  private async useSession(): Promise<void> {
    const { token } = this;
    const path = `/v1/targets/${this.stage.honest.target}:authorize-session`;
    const session = await this.timed('authorize-session', () => this.call('POST', path, token, {}));
    if (session === undefined) return;
    await this.timed('CONNECT', () => oneByte(session.authorization_token as string));
    const id = session.session_id as string;
    const more = { token, timeoutMs: TIMEOUT_MS };
    const known = await this.stage.peer.ok('GET', `/v1/sessions/${id}`, more).catch(() => undefined);
    const body = { version: Number(known?.version ?? 1) };
    await this.stage.peer.call('POST', `/v1/sessions/${id}:cancel`, { ...more, body }).catch(() => undefined);
  }

  private call(method: string, path: string, token: string, body?: object): Promise<any> {
    return this.stage.peer.ok(method, path, { token, body, timeoutMs: TIMEOUT_MS });
  }

  private async timed<T>(operation: Operation, work: () => Promise<T>): Promise<T | undefined> {
    const { phase: first } = this;
    // What is under way during the attack belongs to it, wherever it began and ends.
    const phase = (): Phase => (this.phase === first ? first : 'during');
    const wasExcused = this.isExcused;
    const began = performance.now();
    try {
      const answer = await work();
      this.samples.push({ operation, phase: phase(), ms: performance.now() - began });
      return answer;
    } catch (error) {
      const isExcused = (wasExcused || this.isExcused) && operation !== 'list';
      const text = (error as Error).message;
      if (!isExcused) this.samples.push({ operation, phase: phase(), ms: performance.now() - began, error: text });
      return undefined;
    }
  }
}

/** A connection through the session, until its first byte has come back. */
async function oneByte(token: string): Promise<void> {
  let warning = '';
  const onWarning = (text: string): void => void (warning ||= text);
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0, onWarning });
  const socket = await dial(proxy.port);
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (): void => reject(new Error(`CONNECT: ${warning || 'the connection was closed'}`));
      setTimeout(() => reject(new Error(`CONNECT: no byte within ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS).unref();
      socket.once('data', () => resolve()).once('close', failed);
      socket.write('!');
    });
  } finally {
    socket.destroy();
    // It ends the session by itself and may take its time where the worker is in trouble.
    void proxy.close();
  }
}
