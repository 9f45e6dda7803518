import { UsageError } from '../../io/errors';
import { keyCommand } from '../../resources/scope-keys';

export const command = keyCommand({
  synopsis: 'Destroy an old version of a key',
  description: 'What the version encrypts is encrypted with the newest version first, in the background.',
  examples: ['scopes destroy-key-version -scope-id p_1234567890 -key-version-id kdkv_1234567890'],
  verb: 'destroy-key-version',
  doing: 'destroying key version',
  method: 'destroyKeyVersion',
  scopeField: 'scope_id',
  flags: [{ name: 'key-version-id', type: 'string', description: 'Id of the key version, see "scopes list-keys".' }],
  request({ args }) {
    const id = args['key-version-id'];
    if (id === '') throw new UsageError('Key version ID must be passed in via -key-version-id');
    return { key_version_id: id };
  },
  show({ printer }, answer) {
    if (printer.format === 'json') printer.json({ status_code: 200, item: answer });
    else if (answer.state === 'completed') printer.line('The key version was destroyed.');
    else {
      printer.line(
        'The key version will be destroyed when its secrets are encrypted anew; see "scopes list-key-version-destruction-jobs".',
      );
    }
  },
});
