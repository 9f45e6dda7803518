import { listCommand } from '../../core/builders';
import { managedGroups } from '../../resources/managed-groups';

export const command = listCommand(managedGroups, {
  examples: ['managed-groups list -auth-method-id amoidc_1234567890'],
});
