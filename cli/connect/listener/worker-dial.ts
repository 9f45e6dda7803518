/** Opens the session transport to one worker, and makes sure it is the right one. */
import tls from 'node:tls';
import { parseAddress } from '../../../lib/config/address';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import type { Clock } from '../../../lib/clock/clock';
import { Transport, type SessionTransport, type TransportHandler } from '../../../lib/transport/transport';
import { BoundaryTransport } from './boundary-transport';
import { BOUNDARY_PROTOCOL, SALLYPORT_PROTOCOL } from '../../../lib/contract/session-protocol';
import type { SessionAuthorizationData } from '../../../lib/transport/authorization-token';

/** For TCP and TLS of one worker. */
const DIAL_TIMEOUT_MS = 5_000;
/** AES-128 first: about 10 % less CPU per byte. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** The certificate and key that both ends of a session's transports present. */
export interface SessionIdentity {
  sessionId: string;
  certificate: Buffer;
  context: tls.SecureContext;
}

export const identityOf = (data: SessionAuthorizationData): SessionIdentity => ({
  sessionId: data.session_id,
  certificate: data.certificate,
  context: tls.createSecureContext({
    cert: pemFromDer(data.certificate),
    key: privateKeyPem(ed25519FromRaw(data.private_key)),
    minVersion: 'TLSv1.3',
    ciphers: CIPHERS,
  }),
});

/**
 * Opens a transport to the worker at `address` (host:port). Rejects with the reason, also when
 * `signal` aborts.
 */
export function dialWorker(
  address: string,
  identity: SessionIdentity,
  clock: Clock,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('given up'));
    const at = parseAddress(address, 0);
    if (at === undefined) return reject(new Error('its address is not host:port'));
    const socket = tls.connect({
      ...at,
      servername: identity.sessionId,
      secureContext: identity.context,
      ALPNProtocols: [SALLYPORT_PROTOCOL, BOUNDARY_PROTOCOL, identity.sessionId],
      // The certificate is compared below with the only right one; authority, name and date do not
      // matter.
      rejectUnauthorized: false,
    });
    const settle = (error?: Error) => {
      cancelTimeout();
      signal.removeEventListener('abort', abort);
      socket.off('error', settle).off('close', closed).off('secureConnect', secured);
      if (!error) return resolve(socket);
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const secured = () => settle(check(socket, identity));
    const closed = () => settle(new Error('it closed the connection'));
    const abort = () => settle(new Error('given up'));
    const timedOut = () => settle(new Error(`no answer within ${DIAL_TIMEOUT_MS / 1000} s`));
    const cancelTimeout = clock.after(DIAL_TIMEOUT_MS, timedOut);
    socket.setNoDelay(true);
    socket.on('error', settle).on('close', closed).on('secureConnect', secured);
    signal.addEventListener('abort', abort);
  });
}

function check(socket: tls.TLSSocket, { certificate }: SessionIdentity): Error | undefined {
  if (!socket.getPeerX509Certificate()?.raw.equals(certificate)) {
    return new Error('it presented another certificate than the session has');
  }
  const isKnown = socket.alpnProtocol === SALLYPORT_PROTOCOL || socket.alpnProtocol === BOUNDARY_PROTOCOL;
  return isKnown ? undefined : new Error(`it does not speak ${SALLYPORT_PROTOCOL}`);
}

/** The session transport over an established connection, in the protocol that the worker chose. */
export function openTransport(socket: tls.TLSSocket, handler: TransportHandler, clock: Clock): SessionTransport {
  const isForeign = socket.alpnProtocol === BOUNDARY_PROTOCOL;
  return isForeign ? new BoundaryTransport(socket, handler, clock) : new Transport(socket, handler, clock);
}

/** The worker is reachable and does not know the session. */
export const isAccessDenied = (error: NodeJS.ErrnoException): boolean => error.code?.includes('ACCESS_DENIED') === true;

/** Why a worker was not reached, for a person. */
export function describeDialError(error: NodeJS.ErrnoException): string {
  if (isAccessDenied(error)) return 'it does not know the session; the session may have ended';
  if (error.code?.includes('INTERNAL_ERROR')) return 'it cannot look up the session at the moment';
  return error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
}
