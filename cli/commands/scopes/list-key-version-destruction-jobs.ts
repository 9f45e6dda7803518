import { jobsTable } from '../../output/scope-keys';
import { keyCommand, showItems } from '../../resources/scope-keys';

export const command = keyCommand({
  synopsis: 'List the destructions of key versions of a scope',
  examples: ['scopes list-key-version-destruction-jobs -scope-id p_1234567890'],
  verb: 'list-key-version-destruction-jobs',
  doing: 'listing key version destruction jobs',
  method: 'listKeyVersionDestructionJobs',
  scopeField: 'scope_id',
  show: showItems(jobsTable),
});
