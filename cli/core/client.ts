/**
 * Calls of the API. Requests are written as JSON, exactly what an HTTP client would send, and go
 * out as gRPC; answers come back as JSON. With `-output-curl-string` nothing is sent and the curl
 * command of the call is printed.
 */
import type { Client, ServiceError } from '@grpc/grpc-js';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { ERROR_BODY_TRAILER, HTTP_STATUS_TRAILER, readErrorBody, type ErrorBody } from '../../lib/errors/error-body';
import type { AsJson } from '../../lib/rpc/as-json';
import { callUnary, openChannel, type TlsOptions, type UnaryMethod } from '../../lib/rpc/channel';
import type { Item } from '../output/table';
import { parseAddress, type Address } from './address';
import type { Args, FlagsIn } from './command';
import { environment } from '../io/environment';
import { ControllerError, CurlCommand, LocalError } from '../io/errors';
import { defaultArgs } from './flag-values';
import { CONNECTION, type ApiContext } from './flags';
import { curlCommand, httpForm, type RequestJson } from './http-form';
import { parseDuration } from './numbers';
import { chooseToken, type ChosenToken } from './token';
import { checkClearText, checkPlace, freedomOf, type TokenFreedom } from './token-place';
import { explainTransport } from './transport-errors';

/** Service definition as generated; only its unary methods are used. */
export interface ApiService {
  fullName: string;
  methods: Readonly<Record<string, unknown>>;
}

/** A message of a method as JSON; free-form where the method is chosen at run time. */
type JsonOf<Type> = Type extends { decode(input: Uint8Array): infer M } ? AsJson<M> : RequestJson;
type MessagesOf<S extends ApiService, M extends string> = M extends keyof S['methods'] ? S['methods'][M] : unknown;
type RequestOf<Method> = Method extends { requestType: infer Type } ? JsonOf<Type> : RequestJson;
type AnswerOf<Method> = Method extends { responseType: infer Type } ? JsonOf<Type> : Item;

/** What is called and how it is named in errors. */
export interface Call<S extends ApiService = ApiService, M extends string = string> {
  service: S;
  /** Key in the definition, `getTarget`. */
  method: M & keyof S['methods'];
  request: RequestOf<MessagesOf<S, M>>;
  /** Paths of an update, see the HTTP PATCH rules. */
  mask?: readonly string[];
  /** "list on hosts": completes "Error from controller when performing …". */
  action: string;
  /**
   * "listing scope keys": completes "Error from controller when …" for the calls that are told in
   * other words.
   */
  doing?: string;
  /** "list hosts": completes "Error trying to …". */
  attempt: string;
  /** The request, or its answer, holds a secret besides the token of the call. */
  isSecret?: boolean;
  /** Sends the call even when only a curl command was asked for: the read before an update. */
  preliminary?: boolean;
}

/** The part of a list's page that code for all kinds uses. */
export interface ListAnswer {
  readonly items?: readonly Item[] | undefined;
  readonly removed_ids?: readonly string[] | undefined;
  readonly list_token?: string | undefined;
  readonly response_type?: string | undefined;
}

/** Time for one call when nothing else is said. */
const DEFAULT_TIMEOUT_MS = 60_000;

export class ApiClient {
  private channel: Client | undefined;

  private constructor(
    private readonly address: Address,
    private readonly tls: TlsOptions | undefined,
    private readonly token: ChosenToken,
    private readonly freedom: TokenFreedom,
    private readonly timeoutMs: number,
    private readonly curl: boolean,
  ) {}

  /** Reads flags, keyring and certificates. `anonymous` never sends a token. */
  static async open(context: ApiContext, options: { anonymous?: boolean } = {}): Promise<ApiClient> {
    const { io, args } = context;
    const address = parseAddress(args.addr);
    const token = options.anonymous === true ? { text: '', getToken: 'config get-token' } : await chooseToken(context);
    const curl = args['output-curl-string'];
    return new ApiClient(address, tlsOptions(args, address), token, freedomOf(args), timeoutOf(io.env), curl);
  }

  /** A client without a command line: TLS settings come from the environment. */
  static connect(
    env: NodeJS.ProcessEnv,
    addr: string,
    token: Pick<ChosenToken, 'text' | 'boundTo'>,
    freedom: TokenFreedom,
  ): ApiClient {
    const address = parseAddress(addr);
    const chosen = { ...token, getToken: 'config get-token' };
    return new ApiClient(
      address,
      tlsOptions(defaultArgs(CONNECTION.flags, env), address),
      chosen,
      freedom,
      timeoutOf(env),
      false,
    );
  }

