import { listCommand } from '../../core/builders';
import { credentials } from '../../resources/credentials';

export const command = listCommand(credentials, {
  examples: ['credentials list -credential-store-id csst_1234567890'],
});
