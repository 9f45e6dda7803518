import { keyCommand } from '../../resources/scope-keys';

export const command = keyCommand({
  synopsis: 'Give the keys of a scope new versions',
  description: 'New secrets use the new versions. What is stored already stays readable with the older ones.',
  examples: ['scopes rotate-keys -scope-id p_1234567890 -rewrap'],
  verb: 'rotate-keys',
  doing: 'rotating scope keys',
  method: 'rotateKeys',
  scopeField: 'scope_id',
  flags: [
    {
      name: 'rewrap',
      type: 'bool',
      description: 'Also wrap the older data keys with the new version of the root key.',
    },
  ],
  request: ({ args }) => ({ rewrap: args.rewrap }),
  show({ printer }) {
    if (printer.format === 'json') printer.json({ status_code: 204 });
    else printer.line('The rotate operation completed successfully.');
  },
});
