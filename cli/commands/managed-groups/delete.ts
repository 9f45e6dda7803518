import { deleteCommand } from '../../core/builders';
import { managedGroups } from '../../resources/managed-groups';

export const command = deleteCommand(managedGroups, { examples: ['managed-groups delete -id mgoidc_1234567890'] });
