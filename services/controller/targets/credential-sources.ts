/** The three actions on the credential sources of a target. */
import { prefixOf, prefixesOf } from '../../../lib/contract/id-prefixes';
import { invalidArgument } from '../../../lib/errors/errors';
import { hasIdForm } from '../../../lib/ids/ids';
import type { Allowed } from '../authz/authz';
import type { ControllerDeps } from '../context';
import { CREDENTIAL_PREFIXES } from '../credentials/credentials';
import type { Tx } from '../db/db';
import { changing } from '../resources/changes';
import { FieldErrors, MESSAGE, sameSet, unique } from '../resources/fields';
import type { ItemAccess } from '../resources/items';
import { listChanges, unable, verbOf, type ListEdit, type ListVerb } from '../resources/list-edits';
import { staleVersion } from '../resources/rows';
import type { Op } from '../rpc/service';
import * as store from './credential-sources.store';
import { TARGET_PREFIXES, type targetItem, type TargetRow } from './targets';
import { lockTarget, updateTarget } from './targets.store';

const BROKERED = 'brokered_credential_source_ids';
const INJECTED = 'injected_application_credential_source_ids';
const LIST = 'credential sources';
/** What existing clients look for in the refusal. */
const NOT_FOR_TCP = 'tcp.VetCredentialSources: tcp.Target only supports credential purpose: "brokered".';

/** An SSH certificate is of no use to a client. */
const BROKERED_PREFIXES = [
  prefixOf('credential-library', 'vault-generic'),
  prefixOf('credential-library', 'vault-ldap'),
  ...CREDENTIAL_PREFIXES,
];
const INJECTED_PREFIXES = [
  ...prefixesOf('credential-library'),
  ...prefixesOf('credential', 'username_password'),
  prefixOf('credential', 'username_password_domain'),
  prefixOf('credential', 'ssh_private_key'),
];

export interface CredentialSourcesRequest {
  id: string;
  version: number;
  brokered_credential_source_ids: string[];
  injected_application_credential_source_ids: string[];
}

/** Editor of the credential sources; the id has been resolved if it was an alias. */
export const credentialSourceEditor =
  (deps: ControllerDeps, { allow, shown, answer }: ItemAccess<'target', TargetRow, ReturnType<typeof targetItem>>) =>
  async (op: Op, verb: ListVerb, request: CredentialSourcesRequest) => {
    const wanted = unique(request.brokered_credential_source_ids);
    check(request, verb);
    const { row, allowed } = await allow(op, `${verb}-credential-sources`, request.id);
    if (request.injected_application_credential_source_ids.length > 0 && verb !== 'remove') {
      throw invalidArgument(`${unable(verb, LIST, 'target')}: ${NOT_FOR_TCP}`, [
        { name: INJECTED, description: 'Targets of type tcp only support brokered credentials.' },
      ]);
    }
    const current = (row.brokered_credential_sources ?? []).map((source) => source.id);
    if (verb === 'set' && row.version === request.version && sameSet(current, wanted)) return shown(op, allowed, row);
    const now = deps.clock.now();
    await changing(deps.db, now, async (tx) => {
      const target = await lockTarget(tx, allowed);
      if (target === undefined || target.version !== request.version) throw staleVersion('Target', request.id);
      await updateTarget(tx, allowed, { version: request.version, columns: {}, now });
      const sources = await store.brokeredSourceIds(tx, allowed);
      const removed = verb === 'remove' ? unique([...wanted, ...request[INJECTED]]) : wanted;
      await apply(tx, allowed, listChanges(verb, sources, removed));
    });
    return answer(op, allowed);
  };

function check(request: CredentialSourcesRequest, verb: ListVerb): void {
  const errors = new FieldErrors();
  const { [BROKERED]: brokered, [INJECTED]: injected } = request;
  errors.require(hasIdForm(request.id, ...TARGET_PREFIXES), 'id', 'Incorrectly formatted identifier.');
  errors.require(request.version > 0, 'version', 'Required field.');
  if (verb !== 'set' && brokered.length === 0 && injected.length === 0) {
    const text = 'Brokered or Injected Application Credential Source IDs must be provided.';
    errors.add(BROKERED, text).add(INJECTED, text);
  }
  const illFormed = (id: string) => `Incorrectly formatted credential source identifier "${id}".`;
  for (const id of brokered) errors.require(hasIdForm(id, ...BROKERED_PREFIXES), BROKERED, illFormed(id));
  // Old targets may have what can no longer be added.
  const injectable = verb === 'remove' ? [...INJECTED_PREFIXES, prefixOf('credential', 'json')] : INJECTED_PREFIXES;
  for (const id of injected) errors.require(hasIdForm(id, ...injectable), INJECTED, illFormed(id));
  errors.throwIfAny(MESSAGE.fields);
}

async function apply(
  tx: Tx,
  allowed: Allowed<'target', ListEdit<'credential-sources'>>,
  { added, removed }: { added: string[]; removed: string[] },
): Promise<void> {
  const verb = verbOf(allowed.action);
  if (
    removed.length > 0 &&
    allowed.action !== 'add-credential-sources' &&
    (await store.removeBrokeredSources(tx, allowed, removed)) !== removed.length
  ) {
    throw invalidArgument(`${unable(verb, LIST, 'target')}: it does not have all of them.`, [
      { name: BROKERED, description: 'Must only contain credential sources of the target.' },
    ]);
  }
  if (
    added.length > 0 &&
    allowed.action !== 'remove-credential-sources' &&
    (await store.addBrokeredSources(tx, allowed, added)) !== added.length
  ) {
    throw invalidArgument(`${unable(verb, LIST, 'target')}: not all of them are in its project.`, [
      {
        name: BROKERED,
        description: "Must only contain credentials and credential libraries of the target's project.",
      },
    ]);
  }
}
