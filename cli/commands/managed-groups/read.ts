import { readCommand } from '../../core/builders';
import { managedGroups } from '../../resources/managed-groups';

export const command = readCommand(managedGroups, { examples: ['managed-groups read -id mgoidc_1234567890'] });
