/** Fields of targets as callers send them: what is acceptable, and what is stored. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { MAX_INT4, MAX_PORT } from '../../../lib/contract/numbers';
import { compileFilter, FilterSyntaxError } from '../../../lib/filter/filter';
import { Target, type UpdateTargetRequest } from '../../../proto/gen/api/targets';
import { readAddress } from '../resources/address';
import { maskWithAttributes, readAttributes, type Attributes } from '../resources/attributes';
import { checkCreate, checkUpdate, FieldErrors, maskedColumns, storedText } from '../resources/fields';
import { readWithAliases, refuseWithAliases, type PlannedAlias } from './targets.aliases';
import { DEFAULT_SESSION_MAX_SECONDS, TARGET_ATTRIBUTES, TARGET_MUTABLE, TARGET_PREFIXES, UNLIMITED } from './targets';

type Path = keyof typeof TARGET_MUTABLE;

/** Columns of a new target. Throws 400 with everything that is wrong. */
export function newTargetColumns(item: Target): { values: Record<string, unknown>; aliases: PlannedAlias[] } {
  const errors = new FieldErrors();
  const projectRequired = 'This field is required to have a properly formatted project scope id.';
  errors.require(isIdOf(item.scope_id, 'scope', 'project'), 'scope_id', projectRequired);
  errors.require((item.name ?? '').trim() !== '', 'name', 'This field is required.');
  errors.require(item.type === 'tcp', 'type', 'Unknown type provided.');
  const deprecated = 'This field is deprecated. Use egress_worker_filter instead.';
  errors.require(item.worker_filter === undefined, 'worker_filter', deprecated);
  // The attributes of an unknown type cannot be checked.
  const known = item.type === 'tcp';
  const attributes = known ? readAttributes(item.attributes, TARGET_ATTRIBUTES) : {};
  errors.require(!known || attributes.default_port !== undefined, 'attributes.default_port', 'This field is required.');
  checkPorts(errors, attributes, 'This field cannot be set to zero.');
  const address = checkValues(errors, item);
  const aliases = readWithAliases(errors, item.with_aliases);
  checkCreate(errors, item).throwIfAny();
  const paths = Object.keys(TARGET_MUTABLE) as Path[];
  const given = paths.filter((path) => valueOf(path, item, attributes, address) !== undefined);
  const values = maskedColumns(given, TARGET_MUTABLE, (path) => valueOf(path as Path, item, attributes, address));
  return { values, aliases };
}

/** Columns that an update changes. Throws 400 with everything that is wrong. */
export function changedTargetColumns(request: UpdateTargetRequest): Record<string, unknown> {
  const errors = new FieldErrors();
  const item = request.item ?? Target.fromPartial({});
  const mask = maskWithAttributes(request.update_mask ?? [], TARGET_ATTRIBUTES);
  errors.require(['', typeById(request.id)].includes(item.type), 'type', 'Cannot modify the resource type.');
  const named = !mask.includes('name') || (item.name ?? '').trim() !== '';
  errors.require(named, 'name', 'This field cannot be set to empty.');
  const attributes = readAttributes(item.attributes, TARGET_ATTRIBUTES);
  const cleared = mask.includes('attributes.default_port') && attributes.default_port === undefined;
  errors.require(!cleared, 'attributes.default_port', 'This field is required.');
  checkPorts(errors, attributes, 'This cannot be set to zero.');
  const address = checkValues(errors, item);
  refuseWithAliases(errors, item);
  checkUpdate(errors, request, TARGET_PREFIXES).throwIfAny();
  return maskedColumns(
    mask,
    TARGET_MUTABLE,
    (path) => valueOf(path as Path, item, attributes, address) ?? CLEARED[path as Path],
    'paths',
  );
}

const typeById = (id: string): string => id.slice(1, Math.max(id.indexOf('_'), 1));

/** What clearing means for fields that always have a value. */
const CLEARED: Partial<Record<Path, unknown>> = {
  session_max_seconds: DEFAULT_SESSION_MAX_SECONDS,
  session_connection_limit: UNLIMITED,
  session_concurrent_connection_limit: UNLIMITED,
  end_sessions_on_token_expiry: false,
};

function valueOf(
  path: Path,
  item: Target,
  attributes: Attributes<typeof TARGET_ATTRIBUTES>,
  address: string | undefined,
): unknown {
  switch (path) {
    case 'name':
    case 'description':
      return storedText(item[path]) ?? undefined;
    case 'address':
      return address;
    case 'attributes.default_port':
      return attributes.default_port;
    case 'attributes.default_client_port':
      return attributes.default_client_port;
    default:
      return item[path];
  }
}

function checkPorts(errors: FieldErrors, attributes: Attributes<typeof TARGET_ATTRIBUTES>, zeroRefused: string): void {
  for (const name of ['default_port', 'default_client_port'] as const) {
    const port = attributes[name];
    errors.require(port !== 0, `attributes.${name}`, zeroRefused);
    errors.require((port ?? 0) <= MAX_PORT, `attributes.${name}`, 'Value is greater than maximum port number.');
  }
}

/** Checks the values that are there; the address as it is stored. */
function checkValues(errors: FieldErrors, item: Target): string | undefined {
  checkLimits(errors, item);
  checkFilter(errors, 'egress_worker_filter', 'egress filter', item.egress_worker_filter);
  checkFilter(errors, 'worker_filter', 'filter', item.worker_filter);
  errors.require(
    item.ingress_worker_filter === undefined,
    'ingress_worker_filter',
    'Ingress Worker Filter field is not supported in OSS',
  );
  if (item.worker_filter !== undefined && item.egress_worker_filter !== undefined) {
    const both = 'Cannot set worker_filter and egress_worker_filter; they are mutually exclusive fields.';
    errors.add('egress_worker_filter', both);
  }
  if (item.address === undefined) return undefined;
  return readAddress(errors, 'address', item.address, 'Address does not support a port.');
}

function checkLimits(errors: FieldErrors, item: Target): void {
  const { session_max_seconds: max, offline_grace_seconds: grace } = item;
  const tooLarge = `This must be at most ${MAX_INT4}.`;
  errors.require(max !== 0, 'session_max_seconds', 'This must be greater than zero.');
  errors.require((max ?? 0) <= MAX_INT4, 'session_max_seconds', tooLarge);
  errors.require((grace ?? 0) <= MAX_INT4, 'offline_grace_seconds', tooLarge);
  for (const name of ['session_connection_limit', 'session_concurrent_connection_limit'] as const) {
    const limit = item[name] ?? UNLIMITED;
    const fits = limit === UNLIMITED || limit > 0;
    errors.require(fits, name, 'This must be -1 (unlimited) or greater than zero.');
  }
}

function checkFilter(errors: FieldErrors, field: string, what: string, text: string | undefined): void {
  if (text === undefined) return;
  try {
    compileFilter(text);
    // PostgreSQL stores no NUL.
    if (!text.includes('\0')) return;
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
  }
  errors.add(field, `Unable to successfully parse ${what} expression.`);
}
