import type { AsJson } from '../../lib/rpc/as-json';
import type { SessionCredential, SessionSecret } from '../../proto/gen/api/targets';
/** Credentials that a session brought, as `connect` shows them. */
import { attributeValue } from './format';
import { row, rows } from './table';

/** The column of values leaves room for labels of this width at least. */
const MIN_LABEL = 17;

/**
 * Lines with a heading; `indent` is 0, or 2 below the listening block. Each credential ends with an
 * empty line.
 */
export function brokeredCredentials(credentials: readonly AsJson<SessionCredential>[], indent: 0 | 2): string[] {
  const blocks = credentials.map((credential) => [...lines(credential, indent), '']);
  return [`${' '.repeat(indent)}Credentials:`, ...blocks.flat()];
}

function lines(
  { credential_source: source = {}, secret, credential }: AsJson<SessionCredential>,
  indent: number,
): string[] {
  const fields = {
    'Credential Source Description': source.description,
    'Credential Source ID': source.id,
    'Credential Source Name': source.name,
    'Credential Store ID': source.credential_store_id,
    'Credential Store Type': source.type,
    'Credential Type': source.credential_type,
  };
  const labels = Object.entries(fields).filter(([, value]) => (value ?? '') !== '');
  const width = Math.max(MIN_LABEL, ...labels.map(([label]) => label.length));
  const at = indent + 2;
  return [
    ...rows(at, fields, at + width + 2),
    `${' '.repeat(at)}Secret:`,
    ...secretLines({ pairs: indent + 8, json: indent + 6, step: indent + 4 }, secret, credential),
  ];
}

/** Columns of {@link secretLines}: where pairs and where JSON starts, and how deep JSON nests. */
export interface SecretLayout {
  pairs: number;
  json: number;
  step: number;
}

/** The fields of a typed credential; of others the secret as JSON, or as it is. */
export function secretLines(
  layout: SecretLayout,
  secret: AsJson<SessionSecret> = {},
  credential: AsJson<SessionCredential>['credential'] = {},
): string[] {
  const fields = Object.entries(credential);
  if (fields.length > 0) {
    const column = layout.pairs + Math.max(...fields.map(([name]) => name.length)) + 4;
    return fields
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => row(layout.pairs, name, attributeValue(value), column));
  }
  const raw = Buffer.from(String(secret.raw ?? ''), 'base64').toString();
  const shown = secret.decoded === undefined ? raw : JSON.stringify(secret.decoded, null, layout.step);
  return shown.split('\n').map((line) => ' '.repeat(layout.json) + line);
}
