/**
 * The HTTP form of a call, made from the annotations of its method, for `-output-curl-string`. It
 * works for every method.
 */
import { HttpRule } from '../../proto/gen/google/api/http';
import type { UnaryMethod } from '../../lib/rpc/channel';
import { shellQuoted } from '../io/shell';

/**
 * Field number of `google.api.http` in the options of a method, as it stands on the wire: number
 * and wire type.
 */
const HTTP_OPTION = 578365826;

/**
 * A request as JSON: the fields of the request message, `item` as the body of a create or update.
 */
export type RequestJson = Readonly<Record<string, unknown>>;

export interface HttpForm {
  method: string;
  /** Path and query, escaped. */
  path: string;
  /** Undefined for methods without a body. */
  body: unknown;
}

export function httpForm(method: UnaryMethod, request: RequestJson): HttpForm {
  const bytes = method.options._unknownFields?.[HTTP_OPTION]?.[0];
  if (bytes === undefined) throw new Error(`${method.name} has no HTTP form`);
  const rule = decodeRule(bytes);
  if (rule.pattern === undefined || rule.pattern.$case === 'custom') throw new Error(`${method.name} has no HTTP form`);
  const used = new Set<string>(['update_mask']);
  const path = rule.pattern.value.replace(/\{(\w+)\}/g, (_, name: string) => {
    used.add(name);
    const value = request[name];
    return typeof value === 'string' ? encodeURIComponent(value) : '';
  });
  const rest = Object.fromEntries(Object.entries(request).filter(([name, value]) => !used.has(name) && !isZero(value)));
  const verb = rule.pattern.$case.toUpperCase();
  if (rule.body === '*') return { method: verb, path, body: rest };
  const { [rule.body]: body, ...query } = rest;
  return { method: verb, path: path + queryOf(query), body: rule.body === '' ? undefined : (body ?? {}) };
}

// Unknown fields are kept with the length of the message in front, as they stood on the wire.
function decodeRule(bytes: Uint8Array): HttpRule {
  let at = 0;
  while (bytes[at]! >= 0x80) at++;
  return HttpRule.decode(bytes.subarray(at + 1));
}

const isZero = (value: unknown): boolean => value === undefined || value === '' || value === false || value === 0;

function queryOf(fields: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(fields).sort()) query.set(name, String(fields[name]));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** A curl command line. `token` is what stands behind `Bearer`, in double quotes. */
export function curlCommand(form: HttpForm, address: string, token: string): string {
  const url = address.startsWith('unix://') ? `http://localhost${form.path}` : address + form.path;
  return [
    'curl',
    ...(form.method === 'GET' ? [] : [`-X ${form.method}`]),
    ...(address.startsWith('unix://') ? [`--unix-socket ${shellQuoted(address.slice('unix://'.length))}`] : []),
    `-H "Authorization: Bearer ${token}"`,
    '-H "Content-Type: application/json"',
    ...(form.body === undefined ? [] : [`-d ${shellQuoted(JSON.stringify(sorted(form.body)))}`]),
    shellQuoted(url),
  ].join(' ');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]));
}
