/** What a worker needs to run, parsed and checked; `services/server` makes it from a file. */
import type { WorkerLimits } from './limits';

export interface WorkerConfig {
  description?: string | undefined;
  /**
   * Where the session transport listens. Port 0 picks a free one. `fd`: a listening socket that was
   * passed on instead.
   */
  proxy: { host: string; port: number; fd?: number | undefined };
  /** host:port handed to clients; the bound address when absent. */
  publicAddress?: string | undefined;
  /**
   * `allowedHosts`: names that requests may call the port by, beside loopback ones; absent: all.
   */
  ops?:
    { host: string; port: number; fd?: number | undefined; allowedHosts?: readonly string[] | undefined } | undefined;
  /**
   * Set for a process that takes over from others of the same worker: it serves once a controller
   * has welcomed it.
   */
  takesOver?: TakeOver | undefined;
  /** Cluster addresses of controllers, tried in order. */
  initialUpstreams: { host: string; port: number }[];
  /** Lower-case keys and values. */
  tags: Record<string, string[]>;
  /** Directory, 0700, for the certificate and the spool of unacknowledged closes. */
  authStoragePath: string;
  /** One-time token; needed until the worker is enrolled, ignored afterwards. Never logged. */
  activationToken?: string | undefined;
  /** Processes that carry connections; 1: this process does it itself. */
  dataProcesses?: number | undefined;
  /** Absent: all at their defaults. */
  limits?: WorkerLimits | undefined;
}

export interface TakeOver {
  /** The address of the socket that was passed on, which can only be asked for by listening. */
  proxyAddress: { host: string; port: number };
  /** Earlier processes, which live and drain. */
  drainingBootIds: string[];
}

/** What can change while a worker runs. */
export type WorkerReload = Pick<WorkerConfig, 'tags' | 'initialUpstreams'>;
