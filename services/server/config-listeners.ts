/** `listener` blocks: one per purpose and process. */
import { createSecureContext } from 'node:tls';
import type { Fields } from '../../lib/config/fields';
import type { OwnOrigins } from '../controller/gateway/origin';
import { isNetwork, type Forwarding } from '../controller/rpc/forwarded';
import type { ApiTimeouts, ListenAddress, TlsMaterial, TlsVersion } from '../controller/config';

export const PURPOSES = ['api', 'cluster', 'proxy', 'ops'] as const;
export type Purpose = (typeof PURPOSES)[number];

export const DEFAULT_PORTS: Record<Purpose, number> = { api: 9200, cluster: 9201, proxy: 9202, ops: 9203 };

export interface Listener {
  block: Fields;
  address: ListenAddress;
  tls?: TlsMaterial | undefined;
  corsEnabled: boolean;
  corsAllowedOrigins: string[];
  corsAllowedHeaders: string[];
  timeouts: ApiTimeouts;
  origins: OwnOrigins;
  forwarding?: Forwarding | undefined;
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
    ...block.ignore('http_write_timeout', 'proxy_protocol_behavior'),
    ...block.ignore('proxy_protocol_authorized_addrs'),
    ...(purpose === 'api' ? [] : block.ignore(...FORWARDING_KEYS)),
  );
  const tls = readTls(block, purpose);
  return {
    block,
    address,
    tls,
    corsEnabled: block.flag('cors_enabled') ?? purpose === 'api',
    corsAllowedOrigins: block.texts('cors_allowed_origins') ?? ['*'],
    corsAllowedHeaders: readHeaderNames(block),
    origins: {
      publicOrigins: purpose === 'api' ? readPublicOrigins(block) : undefined,
      allowedHosts: purpose === 'api' || purpose === 'ops' ? readAllowedHosts(block) : undefined,
    },
    forwarding: purpose === 'api' ? readForwarding(block) : undefined,
    timeouts: {
      headers: block.duration('http_read_header_timeout'),
      request: block.duration('http_read_timeout'),
      idle: block.duration('http_idle_timeout'),
    },
    maxRequestDurationMs: block.duration('max_request_duration'),
    maxRequestBytes: block.integer('max_request_size', 1, MAX_REQUEST_BYTES),
  };
}

/** Origins whose cookies count. */
function readPublicOrigins(block: Fields): string[] | undefined {
  const publicOrigins = block.texts('public_origins');
  if (publicOrigins?.every((origin) => /^https?:\/\/[^\s/?#@]+$/.test(origin)) === false) {
    block.problem('public_origins', 'a list of origins such as "https://sallyport.example"');
  }
  return publicOrigins;
}

/** Names that requests may call this port by. */
function readAllowedHosts(block: Fields): string[] | undefined {
  const allowedHosts = block.texts('allowed_hosts')?.map((name) => name.toLowerCase());
  if (allowedHosts?.every((name) => /^[^\s/?#@]+$/.test(name)) === false) {
    block.problem('allowed_hosts', 'a list of host names and addresses, without ports');
  }
  return allowedHosts;
}

const FORWARDING_KEYS = [
  'x_forwarded_for_authorized_addrs',
  'x_forwarded_for_hop_skips',
  'x_forwarded_for_reject_not_present',
  'x_forwarded_for_reject_not_authorized',
] as const;
const MAX_HOPS = 100;

/** The proxies that may name the caller of a request; undefined when there are none. */
function readForwarding(block: Fields): Forwarding | undefined {
  const [addrs, skips, notPresent, notAuthorized] = FORWARDING_KEYS;
  const authorizedAddrs = block.texts(addrs) ?? [];
  if (!authorizedAddrs.every(isNetwork)) block.problem(addrs, 'a list of addresses and networks such as "10.0.0.0/8"');
  const forwarding = {
    authorizedAddrs,
    hopSkips: block.integer(skips, 0, MAX_HOPS) ?? 0,
    rejectNotPresent: block.flag(notPresent) ?? true,
    rejectNotAuthorized: block.flag(notAuthorized) ?? true,
  };
  return authorizedAddrs.length === 0 ? undefined : forwarding;
}

function readHeaderNames(block: Fields): string[] {
  const names = block.texts('cors_allowed_headers') ?? [];
  if (names.every((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))) return names;
  block.problem('cors_allowed_headers', 'a list of header names');
  return [];
}

const TLS_VERSIONS: Record<string, TlsVersion> = { tls12: 'TLSv1.2', tls13: 'TLSv1.3' };

function readTlsVersion(block: Fields, key: string): TlsVersion | undefined {
  const word = block.word(key, Object.keys(TLS_VERSIONS));
  return word === undefined ? undefined : TLS_VERSIONS[word];
}

/**
 * The cluster and proxy ports have certificates of their own. The keys are accepted there and have
 * no effect.
 */
function readTls(block: Fields, purpose: Purpose): TlsMaterial | undefined {
  const disabled = block.flag('tls_disable') ?? false;
  if (purpose === 'cluster' || purpose === 'proxy' || disabled) {
    block.ignore('tls_cert_file', 'tls_key_file', 'tls_min_version', 'tls_max_version');
    return undefined;
  }
  const remedy = 'a PEM file; needed unless "tls_disable" is true';
  if (!block.has('tls_cert_file')) block.problem('tls_cert_file', remedy);
  if (!block.has('tls_key_file')) block.problem('tls_key_file', remedy);
  const cert = block.file('tls_cert_file');
  const key = block.file('tls_key_file');
  const minVersion = readTlsVersion(block, 'tls_min_version');
  const maxVersion = readTlsVersion(block, 'tls_max_version');
  if (minVersion === 'TLSv1.3' && maxVersion === 'TLSv1.2') {
    block.problem('tls_max_version', 'not less than tls_min_version');
  }
  if (cert === undefined || key === undefined) return undefined;
  if (!isPair(cert, key)) block.problem('tls_key_file', 'the private key, in PEM, of the certificate in tls_cert_file');
  return { cert, key, minVersion, maxVersion };
}

/** Whether TLS accepts the pair. A mismatch would otherwise show only in each handshake. */
function isPair(cert: Buffer, key: Buffer): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
