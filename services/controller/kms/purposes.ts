/** What the data keys of a scope are for; each purpose has one, in this order. */
export type KeyPurpose = 'database' | 'oplog' | 'tokens' | 'sessions' | 'oidc' | 'audit';
export const KEY_PURPOSES: readonly KeyPurpose[] = ['database', 'oplog', 'tokens', 'sessions', 'oidc', 'audit'];
