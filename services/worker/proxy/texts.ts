/** Sentences for the person at the client, by cause. */
const TEXTS: Record<string, string> = {
  canceled: 'The session was canceled.',
  expired: 'The session has expired.',
  'session ended': 'The session has ended.',
  'session not found': 'No such session.',
  'connection limit': 'The session has no connections left.',
  'concurrent connection limit':
    'The session has reached its limit of concurrent connections; close one and try again.',
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

export const causeText = (cause: string): string => TEXTS[cause] ?? `The connection ended: ${cause}.`;
