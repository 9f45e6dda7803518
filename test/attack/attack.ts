/**
 * What an attack is. Each runs in a process of its own; the runner measures what an honest user
 * notices of it.
 */
import type { Random } from '../sim/random';
import type { Stage } from './stage';

export type AttackClass = 'control' | 'time' | 'memory' | 'shares' | 'logins' | 'worker';

/** What the honest user does again and again. */
export const OPERATIONS = ['list', 'authorize-session', 'CONNECT', 'login'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What the process of an attack is told. Everything can be sent as JSON. */
export interface Orders {
  attack: string;
  seed: number;
  ports: { api: number; cluster: number; proxy: number };
  /** Loopback address that the attack comes from, unless it uses many. */
  from: string;
  authMethod: string;
  honest: { loginName: string; scope: string };
  /**
   * The project in which attackers may do everything, and a target and a big number of targets
   * there.
   */
  field: { scope: string; target: string };
  /** What {@link Attack.prepare} answered. */
  prepared: Prepared;
}

export interface Prepared {
  attackers?: AttackingUser[];
  /** First bytes of a client of the proxy port, base64. */
  hello?: string;
}

export interface AttackingUser {
  userId: string;
  loginName: string;
  password: string;
  tokens: string[];
}

/** Of the attacking process: numbers that are shown after the line. */
export type Tally = Record<string, number | string>;

export interface Context extends Orders {
  /** Aborted when the attack has lasted long enough. */
  signal: AbortSignal;
  random: Random;
  /** Counts for the tally. */
  count(name: string, by?: number): void;
  /** Tells that the attack has taken all that it wants, see {@link Attack.atMostSeconds}. */
  reached(): void;
}

/** What the runner saw beside the honest user's calls. */
export interface Finding {
  note: string;
  /** It breaks what must hold, whatever the times are. */
  isBroken?: boolean;
}

export interface Attack {
  name: string;
  class: AttackClass;
  /** In place of the usual length. */
  seconds?: number;
  /**
   * Goes on until it has taken all that it wants, at most so long; then the usual measurement
   * begins.
   */
  atMostSeconds?: number;
  /** Whether the honest user logs in meanwhile, too. */
  withLogins?: boolean;
  /**
   * Whether {@link meanwhile} cuts the worker's stream at the end, so that connections of that time
   * may fail.
   */
  takesWorkerAway?: boolean;
  /** In the runner, before anything is measured. */
  prepare?(stage: Stage): Promise<Prepared>;
  /**
   * In the attacking process; ends when the signal aborts, or earlier. Absent: nothing is attacked.
   */
  run?(context: Context): Promise<void>;
  /** In the runner, while the attack goes on. */
  meanwhile?(stage: Stage, signal: AbortSignal): Promise<Finding[]>;
  /** In the runner, when the attack and its measurement are over: removes what it made. */
  cleanUp?(stage: Stage, prepared: Prepared): Promise<void>;
}

/**
 * Runs `work` in `parallel` loops until the signal aborts or `limit` rounds are done. Answers are
 * counted by status.
 */
export async function flood(
  { signal, count }: Context,
  { parallel, limit = Infinity }: { parallel: number; limit?: number },
  work: (round: number) => Promise<{ status: number } | void>,
): Promise<void> {
  let rounds = 0;
  const loop = async (): Promise<void> => {
    while (!signal.aborted && rounds < limit) {
      const answer = await work(rounds++).catch(() => ({ status: 0 }));
      if (signal.aborted) return;
      if (answer !== undefined) count(answer.status === 0 ? 'no answer' : `${answer.status}`);
      // A peer that refuses at once must not make this process spin.
      if (answer?.status === 0) await pause(20);
    }
  };
  await Promise.all(Array.from({ length: parallel }, loop));
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
