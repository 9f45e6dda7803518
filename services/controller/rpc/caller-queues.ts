/**
 * Queues of requests. Callers take turns, and no caller has more than a few requests under way.
 * Users who are logged in wait in one queue. Strangers, who count by their address, wait in another
 * one and take no turns of users.
 */
import { tokenHash, type KnownTokens } from '../auth-tokens/known-tokens';
import { ApiError } from '../../../lib/errors/errors';
import { FairQueue, type Crowded } from '../../../lib/limits/fair-queue';
import { networkOf } from '../../../lib/limits/network';
import type { ControllerLimits } from '../limits';

export type QueueLimits = Pick<
  ControllerLimits,
  'api_requests' | 'api_requests_per_caller' | 'api_requests_waiting' | 'api_requests_waiting_per_caller'
>;

interface Caller {
  token: string | undefined;
  clientAddress: string;
}

export class CallerQueues {
  private readonly users: FairQueue;
  private readonly strangers: FairQueue;

  constructor(
    private readonly limits: QueueLimits,
    private readonly known: KnownTokens | undefined,
  ) {
    this.users = this.queue();
    this.strangers = this.queue();
  }

  /** Does the work in the caller's turn; rejects with 429 when the caller has too much waiting. */
  run<T>({ token, clientAddress }: Caller, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const user = token === undefined ? undefined : this.known?.userOf(tokenHash(token));
    if (user !== undefined) return this.users.run(user, work, signal);
    return this.strangers.run(networkOf(clientAddress), work, signal);
  }

  private queue(): FairQueue {
    const { limits } = this;
    const options = {
      get concurrent() {
        return limits.api_requests;
      },
      get concurrentPerCaller() {
        return limits.api_requests_per_caller;
      },
      get waiting() {
        return limits.api_requests_waiting;
      },
      get waitingPerCaller() {
        return limits.api_requests_waiting_per_caller;
      },
    };
    const gone = () => new ApiError('DeadlineExceeded', 'The request did not get its turn in time.');
    return new FairQueue(options, { refused: (why) => this.refusal(why), gone });
  }

  private refusal(why: Crowded): ApiError {
    const [whose, key] =
      why === 'queue is full'
        ? (['Too many requests of all callers wait', 'api_requests_waiting'] as const)
        : (['Too many of your requests wait', 'api_requests_waiting_per_caller'] as const);
    const text = `${whose} (controller.limits.${key}, ${this.limits[key]}). Wait for answers before you send more.`;
    return new ApiError('ResourceExhausted', text);
  }
}
