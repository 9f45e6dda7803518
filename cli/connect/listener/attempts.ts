/**
 * The answers of a session's workers to one connection so far, and whether another worker may
 * answer differently.
 */
import type { EndWord } from '../../../lib/contract/endings';
import type { ConnectError } from '../../../proto/gen/transport/transport';
import { problemLines } from './worker-dialer';

/**
 * From CONNECT or END to its answer. A worker takes at most 14 s for a controller, and 10 s for the
 * endpoint.
 */
export const ANSWER_TIMEOUT_MS = 15_000;

type BoundaryWord = 'unable to authorize connection';

/** Refusals that concern one worker alone. */
const OF_THE_WORKER: readonly string[] = [
  'worker drain',
  'worker full',
  'controller unreachable',
  // The session, or that this worker may serve it.
  'session not found',
  // A worker of Boundary gives this answer for any reason.
  'unable to authorize connection',
] satisfies (EndWord | BoundaryWord)[];

/** Refusals after which the connection may still be on record. */
const UNCERTAIN: readonly string[] = ['controller unreachable', 'unable to authorize connection'] satisfies (
  EndWord | BoundaryWord
)[];

/** Whether another worker may allow what this one has refused. */
export const mayWorkElsewhere = ({ cause, closed_by }: ConnectError): boolean =>
  // "canceled" by a controller may mean that it has taken the session from this worker only.
  OF_THE_WORKER.includes(cause) || (cause === 'canceled' && closed_by === 'controller');

export class Attempts {
  /** Workers that have been asked; each is asked once. */
  readonly asked = new Set<string>();
  /** Why each of them did not serve. */
  private readonly problems = new Map<string, string>();
  /** Workers that may have allowed the connection without its client hearing of it. */
  private readonly uncertain: string[] = [];
  /** Cause of the last refusal. */
  private cause: string | undefined;

  /** The worker refused, for a reason of its own. */
  refused(worker: string, error: ConnectError): void {
    this.problems.set(worker, error.text);
    this.cause = error.cause;
    if (UNCERTAIN.includes(error.cause)) this.uncertain.push(worker);
  }

  /** The worker went away or stayed silent after it had been asked. */
  lost(worker: string, problem: string): void {
    this.problems.set(worker, problem);
    this.uncertain.push(worker);
  }

  problemOf(worker: string): string | undefined {
    return this.problems.get(worker);
  }

  /**
   * Whether a refusal for the connection limit is certain. A lost attempt may hold the missing
   * slot, and a worker gives some of these back.
   */
  get areCertain(): boolean {
    return this.uncertain.length === 0;
  }

  /** The error that ends the search, with the words of all workers. */
  conclude(worker: string, error: ConnectError): ConnectError {
    if (this.problems.size === 0) return error;
    const text = this.sentence(new Map([[worker, error.text]]));
    if (error.cause !== 'connection limit' || this.areCertain) return { ...error, text };
    return {
      ...error,
      text: `${text} The attempt through ${this.uncertain.join(' and ')} may have taken the last one.`,
    };
  }

  /** No other worker is reachable; `more` says why. */
  failure(more: ReadonlyMap<string, string> = new Map()): { text: string; cause: string } {
    return { text: this.sentence(more), cause: this.cause ?? 'worker unreachable' };
  }

  private sentence(more: ReadonlyMap<string, string>): string {
    const all = new Map([...this.problems, ...more]);
    return `No connection to the session's endpoint: ${all.size === 0 ? 'given up' : problemLines(all)}`;
  }
}
