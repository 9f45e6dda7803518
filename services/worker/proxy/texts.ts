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

/** Sentences for causes that say more together with who ended the connection. */
const TEXTS_BY: Record<string, Record<string, string>> = {
  canceled: {
    policy:
      'The session was ended: its login, target or another part of it has expired or was removed, or the right to open it was taken away.',
    controller: 'The worker may no longer serve the session.',
  },
  'controller unreachable': {
    policy: 'The worker has reached no controller for longer than the target allows, so the connection was cut.',
  },
};

export function causeText(cause: string, closedBy = ''): string {
  return TEXTS_BY[cause]?.[closedBy] ?? TEXTS[cause] ?? `The connection ended: ${cause}.`;
}
