import { listCommand } from '../../core/builders';
import { credentialLibraries } from '../../resources/credential-libraries';

export const command = listCommand(credentialLibraries, {
  examples: ['credential-libraries list -credential-store-id csvlt_1234567890'],
});
