import { ENCRYPTION_FLAGS, convertConfig } from '../../config/encryption';
import { defineCommand } from '../../core/command';

export const command = defineCommand({
  synopsis: 'Encrypt the marked values of a configuration file',
  description:
    'Every {{encrypt(text)}} in the file becomes {{decrypt(sealed)}}, sealed with the key of the "kms" block with purpose "config". The server decrypts such values when it reads the file.',
  examples: [
    'config encrypt -config controller.json',
    'config encrypt -config controller.json -config-kms kms.json -overwrite',
  ],
  flags: [{ title: 'Command Options', flags: ENCRYPTION_FLAGS }],
  run: (context) => Promise.resolve(convertConfig(context, 'encrypt')),
});
