import type { AsJson } from '../../lib/rpc/as-json';
import type { CredentialSource, SessionAuthorization, SessionCredential, Target } from '../../proto/gen/api/targets';
import { secretLines, type SecretLayout } from './brokered-credentials';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  recordsSection,
  row,
  scopeSection,
  time,
  type Presenter,
  type Section,
} from './table';

const NAMES = { default_port: 'Default Port', default_client_port: 'Default Client Port' };

const blank: Section = () => [''];
const attached = { blankBefore: false };

export const targets: Presenter<AsJson<Target>> = {
  list: {
    title: 'Target',
    none: 'No targets found',
    fields: (target) => ({
      Version: target.version,
      Type: target.type,
      Name: target.name,
      Description: target.description,
      Address: target.address,
    }),
  },
  item: (target) => {
    const attributes = attributeFields(target, NAMES);
    return itemTable(
      'Target',
      mainFields(target),
      [
        scopeSection(target),
        actionsSection(target),
        blank,
        recordsSection(
          'Aliases:',
          target.aliases?.map((alias) => ({ ID: alias.id, Value: alias.value })),
          attached,
        ),
        recordsSection(
          'Host Sources:',
          target.host_sources?.map((source) => ({ 'Host Catalog ID': source.host_catalog_id, ID: source.id })),
          attached,
        ),
        credentialSources('Brokered', target.brokered_credential_sources),
        credentialSources('Injected Application', target.injected_application_credential_sources),
        attributesSection(attributes, attached),
      ],
      attributes,
    );
  },
};

const credentialSources = (purpose: string, sources: readonly AsJson<CredentialSource>[] | undefined): Section =>
  recordsSection(
    `${purpose} Credential Sources:`,
    sources?.map((source) => ({ 'Credential Store ID': source.credential_store_id, ID: source.id })),
    attached,
  );

const mainFields = (target: AsJson<Target>) => ({
  ...commonFields(target),
  Address: target.address,
  'Egress Worker Filter': target.egress_worker_filter,
  'Ingress Worker Filter': target.ingress_worker_filter,
  'Session Connection Limit': target.session_connection_limit,
  'Session Max Seconds': target.session_max_seconds,
  Type: target.type,
  'Worker Filter': target.worker_filter,
  // Fields of our own; the API leaves them out at their defaults.
  'End Sessions On Token Expiry': target.end_sessions_on_token_expiry,
  'Offline Grace Seconds': target.offline_grace_seconds,
  'Session Concurrent Connection Limit': target.session_concurrent_connection_limit,
});

/** Value column of a session authorization. */
const AUTHORIZATION_COLUMN = 25;

/** What `targets authorize-session` answers. All lines are always there. */
export function sessionAuthorization(item: AsJson<SessionAuthorization>): string[] {
  const fields: [string, unknown][] = [
    ['Authorization Token', item.authorization_token],
    ['Created Time', time(item.created_time)],
    ['Endpoint', item.endpoint],
    ['Host ID', item.host_id],
    ['Scope ID', item.scope?.id],
    ['Session ID', item.session_id],
    ['Target ID', item.target_id],
    ['Type', item.type],
    ['User ID', item.user_id],
  ];
  const lines = fields.map(([label, value]) => row(2, label, value ?? '', AUTHORIZATION_COLUMN));
  return ['', 'Target information:', ...lines, '', ...sessionCredentials(item.credentials)];
}

/** Value column of credentials below a session authorization. */
const CREDENTIAL_COLUMN = 35;
const SECRET: SecretLayout = { pairs: 6, json: 6, step: 2 };

function sessionCredentials(credentials: readonly AsJson<SessionCredential>[] | undefined): string[] {
  if (credentials === undefined || credentials.length === 0) return [];
  return ['  Credentials:', ...credentials.flatMap(sessionCredential)];
}

function sessionCredential({
  credential_source: source = {},
  secret,
  credential,
}: AsJson<SessionCredential>): string[] {
  const fields: [string, unknown][] = [
    ['Credential Store ID', source.credential_store_id],
    ['Credential Source ID', source.id],
    ['Credential Source Type', source.type],
    ['Credential Source Name', source.name],
    ['Credential Source Description', source.description],
    ['Credential Type', source.credential_type],
  ];
  const lines = fields
    .filter(([, value]) => (value ?? '') !== '')
    .map(([label, value]) => row(4, label, value, CREDENTIAL_COLUMN));
  return [...lines, '    Secret:', ...secretLines(SECRET, secret, credential), ''];
}
