/** Flags of host sets whose hosts a plugin finds. */
import { UsageError } from '../io/errors';
import type { Field } from '../core/fields';
import { parseDuration, parseInteger } from '../core/numbers';

/** What a preferred endpoint looks like; the controller checks the rest. */
const ENDPOINT = /^(cidr:[0-9a-fA-F.:]+(\/\d{1,3})?|dns:[^\s:/]+)$/;

function endpoint(text: string): string {
  if (!ENDPOINT.test(text))
    throw new UsageError(
      `-preferred-endpoint must be of the form cidr:10.0.0.0/8 or dns:*.example.com, which ${JSON.stringify(text)} is not`,
    );
  return text;
}

/** Whole seconds, or a duration; anything below zero disables. */
function interval(text: string): number {
  const value = parseInteger(text) ?? (parseDuration(text) ?? NaN) / 1000;
  if (!Number.isInteger(value))
    throw new UsageError(`Error parsing ${JSON.stringify(text)}: not a number of seconds or a duration such as 10m`);
  return value < 0 ? -1 : value;
}

export const PLUGIN_SET: Field[] = [
  {
    flag: {
      name: 'preferred-endpoint',
      type: 'list',
      description:
        'Which address of a host to use, the first match wins: "cidr:10.0.0.0/8" or "dns:*.example.com". A single null clears all.',
    },
    path: 'preferred_endpoints',
    parse: endpoint,
  },
  {
    flag: {
      name: 'sync-interval',
      type: 'string',
      description:
        'Time between two looks for hosts: seconds, or a duration such as 10m. Below zero there are none. The word null clears it.',
    },
    path: 'sync_interval_seconds',
    parse: interval,
  },
];
