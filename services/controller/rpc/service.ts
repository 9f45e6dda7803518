/**
 * What a handler sees and how services are put together. A service is its generated definition and
 * one handler per method; the gRPC server and the HTTP side both call {@link Service.handlers}, so
 * nothing is written twice.
 */
import type { Logger } from '../../../lib/log/log';
import type { Clock } from '../../../lib/clock/clock';
import type { Work } from '../../../lib/limits/work';
import type { MessageFns } from './messages';

/** The operation context: one per request, first argument everywhere. */
export interface Op {
  /** Correlation id, a UUID; the caller's when it sent one. */
  readonly id: string;
  /** Full name of the method, `sallyport.api.v1.GroupService/GetGroup`. */
  readonly method: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborted when the caller goes away or the deadline passes. */
  readonly signal: AbortSignal;
  /** Numeric address of the caller. */
  readonly clientAddress: string;
  /** Bearer token as it was sent; undefined for anonymous callers. */
  readonly token: string | undefined;
  /** To be called with the user of the token when it has turned out to be valid. */
  readonly authenticated?: ((userId: string) => void) | undefined;
  /** What this operation may still cost. */
  readonly work: Work;
}

export interface MethodDefinition {
  name: string;
  requestType: MessageFns<unknown>;
  requestStream: boolean;
  responseType: MessageFns<unknown>;
  responseStream: boolean;
}

export interface ServiceDefinition {
  name: string;
  fullName: string;
  methods: Record<string, MethodDefinition>;
}

type Message<F> = F extends { decode(input: Uint8Array, length?: number): infer M } ? M : never;
type PartialMessage<F> = F extends { fromPartial(object: never): infer M } ? { [K in keyof M]?: Loose<M[K]> } : never;
/** Answers may leave out fields at any depth; they take their protobuf default. */
type Loose<T> = T extends Date | Uint8Array | bigint
  ? T
  : T extends (infer U)[]
    ? Loose<U>[]
    : T extends object
      ? { [K in keyof T]?: Loose<T[K]> }
      : T;

export type Handlers<D extends ServiceDefinition> = {
  [M in keyof D['methods']]: (
    op: Op,
    request: Message<D['methods'][M]['requestType']>,
  ) => Promise<PartialMessage<D['methods'][M]['responseType']>>;
};

/**
 * A handler of any method. Its caller has a request of that method, which the type cannot express.
 * The type is therefore taken from a method: the compiler compares parameters of methods in both
 * directions.
 */
export type Handler = { handle(op: Op, request: unknown): Promise<unknown> }['handle'];

export interface Service {
  definition: ServiceDefinition;
  handlers: Record<string, Handler>;
}

/** Ties a definition to its handlers; the compiler checks that none is missing. */
export function service<D extends ServiceDefinition>(definition: D, handlers: Handlers<D>): Service {
  return { definition, handlers: handlers };
}
