/**
 * The discovery document of an OIDC provider (OpenID Connect Discovery 1.0, section 4), as far as
 * it must agree with the configuration of an auth method.
 */
import { rootCertificates } from 'node:tls';
import { NotReached, type Outgoing } from '../outgoing/requests';
import type { OidcSettings } from './oidc';

/** What is where in the network is not told. */
const NOT_REACHED = "The provider's configuration could not be reached.";

type Settings = Pick<OidcSettings, 'issuer' | 'signing_algorithms' | 'idp_ca_certs'>;

/**
 * Why the provider's document and the settings disagree, by attribute; undefined when they agree.
 */
export async function discoveryProblem(
  settings: Settings,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<{ attribute: keyof Settings; problem: string } | undefined> {
  const issuer = (settings.issuer ?? '').replace(/\/+$/, '').replace(/\/\.well-known\/openid-configuration$/, '');
  const document = await documentAt(outgoing, `${issuer}/.well-known/openid-configuration`, settings, signal);
  // A server that answers with any other JSON is no provider.
  if (typeof document?.['issuer'] !== 'string') return { attribute: 'issuer', problem: NOT_REACHED };
  const { issuer: published, id_token_signing_alg_values_supported: algorithms } = document;
  if (published !== issuer && published !== settings.issuer) {
    return { attribute: 'issuer', problem: "It is not the issuer that the provider's configuration names." };
  }
  const supported: unknown[] = Array.isArray(algorithms) ? algorithms : [];
  const wrong = settings.signing_algorithms.find((algorithm) => !supported.includes(algorithm));
  if (wrong === undefined) return undefined;
  return { attribute: 'signing_algorithms', problem: `The provider does not support ${JSON.stringify(wrong)}.` };
}

/** The JSON document at the address; undefined when there is none, whatever the reason. */
async function documentAt(
  outgoing: Outgoing,
  url: string,
  { idp_ca_certs }: Settings,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const tls = idp_ca_certs.length === 0 ? {} : { ca: [...rootCertificates, ...idp_ca_certs] };
  try {
    const { status, text } = await outgoing(url, { headers: { accept: 'application/json' }, tls, signal });
    const document: unknown = status === 200 ? JSON.parse(text) : undefined;
    return typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof NotReached || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
