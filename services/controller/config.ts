/**
 * What a controller needs to run, parsed and checked; `services/server` makes it from a file, dev
 * mode from flags.
 */
import type { AeadKey } from '../../lib/config/aead-key';
import type { OwnOrigins } from './gateway/origin';
import type { Forwarding } from './rpc/forwarded';
import { CONTROLLER_LIMITS, type ControllerLimits } from './limits';
import type { RateLimits } from './rpc/rate-limit';

export interface ListenAddress {
  /** Numeric address or host name to bind. */
  host: string;
  /** 0 picks a free port. */
  port: number;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface TlsMaterial {
  /** PEM chain. */
  cert: Buffer;
  /** PEM private key. */
  key: Buffer;
  /** TLS 1.2 when absent. */
  minVersion?: TlsVersion | undefined;
  /** The newest that this program speaks when absent. */
  maxVersion?: TlsVersion | undefined;
}

/** All ms; each has a default. */
export interface ApiTimeouts {
  /** All headers of a request. */
  headers?: number | undefined;
  /** A whole request. */
  request?: number | undefined;
  /** Silence between two requests. */
  idle?: number | undefined;
}

export interface ControllerConfig {
  /** Lower case, unique among the controllers of a deployment. */
  name: string;
  description?: string | undefined;
  database: {
    /** postgres:// URL. */
    url: string;
    maxOpenConnections?: number | undefined;
  };
  /**
   * Root key of the envelope encryption: 32 bytes, with an id that tells it from others. Never
   * logged.
   */
  rootKey: AeadKey;
  /** Key of recovery tokens; absent: they are refused. Never logged. */
  recoveryKey?: AeadKey | undefined;
  api: {
    address: ListenAddress;
    /** Absent: plaintext, HTTP/2 and HTTP/1.1 told apart by the connection preface. */
    tls?: TlsMaterial | undefined;
    corsEnabled: boolean;
    corsAllowedOrigins: string[];
    /** Additional to the headers that every client of the API sends. */
    corsAllowedHeaders?: string[] | undefined;
    timeouts?: ApiTimeouts | undefined;
    /** Origins whose cookies count, and names that browsers may call this port by. */
    origins?: OwnOrigins | undefined;
    /** Absent: who connects is who calls. */
    forwarding?: Forwarding | undefined;
  };
  cluster: {
    address: ListenAddress;
    /** host:port that workers are told to dial; the bound address when absent. */
    publicAddress?: string | undefined;
  };
  ops?:
    | {
        address: ListenAddress;
        tls?: TlsMaterial | undefined;
        /** Names that requests may call the port by, beside loopback ones; absent: all. */
        allowedHosts?: readonly string[] | undefined;
      }
    | undefined;
  /** Life of an auth token from its creation, ms. Default 7 days. */
  authTokenTimeToLiveMs: number;
  /** Life of an auth token since its last use, ms. Default 24 hours. */
  authTokenTimeToStaleMs: number;
  /** Largest page of a list. Default 1000. */
  maxPageSize: number;
  /** Password checks that run at once. Default 1. */
  concurrentPasswordHashWorkers: number;
  /** How long a request may take, ms. Default 90 s. */
  maxRequestDurationMs: number;
  /** Largest request, bytes. Default 4 MiB. */
  maxRequestBytes: number;
  /** Limits of requests to the API; absent: none. */
  apiRateLimits?: RateLimits | undefined;
  /** Changed in place when the configuration is loaded anew. */
  limits: ControllerLimits;
  /**
   * Networks that requests on behalf of users may go to although they are loopback, link-local or
   * the like.
   */
  outgoingAllowedNetworks: readonly string[];
  /** How long readiness answers "unavailable" before the listeners stop, ms. Default 0. */
  gracefulShutdownWaitMs: number;
}

export const CONTROLLER_DEFAULTS = {
  authTokenTimeToLiveMs: 7 * 24 * 3_600_000,
  authTokenTimeToStaleMs: 24 * 3_600_000,
  maxPageSize: 1000,
  concurrentPasswordHashWorkers: 1,
  maxRequestDurationMs: 90_000,
  maxRequestBytes: 4 * 1_048_576,
  outgoingAllowedNetworks: [] as readonly string[],
  gracefulShutdownWaitMs: 0,
  limits: CONTROLLER_LIMITS.defaults(),
} as const;
