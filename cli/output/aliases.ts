import type { AsJson } from '../../lib/rpc/as-json';
import type { Alias } from '../../proto/gen/api/aliases';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  scopeSection,
  type Presenter,
} from './table';

const LIST_COLUMN = 20;

/** Columns between the values of an alias and those of its attributes. */
const FURTHER_RIGHT = 2;

export const aliases: Presenter<AsJson<Alias>> = {
  list: {
    title: 'Alias',
    none: 'No aliases found',
    column: LIST_COLUMN,
    fields: (alias) => ({
      Version: alias.version,
      Type: alias.type,
      Name: alias.name,
      Description: alias.description,
      Value: alias.value,
      'Destination ID': alias.destination_id,
    }),
  },
  item: (alias) => {
    const attributes = attributeFields(alias);
    return itemTable(
      'Alias',
      { ...commonFields(alias), Type: alias.type, Value: alias.value, 'Destination ID': alias.destination_id },
      [scopeSection(alias), actionsSection(alias), (column) => attributesSection(attributes)(column + FURTHER_RIGHT)],
      attributes,
    );
  },
};
