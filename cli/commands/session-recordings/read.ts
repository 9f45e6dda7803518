import { readCommand } from '../../core/builders';
import { sessionRecordings } from '../../resources/session-recordings';

export const command = readCommand(sessionRecordings, { examples: ['session-recordings read -id sr_1234567890'] });
