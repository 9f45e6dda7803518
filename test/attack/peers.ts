/**
 * What attackers and the honest user reach the ports with; each peer has a loopback address of its
 * own.
 */
import { Agent, request } from 'node:http';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';

const HOST = '127.0.0.1';

export interface HttpAnswer {
  status: number;
  text: string;
}

export interface HttpCall {
  token?: string | undefined;
  /** JSON; a text is sent as it is. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** 30 s when absent. */
  timeoutMs?: number;
  /** Another address to come from. */
  from?: string;
}

const CALL_TIMEOUT_MS = 30_000;

/** Calls the API from one address. */
export class HttpPeer {
  private readonly agent: Agent;

  /** `keepAlive`: connections are used again; else each call makes its own. */
  constructor(
    private readonly port: number,
    private readonly address: string,
    keepAlive: boolean,
  ) {
    this.agent = new Agent({ keepAlive, maxSockets: Infinity });
  }

  /** Rejects when no answer comes. */
  call(method: string, path: string, more: HttpCall = {}): Promise<HttpAnswer> {
    const { token, body, signal, timeoutMs = CALL_TIMEOUT_MS, from = this.address } = more;
    const bytes = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(bytes === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) }),
    };
    return new Promise((resolve, reject) => {
      const options = { host: HOST, port: this.port, localAddress: from, method, path, headers, agent: this.agent };
      const call = request({ ...options, ...(signal === undefined ? {} : { signal }) }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
      call.on('error', fail).end(bytes);
    });
  }

  /** The body of a good answer; rejects otherwise. */
  async ok(method: string, path: string, more: HttpCall = {}): Promise<any> {
    const { status, text } = await this.call(method, path, more);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** A token of the account. */
  async login(authMethod: string, loginName: string, password: string, more: HttpCall = {}): Promise<string> {
    const body = { command: 'login', attributes: { login_name: loginName, password } };
    const answer = await this.ok('POST', `/v1/auth-methods/${authMethod}:authenticate`, { ...more, body });
    return answer.attributes.token as string;
  }

  close(): void {
    this.agent.destroy();
  }
}

/** A connection that may break at any time. */
export const dialFrom = (address: string, port: number): Socket =>
  connect({ port, host: HOST, localAddress: address, noDelay: true }).on('error', () => undefined);

/** HTTP/2 as gRPC clients speak it. */
export function http2From(address: string, port: number, settings: http2.Settings = {}): ClientHttp2Session {
  const createConnection = (): Socket => dialFrom(address, port);
  return http2.connect(`http://${HOST}:${port}`, { createConnection, settings }).on('error', () => undefined);
}

/** As a worker without a certificate reaches the cluster port. */
export function clusterFrom(address: string, port: number): ClientHttp2Session {
  const createConnection = (): tls.TLSSocket => tlsOver(dialFrom(address, port), 'sallyport-controller');
  return http2.connect(`https://${HOST}:${port}`, { createConnection }).on('error', () => undefined);
}

export const tlsOver = (socket: Socket, servername: string): tls.TLSSocket =>
  tls
    .connect({ socket, servername, ALPNProtocols: ['h2'], minVersion: 'TLSv1.3', rejectUnauthorized: false })
    .on('error', () => undefined);

/** Starts a gRPC call; the caller writes its message. */
export function grpcCall(session: ClientHttp2Session, path: string, token?: string): ClientHttp2Stream {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) });
  return stream.on('error', () => undefined);
}

/** The message with its length before it. */
export function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
