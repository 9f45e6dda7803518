/** What the handlers of a noun work with. */
import { prefixesOf, type IdKind } from '../../../lib/contract/id-prefixes';
import type { ApiError } from '../../../lib/errors/errors';
import type { Noun } from '../../../lib/contract/noun';
import { NOUNS } from '../../../proto/gen/nouns/all';
import type { ResourceType } from '../authz/actions';
import type { ControllerDeps } from '../context';
import type { NounRow } from './definition';
import type { ItemAccess } from './items';
import { staleVersion } from './rows';

export interface Context<T extends ResourceType, R extends NounRow> {
  deps: ControllerDeps;
  access: ItemAccess<T, R, object>;
  noun: Noun;
  type: T;
}

/** Prefixes of the ids of items, whatever their kind. */
export const idPrefixes = (type: ResourceType): string[] => [
  ...(type === 'scope' ? ['global'] : []),
  ...prefixesOf(type as IdKind),
];

/** 404 of a version that is not the current one; messages call the noun `Host Set`. */
export const staleOf = (type: ResourceType, id: string): ApiError =>
  staleVersion(NOUNS[type].message.replace(/(?<=.)(?=[A-Z])/g, ' '), id);
