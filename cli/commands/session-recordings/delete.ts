import { deleteCommand } from '../../core/builders';
import { sessionRecordings } from '../../resources/session-recordings';

export const command = deleteCommand(sessionRecordings, { examples: ['session-recordings delete -id sr_1234567890'] });
