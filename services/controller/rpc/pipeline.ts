/**
 * The one way into a handler, for gRPC and HTTP alike: it makes the operation context, sets the
 * deadline, maps every error to the closed catalogue, measures, and writes one log line a request.
 */
import { status } from '@grpc/grpc-js';
import { Histogram, type Registry } from 'prom-client';
import type { Clock } from '../../../lib/clock/clock';
import { ApiError } from '../../../lib/errors/errors';
import { limit } from '../../../lib/limits/limit';
import { Work } from '../../../lib/limits/work';
import { eventLevel, type Logger } from '../../../lib/log/log';
import type { ControllerLimits } from '../limits';
import { CallerQueues, type QueueLimits } from './caller-queues';
import { toApiError } from './error-mapping';
import { checkFieldSizes } from './field-size';
import type { KnownTokens } from '../auth-tokens/known-tokens';
import type { MethodDefinition, Op, Service } from './service';

interface PipelineDeps {
  log: Logger;
  clock: Clock;
  /** How long a request may take, ms. */
  maxRequestDurationMs: number;
  limits: PipelineLimits;
  registry: Registry;
  /** When absent, all callers count by their address. */
  known?: KnownTokens | undefined;
}

/** Looked at anew by each request. */
export type PipelineLimits = Pick<ControllerLimits, 'request_work'> & QueueLimits;

/** What the transport knows about a request. */
interface CallInfo {
  token: string | undefined;
  /** Numeric. */
  clientAddress: string;
  /** A UUID. */
  correlationId: string;
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
  /** Called with the user of the token when it has turned out to be valid. */
  authenticated?: Op['authenticated'];
}

/** About 10 ms on a slow machine; work that cannot be divided may take a few times as long. */
const STRETCH = limit('work between two turns', 1_000_000, {
  what: 'work that one request does before other requests get their turn',
  unit: 'steps',
  reached: 'the request pauses until the event loop has served the others',
  test: 'lib/limits/work.test.ts: pauses after each stretch of steps',
});

/** A method with its handler, by full name. */
export interface BoundMethod {
  /** `sallyport.api.v1.GroupService/GetGroup` */
  readonly fullName: string;
  readonly service: string;
  readonly definition: MethodDefinition;
  readonly handler: (op: Op, request: unknown) => Promise<unknown>;
}

export interface Pipeline {
  readonly services: readonly Service[];
  readonly methods: ReadonlyMap<string, BoundMethod>;
  /** Runs one method. Rejects with {@link ApiError} only. */
  invoke(fullName: string, request: unknown, info: CallInfo): Promise<unknown>;
}

/** Builds the pipeline of `services`; throws when two of them share a method. */
export function createPipeline(services: readonly Service[], deps: PipelineDeps): Pipeline {
  const methods = bind(services);
  const queues = new CallerQueues(deps.limits, deps.known);
  const duration = new Histogram({
    name: 'sallyport_controller_api_request_duration_seconds',
    help: 'Time to answer a request, over gRPC and HTTP, by method and gRPC code.',
    labelNames: ['service', 'method', 'code'] as const,
    registers: [deps.registry],
  });

  const invoke = async (fullName: string, request: unknown, info: CallInfo): Promise<unknown> => {
    const method = methods.get(fullName);
    if (method === undefined) throw new ApiError('Unimplemented', `Unknown method ${fullName}.`);
    const log = deps.log.child({ request: info.correlationId, method: fullName });
    const requests = log.child({ type: 'observation' }, { level: eventLevel(deps.log, 'observation') });
    const stop = duration.startTimer({ service: method.service, method: method.definition.name });
    try {
      const response = await runWithDeadline(method, request, info, { ...deps, log }, queues);
      // Handlers may leave out fields; encoders need all of them.
      const message = method.definition.responseType.fromPartial(response);
      requests.debug({ client: info.clientAddress, code: 'OK', seconds: stop({ code: 'OK' }) }, 'request');
      return message;
    } catch (error) {
      const mapped = toApiError(error);
      const code = status[mapped.grpcStatus];
      const line = { client: info.clientAddress, code, kind: mapped.kind, seconds: stop({ code }) };
      requests.debug(line, 'request');
      if (mapped.kind === 'Internal') log.error({ err: mapped.cause ?? mapped }, 'request failed');
      else if (mapped.kind === 'Unavailable')
        log.warn({ reason: mapped.message, err: mapped.cause }, 'request refused');
      // A rule of the schema that a request would break is its caller's mistake.
      else if (mapped.cause !== undefined) log.debug({ reason: mapped.message, err: mapped.cause }, 'request refused');
      throw mapped;
    }
  };
  return { services, methods, invoke };
}

function bind(services: readonly Service[]): Map<string, BoundMethod> {
  const methods = new Map<string, BoundMethod>();
  for (const { definition, handlers } of services) {
    for (const [key, method] of Object.entries(definition.methods)) {
      const fullName = `${definition.fullName}/${method.name}`;
      const handler = handlers[key];
      if (handler === undefined) throw new Error(`${fullName} has no handler`);
      if (methods.has(fullName)) throw new Error(`${fullName} is served twice`);
      methods.set(fullName, { fullName, service: definition.fullName, definition: method, handler });
    }
  }
  return methods;
}

/**
 * Answers at the deadline or when the caller is gone, even when the handler does not look at its
 * signal.
 */
async function runWithDeadline(
  method: BoundMethod,
  request: unknown,
  info: CallInfo,
  deps: PipelineDeps,
  queues: CallerQueues,
): Promise<unknown> {
  const abort = new AbortController();
  const stopTimer = deps.clock.after(deps.maxRequestDurationMs, () =>
    abort.abort(new ApiError('DeadlineExceeded', 'Gateway Timeout')),
  );
  const callerGone = (): void => abort.abort(new ApiError('DeadlineExceeded', 'The caller went away.'));
  if (info.signal.aborted) callerGone();
  info.signal.addEventListener('abort', callerGone);
  const op: Op = {
    id: info.correlationId,
    method: method.fullName,
    log: deps.log,
    clock: deps.clock,
    signal: abort.signal,
    clientAddress: info.clientAddress,
    token: info.token,
    authenticated: info.authenticated,
    work: new Work(deps.limits.request_work, STRETCH),
  };
  try {
    abort.signal.throwIfAborted();
    // A caller that has gone keeps its place until the handler has ended, so leaving gains nothing.
    const handle = async (): Promise<unknown> => {
      checkFieldSizes(request as object);
      return method.handler(op, request);
    };
    const answer = queues.run(info, handle, abort.signal);
    return await Promise.race([answer, rejectionOf(abort.signal)]);
  } finally {
    stopTimer();
    info.signal.removeEventListener('abort', callerGone);
  }
}

const rejectionOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
