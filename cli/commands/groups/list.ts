import { listCommand } from '../../core/builders';
import { groups } from '../../resources/groups';

export const command = listCommand(groups, { examples: ['groups list -recursive'] });
