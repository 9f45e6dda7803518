/** The proxy port with both session protocols, for a process that carries connections. */
import type { Clock } from '../../../lib/clock/clock';
import type { Logger } from '../../../lib/log/log';
import type { SessionRegistry } from '../sessions/registry';
import type { Controller } from '../sessions/types';
import { boundaryHandler } from './boundary-upgrade';
import type { ConnectionPlaces } from './connection-places';
import type { ProxyMetrics } from './metrics';
import { BOUNDARY_PROTOCOL, SALLYPORT_PROTOCOL } from '../../../lib/contract/session-protocol';
import { ProxyServer } from './proxy-server';
import { serveSallyport, type ConnectionDeps } from './sallyport-protocol';

/** A connection with one direction ended and no bytes for this long is closed. */
const HALF_CLOSED_IDLE_MS = 3_600_000;

export interface ProxyParts {
  readonly controller: Controller;
  sessions: SessionRegistry;
  places: ConnectionPlaces;
  /** True once nothing new is taken, and whoever comes is told so. */
  isDraining(): boolean;
  /** See ProxyOptions. */
  processes?: number | undefined;
  clock: Clock;
  log: Logger;
  metrics: ProxyMetrics;
}

export function createProxy(
  listen: { host: string; port: number; fd?: number | undefined },
  parts: ProxyParts,
): ProxyServer {
  const { sessions, places, processes, isDraining, clock, log, metrics } = parts;
  const deps: ConnectionDeps = {
    get controller() {
      return parts.controller;
    },
    places,
    endSession: (id, end) => sessions.end(id, end),
    isDraining,
    clock,
    log,
    metrics,
    halfClosedIdleMs: HALF_CLOSED_IDLE_MS,
  };
  return new ProxyServer({
    ...listen,
    processes,
    protocols: new Map([
      [SALLYPORT_PROTOCOL, (socket, session) => serveSallyport(socket, session, deps)],
      [BOUNDARY_PROTOCOL, boundaryHandler(deps)],
    ]),
    findSession: (id, address) => sessions.get(id, address),
    clock,
    log,
    metrics,
  });
}
