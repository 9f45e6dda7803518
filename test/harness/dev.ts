/**
 * A whole deployment in one command, as a person starts it: `sallyport dev` on free ports with a
 * home of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePorts, run, start, type Finished, type Live, type RunOptions } from './process';

export const SALLYPORT = resolve(__dirname, '../../bin/sallyport');

export interface Dev {
  live: Live;
  home: string;
  apiAddress: string;
  ports: { api: number; cluster: number; proxy: number; ops: number; workerOps: number };
  /** postgres:// URL of the demo database. */
  demoUrl: URL;
  /** Runs a CLI command against it. */
  cli(args: string[], options?: RunOptions): Promise<Finished>;
  /** Starts a CLI command and leaves it running. */
  cliLive(args: string[], options?: RunOptions): Live;
  stop(): Promise<Finished>;
}

/** `flags` are added to the command line, `own` to the environment. */
export async function startDev(flags: string[] = [], own: Record<string, string> = {}): Promise<Dev> {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-e2e-'));
  const [api, cluster, proxy, ops, workerOps] = (await freePorts(5)) as [number, number, number, number, number];
  const at = (port: number) => `127.0.0.1:${port}`;
  const live = start(
    SALLYPORT,
    [
      'dev',
      ...['-api-listen-address', at(api), '-cluster-listen-address', at(cluster), '-proxy-listen-address', at(proxy)],
      ...['-ops-listen-address', at(ops), '-worker-ops-listen-address', at(workerOps), ...flags],
    ],
    { env: { HOME: home, ...own } },
  );
  const demo = await live.output(/(postgres:\/\/\S+)[\s\S]*server started/i, 90_000).catch(async (error: unknown) => {
    await live.stop('SIGKILL');
    throw error;
  });
  const env = { HOME: home, SALLYPORT_ADDR: `http://${at(api)}`, TZ: 'UTC', SALLYPORT_KEYRING_TYPE: 'file' };
  return {
    live,
    home,
    apiAddress: `http://${at(api)}`,
    ports: { api, cluster, proxy, ops, workerOps },
    demoUrl: new URL(demo[1]!),
    cli: (args, options = {}) => run(SALLYPORT, args, { ...options, env: { ...env, ...options.env } }),
    cliLive: (args, options = {}) => start(SALLYPORT, args, { ...options, env: { ...env, ...options.env } }),
    async stop() {
      const finished = await live.stop('SIGINT');
      rmSync(home, { recursive: true, force: true });
      return finished;
    },
  };
}
