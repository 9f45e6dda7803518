import { createCommand, kinds } from '../../core/builders';
import { workers } from '../../resources/workers';

export const command = kinds('Create a worker', {
  'worker-led': createCommand(workers, {
    kind: 'worker-led',
    method: 'createWorkerLed',
    fields: [
      {
        flag: {
          name: 'worker-generated-auth-token',
          type: 'string',
          description: 'Registration request that the worker showed when it started.',
        },
        path: 'worker_generated_auth_token',
      },
    ],
    examples: ['workers create worker-led -worker-generated-auth-token 2Vx4...'],
  }),
  'controller-led': createCommand(workers, {
    kind: 'controller-led',
    method: 'createControllerLed',
    examples: ['workers create controller-led -name frankfurt-1'],
  }),
});
