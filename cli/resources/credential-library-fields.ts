import type { Args, Context, Flag } from '../core/command';
import { UsageError } from '../io/errors';
import { unsigned, type Body, type Field } from '../core/fields';
import { maybeIndirect } from '../core/indirect';

const CLEAR = 'The word null clears it.';

const field = (name: string, path: string, description: string): Field => ({
  flag: { name, type: 'string', description },
  path: `attributes.${path}`,
});

const PATH = field('vault-path', 'path', 'Path in the Vault.');

export const LDAP: Field[] = [PATH];

export const GENERIC: Field[] = [
  PATH,
  field('vault-http-method', 'http_method', `"GET" or "POST". ${CLEAR}`),
  {
    ...field('vault-http-request-body', 'http_request_body', `Body of a POST, file:// or env://. ${CLEAR}`),
    parse: (text, { io }) => maybeIndirect(text, io.env),
  },
];

export const CREDENTIAL_TYPE: Field = {
  flag: { name: 'credential-type', type: 'string', description: 'Type of the credentials, such as username_password.' },
  path: 'credential_type',
};

export const SSH_CERTIFICATE: Field[] = [
  PATH,
  field('username', 'username', 'User name in the certificates.'),
  field('key-type', 'key_type', `"ed25519", "ecdsa" or "rsa". ${CLEAR}`),
  { ...field('key-bits', 'key_bits', `Size of the key. ${CLEAR}`), parse: unsigned },
  field('ttl', 'ttl', `Life of a certificate, as Vault spells it. ${CLEAR}`),
  field('key-id', 'key_id', `Id of the key in the certificates. ${CLEAR}`),
];

const pairs = <const N extends string>(name: N, description: string) =>
  ({ name, type: 'list', hint: 'key=value', description }) as const satisfies Flag;

export const MAPPING = [
  pairs(
    'credential-mapping-override',
    'Name of a field in the Vault that differs, such as username_attribute=user. The value null removes one, a single ' +
      'null all.',
  ),
] as const satisfies readonly Flag[];

export const OPTIONS = [
  { name: 'critical-options', type: 'string', description: `Critical options as a JSON object. ${CLEAR}` },
  pairs('critical-option', 'One critical option.'),
  { name: 'extensions', type: 'string', description: `Extensions as a JSON object. ${CLEAR}` },
  pairs('extension', 'One extension.'),
  {
    name: 'additional-valid-principal',
    type: 'list',
    description: 'Further principal of the certificates. A single null leaves none.',
  },
] as const satisfies readonly Flag[];

/** Adds the overrides to the body. */
export async function completeMapping(
  { args, io }: Context<Args<(typeof MAPPING)[number]>>,
  body: Body,
): Promise<void> {
  const given = args['credential-mapping-override'];
  if (given.length === 0) return;
  const path = 'credential_mapping_overrides';
  if (given.length === 1 && given[0] === 'null') {
    body.item[path] = null;
    body.mask.push(path);
    return;
  }
  const overrides = Object.fromEntries(given.map((pair) => pairOf('credential-mapping-override', pair, io.env)));
  body.item[path] = Object.fromEntries(
    Object.entries(overrides).map(([key, value]) => [key, value === 'null' ? null : value]),
  );
  for (const key of Object.keys(overrides)) body.mask.push(`${path}.${key}`);
}

type OptionArgs = Args<(typeof OPTIONS)[number]>;

/** Adds options, extensions and principals to the body. */
export async function completeOptions(context: Context<OptionArgs>, body: Body): Promise<void> {
  put(body, 'critical_options', optionsOf(context, 'critical-options', 'critical-option'));
  put(body, 'extensions', optionsOf(context, 'extensions', 'extension'));
  const principals = context.args['additional-valid-principal'];
  const none = principals.length === 1 && principals[0] === 'null';
  put(body, 'additional_valid_principals', principals.length === 0 ? undefined : none ? null : principals);
}

function put(body: Body, name: string, value: unknown): void {
  if (value === undefined) return;
  ((body.item.attributes ??= {}) as Record<string, unknown>)[name] = value;
  body.mask.push(`attributes.${name}`);
}

function optionsOf(
  { args, io }: Context<OptionArgs>,
  whole: 'critical-options' | 'extensions',
  piece: 'critical-option' | 'extension',
): object | null | undefined {
  const [text, given] = [args[whole], args[piece]];
  if (text !== '' && given.length > 0) throw new UsageError(`-${whole} excludes -${piece}`);
  if (text === 'null') return null;
  if (text === '')
    return given.length === 0 ? undefined : Object.fromEntries(given.map((p) => pairOf(piece, p, io.env)));
  let value: unknown;
  try {
    value = JSON.parse(maybeIndirect(text, io.env));
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`-${whole} must be a JSON object`);
  return value;
}

function pairOf(flag: string, pair: string, env: NodeJS.ProcessEnv): [string, string] {
  const equals = pair.indexOf('=');
  const key = (equals < 0 ? pair : pair.slice(0, equals)).trim();
  if (key === '') throw new UsageError(`-${flag} must be of the form key=value`);
  return [key, equals < 0 ? '' : maybeIndirect(pair.slice(equals + 1).trim(), env)];
}
