import {
  actionsSection,
  commonFields,
  itemTable,
  rows,
  scopeSection,
  type Item,
  type Presenter,
  type Section,
} from './table';

export const policies: Presenter = {
  list: {
    title: 'Policy',
    none: 'No policies found',
    fields: (policy) => ({
      Version: policy.version,
      Type: policy.type,
      Name: policy.name,
      Description: policy.description,
    }),
  },
  item: (policy) =>
    itemTable('Policy', { ...commonFields(policy), Type: policy.type }, [
      scopeSection(policy),
      actionsSection(policy),
      storage(policy.attributes),
    ]),
};

const storage =
  (attributes: Item | undefined): Section =>
  (column) => {
    const period = (of: Item | undefined) => rows(6, { Days: of?.days, Overridable: of?.overridable }, column);
    return attributes === undefined
      ? []
      : [
          ...['', '  Attributes:', '    Storage Retention:', ...period(attributes.retain_for)],
          ...['', '    Storage Deletion:', ...period(attributes.delete_after)],
        ];
  };
