import { ENCRYPTION_FLAGS, convertConfig } from '../../config/encryption';
import { defineCommand } from '../../core/command';

export const command = defineCommand({
  synopsis: 'Decrypt the encrypted values of a configuration file',
  description: 'Every {{decrypt(sealed)}} in the file becomes {{encrypt(text)}}, for editing.',
  examples: [
    'config decrypt -config controller.json',
    'config decrypt -config controller.json -config-kms kms.json -overwrite',
  ],
  flags: [{ title: 'Command Options', flags: ENCRYPTION_FLAGS }],
  run: (context) => Promise.resolve(convertConfig(context, 'decrypt')),
});
