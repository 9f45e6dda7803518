import { listCommand } from '../../core/builders';
import { sessions } from '../../resources/sessions';

export const command = listCommand(sessions, {
  examples: ['sessions list -scope-id p_1234567890', 'sessions list -recursive -include-terminated'],
  more: [{ name: 'include-terminated', type: 'bool', description: 'List sessions that have ended as well.' }],
});
