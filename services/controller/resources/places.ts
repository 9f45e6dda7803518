/** Where the items of a noun live and are listed: in scopes, or below an item of another noun. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import type { Noun } from '../../../lib/contract/noun';
import { NOUNS } from '../../../proto/gen/nouns/all';
import { parentField, type ResourceType } from '../authz/actions';
import type { Collection } from '../authz/authz';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import type { Executor } from '../db/db';
import type { Op } from '../rpc/service';
import { listBelow } from './child-lists';
import type { NounRow } from './definition';
import { FieldErrors, MESSAGE } from './fields';
import type { ItemDefinition } from './items';
import type { ListRequest } from './list';
import { checkProjectList, collectionIn, listInScopes, scopeNode } from './scope-lists';

/** Fields of a request or an item that say where. */
export type At = Readonly<Record<string, unknown>>;
type ListAt = ListRequest & At;

export interface Place<T extends ResourceType> {
  /** Checks where a new item is to be made. */
  check(errors: FieldErrors, item: At): void;
  /** Collection that a new item would be of; 404 when there is none. */
  collection(deps: ControllerDeps, item: At): Promise<Collection<T>>;
  list<R extends NounRow>(
    deps: ControllerDeps,
    op: Op,
    definition: ItemDefinition<T, R, object>,
    request: ListAt,
  ): Promise<object>;
}

/** What an id of the wrong form is answered with. */
export interface PlaceTexts {
  list: string;
  create: string;
}

const scopeFits = ({ scopes }: Noun, id: string): boolean =>
  scopes.some((kind) => (kind === 'global' ? id === 'global' : isIdOf(id, 'scope', kind)));

/** In scopes of the kinds that the noun's table names. */
export function inScopes<T extends ResourceType>(
  type: T,
  texts: Pick<PlaceTexts, 'create'> & Partial<PlaceTexts>,
): Place<T> {
  const noun: Noun = NOUNS[type];
  const onlyProjects = noun.scopes.every((kind) => kind === 'project');
  return {
    check: (errors, item) => void errors.require(scopeFits(noun, String(item['scope_id'])), 'scope_id', texts.create),
    collection: async (deps, item) => collectionIn(type, await scopeNode(deps.db.executor, String(item['scope_id']))),
    list: async (deps, op, definition, request) => {
      const at = { ...request, scope_id: String(request['scope_id']), recursive: request['recursive'] === true };
      if (onlyProjects) checkProjectList(at);
      else {
        new FieldErrors()
          .require(scopeFits(noun, at.scope_id), 'scope_id', texts.list ?? texts.create)
          .throwIfAny(MESSAGE.identifier);
      }
      return listInScopes(deps, op, definition, at);
    },
  };
}

/** The parent of children, as far as it is looked at. */
export interface Parent {
  find(on: Executor, id: string): Promise<Pick<NounRow, 'id' | 'scope_id' | 'scope'> | undefined>;
  /** Whether an id may be that of a parent with such children, and of one that takes new ones. */
  fits(id: string): boolean;
  takesNew?(id: string): boolean;
  texts: PlaceTexts;
  /** Of the error of a list; {@link MESSAGE.identifier} when absent. */
  listMessage?: string;
}

/** Below an item. */
export function below<T extends ResourceType>(type: T, parent: Parent): Place<T> {
  const column = parentField(type);
  const takesNew = parent.takesNew ?? parent.fits;
  const collection: Place<T>['collection'] = async (deps, item) => {
    const { id, scope_id, scope } = existing(await parent.find(deps.db.executor, String(item[column])));
    return { type, scopeId: scope_id, parentScopeId: scope.parent_scope_id, pin: id };
  };
  return {
    check: (errors, item) => void errors.require(takesNew(String(item[column])), column, parent.texts.create),
    collection,
    list: async (deps, op, definition, request) => {
      new FieldErrors()
        .require(parent.fits(String(request[column])), column, parent.texts.list)
        .throwIfAny(parent.listMessage ?? MESSAGE.identifier);
      const allowed = await deps.authz.checkAs(op, 'list', await collection(deps, request));
      return listBelow(deps, op, definition, { allowed, column }, request);
    },
  };
}
