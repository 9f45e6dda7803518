/**
 * Requests of a worker on its stream, answered by id. The ids of a stream rise, so a request whose
 * id is not above all before it is a copy: its original has an answer or gets one, and carrying it
 * out again could take a slot that the first answer refused.
 */
import { REFUSAL_TEXT, type Refusal } from '../../../lib/contract/endings';
import { isTofuToken } from '../../../lib/contract/session-protocol';
import { networkOf } from '../../../lib/limits/network';
import { publicKeyOfRequest } from '../../../lib/tls/certificates';
import type {
  AuthorizeConnectionRequest,
  AuthorizeConnectionResult,
  EndSessionRequest,
  GetGrantRequest,
  RenewCertificateRequest,
} from '../../../proto/gen/worker/control';
import { endedRefusal, refusalOf } from '../sessions/connections';
import { authorizeConnection } from '../sessions/connections.store';
import * as sessions from '../sessions/sessions.store';
import { issueWorkerCertificate } from '../workers/authority';
import type { ControlDeps } from './control-deps';
import * as store from './control.store';
import { cancellation, grantOfRow, remainingMs } from './grants';
import type { Push } from './outbox';
import { TooManyRequests } from './request-queue';

const CONNECTION_ID = /^sc_[0-9A-Za-z]{10}$/;
const MAX_ADDRESS = 255;
const UNAVAILABLE = 'The controller cannot reach its database: try again.';

type Answer = Omit<AuthorizeConnectionResult, 'request_id'>;

export class Requests {
  private lastId = 0n;
  private readonly ended = new AbortController();

  constructor(
    private readonly deps: ControlDeps,
    private readonly workerId: string,
    private readonly send: (message: Push) => void,
  ) {}

  authorizeConnection(request: AuthorizeConnectionRequest, bootId: string): void {
    if (this.isCopy(request)) return;
    const work = this.inTurn(networkOf(request.client_address), () => this.authorize(request, bootId));
    this.answer(work, { ...refusal('controller unreachable', UNAVAILABLE) }, (value) => ({
      $case: 'authorize_connection',
      value: { ...value, request_id: request.request_id },
    }));
  }

  endSession(request: EndSessionRequest): void {
    if (this.isCopy(request)) return;
    const work = this.inTurn(request.session_id, () => this.endNow(request));
    this.answer(work, 'controller unreachable', (refused) => ({
      $case: 'end_session',
      value: { request_id: request.request_id, refused },
    }));
  }

  getGrant(request: GetGrantRequest): void {
    if (this.isCopy(request)) return;
    const work = this.inTurn(this.workerId, () => this.grant(request.session_id));
    this.answer(work, {}, (found) => ({
      $case: 'get_grant',
      value: { request_id: request.request_id, grant: undefined, ended: undefined, ...found },
    }));
  }

  renewCertificate(request: RenewCertificateRequest): void {
    if (this.isCopy(request)) return;
    const { request_id } = request;
    const failed = { certificate: Buffer.alloc(0), ca_certificates: [], error: 'the certificate could not be issued' };
    this.answer(this.renew(request), failed, (value) => ({
      $case: 'renew_certificate',
      value: { ...value, request_id },
    }));
  }

  draining(attachmentId: string): void {
    store.markDraining(this.deps.db.executor, attachmentId).catch((error: unknown) => {
      this.deps.log.warn({ err: error, worker_id: this.workerId }, 'draining of a worker could not be written');
    });
  }

  /** Ends the stream's requests: those that have not begun are not carried out. */
  end(): void {
    this.ended.abort();
  }

  /** Clients take turns, so that one that connects often does not hold up the others. */
  private inTurn<T>(caller: string, work: () => Promise<T>): Promise<T> {
    return this.deps.requestQueue.run(caller, work, this.ended.signal);
  }

  /** Whether the request is a copy of an earlier one. To be called once for each request. */
  private isCopy({ request_id }: { request_id: bigint }): boolean {
    if (request_id <= this.lastId) return true;
    this.lastId = request_id;
    return false;
  }

  /** Sends the result of `work`, or `failed` when the database fails. */
  private answer<T>(work: Promise<T>, failed: T, message: (value: T) => Push): void {
    work.then(
      (value) => this.send(message(value)),
      (error: unknown) => {
        const level = error instanceof TooManyRequests ? 'debug' : 'warn';
        this.deps.log[level]({ err: error, worker_id: this.workerId }, 'a request of a worker failed');
        this.send(message(failed));
      },
    );
  }

  private async authorize(request: AuthorizeConnectionRequest, bootId: string): Promise<Answer> {
    const now = this.deps.clock.now();
    if (!CONNECTION_ID.test(request.connection_id)) return refusal('protocol error', 'Malformed connection id.');
    if (!isTofuToken(request.tofu_token)) return refused('tofu token not allowed');
    const ask = () =>
      authorizeConnection(this.deps.db.executor, {
        sessionId: request.session_id,
        connectionId: request.connection_id,
        workerId: this.workerId,
        bootId,
        tofuHmac: this.deps.tofuHmac(request.tofu_token),
        clientAddress: request.client_address.slice(0, MAX_ADDRESS),
        clientPort: request.client_port & 0xffff,
        now,
      });
    let answer = await ask();
    // The session changed while the statement waited for its row. A second look shows what refused.
    if ('refused' in answer && refusalOf(answer.refused) === undefined) answer = await ask();
    if ('refused' in answer) return refused(refusalOf(answer.refused) ?? 'connection limit');
    const { connections_left, expiration_time } = answer.allowed;
    return { refused: '', text: '', connections_left, expires_in_ms: remainingMs(expiration_time, now) };
  }

  private async endNow(request: EndSessionRequest): Promise<string> {
    const answer = await sessions.endSession(this.deps.db.executor, {
      sessionId: request.session_id,
      workerId: this.workerId,
      tofuHmac: this.deps.tofuHmac(request.tofu_token),
      now: this.deps.clock.now(),
    });
    if (answer.ended) return '';
    if (answer.status === null) return 'session not found' satisfies Refusal;
    // Ending an ended session changes nothing and succeeds.
    const over = endedRefusal(answer.status, null, false) !== undefined;
    return over ? '' : ('tofu token not allowed' satisfies Refusal);
  }

  private async grant(sessionId: string) {
    const now = this.deps.clock.now();
    const session = await sessions.grantOf(this.deps.db.executor, this.workerId, sessionId);
    if (session === undefined) return {};
    const ended = cancellation(session, now);
    return ended === undefined
      ? { grant: await grantOfRow(this.deps.kms, this.deps.db.executor, session, now) }
      : { ended };
  }

  private async renew(request: RenewCertificateRequest) {
    const { authority, clock } = this.deps;
    const publicKey = await publicKeyOfRequest(request.certificate_request);
    if (publicKey === undefined) {
      return { certificate: Buffer.alloc(0), ca_certificates: [], error: 'malformed certificate request' };
    }
    const certificate = await issueWorkerCertificate(authority, this.workerId, publicKey, clock.now());
    return { certificate, ca_certificates: authority.certificates, error: '' };
  }
}

const refusal = (cause: string, text: string): Answer => ({
  refused: cause,
  text,
  connections_left: 0,
  expires_in_ms: 0n,
});
const refused = (cause: Refusal): Answer => refusal(cause, REFUSAL_TEXT[cause]);
