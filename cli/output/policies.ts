import type { AsJson } from '../../lib/rpc/as-json';
import type { Policy } from '../../proto/gen/api/policies';
import { actionsSection, commonFields, itemTable, rows, scopeSection, type Presenter, type Section } from './table';

export const policies: Presenter<AsJson<Policy>> = {
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

/** Attributes of a policy of the type `storage`. */
interface Retention {
  readonly retain_for?: Period;
  readonly delete_after?: Period;
}

interface Period {
  readonly days?: number;
  readonly overridable?: boolean;
}

const storage =
  (attributes: Retention | undefined): Section =>
  (column) => {
    const period = (of: Period | undefined) => rows(6, { Days: of?.days, Overridable: of?.overridable }, column);
    return attributes === undefined
      ? []
      : [
          ...['', '  Attributes:', '    Storage Retention:', ...period(attributes.retain_for)],
          ...['', '    Storage Deletion:', ...period(attributes.delete_after)],
        ];
  };
