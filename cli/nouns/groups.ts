import type { AsJson } from '../../lib/rpc/as-json';
import type { Group } from '../../proto/gen/api/groups';
import { group } from '../../proto/gen/nouns/group';
import { defineNoun, nounCommand } from '../core/noun';
import { SCOPE } from '../core/resource';
import { recordsSection } from '../output/table';

export const groups = defineNoun<AsJson<Group>>(group, {
  container: SCOPE,
  service: async () => (await import('../../proto/gen/api/groups')).GroupServiceDefinition,
  sections: ({ members }) => [
    recordsSection(
      'Members:',
      members?.map(({ id, scope_id }) => ({ ID: id, 'Scope ID': scope_id })),
    ),
  ],
});

export const command = nounCommand(group, groups, {
  description: 'A group is a set of users that a role can name as one principal.',
  examples: [
    'groups add-members -id g_1234567890 -member u_1234567890',
    'groups create -scope-id o_1234567890 -name operators',
    'groups delete -id g_1234567890',
    'groups list -recursive',
    'groups read -id g_1234567890',
    'groups remove-members -id g_1234567890 -member u_1234567890',
    'groups set-members -id g_1234567890 -member u_1234567890',
    'groups update -id g_1234567890 -description null',
  ],
});
