/**
 * From which networks an account was logged in to, so that guessing elsewhere never keeps its owner
 * out. The database holds keyed hashes: without the deployment's keys it does not tell where
 * somebody works.
 */
import { timingSafeEqual } from 'node:crypto';
import { limit } from '../../../lib/limits/limit';
import { networkOf } from '../../../lib/limits/network';
import type { ControllerDeps } from '../context';
import type { Executor, Tx } from '../db/db';
import { loadTofuHmac, type TofuHmac } from '../workers/deployment';
import * as store from './login-networks.store';

const MAX_NETWORKS = limit('login networks', 16, {
  what: 'networks from which an account was logged in to that are remembered',
  unit: 'networks',
  reached: 'the one without a login for the longest time is forgotten',
  test: 'test/integration/logins.test.ts: few networks of an account are remembered',
});
export const LOGIN_NETWORK_MS = limit('age of login networks', 90 * 24 * 3_600_000, {
  what: 'time for which a network is remembered after the last login from it',
  unit: 'ms',
  reached: 'it is forgotten; logins from it count as those of any other address',
  test: 'test/integration/logins.test.ts: after 90 days without a login',
});
/** A repeated login is noted at most this often. */
const GRANULARITY_MS = 3_600_000;

export class LoginNetworks {
  private hmac: Promise<TofuHmac> | undefined;

  constructor(private readonly deps: Pick<ControllerDeps, 'db' | 'kms'>) {}

  /** Whether the address belongs to one of the networks that are stored of the account. */
  async isKnown(networks: readonly Buffer[], accountId: string, address: string): Promise<boolean> {
    const mark = await this.mark(this.deps.db.executor, accountId, address);
    return networks.some((network) => network.length === mark.length && timingSafeEqual(network, mark));
  }

  /** Notes a login from the address. */
  async note(tx: Tx, accountId: string, address: string, now: Date): Promise<void> {
    // Runs on the transaction's own connection: when many transactions hold one, there may be no
    // other.
    const network = await this.mark(tx, accountId, address);
    const before = new Date(now.getTime() - GRANULARITY_MS);
    const noted = await store.noteNetwork(tx, { accountId, network, now, before });
    if (noted) await store.forgetAllBut(tx, accountId, MAX_NETWORKS);
  }

  private async mark(on: Executor, accountId: string, address: string): Promise<Buffer> {
    this.hmac ??= loadTofuHmac(on, this.deps.kms);
    try {
      // Nothing else that is hashed with this key has spaces or this length.
      return (await this.hmac)(`login network ${accountId} ${networkOf(address)}`);
    } catch (error) {
      this.hmac = undefined;
      throw error;
    }
  }
}
