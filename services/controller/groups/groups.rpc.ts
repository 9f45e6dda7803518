/** GroupService: groups are sets of users that roles can name as one principal. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { Group, GroupServiceDefinition } from '../../../proto/gen/api/groups';
import type { ControllerDeps } from '../context';
import { defineItems } from '../resources/definition';
import type { FieldErrors } from '../resources/fields';
import { inScopes } from '../resources/places';
import { resource } from '../resources/resource';
import { service } from '../rpc/service';
import * as store from './groups.store';
import type { GroupRow } from './groups.store';

const idsOf = (row: GroupRow): string[] => (row.members ?? []).map((member) => member.id);

const definition = defineItems('group', Group, {
  find: store.findGroup,
  select: store.selectGroups,
  item: (row) => ({ member_ids: idsOf(row) }),
});

const place = inScopes('group', {
  list: 'Incorrectly formatted identifier.',
  create: 'This field is missing or improperly formatted.',
});

export const groupService = (deps: ControllerDeps) =>
  service(
    GroupServiceDefinition,
    resource(deps, GroupServiceDefinition, {
      definition,
      message: Group,
      place,
      lists: {
        members: {
          check: checkMembers,
          current: idsOf,
          add: store.addMembers,
          remove: store.removeMembers,
          refused: {
            add: [
              'not all of them exist and are not members yet.',
              'Must only contain existing users that are not members yet.',
            ],
            remove: ['not all of them are members.', 'Must only contain users that are members.'],
          },
        },
      },
    }).handlers,
  );

function checkMembers(errors: FieldErrors, ids: readonly string[]): void {
  for (const id of ids) {
    errors.require(isIdOf(id, 'user'), 'member_ids', `Must only contain valid user ids but found "${id}".`);
    errors.require(id !== 'u_recovery', 'member_ids', 'u_recovery cannot be assigned to a group.');
  }
}
