/** Connections to the cluster port of a controller. */
import { createHash, X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { formatAddress } from '../../../lib/config/address';
import { MAX_CONTROL_MESSAGE_BYTES } from '../../../lib/contract/session-protocol';
import type { ActivationToken } from '../../../lib/tls/activation-token';
import { pemFromDer } from '../../../lib/tls/keys';
import { ControlServiceClient } from '../../../proto/gen/worker/control_service';
import type { WorkerIdentity } from './identity';

export interface Upstream {
  host: string;
  port: number;
}

/** Name in the controllers' certificates, whatever their address. */
const SERVER_NAME = 'sallyport-controller';
const CONNECT_TIMEOUT_MS = 5_000;

/** A client that connects with its first call, and only to a controller of the deployment. */
export function openClient(upstream: Upstream, channel: ChannelCredentials): ControlServiceClient {
  return new ControlServiceClient(formatAddress(upstream), channel, {
    'grpc.ssl_target_name_override': SERVER_NAME,
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.max_receive_message_length': MAX_CONTROL_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_CONTROL_MESSAGE_BYTES,
  });
}

export const memberCredentials = (identity: WorkerIdentity): ChannelCredentials =>
  credentials.createSsl(
    Buffer.from(identity.authorities.join('')),
    Buffer.from(identity.privateKey),
    Buffer.from(identity.certificate),
  );

/** For a worker without a certificate, once the authority is known. */
export const newcomerCredentials = (authority: string): ChannelCredentials =>
  credentials.createSsl(Buffer.from(authority));

/**
 * The authority of the deployment, PEM, as the controller presents it; accepted when it has signed
 * the controller's certificate and the activation token, if there is one, names its key. Rejects
 * otherwise.
 */
export function discoverAuthority(upstream: Upstream, token?: ActivationToken): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      ...upstream,
      servername: SERVER_NAME,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
      // The token decides below; nothing is sent before that.
      rejectUnauthorized: false,
    });
    const fail = (text: string) => {
      socket.destroy();
      reject(new Error(`controller ${formatAddress(upstream)}: ${text}`));
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => fail('no answer'));
    socket.on('error', (error: Error) => fail(error.message));
    socket.once('secureConnect', () => {
      const authority = trustedAuthority(socket, token);
      if (authority === undefined)
        return fail('its certificate is not of the deployment that made the activation token');
      socket.destroy();
      resolve(authority);
    });
  });
}

function trustedAuthority(socket: tls.TLSSocket, token: ActivationToken | undefined): string | undefined {
  const chain = socket.getPeerCertificate(true);
  const issuer = chain.issuerCertificate as tls.DetailedPeerCertificate | undefined;
  if (!issuer?.raw) return undefined;
  const leaf = new X509Certificate(chain.raw);
  const authority = new X509Certificate(issuer.raw);
  const hash = createHash('sha256')
    .update(authority.publicKey.export({ format: 'der', type: 'spki' }))
    .digest();
  const isNamed = token === undefined || hash.equals(token.currentCaHash) || hash.equals(token.nextCaHash);
  return isNamed && leaf.verify(authority.publicKey) ? pemFromDer(issuer.raw) : undefined;
}
