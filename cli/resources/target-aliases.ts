/** Flags that make an alias together with a target. */
import type { Args, Context, Flag } from '../core/command';
import type { Body } from '../core/fields';
import { UsageError } from '../io/errors';

export const WITH_ALIAS = [
  { name: 'with-alias-value', type: 'string', description: 'Alias to create together with the target.' },
  { name: 'with-alias-scope-id', type: 'string', default: 'global', description: 'Scope of that alias.' },
  {
    name: 'with-alias-authorize-session-host-id',
    type: 'string',
    description: 'Id of the host that sessions opened through that alias use.',
  },
] as const satisfies readonly Flag[];

export function addAlias({ args }: Context<Args<(typeof WITH_ALIAS)[number]>>, { item }: Body): void {
  const value = args['with-alias-value'];
  const hostId = args['with-alias-authorize-session-host-id'];
  if (value === '') {
    if (hostId !== '') throw new UsageError('-with-alias-authorize-session-host-id needs -with-alias-value');
    return;
  }
  const attributes = hostId === '' ? {} : { attributes: { authorize_session_arguments: { host_id: hostId } } };
  item.with_aliases = [{ value, scope_id: args['with-alias-scope-id'], ...attributes }];
}
