/** SQL of the networks from which accounts were logged in to. */
import { changed, sql, type Executor, type Tx } from '../db/db';

/** False when a login from the network was noted after `before`. */
export async function noteNetwork(
  tx: Tx,
  { accountId, network, now, before }: { accountId: string; network: Buffer; now: Date; before: Date },
): Promise<boolean> {
  const noted = await changed(
    tx,
    sql`insert into login_networks (account_id, network, last_login_time) values (${accountId}, ${network}, ${now})
        on conflict (account_id, network) do update set last_login_time = excluded.last_login_time
        where login_networks.last_login_time <= ${before}`,
  );
  return noted === 1;
}

/** Keeps the networks with the latest logins. */
export async function forgetAllBut(tx: Tx, accountId: string, kept: number): Promise<void> {
  await changed(
    tx,
    sql`delete from login_networks where account_id = ${accountId} and network in (
          select network from login_networks where account_id = ${accountId}
          order by last_login_time desc, network offset ${kept})`,
  );
}

export async function forgetNetworksBefore(on: Executor, time: Date): Promise<void> {
  await changed(on, sql`delete from login_networks where last_login_time < ${time}`);
}
