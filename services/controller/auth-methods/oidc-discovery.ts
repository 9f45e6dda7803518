/**
 * The discovery document of an OIDC provider (OpenID Connect Discovery 1.0, section 4), as far as it must agree with the
 * configuration of an auth method.
 */
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { OidcSettings } from './oidc';

/** For the whole document, ms. */
const TIMEOUT_MS = 10_000;
/** Documents have a few KiB. */
const MAX_BYTES = 262_144;

type Settings = Pick<OidcSettings, 'issuer' | 'signing_algorithms' | 'idp_ca_certs'>;

/** What keeps the provider and the settings from agreeing, by attribute; undefined when nothing does. */
export async function discoveryProblem(
  settings: Settings,
  signal: AbortSignal,
): Promise<{ attribute: keyof Settings; problem: string } | undefined> {
  const issuer = (settings.issuer ?? '').replace(/\/+$/, '').replace(/\/\.well-known\/openid-configuration$/, '');
  let document: unknown;
  try {
    document = JSON.parse(await read(`${issuer}/.well-known/openid-configuration`, settings, signal));
  } catch (error) {
    // The answer itself stays out: the address may be one that the caller cannot reach.
    const why =
      error instanceof Refused ? error.message : ((error as NodeJS.ErrnoException).code ?? 'no JSON document');
    return { attribute: 'issuer', problem: `The provider's configuration could not be read: ${why}.` };
  }
  const { issuer: published, id_token_signing_alg_values_supported: algorithms } = (document ?? {}) as Record<
    string,
    unknown
  >;
  if (published !== issuer && published !== settings.issuer) {
    return { attribute: 'issuer', problem: "It is not the issuer that the provider's configuration names." };
  }
  const supported: unknown[] = Array.isArray(algorithms) ? algorithms : [];
  const wrong = settings.signing_algorithms.find((algorithm) => !supported.includes(algorithm));
  if (wrong === undefined) return undefined;
  return { attribute: 'signing_algorithms', problem: `The provider does not support ${JSON.stringify(wrong)}.` };
}

/** An answer that is no document; the message is for callers. */
class Refused extends Error {}

function read(url: string, { idp_ca_certs }: Settings, signal: AbortSignal): Promise<string> {
  const secure = url.startsWith('https:');
  const trusted = idp_ca_certs.length === 0 ? {} : { ca: [...rootCertificates, ...idp_ca_certs] };
  const options: RequestOptions & { ca?: string[] } = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    headers: { accept: 'application/json' },
    agent: false,
    ...(secure ? trusted : {}),
  };
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      // Left unread, the connection would stay open.
      const refuse = (why: string): void => {
        response.destroy();
        reject(new Refused(why));
      };
      if (response.statusCode !== 200) return refuse(`status ${response.statusCode}`);
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) refuse(`more than ${MAX_BYTES} bytes`);
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    };
    const made = secure ? requestHttps(url, options, answered) : requestHttp(url, options, answered);
    made.on('error', reject);
    made.end();
  });
}
