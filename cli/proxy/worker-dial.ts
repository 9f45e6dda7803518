/** Opens the session transport to the first worker that answers, and makes sure it is the right one. */
import tls from 'node:tls';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from '../../lib/tls/keys';
import type { Clock } from '../../lib/clock/clock';
import { Transport, type SessionTransport, type TransportHandler } from '../../lib/transport/transport';
import { BoundaryTransport } from './boundary-transport';
import type { SessionAuthorizationData } from '../../lib/transport/authorization-token';

/** For TCP and TLS of one worker; then the next one is tried. */
const DIAL_TIMEOUT_MS = 5_000;
export const PROTOCOL = 'sallyport/1';
/** What a worker of Boundary chooses. */
const BOUNDARY_PROTOCOL = 'http/1.1';
/** AES-128 first: about 10 % less CPU per byte. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** No worker of the session could be reached; the message has one line for each. */
export class NoWorkerReachable extends Error {
  override name = 'NoWorkerReachable';

  constructor(
    message: string,
    /** Every worker was there and did not know the session: it has ended. */
    readonly sessionIsUnknown = false,
  ) {
    super(message);
  }
}

export class WorkerDialer {
  private readonly addresses: string[];
  private readonly context: tls.SecureContext;
  private readonly certificate: Buffer;
  private readonly sessionId: string;
  /** Index of the worker that answered last; tried first. */
  private preferred = 0;

  constructor(data: SessionAuthorizationData) {
    this.addresses = data.worker_info.map((worker) => worker.address).filter((address) => address !== '');
    this.certificate = data.certificate;
    this.sessionId = data.session_id;
    this.context = tls.createSecureContext({
      cert: pemFromDer(data.certificate),
      key: privateKeyPem(ed25519FromRaw(data.private_key)),
      minVersion: 'TLSv1.3',
      ciphers: CIPHERS,
    });
  }

  /** An established transport. Rejects with {@link NoWorkerReachable}, also when `signal` aborts. */
  async dial(signal: AbortSignal): Promise<tls.TLSSocket> {
    const problems: string[] = [];
    let denials = 0;
    for (let i = 0; i < this.addresses.length && !signal.aborted; i++) {
      const index = (this.preferred + i) % this.addresses.length;
      const address = this.addresses[index]!;
      try {
        const socket = await this.dialOne(address, signal);
        this.preferred = index;
        return socket;
      } catch (error) {
        if (isAccessDenied(error as NodeJS.ErrnoException)) denials++;
        problems.push(`worker ${address}: ${describe(error as NodeJS.ErrnoException)}`);
      }
    }
    if (problems.length === 0) throw new NoWorkerReachable('given up');
    throw new NoWorkerReachable(problems.join('\n'), denials === problems.length);
  }

  /** Lets the next dial begin with the next worker of the list. */
  preferNext(): void {
    this.preferred = (this.preferred + 1) % Math.max(1, this.addresses.length);
  }

  private dialOne(address: string, signal: AbortSignal): Promise<tls.TLSSocket> {
    const colon = address.lastIndexOf(':');
    return new Promise((resolve, reject) => {
      const socket = tls.connect({
        host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
        port: Number(address.slice(colon + 1)),
        servername: this.sessionId,
        secureContext: this.context,
        ALPNProtocols: [PROTOCOL, BOUNDARY_PROTOCOL, this.sessionId],
        // Compared below with the one certificate that is right; no authority, name or date is involved.
        rejectUnauthorized: false,
      });
      const settle = (error?: Error) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        socket.off('error', settle).off('close', closed).off('secureConnect', secured);
        if (!error) return resolve(socket);
        socket.on('error', () => undefined).destroy();
        reject(error);
      };
      const secured = () => settle(this.check(socket));
      const closed = () => settle(new Error('it closed the connection'));
      const abort = () => settle(new Error('given up'));
      const timer = setTimeout(
        () => settle(new Error(`no answer within ${DIAL_TIMEOUT_MS / 1000} s`)),
        DIAL_TIMEOUT_MS,
      );
      socket.setNoDelay(true);
      socket.on('error', settle).on('close', closed).on('secureConnect', secured);
      signal.addEventListener('abort', abort);
    });
  }

  private check(socket: tls.TLSSocket): Error | undefined {
    if (!socket.getPeerX509Certificate()?.raw.equals(this.certificate)) {
      return new Error('it presented another certificate than the session has');
    }
    const isKnown = socket.alpnProtocol === PROTOCOL || socket.alpnProtocol === BOUNDARY_PROTOCOL;
    return isKnown ? undefined : new Error(`it does not speak ${PROTOCOL}`);
  }
}

/** The session transport over an established connection, in the protocol that the worker chose. */
export function openTransport(socket: tls.TLSSocket, handler: TransportHandler, clock: Clock): SessionTransport {
  const isForeign = socket.alpnProtocol === BOUNDARY_PROTOCOL;
  return isForeign ? new BoundaryTransport(socket, handler, clock) : new Transport(socket, handler, clock);
}

const isAccessDenied = (error: NodeJS.ErrnoException): boolean => error.code?.includes('ACCESS_DENIED') === true;

function describe(error: NodeJS.ErrnoException): string {
  if (isAccessDenied(error)) return 'it does not know the session; the session may have ended';
  if (error.code?.includes('INTERNAL_ERROR')) return 'it cannot look up the session at the moment';
  return error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
}
