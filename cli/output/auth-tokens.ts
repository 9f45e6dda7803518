import type { AsJson } from '../../lib/rpc/as-json';
import type { AuthToken } from '../../proto/gen/api/auth_tokens';
import { actionsSection, itemTable, scopeSection, time, type Fields, type Presenter } from './table';

const fields = (token: AsJson<AuthToken>): Fields => ({
  'Approximate Last Used Time': time(token.approximate_last_used_time),
  'Auth Method ID': token.auth_method_id,
  'Created Time': time(token.created_time),
  'Expiration Time': time(token.expiration_time),
  'Updated Time': time(token.updated_time),
  'User ID': token.user_id,
});

export const authTokens: Presenter<AsJson<AuthToken>> = {
  list: { title: 'Auth Token', none: 'No auth tokens found', column: 33, fields },
  item: (token) =>
    itemTable('Auth Token', { ...fields(token), ID: token.id }, [scopeSection(token), actionsSection(token)]),
};
