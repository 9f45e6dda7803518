/**
 * SIGHUP: reads the configuration again and takes over what can change without interrupting
 * anybody: log level, certificates of the API and ops ports, CORS, rate limits, limits of a
 * controller, tags and controllers of a worker. Other changes need a restart and are named. A file
 * with mistakes changes nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import { parseConfig, type ServerConfig } from './config';
import { readConfigFile, type ConfigFiles } from './config-file';
import { startFailure } from './start-failure';
import type { Streams } from './streams';

/** Keys of a file that take effect without a restart. */
const RELOADED = [
  /^log_level$/,
  /^listener\[\d+\]\.(tls_(cert_file|key_file|min_version|max_version)|cors_\w+)\b/,
  /^controller\.(api_rate_limit|limits\b)/,
  /^worker\.(tags|initial_upstreams)\b/,
];

export interface Reloading {
  from: ConfigFiles;
  env: NodeJS.ProcessEnv;
  streams: Streams;
  /** Takes over what it can of the configuration. */
  apply(config: ServerConfig): void;
}

/**
 * Reads the present file, to compare later ones with it. The returned function is to be called at
 * each signal.
 */
export function createReload({ from, env, streams, apply }: Reloading): () => void {
  let known = readConfigFile(from, env).values;
  return () => {
    streams.stdout.write('\n==> Sallyport server reload triggered\n');
    try {
      const { file, values } = readConfigFile(from, env);
      apply(parseConfig(values, file, 'server', env));
      const changed = differences(known, values).filter((path) => !RELOADED.some((form) => form.test(path)));
      known = values;
      if (changed.length > 0) streams.stdout.write(`    These need a restart to take effect: ${changed.join(', ')}\n`);
    } catch (error) {
      streams.stderr.write(`\nError: nothing was reloaded: ${startFailure(error).message}\n`);
    }
  };
}

/** The paths of the differences, each as deep as there are objects on both sides. */
export function differences(before: unknown, after: unknown, path = ''): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    const count = Math.max(before.length, after.length);
    return Array.from({ length: count }, (_, i) => differences(before[i], after[i], `${path}[${i}]`)).flat();
  }
  if (!isObject(before) || !isObject(after)) return [path];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
