import { listCommand } from '../../core/builders';
import { policies } from '../../resources/policies';

export const command = listCommand(policies, { examples: ['policies list'] });
