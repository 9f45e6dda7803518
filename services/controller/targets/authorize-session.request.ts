/** Which target an authorize-session request means: by id, or by name in a project. */
import { prefixesOf } from '../../../lib/contract/id-prefixes';
import { ApiError } from '../../../lib/errors/errors';
import { hasIdForm } from '../../../lib/ids/ids';
import type { AuthorizeSessionRequest } from '../../../proto/gen/api/targets';
import { existing } from '../authz/refusal';
import type { Executor } from '../db/db';
import { FieldErrors, MESSAGE } from '../resources/fields';
import * as store from './authorize-session.store';
import { TARGET_PREFIXES } from './targets';

const HOST_PREFIXES = prefixesOf('host');

/** The target of a request that {@link checkShape} let through; 400 or 404 otherwise. */
export async function requestedTarget(on: Executor, request: AuthorizeSessionRequest): Promise<store.SessionTarget> {
  const { id, name, scope_id, scope_name } = request;
  if (name === '') return existing(await store.targetById(on, id));
  const scope = scope_id === '' ? { name: scope_name } : { id: scope_id };
  const found = await store.targetsByName(on, name, scope);
  if (new Set(found.map((target) => target.scope_id)).size > 1) {
    throw new ApiError(
      'FailedPrecondition',
      'Several projects of that name have such a target: use scope_id instead of scope_name.',
    );
  }
  return existing(found[0]);
}

/** Throws 400 for a request that can mean no target, whatever there is. */
export function checkShape({ id, host_id, name, scope_id, scope_name }: AuthorizeSessionRequest): void {
  const errors = new FieldErrors();
  errors.require(
    host_id === '' || hasIdForm(host_id, ...HOST_PREFIXES),
    'host_id',
    'Incorrectly formatted identifier.',
  );
  if (name === '') {
    errors
      .require(scope_id === '', 'scope_id', 'Scope ID provided when target name was empty.')
      .require(scope_name === '', 'scope_name', 'Scope name provided when target name was empty.')
      .require(hasIdForm(id, ...TARGET_PREFIXES), 'id', 'Incorrectly formatted identifier.');
  } else {
    const both = scope_id !== '' && scope_name !== '';
    const neither = scope_id === '' && scope_name === '';
    const onlyOne = 'Scope ID and scope name cannot both be provided when target name is used.';
    const one = 'Scope ID or scope name must be provided when target name is used.';
    errors
      .require(name === id, 'name', 'Target name provided but does not match the given ID value from the URL.')
      .require(!both, 'scope_id', onlyOne)
      .require(!both, 'scope_name', onlyOne)
      .require(!neither, 'scope_id', one)
      .require(!neither, 'scope_name', one);
  }
  errors.throwIfAny(MESSAGE.fields);
}
