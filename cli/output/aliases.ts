import {
  actionsSection,
  commonFields,
  itemTable,
  scopeSection,
  type Item,
  type Presenter,
  type Section,
} from './table';

const LIST_COLUMN = 20;

export const aliases: Presenter = {
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
  item: (alias) =>
    itemTable(
      'Alias',
      { ...commonFields(alias), Type: alias.type, Value: alias.value, 'Destination ID': alias.destination_id },
      [scopeSection(alias), actionsSection(alias), attributes(alias)],
    ),
};

/** Objects as indented JSON below their names. */
const attributes =
  (alias: Item): Section =>
  () => {
    const entries = Object.entries((alias.attributes ?? {}) as Record<string, unknown>);
    if (entries.length === 0) return [];
    const lines = entries.flatMap(([name, value]) => [
      `    ${name}:`,
      ...JSON.stringify(value, null, 2)
        .split('\n')
        .map((line) => `      ${line}`),
    ]);
    return ['', '  Attributes:', ...lines];
  };
