/**
 * Why connections and sessions end, why a connection is refused, and who ended it: the words that
 * controller, worker and command line tell each other, and the sentences for a person.
 * docs/causes.md says what each means.
 */

/** Who ended a connection or session. */
export const CLOSED_BY = ['client', 'endpoint', 'worker', 'controller', 'admin', 'policy'] as const;
export type ClosedBy = (typeof CLOSED_BY)[number];
export const isClosedBy = (text: string): text is ClosedBy => (CLOSED_BY as readonly string[]).includes(text);

/** Why a connection ended. */
export const CAUSES = [
  'fin',
  'rst',
  'dial refused',
  'dial timeout',
  'dial unreachable',
  'name not found',
  'idle timeout',
  'expired',
  'canceled',
  'worker drain',
  'worker lost',
  'client lost',
  'endpoint lost',
  'controller unreachable',
  'protocol error',
] as const;
export type Cause = (typeof CAUSES)[number];
export const isCause = (text: string): text is Cause => (CAUSES as readonly string[]).includes(text);

/** Why a controller refuses a connection. */
export type Refusal =
  | 'session not found'
  | 'session ended'
  | 'expired'
  | 'canceled'
  | 'tofu token not allowed'
  | 'connection limit'
  | 'concurrent connection limit';

/** Why a worker refuses a connection by itself, or why no worker is reached. */
export type WorkerRefusal = 'worker full' | 'worker drain' | 'controller unreachable' | 'worker unreachable';

/** Any word that can stand where a cause is told. */
export type EndWord = Cause | Refusal | WorkerRefusal;

/** Sentences for somebody who is refused. */
export const REFUSAL_TEXT: Readonly<Record<Refusal, string>> = {
  'session not found': 'The session does not exist or is not for this worker: authorize a new one.',
  'session ended': 'The session has ended: authorize a new one.',
  expired: 'The session has expired: authorize a new one.',
  canceled: 'The session has been canceled: authorize a new one.',
  'tofu token not allowed': 'The session is in use by another client: authorize a session of your own.',
  'connection limit': 'The session has made all the connections it may make: authorize a new one.',
  'concurrent connection limit': 'The session has as many open connections as it may have: close one first.',
};

/** Sentences for somebody whose connection or session ends. */
const ENDED: Partial<Record<EndWord, string>> = {
  canceled: 'The session was canceled.',
  expired: 'The session has expired.',
  'session ended': 'The session has ended.',
  'session not found': 'No such session.',
  'tofu token not allowed': 'The session is already in use by another client.',
  'controller unreachable':
    'The worker reaches no controller at the moment, so no new connection can be authorized. Try again soon.',
  'worker drain': 'The worker is shutting down. Try again to be served by another one.',
  'worker lost': 'The controller had given this connection up.',
  'idle timeout': 'The connection was half-closed and idle for too long.',
  'protocol error': 'The peer broke the session protocol.',
  'client lost': 'The client is gone.',
  fin: 'The session was ended by its client.',
};

/** Sentences for causes whose meaning depends on who ended the connection. */
const ENDED_BY: Partial<Record<EndWord, Partial<Record<ClosedBy, string>>>> = {
  canceled: {
    policy:
      'The session was ended: its login, target or another part of it has expired or was removed, or the right to open it was taken away.',
    controller: 'The worker may no longer serve the session.',
  },
  'controller unreachable': {
    policy: 'The worker has reached no controller for longer than the target allows, so the connection was cut.',
  },
};

const of = <T>(words: Partial<Record<string, T>>, word: string): T | undefined =>
  Object.hasOwn(words, word) ? words[word] : undefined;

/**
 * The sentence about an end for the person at the client. Words of a later release get a sentence
 * too.
 */
export const endText = (cause: string, closedBy = ''): string =>
  of(of(ENDED_BY, cause) ?? {}, closedBy) ??
  of(ENDED, cause) ??
  of(REFUSAL_TEXT, cause) ??
  `The connection ended: ${cause}.`;
