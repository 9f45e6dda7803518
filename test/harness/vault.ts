/** Speaks as much of Vault's HTTP API as credential stores need. */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

const PATHS = [
  'auth/token/lookup-self',
  'auth/token/renew-self',
  'auth/token/revoke-self',
  'sys/leases/renew',
  'sys/leases/revoke',
];

export class VaultServer {
  /** What a look-up of the token answers. */
  token: Record<string, unknown> = {};
  capabilities: string[] = [];
  seen: { path: string; token: string; namespace: string }[] = [];
  /** Whether each request came over a connection with a certificate of the client. */
  certified: boolean[] = [];
  private readonly answer: RequestListener = (request, response) => {
    if (this.tls !== undefined)
      this.certified.push(Object.keys((request.socket as TLSSocket).getPeerCertificate()).length > 0);
    const header = (name: string) => String(request.headers[name] ?? '');
    this.seen.push({ path: request.url!, token: header('x-vault-token'), namespace: header('x-vault-namespace') });
    request.resume();
    const answers: Record<string, unknown> = {
      '/v1/sys/health?standbyok=true&perfstandbyok=true': { initialized: true, sealed: false },
      '/v1/sys/capabilities-self': { data: Object.fromEntries(PATHS.map((path) => [path, this.capabilities])) },
      '/v1/auth/token/lookup-self': { data: this.token },
      '/v1/auth/token/renew-self': { auth: { lease_duration: 3_600 } },
    };
    const answer = answers[request.url!];
    response.writeHead(answer === undefined ? 404 : header('x-vault-token') === 'refused' ? 403 : 200);
    response.end(JSON.stringify(answer ?? {}));
  };
  private readonly server;

  /** Over TLS it asks clients for a certificate. */
  constructor(private readonly tls?: { cert: Buffer; key: Buffer }) {
    this.server =
      tls === undefined
        ? createServer(this.answer)
        : createHttpsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, this.answer);
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.reset();
  }

  reset(): void {
    this.token = { accessor: 'acc', renewable: true, orphan: true, period: 86_400 };
    this.capabilities = ['read', 'update'];
    this.seen = [];
    this.certified = [];
  }

  get address(): string {
    return `${this.tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
