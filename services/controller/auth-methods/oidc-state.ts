/** States of OIDC auth methods: what it takes to be used for logins. */
import type { ChangeStateRequest } from '../../../proto/gen/api/auth_methods';
import type { Outgoing } from '../outgoing/requests';
import { readAttributes } from '../resources/attributes';
import { FieldErrors } from '../resources/fields';
import { BAD_STATE, isMethodState, type Columns, type MethodState } from './attribute-rules';
import { typeOfMethodId } from './auth-methods';
import { missingForLogin, type OidcSettings } from './oidc';
import { discoveryProblem } from './oidc-discovery';
import { notFound } from '../authz/refusal';

export interface StateChange {
  state: MethodState;
  disable_discovered_config_validation: boolean;
}

/** Checks the form of the request. */
export function readStateChange(request: ChangeStateRequest): StateChange {
  const type = typeOfMethodId(request.id);
  if (type === 'password' || type === 'ldap') {
    throw notFound('This endpoint is only available for the "oidc" Auth Method type.');
  }
  const errors = new FieldErrors();
  errors.require(type !== undefined, 'id', 'Improperly formatted identifier.');
  errors.require(request.version > 0, 'version', 'Existing resource version is required for an update.');
  errors.require(request.attributes !== undefined, 'attributes', 'This is a required field.');
  const known = { state: 'text', disable_discovered_config_validation: 'flag' } as const;
  const { state, disable_discovered_config_validation: disable = false } = readAttributes(request.attributes, known);
  errors.require(isMethodState(state), 'attributes.state', BAD_STATE);
  errors.throwIfAny('Invalid fields provided in request.');
  return { state: state as MethodState, disable_discovered_config_validation: disable };
}

/**
 * The columns that the change sets; none when the method is in that state already. A change to
 * inactive keeps the flag.
 */
export function columnsOfState(settings: OidcSettings, wanted: StateChange): Columns {
  const { state, disable_discovered_config_validation } = wanted;
  if (state === 'inactive') return settings.state === 'inactive' ? {} : { state };
  const same =
    settings.state === state && settings.disable_discovered_config_validation === disable_discovered_config_validation;
  return same ? {} : { state, disable_discovered_config_validation };
}

/** Throws unless the changed method is inactive or can be used for logins. */
export async function checkUsable(settings: OidcSettings, outgoing: Outgoing, signal: AbortSignal): Promise<void> {
  if (settings.state === 'inactive') return;
  const errors = new FieldErrors();
  for (const name of missingForLogin(settings)) {
    errors.add(`attributes.${name}`, 'This field is required for an active OIDC auth method.');
  }
  errors.throwIfAny();
  if (settings.disable_discovered_config_validation) return;
  const found = await discoveryProblem(settings, outgoing, signal);
  if (found !== undefined) new FieldErrors().add(`attributes.${found.attribute}`, found.problem).throwIfAny();
}
