import { readCommand } from '../../core/builders';
import { policies } from '../../resources/policies';

export const command = readCommand(policies, { examples: ['policies read -id pst_1234567890'] });
