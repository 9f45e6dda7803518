/** The `worker` block. */
import { isIP } from 'node:net';
import { formatAddress, parseAddress, type HostPort } from '../../lib/config/address';
import type { Fields } from '../../lib/config/fields';
import type { ControllerConfig } from '../controller/config';
import type { WorkerConfig } from '../worker/config';
import { MAX_DATA_PROCESSES, WORKER_LIMITS } from '../worker/limits';
import { readLimitTable } from './config-limits';
import { DEFAULT_PORTS, type Listeners } from './config-listeners';

interface Surroundings {
  top: Fields;
  listeners: Listeners;
  /** The controller of the same file. */
  beside: ControllerConfig | undefined;
  ignored: string[];
}

export function readWorker(
  block: Fields,
  around: Surroundings,
): { config: WorkerConfig; drainTimeoutMs: number | undefined } {
  const [proxy, second] = around.listeners.proxy;
  second?.block.problem('purpose', '"proxy" only once in a file');
  if (proxy === undefined) around.top.problem('listener', 'a block with purpose "proxy"');
  if (block.text('name') !== undefined) {
    block.problem('name', 'no name here: a worker is named where its activation token is made ("workers create")');
  }
  // With a controller in the same file the first ops listener is the controller's.
  const ops = around.listeners.ops[around.beside === undefined ? 0 : 1];
  const publicAddress = block.address('public_addr', DEFAULT_PORTS.proxy);
  const config: WorkerConfig = {
    description: block.text('description'),
    proxy: proxy?.address ?? { host: '127.0.0.1', port: DEFAULT_PORTS.proxy },
    publicAddress: publicAddress && formatAddress(publicAddress),
    ops: ops && { ...ops.address, allowedHosts: ops.origins.allowedHosts },
    initialUpstreams: readUpstreams(block, around.beside),
    tags: readTags(block),
    authStoragePath: block.requiredText('auth_storage_path', 'a directory for the keys of this worker'),
    // Needed for the first start only.
    activationToken: block.textIfSet('controller_generated_activation_token'),
    dataProcesses: block.integer('data_processes', 1, MAX_DATA_PROCESSES) ?? 1,
    limits: readLimitTable(block, WORKER_LIMITS),
  };
  if ((config.dataProcesses ?? 1) > 1 && Buffer.byteLength(config.authStoragePath) > MAX_SOCKET_DIRECTORY) {
    block.problem('auth_storage_path', `a path of at most ${MAX_SOCKET_DIRECTORY} bytes, or "data_processes": 1`);
  }
  const drainTimeoutMs = block.duration('drain_timeout');
  around.ignored.push(
    ...block.ignore('successful_status_grace_period', 'status_call_timeout', 'get_downstream_workers_timeout'),
    ...block.ignore('recording_storage_path', 'recording_storage_minimum_available_capacity', 'ssh_known_hosts_path'),
  );
  block.end();
  return { config, drainTimeoutMs };
}

/**
 * Paths of sockets have at most 107 bytes, of which the names of those of data processes need 20.
 */
const MAX_SOCKET_DIRECTORY = 87;

function readUpstreams(block: Fields, beside: ControllerConfig | undefined): HostPort[] {
  const expected = 'a list of cluster addresses such as ["10.0.0.5:9201"]';
  const texts = block.texts('initial_upstreams');
  if (texts === undefined || texts.length === 0) {
    if (beside !== undefined) return [beside.cluster.address];
    if (texts !== undefined || !block.has('initial_upstreams')) block.problem('initial_upstreams', expected);
    return [];
  }
  return texts.flatMap((text, i) => {
    const address = parseAddress(text, DEFAULT_PORTS.cluster);
    if (address !== undefined && !isUnusable(address.host)) return [address];
    block.problem(`initial_upstreams[${i}]`, 'an address that can be dialed, such as "10.0.0.5:9201"');
    return [];
  });
}

/** Unspecified and multicast addresses lead to no host. */
const isUnusable = (host: string): boolean =>
  isIP(host) !== 0 && (/^(0\.0\.0\.0|::)$/.test(host) || /^(22[4-9]|23\d)\.|^ff/i.test(host));

const TAGS_EXPECTED = 'tags such as {"region": ["eu"]} or ["region=eu"]';

function readTags(block: Fields): Record<string, string[]> {
  let value = block.raw('tags');
  if (typeof value === 'string') value = parseJson(block.text('tags') ?? '');
  if (value === undefined) return {};
  const tags = tagEntries(value);
  if (tags === undefined) {
    block.problem('tags', TAGS_EXPECTED);
    return {};
  }
  const result: Record<string, string[]> = {};
  for (const [key, tag] of tags) {
    if ([key, tag].some((text) => !/^[\x20-\x2b\x2d-\x7e]+$/.test(text) || text !== text.toLowerCase())) {
      block.problem(`tags`, 'keys and values in lower case, printable, without commas');
      continue;
    }
    (result[key] ??= []).push(tag);
  }
  return result;
}

/** Undefined when the value is neither a map nor a list of key=value. */
function tagEntries(value: unknown): [string, string][] | undefined {
  if (Array.isArray(value)) {
    const pairs = value.map((item) => (typeof item === 'string' ? /^([^=]+)=(.+)$/s.exec(item) : null));
    return pairs.every((pair) => pair !== null) ? pairs.map((pair) => [pair[1]!, pair[2]!]) : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value).map(([key, tags]) => [key, Array.isArray(tags) ? tags : [tags]] as const);
  if (!entries.every(([, tags]) => tags.every((tag) => typeof tag === 'string'))) return undefined;
  return entries.flatMap(([key, tags]) => tags.map((tag): [string, string] => [key, tag as string]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
