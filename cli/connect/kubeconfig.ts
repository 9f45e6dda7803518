/**
 * A cluster of a kubeconfig may name a proxy (`proxy-url`), which --server does not overrule.
 * kubectl is then given the cluster once more without it, in a file that goes before those of the
 * user.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { homeOf } from '../../lib/platform/system';
import { LocalError } from '../io/errors';
import type { ConnectContext } from './flags';
import type { SecretFiles } from './secret-files';
import type { Variables } from './surroundings';

/** Longest wait for kubectl to show its configuration, ms. */
const PATIENCE_MS = 10_000;

/** Options of kubectl that decide which cluster it takes. */
const CHOOSING = /^--(context|cluster|kubeconfig|user)(=|$)/;

interface View {
  clusters?: { name: string; cluster: Record<string, unknown> }[];
}

/** Variables that keep kubectl from such a proxy; none where there is none. */
export function directKubeconfig({ args, io: { env }, rest }: ConnectContext, files: SecretFiles): Variables {
  const chosen = choosing(rest);
  const named = chosen.find((word) => word.startsWith('--kubeconfig='))?.slice('--kubeconfig='.length);
  const paths = (env.KUBECONFIG || join(homeOf(env), '.kube', 'config')).split(delimiter).filter(Boolean);
  const looked = named === undefined ? paths : [named];
  if (!looked.some((path) => textOf(path).includes('proxy-url'))) return {};
  const view = ['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json', ...chosen];
  const { clusters = [] } = read(args.exec || 'kubectl', view, env);
  const [current] = clusters.filter(({ cluster }) => cluster['proxy-url'] !== undefined);
  if (current === undefined) return {};
  if (named !== undefined)
    throw new LocalError(`${named}: cluster ${current.name} has a proxy-url, which would lead away from the session`);
  const { 'proxy-url': _, ...cluster } = current.cluster;
  const config = { apiVersion: 'v1', kind: 'Config', clusters: [{ name: current.name, cluster }] };
  return { KUBECONFIG: [files.forChild(JSON.stringify(config)), ...paths].join(delimiter) };
}

function read(program: string, words: string[], env: NodeJS.ProcessEnv): View {
  try {
    return JSON.parse(execFileSync(program, words, { env, encoding: 'utf8', timeout: PATIENCE_MS })) as View;
  } catch (error) {
    throw new LocalError(
      `A kubeconfig has a proxy-url, and whether it counts here is not known: ${(error as Error).message}`,
    );
  }
}

/** Those options among the words, each in one word; behind -- are words of others. */
function choosing(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  return own.flatMap((word, at) => {
    if (!CHOOSING.test(word)) return [];
    return [word.includes('=') ? word : `${word}=${own[at + 1] ?? ''}`];
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
