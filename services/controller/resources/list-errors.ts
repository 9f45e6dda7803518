/** The form in which lists of some nouns report what is wrong with their parameters. */
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import type { Service } from '../rpc/service';

/**
 * The service with list errors that name their fields inside `message` and not in `details`.
 * Existing clients know this form of auth methods, accounts, auth tokens, sessions, host catalogs,
 * hosts, host sets, credential stores, libraries and credentials. Every other noun has `details`.
 */
export function listErrorsAsText({ definition, handlers }: Service): Service {
  const wrapped = Object.entries(handlers).map(([name, handler]): [string, Service['handlers'][string]] => {
    if (!name.startsWith('list')) return [name, handler];
    return [
      name,
      async (op, request) => {
        try {
          return await handler(op, request);
        } catch (error) {
          throw asText(error);
        }
      },
    ];
  });
  return { definition, handlers: Object.fromEntries(wrapped) };
}

/** The text is cut in front of its last quote, as clients know it. */
function asText(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.fields.length === 0) return error;
  const fields = error.fields.map(
    ({ name, description }) => `{name: ${JSON.stringify(name)}, desc: ${JSON.stringify(description)}}`,
  );
  const text = `${error.message}", Details: {${fields.join(', ')}}`;
  return invalidArgument(text.slice(0, text.lastIndexOf('"')));
}
