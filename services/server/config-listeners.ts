/** `listener` blocks: one per purpose and process. */
import type { Fields } from '../../lib/config/fields';
import type { ListenAddress, TlsMaterial } from '../controller/config';

export const PURPOSES = ['api', 'cluster', 'proxy', 'ops'] as const;
export type Purpose = (typeof PURPOSES)[number];

export const DEFAULT_PORTS: Record<Purpose, number> = { api: 9200, cluster: 9201, proxy: 9202, ops: 9203 };

export interface Listener {
  block: Fields;
  address: ListenAddress;
  tls?: TlsMaterial | undefined;
  corsEnabled: boolean;
  corsAllowedOrigins: string[];
  maxRequestDurationMs?: number | undefined;
  maxRequestBytes?: number | undefined;
}

export type Listeners = Record<Purpose, Listener[]>;

const MAX_REQUEST_BYTES = 1 << 30;

export function readListeners(top: Fields, ignored: string[]): Listeners {
  const found: Listeners = { api: [], cluster: [], proxy: [], ops: [] };
  for (const block of top.blocks('listener')) {
    if ((block.text('type') ?? 'tcp') !== 'tcp') block.problem('type', '"tcp"');
    const purpose = onePurpose(block);
    if (purpose === undefined) continue;
    const listener = readListener(block, purpose, ignored);
    block.end();
    found[purpose].push(listener);
  }
  return found;
}

function onePurpose(block: Fields): Purpose | undefined {
  const purposes = block.texts('purpose') ?? [];
  const known = PURPOSES.find((purpose) => purpose === purposes[0]);
  if (known !== undefined && purposes.length === 1) return known;
  return block.problem('purpose', `one of ${PURPOSES.join(', ')}`);
}

function readListener(block: Fields, purpose: Purpose, ignored: string[]): Listener {
  const fallback = { host: '127.0.0.1', port: DEFAULT_PORTS[purpose] };
  const address = block.address('address', DEFAULT_PORTS[purpose]) ?? fallback;
  ignored.push(
    ...block.ignore('tls_min_version', 'tls_max_version', 'http_read_timeout', 'http_read_header_timeout'),
    ...block.ignore('http_write_timeout', 'http_idle_timeout', 'cors_allowed_headers', 'proxy_protocol_behavior'),
    ...block.ignore('proxy_protocol_authorized_addrs', 'x_forwarded_for_authorized_addrs'),
    ...block.ignore('x_forwarded_for_hop_skips', 'x_forwarded_for_reject_not_present'),
  );
  const tls = readTls(block, purpose);
  return {
    block,
    address,
    tls,
    corsEnabled: block.flag('cors_enabled') ?? purpose === 'api',
    corsAllowedOrigins: block.texts('cors_allowed_origins') ?? ['*'],
    maxRequestDurationMs: block.duration('max_request_duration'),
    maxRequestBytes: block.integer('max_request_size', 1, MAX_REQUEST_BYTES),
  };
}

/** The cluster and proxy ports bring their own TLS; there the keys are accepted and do nothing. */
function readTls(block: Fields, purpose: Purpose): TlsMaterial | undefined {
  const disabled = block.flag('tls_disable') ?? false;
  if (purpose === 'cluster' || purpose === 'proxy' || disabled) {
    block.ignore('tls_cert_file', 'tls_key_file');
    return undefined;
  }
  const remedy = 'a PEM file; needed unless "tls_disable" is true';
  if (!block.has('tls_cert_file')) block.problem('tls_cert_file', remedy);
  if (!block.has('tls_key_file')) block.problem('tls_key_file', remedy);
  const cert = block.file('tls_cert_file');
  const key = block.file('tls_key_file');
  return cert === undefined || key === undefined ? undefined : { cert, key };
}
