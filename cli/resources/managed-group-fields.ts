import { filterExpression, type Field } from '../core/fields';

export const GROUP_FILTER: Field = {
  flag: {
    name: 'filter',
    type: 'string',
    description: 'Who belongs to it: an expression over /token/... and /userinfo/... of a login.',
  },
  path: 'attributes.filter',
  clearable: false,
  parse: (text) => filterExpression('filter', text),
};

export const GROUP_NAMES: Field = {
  flag: {
    name: 'group-names',
    type: 'list',
    description: 'Name of a group of the directory whose users belong to it; once for each.',
  },
  path: 'attributes.group_names',
};
