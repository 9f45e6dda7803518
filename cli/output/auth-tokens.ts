import { actionsSection, itemTable, scopeSection, time, type Item, type Fields, type Presenter } from './table';

const fields = (token: Item): Fields => ({
  'Approximate Last Used Time': time(token.approximate_last_used_time),
  'Auth Method ID': token.auth_method_id,
  'Created Time': time(token.created_time),
  'Expiration Time': time(token.expiration_time),
  'Updated Time': time(token.updated_time),
  'User ID': token.user_id,
});

export const authTokens: Presenter = {
  list: { title: 'Auth Token', none: 'No auth tokens found', column: 33, fields },
  item: (token) =>
    itemTable('Auth Token', { ...fields(token), ID: token.id }, [scopeSection(token), actionsSection(token)]),
};
