/** The filter of a list request. */
import { invalidArgument } from '../../../lib/errors/errors';
import { compileFilter, FilterSyntaxError, type Filter } from '../../../lib/filter/filter';
import type { Op } from '../rpc/service';
import { MESSAGE } from './fields';

/** Steps of parsing a character of a filter, by measurement. */
const PARSING_STEPS = 500;

/** Comes before the parser's reason; clients know the whole text. */
const FILTER_REFUSED = "handlers.NewFilter: couldn't build filter: parameter violation: error #100: ";

/** Undefined where there is none; 400 with `message` when it cannot be parsed. */
export async function compileListFilter(
  op: Op,
  filter: string,
  message: string = MESSAGE.identifier,
): Promise<Filter | undefined> {
  if (filter === '') return undefined;
  const compiled = parse(filter, message);
  op.work.charge(filter.length * PARSING_STEPS);
  await op.work.breathe();
  return compiled;
}

function parse(filter: string, message: string): Filter {
  try {
    return compileFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    throw invalidArgument(message, [
      { name: 'filter', description: `This field could not be parsed. ${FILTER_REFUSED}${error.message}` },
    ]);
  }
}

/** Whether the filter lets an item through. */
export async function passes<I>(
  { work }: Op,
  filter: Filter | undefined,
  item: I,
  toJSON: (item: I) => unknown,
): Promise<boolean> {
  if (filter === undefined) return true;
  await filter.prepare(work);
  return filter.evaluate({ item: toJSON(item) }, work) === true;
}
