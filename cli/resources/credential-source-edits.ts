import { currentVersion, requiredId, showItem, withClient } from '../core/api-command';
import { idFlag } from '../core/builders';
import { defineCommand, type Command, type Context, type Flag } from '../core/command';
import { UsageError } from '../io/errors';
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
  const flag = <const N extends string>(source: N, what: string) =>
    ({ name: source, type: 'list', description: `${what}.${empties}` }) as const satisfies Flag;
  return defineCommand({
    synopsis: `${WORDS[verb]} credential sources of a target`,
    examples: [`targets ${name} -id ttcp_1234567890 -brokered-credential-source credup_1234567890`],
    alias: 'id',
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
  });
}

type SourceFlag = keyof typeof SOURCES;

function sourcesOf(
  { args }: Context<Record<SourceFlag, readonly string[]>>,
  verb: Verb,
): Record<string, readonly string[]> {
  const flags = Object.keys(SOURCES) as SourceFlag[];
  const given = flags.filter((flag) => args[flag].length > 0);
  if (given.length === 0)
    throw new UsageError(`No values were given; use ${flags.map((flag) => `-${flag}`).join(' or ')}`);
  return Object.fromEntries(
    given.map((flag) => {
      const [list, field] = [args[flag], SOURCES[flag]];
      return [field, verb === 'set' && list.length === 1 && list[0] === 'null' ? [] : list];
    }),
  );
}
