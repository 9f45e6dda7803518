import { deleteCommand } from '../../core/builders';
import { credentialLibraries } from '../../resources/credential-libraries';

export const command = deleteCommand(credentialLibraries, {
  examples: ['credential-libraries delete -id clvlt_1234567890'],
});
