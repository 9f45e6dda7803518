import { readCommand } from '../../core/builders';
import { credentialLibraries } from '../../resources/credential-libraries';

export const command = readCommand(credentialLibraries, {
  examples: ['credential-libraries read -id clvlt_1234567890'],
});
