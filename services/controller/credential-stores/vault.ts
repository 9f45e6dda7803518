/**
 * The calls to Vault that tell whether a token can serve a store: it must be renewable, orphan and periodic, may look
 * itself up, renew and revoke itself and its leases, and its renewal must work. Answers of the server never get into
 * error texts, as its address comes from a request.
 */
import http from 'node:http';
import https from 'node:https';
import { invalidArgument } from '../../../lib/errors/errors';
import { MESSAGE } from '../resources/fields';

export interface VaultConnection {
  address: string;
  namespace: string | null;
  ca_cert: string | null;
  tls_server_name: string | null;
  tls_skip_verify: boolean;
  client_certificate: string | null;
  client_certificate_key: string | null;
  token: string;
}

/** Connecting and answering, each call. */
const CALL_TIMEOUT_MS = 10_000;
/** Larger answers are none of Vault's. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** A renewed token must live longer, so that renewing in time is possible. */
const MIN_LEASE_SECONDS = 60;

const CAPABILITIES: Readonly<Record<string, string>> = {
  'auth/token/lookup-self': 'read',
  'auth/token/renew-self': 'update',
  'auth/token/revoke-self': 'update',
  'sys/leases/renew': 'update',
  'sys/leases/revoke': 'update',
};

/** Checks server and token; the accessor of the token. Throws 400 that says what is wrong. */
export async function checkVault(connection: VaultConnection): Promise<string> {
  await call(connection, 'GET', 'sys/health?standbyok=true&perfstandbyok=true');
  const paths = Object.keys(CAPABILITIES);
  const capabilities = dataOf(await call(connection, 'POST', 'sys/capabilities-self', { paths }));
  const lacking = paths.filter((path) => {
    const granted = Array.isArray(capabilities[path]) ? (capabilities[path] as unknown[]) : [];
    return !granted.includes(CAPABILITIES[path]) && !granted.includes('root');
  });
  if (lacking.length > 0) refuse('token', `The token's policies lack capabilities on ${lacking.join(', ')}.`);
  const token = dataOf(await call(connection, 'GET', 'auth/token/lookup-self'));
  if (token.renewable !== true) refuse('token', 'The token is not renewable.');
  if (token.orphan !== true) refuse('token', 'The token is not an orphan token.');
  if (!(Number(token.period) > 0)) refuse('token', 'The token is not a periodic token.');
  const renewed = await call(connection, 'POST', 'auth/token/renew-self', {});
  const auth = (renewed.auth ?? {}) as Record<string, unknown>;
  if (!(Number(auth.lease_duration) > MIN_LEASE_SECONDS)) {
    refuse('token', `The period of the token must be longer than ${MIN_LEASE_SECONDS} seconds.`);
  }
  if (typeof token.accessor !== 'string' || token.accessor === '') refuse('token', 'The token has no accessor.');
  return token.accessor;
}

type Answer = Record<string, unknown>;

const dataOf = (answer: Answer): Answer => (answer.data ?? answer) as Answer;

function refuse(attribute: string, description: string): never {
  throw invalidArgument(MESSAGE.request, [{ name: `attributes.${attribute}`, description }]);
}

async function call(connection: VaultConnection, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await send(connection, method, path, body).catch((error: NodeJS.ErrnoException) =>
    refuse('address', `Vault could not be reached: ${error.code ?? 'no answer'}.`),
  );
  if (answer.status === 401 || answer.status === 403) refuse('token', 'Vault refuses the token.');
  if (answer.status < 200 || answer.status > 299) refuse('address', `Vault answered with status ${answer.status}.`);
  try {
    return JSON.parse(answer.text || '{}') as Answer;
  } catch {
    return refuse('address', 'What answers there is not Vault.');
  }
}

function send(
  connection: VaultConnection,
  method: string,
  path: string,
  body: object | undefined,
): Promise<{ status: number; text: string }> {
  const url = new URL(`v1/${path}`, `${connection.address.replace(/\/+$/, '')}/`);
  return new Promise((resolve, reject) => {
    const options = { method, headers: headersOf(connection), signal: AbortSignal.timeout(CALL_TIMEOUT_MS) };
    const request =
      url.protocol === 'https:'
        ? https.request(url, { ...options, ...tlsOf(connection), agent: false })
        : http.request(url, { ...options, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) request.destroy(new Error('answer too long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const headersOf = ({ token, namespace }: VaultConnection): Record<string, string> => ({
  'x-vault-token': token,
  'x-vault-request': 'true',
  'content-type': 'application/json',
  ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
});

const tlsOf = (connection: VaultConnection): https.RequestOptions => ({
  rejectUnauthorized: !connection.tls_skip_verify,
  ...(connection.ca_cert === null ? {} : { ca: connection.ca_cert }),
  ...(connection.tls_server_name === null ? {} : { servername: connection.tls_server_name }),
  ...(connection.client_certificate === null || connection.client_certificate_key === null
    ? {}
    : { cert: connection.client_certificate, key: connection.client_certificate_key }),
});
