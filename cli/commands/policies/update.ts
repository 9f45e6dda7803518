import { kinds, updateCommand } from '../../core/builders';
import { policies } from '../../resources/policies';
import { STORAGE_POLICY } from '../../resources/policy-fields';

export const command = kinds('Update a policy', {
  storage: updateCommand(policies, {
    kind: 'storage',
    fields: STORAGE_POLICY,
    examples: ['policies update storage -id pst_1234567890 -retain-for-days 60'],
  }),
});
