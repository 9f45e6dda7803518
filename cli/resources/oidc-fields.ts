/** Flags of OIDC auth methods and their accounts. */
import { unsigned, type Field } from '../core/fields';

const CLEAR = 'The word null clears it.';

const text = (name: string, description: string, more: Partial<Field> = {}): Field => ({
  flag: { name, type: 'string', description: `${description} ${CLEAR}` },
  path: `attributes.${name.replaceAll('-', '_')}`,
  ...more,
});

const list = (name: string, attribute: string, description: string): Field => ({
  flag: { name, type: 'list', description: `${description} A single null leaves none.` },
  path: `attributes.${attribute}`,
});

export const OIDC: Field[] = [
  text('issuer', "The provider's issuer URL."),
  text('client-id', 'Id that the provider gave to this deployment.'),
  text('client-secret', 'Secret that belongs to the client id. Taken as it stands.'),
  {
    ...text('max-age', 'Seconds after which the provider asks its users to log in anew; 0 for always.'),
    parse: unsigned,
  },
  list('signing-algorithm', 'signing_algorithms', 'Algorithm that may sign tokens, such as RS256; once for each.'),
  text('api-url-prefix', 'URL under which browsers reach this API; the provider sends them back there.'),
  list('idp-ca-cert', 'idp_ca_certs', 'Certificate, PEM, that the provider may be verified with; once for each.'),
  list('allowed-audience', 'allowed_audiences', 'Audience that tokens may be for; once for each.'),
  list('claims-scopes', 'claims_scopes', 'Scope to ask for besides openid; once for each.'),
  list('account-claim-maps', 'account_claim_maps', 'Claim to take sub, name or email from, from=to; once for each.'),
  list('prompts', 'prompts', 'What the provider asks its users: none, login, consent, select_account; once for each.'),
];

export const DISABLE_VALIDATION: Field = {
  flag: {
    name: 'disable-discovered-config-validation',
    type: 'bool',
    description: 'Do not compare the configuration with what the provider publishes.',
  },
  path: 'attributes.disable_discovered_config_validation',
};

export const OIDC_UPDATE: Field[] = [
  ...OIDC,
  DISABLE_VALIDATION,
  {
    flag: { name: 'dry-run', type: 'bool', description: 'Check the change, but do not make it.' },
    path: 'attributes.dry_run',
  },
];

export const OIDC_ACCOUNT: Field[] = [
  {
    flag: { name: 'subject', type: 'string', description: 'Who the provider says it is: the claim sub.' },
    path: 'attributes.subject',
    required: true,
  },
  {
    flag: {
      name: 'issuer',
      type: 'string',
      description: 'Issuer of the subject; that of the auth method when absent.',
    },
    path: 'attributes.issuer',
  },
];
