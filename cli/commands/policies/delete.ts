import { deleteCommand } from '../../core/builders';
import { policies } from '../../resources/policies';

export const command = deleteCommand(policies, { examples: ['policies delete -id pst_1234567890'] });
