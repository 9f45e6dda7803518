import { listCommand } from '../../core/builders';
import { sessionRecordings } from '../../resources/session-recordings';

export const command = listCommand(sessionRecordings, { examples: ['session-recordings list'] });
