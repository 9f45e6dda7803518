import { listCommand } from '../../core/builders';
import { sessionRecordings } from '../../resources/session-recordings';

export const command = listCommand(sessionRecordings, { filter: false, examples: ['session-recordings list'] });
