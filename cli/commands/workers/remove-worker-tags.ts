import { tagCommand } from '../../resources/worker-tags';

export const command = tagCommand('remove');
