import type { AsJson } from '../../lib/rpc/as-json';
import type { Scope } from '../../proto/gen/api/scopes';
import {
  actionsSection,
  collectionActionsSection,
  commonFields,
  itemTable,
  scopeSection,
  type Presenter,
  type Section,
} from './table';

const blank: Section = () => [''];

export const scopes: Presenter<AsJson<Scope>> = {
  list: {
    title: 'Scope',
    none: 'No child scopes found',
    fields: (scope) => ({
      Version: scope.version,
      Name: scope.name,
      Description: scope.description,
      PrimaryAuthMethodId: scope.primary_auth_method_id,
    }),
  },
  item: (scope) => {
    const collections = collectionActionsSection('Scope', scope)(0).slice(1);
    return itemTable('Scope', { ...commonFields(scope), 'Primary Auth Method ID': scope.primary_auth_method_id }, [
      scopeSection(scope, 'Scope (parent):'),
      actionsSection(scope),
      blank,
      () => collections,
    ]);
  },
};
