/** A first check of a grant, which finds slips before anything is sent. The controller decides. */
import { UsageError } from '../io/errors';

/** Throws a UsageError for text that cannot be a grant. */
export function checkGrant(text: string): void {
  const why = text.startsWith('{') ? jsonComplaint(text) : textComplaint(text);
  if (why !== undefined) throw new UsageError(`The grant ${JSON.stringify(text)} could not be parsed: ${why}`);
}

const OLD_ID = 'the field "id" is no longer supported, use "ids"';

function textComplaint(text: string): string | undefined {
  for (const segment of text.split(';')) {
    const parts = segment.split('=');
    const [key, value] = parts;
    if (parts.length !== 2) return `wrong number of equal signs in ${JSON.stringify(segment)}`;
    if (key === '') return 'missing key';
    if (key === 'id') return OLD_ID;
    if (value === '' && key !== 'output_fields') return `missing value of ${key}`;
  }
  return undefined;
}

function jsonComplaint(text: string): string | undefined {
  try {
    const grant = JSON.parse(text) as Record<string, unknown>;
    return Object.hasOwn(grant, 'id') ? OLD_ID : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