  /** Text of the token in use; empty when anonymous. */
  get tokenText(): string {
    return this.token.text;
  }

  /**
   * The answer as JSON. Throws a ControllerError, a LocalError or, for curl commands, a
   * CurlCommand.
   */
  async call<S extends ApiService, const M extends string>(call: Call<S, M>): Promise<AnswerOf<MessagesOf<S, M>>> {
    const method = call.service.methods[call.method] as UnaryMethod;
    if (this.curl && call.preliminary !== true)
      throw new CurlCommand(
        curlCommand(httpForm(method, call.request), this.address.url, `$(sallyport ${this.token.getToken})`),
      );
    const mask = call.mask === undefined ? {} : { update_mask: { paths: call.mask } };
    const token = this.tokenToSend();
    if (call.isSecret === true) checkClearText(this.address, this.freedom);
    const request: unknown = method.requestType.fromJSON({ ...call.request, ...mask });
    this.channel ??= openChannel({ target: this.address.target, tls: this.tls });
    const headers = { authorization: token === '' ? '' : `Bearer ${token}` };
    const options = { headers, timeoutMs: this.timeoutMs };
    try {
      const answer: unknown = await callUnary(this.channel, call.service.fullName, method, request, options);
      await this.accepted();
      return method.responseType.toJSON(answer) as AnswerOf<MessagesOf<S, M>>;
    } catch (error) {
      throw this.explain(error as ServiceError, call);
    }
  }

  close(): void {
    this.channel?.close();
  }

  /** Throws when the token may not go to this address. */
  private tokenToSend(): string {
    const token = this.token.fresh?.() ?? this.token.text;
    if (token !== '') checkPlace(this.token.boundTo, this.address, this.freedom);
    return token;
  }

  /** A token that was bound to no address is bound to the first one that takes it. */
  private async accepted(): Promise<void> {
    const { bind } = this.token;
    this.token.bind = undefined;
    await bind?.(this.address.url);
  }

  private explain(error: ServiceError, call: Pick<Call, 'action' | 'doing' | 'attempt'>): Error {
    const body = bodyIn(error);
    if (body === undefined)
      return new LocalError(`Error trying to ${call.attempt}: ${explainTransport(error, this.address)}`);
    const status = Number(error.metadata.get(HTTP_STATUS_TRAILER)[0]);
    return new ControllerError(call.doing ?? `performing ${call.action}`, status, body);
  }
}

/** What the controller says; undefined when the error is one of the way to it. */
function bodyIn(error: ServiceError): ErrorBody | undefined {
  const text = error.metadata?.get(ERROR_BODY_TRAILER)[0]?.toString();
  try {
    return text === undefined ? undefined : readErrorBody(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function timeoutOf(env: NodeJS.ProcessEnv): number {
  const timeout = parseDuration(environment(env, 'CLIENT_TIMEOUT') ?? '') ?? 0;
  return timeout > 0 ? timeout : DEFAULT_TIMEOUT_MS;
}

function tlsOptions(args: Args<FlagsIn<[typeof CONNECTION]>>, address: Address): TlsOptions | undefined {
  const [cert, key] = [args['client-cert'], args['client-key']];
  if ((cert === '') !== (key === ''))
    throw new LocalError('Error creating API client: -client-cert and -client-key need each other');
  if (!address.tls) return undefined;
  return {
    ca: authorities(args['ca-cert'], args['ca-path']),
    cert: cert === '' ? undefined : readPem(cert),
    key: key === '' ? undefined : readPem(key),
    serverName: args['tls-server-name'] || undefined,
    insecure: args['tls-insecure'],
  };
}

function authorities(file: string, directory: string): Buffer | undefined {
  if (file !== '') return readPem(file);
  // The launcher hides the variable from Node, where it costs time at every start. Here it is
  // needed.
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  if (directory === '') return extra === undefined || extra === '' ? undefined : withDefaults(readPem(extra));
  return Buffer.concat(
    listDirectory(directory)
      .sort()
      .flatMap((name) => [readPem(join(directory, name)), Buffer.from('\n')]),
  );
}

function withDefaults(extra: Buffer): Buffer {
  return Buffer.from(`${rootCertificates.join('\n')}\n${extra.toString()}`);
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith('.'));
  } catch (error) {
    throw new LocalError(`Error creating API client: ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LocalError(`Error creating API client: ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
}
