import { createCommand, kinds } from '../../core/builders';
import { workers } from '../../resources/workers';

export const command = kinds('Create a worker', {
  'controller-led': createCommand(workers, {
    kind: 'controller-led',
    method: 'createControllerLed',
    examples: ['workers create controller-led -name frankfurt-1'],
  }),
});
