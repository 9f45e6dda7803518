/** What a control client is made with. */
import type { Clock } from '../../../lib/clock/clock';
import type { RandomInt } from '../../../lib/ids/ids';
import type { Logger } from '../../../lib/log/log';
import type { SessionRegistry } from '../sessions/registry';
import type { AttachClient } from './control-stream';
import type { WorkerIdentity } from './identity';
import type { Upstream } from './upstream';

export interface ControlOptions {
  upstreams: Upstream[];
  storagePath: string;
  activationToken?: string | undefined;
  releaseVersion: string;
  description: string;
  tags: Record<string, string[]>;
  clock: Clock;
  log: Logger;
  /** Where clients reach the proxy, host:port. */
  address(): string;
  isDraining(): boolean;
  registry: SessionRegistry;
  /** Set for a process that takes over: earlier ones of this worker, which live and drain. */
  drainingBootIds?: string[] | undefined;
  /** For data processes: who keeps closes need not do so up to this sequence. */
  closesAreSafe?: ((sequence: bigint) => void) | undefined;
  /** For data processes: a controller is there, or none is any more. */
  attachedChanged?: ((isAttached: boolean) => void) | undefined;
  /** Default: TLS with the worker's certificate. */
  connect?: ((upstream: Upstream, identity: WorkerIdentity) => AttachClient) | undefined;
  random?: RandomInt | undefined;
}
