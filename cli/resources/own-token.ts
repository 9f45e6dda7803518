import type { ApiClient } from '../core/client';
import type { Context } from '../core/command';
import { UsageError } from '../io/errors';
import { confirm } from '../io/prompt';
import { tokenId } from '../core/token';

/**
 * The id of `-id`. `self` is the token in use; without `-id`, the person is asked whether that is
 * meant.
 */
export async function ownOrGivenToken(
  { io, args }: Context<{ id: string }>,
  client: ApiClient,
  verb: string,
): Promise<string> {
  const given = args.id;
  if (given !== '' && given !== 'self') return given;
  if (given === '') {
    const question = `No ID provided; ${verb} the stored token? (Pass an ID of "self" to suppress this question.)`;
    if (!(await confirm(io, question))) throw new UsageError('An ID is required but not passed in; use -id');
  }
  const id = tokenId(client.tokenText);
  if (id === undefined) throw new UsageError('There is no token to take the ID from; log in, or use -id');
  return id;
}
