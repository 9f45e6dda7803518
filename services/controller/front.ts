/**
 * What clients and probes of a controller reach: the API port, with gRPC and HTTP, and the ops
 * port.
 */
import { readFileSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { packageFile } from '../../lib/config/package-root';
import type { Lifecycle } from '../../lib/lifecycle/lifecycle';
import { isRecoveryToken } from '../../lib/recovery/recovery-token';
import { verifyToken } from './auth-tokens/tokens';
import type { ControllerConfig, ListenAddress } from './config';
import type { KnownTokens } from './auth-tokens/known-tokens';
import type { ControllerDeps } from './context';
import { createAdmission } from './gateway/admission';
import type { CorsConfig } from './gateway/cors';
import { createGateway } from './gateway/gateway';
import { createApiDoor } from './listeners/api-door';
import { startApiListener } from './listeners/api-listener';
import { startOpsListener } from './listeners/ops-listener';
import { opensRecoveryToken, RECOVERY_USER } from './recovery/accept-token';
import { createCallers } from './rpc/callers';
import { loadDescriptors } from './rpc/descriptors';
import { createGrpcFront } from './rpc/grpc-server';
import { createPipeline } from './rpc/pipeline';
import type { Service } from './rpc/service';

/** Requests that run when a controller stops have this long. */
const GRACE_MS = 5_000;

interface Parts {
  deps: ControllerDeps;
  registry: Registry;
  services: readonly Service[];
  known: KnownTokens;
}

export interface Front {
  /** As bound. */
  apiAddress: ListenAddress;
  opsAddress: ListenAddress | undefined;
  /**
   * Takes certificates, CORS, rate limits and other limits of another configuration; nothing that
   * runs is interrupted.
   */
  reload(config: ControllerConfig): void;
}

const corsOf = ({ api }: ControllerConfig): CorsConfig => ({
  enabled: api.corsEnabled,
  allowedOrigins: api.corsAllowedOrigins,
  allowedHeaders: api.corsAllowedHeaders ?? [],
});

export async function startFront(config: ControllerConfig, parts: Parts, lifecycle: Lifecycle): Promise<Front> {
  const { registry, known } = parts;
  const { clock, log } = parts.deps;
  const { maxRequestDurationMs, maxRequestBytes } = config;
  const { limits } = parts.deps.config;
  const pipeline = createPipeline(parts.services, { log, clock, maxRequestDurationMs, limits, registry, known });
  const descriptors = loadDescriptors(readFileSync(packageFile('proto/gen/image.binpb')));
  const limited = { clock, registry, known };
  const { admit, configure } = createAdmission(config.apiRateLimits, { descriptors, pipeline }, limited);
  const { address, tls, timeouts, forwarding } = config.api;
  const { origins } = config.api;
  const callers = createCallers(known, verifier(config, parts));
  const door = createApiDoor({ limits, maxRequestBytes, callers, forwarding, origins, registry, timeouts });
  const grpc = createGrpcFront(pipeline, descriptors, maxRequestBytes, { admit, door });
  const cors = corsOf(config);
  const openapi = readFileSync(packageFile('proto/gen/openapi.json'));
  const gateway = createGateway({
    pipeline,
    descriptors,
    cors,
    maxRequestBytes,
    registry,
    openapi,
    admit,
    door,
    origins,
  });
  const api = await startApiListener({ address, tls, grpc, gateway, door, log });
  lifecycle.onClose('the API port', () => api.close(GRACE_MS));
  const ops = await startOps(config, parts, lifecycle, (serving) => grpc.setServing(serving));
  return {
    apiAddress: api.address,
    opsAddress: ops?.address,
    reload(changed) {
      if (changed.api.tls !== undefined) api.setTls(changed.api.tls);
      if (changed.ops?.tls !== undefined) ops?.setTls(changed.ops.tls);
      Object.assign(cors, corsOf(changed));
      configure(changed.apiRateLimits);
      Object.assign(limits, changed.limits);
    },
  };
}

/** Who it is, and nothing of the rights. */
const NOTHING_WANTED = {
  places: { scopes: [], below: undefined },
  known: { holders: [], scopes: [], tags: [] },
};

/**
 * The user of a token. A recovery token counts as that of its user, and this look does not use it
 * up.
 */
const verifier =
  ({ recoveryKey }: ControllerConfig, { deps, known }: Parts) =>
  async (token: string): Promise<string | undefined> => {
    const now = deps.clock.now();
    if (!isRecoveryToken(token)) {
      const userId = (await verifyToken(deps, token, now, NOTHING_WANTED))?.user_id;
      known.note(token, userId);
      return userId;
    }
    return opensRecoveryToken(recoveryKey, token, now) ? RECOVERY_USER : undefined;
  };

/**
 * The ops port, and readiness at the end: probes learn that the controller stops before its ports
 * close.
 */
async function startOps(
  config: ControllerConfig,
  { deps, registry }: Parts,
  lifecycle: Lifecycle,
  setServing: (serving: boolean) => void,
) {
  let isStopping = false;
  const stopping = (): boolean => isStopping;
  const ops = config.ops && (await startOpsListener({ ...config.ops, db: deps.db, registry, stopping }));
  lifecycle.onClose('the ops port', () => ops?.close());
  lifecycle.onClose('readiness', async () => {
    isStopping = true;
    setServing(false);
    await new Promise<void>((resolve) => void deps.clock.after(config.gracefulShutdownWaitMs, resolve));
  });
  return ops;
}
