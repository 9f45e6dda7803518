/**
 * The calls to Vault that tell whether a token can serve a store: it must be renewable, orphan and
 * periodic, may look itself up, renew and revoke itself and its leases, and its renewal must work.
 * Answers of the server never get into error texts, as its address comes from a request.
 */
import { invalidArgument } from '../../../lib/errors/errors';
import { NotReached, type Outgoing, type OutgoingAnswer, type OutgoingTls } from '../outgoing/requests';
import { MESSAGE } from '../resources/fields';

/** How a Vault is reached, without the right to anything there. */
export interface VaultAddress {
  address: string;
  namespace: string | null;
  ca_cert: string | null;
  tls_server_name: string | null;
  tls_skip_verify: boolean;
  client_certificate: string | null;
  client_certificate_key: string | null;
}

export interface VaultConnection extends VaultAddress {
  token: string;
}

interface Vault {
  connection: VaultConnection;
  outgoing: Outgoing;
}

/**
 * The error of everything that fails before a Vault has answered. It tells nothing about the
 * network.
 */
const NOT_REACHED = 'Vault could not be reached.';
/** A renewed token must live longer, so that renewing in time is possible. */
const MIN_LEASE_SECONDS = 60;

const CAPABILITIES: Readonly<Record<string, string>> = {
  'auth/token/lookup-self': 'read',
  'auth/token/renew-self': 'update',
  'auth/token/revoke-self': 'update',
  'sys/leases/renew': 'update',
  'sys/leases/revoke': 'update',
};

/** Checks that a Vault answers there, without showing it a token. Throws 400. */
export async function checkVaultAnswers(address: VaultAddress, outgoing: Outgoing): Promise<void> {
  const to = { connection: { ...address, token: '' }, outgoing };
  const { status, text } = await send(to, 'GET', 'sys/health?standbyok=true&perfstandbyok=true', {});
  const health = parsed(text);
  if (typeof health?.sealed !== 'boolean') refuse('address', NOT_REACHED);
  if (status < 200 || status > 299) refuse('address', 'This Vault is sealed or not initialized.');
}

/** Checks server and token; the accessor of the token. Throws 400 that says what is wrong. */
export async function checkVault(connection: VaultConnection, outgoing: Outgoing): Promise<string> {
  // A server that is none gets no token.
  await checkVaultAnswers(connection, outgoing);
  const to = { connection, outgoing };
  const paths = Object.keys(CAPABILITIES);
  const capabilities = dataOf(await call(to, 'POST', 'sys/capabilities-self', { paths }));
  const lacking = paths.filter((path) => {
    const granted = Array.isArray(capabilities[path]) ? (capabilities[path] as unknown[]) : [];
    return !granted.includes(CAPABILITIES[path]) && !granted.includes('root');
  });
  if (lacking.length > 0) refuse('token', `The token's policies lack capabilities on ${lacking.join(', ')}.`);
  const token = dataOf(await call(to, 'GET', 'auth/token/lookup-self'));
  if (token.renewable !== true) refuse('token', 'The token is not renewable.');
  if (token.orphan !== true) refuse('token', 'The token is not an orphan token.');
  if (!(Number(token.period) > 0)) refuse('token', 'The token is not a periodic token.');
  const renewed = await call(to, 'POST', 'auth/token/renew-self', {});
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

/**
 * A call with the token. Refusals of the token are reported; every other failure is "not reached".
 */
async function call(to: Vault, method: string, path: string, body?: object): Promise<Answer> {
  const { token, namespace } = to.connection;
  const headers = { 'x-vault-token': token, ...(namespace === null ? {} : { 'x-vault-namespace': namespace }) };
  const answer = await send(to, method, path, { headers, ...(body === undefined ? {} : { body }) });
  if (answer.status === 401 || answer.status === 403) refuse('token', 'Vault refuses the token.');
  if (answer.status < 200 || answer.status > 299) refuse('address', NOT_REACHED);
  return parsed(answer.text) ?? refuse('address', NOT_REACHED);
}

async function send(
  { connection, outgoing }: Vault,
  method: string,
  path: string,
  more: { headers?: Record<string, string>; body?: object },
): Promise<OutgoingAnswer> {
  const url = `${connection.address.replace(/\/+$/, '')}/v1/${path}`;
  const headers = { 'x-vault-request': 'true', ...more.headers };
  try {
    return await outgoing(url, { ...more, method, headers, tls: tlsOf(connection) });
  } catch (error) {
    if (error instanceof NotReached) return refuse('address', NOT_REACHED);
    throw error;
  }
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

const tlsOf = (connection: VaultAddress): OutgoingTls => ({
  rejectUnauthorized: !connection.tls_skip_verify,
  ...(connection.ca_cert === null ? {} : { ca: connection.ca_cert }),
  ...(connection.tls_server_name === null ? {} : { servername: connection.tls_server_name }),
  ...(connection.client_certificate === null || connection.client_certificate_key === null
    ? {}
    : { cert: connection.client_certificate, key: connection.client_certificate_key }),
});
