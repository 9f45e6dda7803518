/**
 * The OIDC and LDAP auth methods of dev mode, with an account of each for its users. They show what
 * such methods look like; there is no provider and no directory behind their names, which lead
 * nowhere (RFC 2606).
 */
import { newId } from '../../../lib/ids/ids';
import { idOfAccount } from '../accounts/accounts';
import { sealSecrets } from '../auth-methods/method-secrets';
import { changed, sql, type Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import { secretPlace } from '../resources/secret-place';

export interface PlannedDevMethods {
  /** Absent: no method of this type. */
  oidcId: string | undefined;
  ldapId: string | undefined;
  users: { userId: string; oidcAccountId: string; loginName: string; fullName: string }[];
}

const DESCRIPTION = 'Provides initial administrative and unprivileged authentication into Boundary';
const ISSUER = 'https://oidc.sallyport.invalid';
const API_URL_PREFIX = 'http://127.0.0.1:9200';

export async function insertDevMethods(tx: Tx, kms: Kms, plan: PlannedDevMethods, now: Date): Promise<void> {
  // Lists show what was made last first; clients know these three in this order.
  const after = (ms: number): Date => new Date(now.getTime() + ms);
  if (plan.oidcId !== undefined) await insertOidc(tx, kms, plan.oidcId, plan, after(1));
  if (plan.ldapId !== undefined) await insertLdap(tx, plan.ldapId, plan, after(2));
}

const insertMethod = (tx: Tx, id: string, type: 'oidc' | 'ldap', now: Date): Promise<number> =>
  changed(
    tx,
    sql`insert into auth_methods (id, scope_id, type, name, description, created_time, updated_time)
        values (${id}, 'global', ${type}, ${`Generated global scope initial ${type} auth method`}, ${DESCRIPTION},
          ${now}, ${now})`,
  );

async function insertOidc(tx: Tx, kms: Kms, id: string, { users }: PlannedDevMethods, now: Date): Promise<void> {
  await insertMethod(tx, id, 'oidc', now);
  const method = { id, scopeId: 'global' };
  const place = secretPlace({ servers: [ISSUER] });
  const secret = await sealSecrets(kms, tx, method, ['client_secret'], { client_secret: newId('secret') }, place);
  await changed(
    tx,
    sql`insert into oidc_auth_methods (id, state, issuer, client_id, client_secret, client_secret_key_id,
          client_secret_hmac, client_secret_place, api_url_prefix, signing_algorithms)
        values (${id}, 'active-public', ${ISSUER}, 'sallyport-dev', ${secret['client_secret']},
          ${secret['client_secret_key_id']}, ${secret['client_secret_hmac']}, ${secret['client_secret_place']},
          ${API_URL_PREFIX}, array['EdDSA'])`,
  );
  for (const user of users) {
    await insertAccount(tx, { id: user.oidcAccountId, methodId: id, type: 'oidc', userId: user.userId }, now);
    await changed(
      tx,
      sql`insert into oidc_accounts (id, auth_method_id, issuer, subject, full_name, email)
          values (${user.oidcAccountId}, ${id}, ${ISSUER}, ${user.loginName}, ${user.fullName},
            ${`${user.loginName}@localhost`})`,
    );
  }
}

async function insertLdap(tx: Tx, id: string, { users }: PlannedDevMethods, now: Date): Promise<void> {
  await insertMethod(tx, id, 'ldap', now);
  await changed(
    tx,
    sql`insert into ldap_auth_methods (id, state, urls, discover_dn, user_dn, group_dn)
        values (${id}, 'active-public', array['ldap://ldap.sallyport.invalid'], true, 'ou=people,dc=example,dc=org',
          'ou=groups,dc=example,dc=org')`,
  );
  for (const user of users) {
    const ldapAccountId = idOfAccount('ldap', id, {
      issuer: '',
      subject: '',
      login_name: user.loginName.toLowerCase(),
    });
    const account = { id: ldapAccountId, methodId: id, type: 'ldap', userId: user.userId } as const;
    await insertAccount(tx, account, now);
    await changed(
      tx,
      sql`insert into ldap_accounts (id, auth_method_id, login_name)
          values (${account.id}, ${id}, ${user.loginName.toLowerCase()})`,
    );
  }
}

/** Linking an account is a change of its user. */
async function insertAccount(
  tx: Tx,
  account: { id: string; methodId: string; type: 'oidc' | 'ldap'; userId: string },
  now: Date,
): Promise<void> {
  await changed(
    tx,
    sql`insert into accounts (id, auth_method_id, scope_id, type, user_id, created_time, updated_time)
        values (${account.id}, ${account.methodId}, 'global', ${account.type}, ${account.userId}, ${now}, ${now})`,
  );
  await changed(tx, sql`update users set version = version + 1 where id = ${account.userId}`);
}
