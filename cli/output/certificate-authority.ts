import type { AsJson } from '../../lib/rpc/as-json';
import type { CertificateAuthority } from '../../proto/gen/api/workers';
import { longTime } from './format';
import { row } from './table';

const COLUMN = 29;

/** The authorities that vouch for workers. */
export function certificateAuthorityTable(authority: AsJson<CertificateAuthority>): string[] {
  const blocks = (authority.certs ?? []).map((certificate, index) => [
    ...(index === 0 ? [] : ['']),
    row(2, 'ID', certificate.id, COLUMN),
    row(2, 'Public Key Sha256', certificate.public_key_sha256, COLUMN),
    row(2, 'Not Before Time', longTime(String(certificate.not_before_time ?? '')), COLUMN),
    row(2, 'Not After Time', longTime(String(certificate.not_after_time ?? '')), COLUMN),
  ]);
  return ['', 'Worker certificate authority information:', ...blocks.flat()];
}
