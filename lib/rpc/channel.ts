/**
 * gRPC clients: one place that knows how an address becomes a channel and how a generated method
 * definition is called. No proxy from the environment is ever used: addresses are ours, and a proxy
 * would see tokens.
 */
import {
  Client,
  credentials,
  Metadata,
  type ChannelCredentials,
  type ClientOptions,
  type ServiceError,
  type VerifyOptions,
} from '@grpc/grpc-js';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { hostOf } from '../config/address';

/** PEM texts for TLS. */
export interface TlsOptions {
  /** Authorities to trust; those of Node when absent. */
  ca?: Buffer | undefined;
  cert?: Buffer | undefined;
  key?: Buffer | undefined;
  /** Name to ask for and to expect, instead of the host of the address. */
  serverName?: string | undefined;
  /** Accepts any certificate. */
  insecure?: boolean | undefined;
}

export interface ChannelOptions {
  /** `host:port` or `unix:PATH`. */
  target: string;
  /** Plaintext HTTP/2 when absent. */
  tls?: TlsOptions | undefined;
}

/** Largest answer, in bytes: a page of a list with long descriptions stays well below. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** A generated message type, as far as a call needs it. */
export interface MessageType {
  encode(message: unknown): { finish(): Uint8Array };
  decode(input: Uint8Array): unknown;
  fromPartial(object: unknown): unknown;
  fromJSON(object: unknown): unknown;
  toJSON(message: unknown): unknown;
}

/** A unary method of a generated service definition. */
export interface UnaryMethod {
  name: string;
  requestType: MessageType;
  responseType: MessageType;
  options: { _unknownFields?: Record<number, Uint8Array[]> };
}

/** Connects on the first call. The caller closes. */
export function openChannel(options: ChannelOptions): Client {
  return new Client(options.target, channelCredentials(options), {
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
    'grpc.service_config_disable_resolution': 1,
    ...serverName(options),
  });
}

/**
 * Sent instead of an IP address, which TLS does not allow as a server name; the certificate must
 * name the address.
 */
const NAME_FOR_ADDRESSES = 'localhost';

/** IP address of a target, without port and brackets; undefined for names and Unix sockets. */
function ipOf(target: string): string | undefined {
  const host = hostOf(target);
  return isIP(host) === 0 ? undefined : host;
}

function serverName({ target, tls }: ChannelOptions): ClientOptions {
  if (tls === undefined) return {};
  if (tls.serverName !== undefined)
    return { 'grpc.ssl_target_name_override': tls.serverName, 'grpc.default_authority': tls.serverName };
  return ipOf(target) === undefined ? {} : { 'grpc.ssl_target_name_override': NAME_FOR_ADDRESSES };
}

function channelCredentials({ target, tls }: ChannelOptions): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null, verification(target, tls));
}

function verification(target: string, tls: TlsOptions): VerifyOptions {
  if (tls.insecure === true) return { rejectUnauthorized: false, checkServerIdentity: () => undefined };
  const ip = ipOf(target);
  if (ip === undefined || tls.serverName !== undefined) return {};
  return { checkServerIdentity: (_, certificate) => checkServerIdentity(ip, certificate) };
}

export interface CallOptions {
  /** Text headers; empty values are left out. */
  headers?: Record<string, string>;
  /** The call fails with DEADLINE_EXCEEDED after so many milliseconds. */
  timeoutMs: number;
}

/** One unary call. Rejects with the {@link ServiceError} of grpc-js. */
export function callUnary(
  client: Client,
  service: string,
  method: UnaryMethod,
  request: unknown,
  options: CallOptions,
): Promise<unknown> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) if (value !== '') metadata.set(name, value);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/${service}/${method.name}`,
      (message: unknown) => Buffer.from(method.requestType.encode(message).finish()),
      (bytes: Buffer) => method.responseType.decode(bytes),
      request,
      metadata,
      { deadline: new Date(Date.now() + options.timeoutMs) },
      (error: ServiceError | null, answer: unknown) => (error === null ? resolve(answer) : reject(error)),
    );
  });
}
