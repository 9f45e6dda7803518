import { keysTable } from '../../output/scope-keys';
import { keyCommand, showItems } from '../../resources/scope-keys';

export const command = keyCommand({
  synopsis: 'List the keys of a scope',
  examples: ['scopes list-keys -scope-id p_1234567890'],
  verb: 'list-keys',
  doing: 'listing scope keys',
  method: 'listKeys',
  scopeField: 'id',
  show: showItems(keysTable),
});
