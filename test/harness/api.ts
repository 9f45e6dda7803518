/** A small HTTP client of the API, for what tests need to set up and to look at. */
import { waitFor } from './wait';

export interface Answer {
  status: number;
  body: any;
  headers: Headers;
}

export class Api {
  token: string | undefined;

  constructor(readonly address: string) {}

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
  }

  /** The answer's body; throws unless the status is below 300. */
  async ok(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async login(authMethodId: string, loginName: string, password: string): Promise<void> {
    const answer = await this.ok('POST', `/v1/auth-methods/${authMethodId}:authenticate`, {
      command: 'login',
      attributes: { login_name: loginName, password },
    });
    this.token = answer.attributes.token as string;
  }

  /** A tcp target with a direct address in the project. */
  target(
    projectId: string,
    port: number,
    more: Record<string, unknown> = {},
  ): Promise<{ id: string; version: number }> {
    const name = `t-${process.pid}-${targets++}`;
    const body = {
      scope_id: projectId,
      type: 'tcp',
      name,
      address: '127.0.0.1',
      attributes: { default_port: port },
      ...more,
    };
    return this.ok('POST', '/v1/targets', body);
  }

  authorize(targetId: string): Promise<{ session_id: string; authorization_token: string }> {
    return this.ok('POST', `/v1/targets/${targetId}:authorize-session`, {});
  }

  session(id: string): Promise<any> {
    return this.ok('GET', `/v1/sessions/${id}`);
  }

  /** Waits until the session looks right. */
  async sessionWhere(id: string, what: string, holds: (session: any) => boolean, timeoutMs = 20_000): Promise<any> {
    let last: unknown;
    return waitFor(
      `session ${what}`,
      async () => {
        const session: unknown = await this.session(id);
        last = session;
        return holds(session) ? session : undefined;
      },
      { timeoutMs, status: () => JSON.stringify(last, undefined, 1) },
    );
  }
}

let targets = 0;
