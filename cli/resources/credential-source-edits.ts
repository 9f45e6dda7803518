import { currentVersion, requiredId, showItem, withClient } from '../core/api-command';
import { idFlag } from '../core/builders';
import type { Command, Context, Flag } from '../core/command';
import { UsageError } from '../core/errors';
import { apiFlags, VERSION } from '../core/flags';
import { targets } from './targets';

const SOURCES = {
  'brokered-credential-source': 'brokered_credential_source_ids',
  'injected-application-credential-source': 'injected_application_credential_source_ids',
} as const;

type Verb = 'add' | 'set' | 'remove';

const WORDS: Record<Verb, string> = { add: 'Add', set: 'Replace all', remove: 'Remove' };

/** Adds to, replaces or removes from the credential sources of a target. */
export function credentialSourcesCommand(verb: Verb): Command {
  const name = `${verb}-credential-sources`;
  const empties = verb === 'set' ? ' A single null leaves none.' : '';
  const flag = (source: string, what: string): Flag => ({
    name: source,
    type: 'list',
    description: `${what}.${empties}`,
  });
  return {
    synopsis: `${WORDS[verb]} credential sources of a target`,
    examples: [`targets ${name} -id ttcp_1234567890 -brokered-credential-source credup_1234567890`],
    alias: true,
    flags: apiFlags(
      idFlag(targets),
      flag('brokered-credential-source', 'Id of a credential or credential library for the users of sessions'),
      flag('injected-application-credential-source', 'Id of a credential or credential library for the worker'),
      VERSION,
    ),
    async run(context) {
      const id = requiredId(context);
      const sources = sourcesOf(context, verb);
      const names = { action: `${name} on target`, attempt: `${name} of target` };
      return withClient(context, async (client) => {
        const version = await currentVersion(context, client, targets, { id, ...names });
        const answer = await client.call({
          service: await targets.service(),
          method: `${verb}TargetCredentialSources`,
          request: { id, version, ...sources },
          ...names,
        });
        return showItem(context, answer.item, targets.presenter.item);
      });
    },
  };
}

function sourcesOf({ values }: Context, verb: Verb): Record<string, string[]> {
  const given = Object.entries(SOURCES).filter(([flag]) => values.list(flag).length > 0);
  if (given.length === 0)
    throw new UsageError(
      `No values were given; use ${Object.keys(SOURCES)
        .map((flag) => `-${flag}`)
        .join(' or ')}`,
    );
  return Object.fromEntries(
    given.map(([flag, field]) => {
      const list = values.list(flag);
      return [field, verb === 'set' && list.length === 1 && list[0] === 'null' ? [] : list];
    }),
  );
}
