import { boolean, unsigned, type Field } from '../core/fields';

const CLEAR = 'The word null clears it.';

const field = (name: string, path: string, description: string, parse: (text: string) => unknown): Field => ({
  flag: { name, type: 'string', description: `${description} ${CLEAR}` },
  path: `attributes.${path}`,
  parse,
});

export const STORAGE_POLICY: Field[] = [
  field('retain-for-days', 'retain_for.days', 'Days that recordings are kept.', unsigned),
  field('retain-for-overridable', 'retain_for.overridable', 'Whether orgs may keep them for other times.', boolean),
  field('delete-after-days', 'delete_after.days', 'Days after which recordings are deleted.', unsigned),
  field('delete-after-overridable', 'delete_after.overridable', 'Whether orgs may delete at other times.', boolean),
];
