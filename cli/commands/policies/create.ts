import { createCommand, kinds } from '../../core/builders';
import { policies } from '../../resources/policies';
import { STORAGE_POLICY } from '../../resources/policy-fields';

export const command = kinds('Create a policy', {
  storage: createCommand(policies, {
    kind: 'storage',
    sendType: true,
    fields: STORAGE_POLICY,
    examples: ['policies create storage -scope-id global -retain-for-days 30'],
  }),
});
