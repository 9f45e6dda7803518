/**
 * Routes of the HTTP side, read from the google.api.http annotations of the descriptors. A template
 * is segments of literal text or one `{field}` each, with an optional `:verb` at the end.
 */
import { getOption, hasOption, type DescExtension, type DescMessage, type DescMethod } from '@bufbuild/protobuf';
import type { GenExtension } from '@bufbuild/protobuf/codegenv2';
import type { MethodOptions } from '@bufbuild/protobuf/wkt';
import { isActionWord, typeOfCollection } from '../authz/actions';
import type { Descriptors } from '../rpc/descriptors';
import type { BoundMethod, Pipeline } from '../rpc/pipeline';

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';

export interface Route {
  readonly httpMethod: HttpMethod;
  /** As annotated; the label of metrics. */
  readonly template: string;
  readonly method: BoundMethod;
  readonly input: DescMessage;
  /** Field that the body fills, `*` for the whole message, empty for none. */
  readonly body: string;
  /** Field that is answered, empty for the whole message. */
  readonly responseBody: string;
  /** Whether the response message has no fields. */
  readonly emptyResponse: boolean;
  readonly segments: readonly Segment[];
  /** Text behind the last segment, with its colon; empty when there is none. */
  readonly verb: string;
}

const ACTION_OF_METHOD: Readonly<Record<HttpMethod, string>> = {
  GET: 'list',
  POST: 'create',
  PATCH: 'update',
  DELETE: 'delete',
  PUT: 'update',
};

/** Resource type and action that a route stands for, as grants and rate limits name them. */
export function actionOf(route: Route): { resource: string; action: string } {
  const [, collection, item] = route.segments;
  const plural = collection !== undefined && 'literal' in collection ? collection.literal : '';
  const single = route.httpMethod === 'GET' && item !== undefined;
  const action = route.verb.slice(1) || (single ? 'read' : ACTION_OF_METHOD[route.httpMethod]);
  return { resource: typeOfCollection(plural) ?? plural, action };
}

type Segment = { literal: string } | { field: string };

export interface RouteTable {
  readonly descriptors: Descriptors;
  /** By version and collection, `v1/groups`. */
  readonly collections: ReadonlyMap<string, readonly Route[]>;
}

/** The annotation as decoded by a registry: see google/api/http.proto. */
interface HttpRule {
  pattern: { case: string | undefined; value: string };
  body: string;
  responseBody: string;
  additionalBindings: HttpRule[];
}

/** Reads the annotations. Methods that the pipeline does not serve get no route. */
export function readRoutes(descriptors: Descriptors, pipeline: Pipeline): RouteTable {
  const collections = new Map<string, Route[]>();
  for (const annotated of annotatedRoutes(descriptors)) {
    const { method, template, ...rest } = annotated;
    const bound = pipeline.methods.get(`${method.parent.typeName}/${method.name}`);
    if (bound === undefined) continue;
    const emptyResponse = method.output.fields.length === 0;
    const route = { ...rest, template, method: bound, input: method.input, emptyResponse, ...parseTemplate(template) };
    const collection = collectionOf(template.slice(1).split('/'));
    collections.set(collection, [...(collections.get(collection) ?? []), route]);
  }
  return { descriptors, collections };
}

/** An annotation of a method: what {@link Route} has beside the handler. */
export interface AnnotatedRoute extends Pick<Route, 'httpMethod' | 'template' | 'body' | 'responseBody'> {
  readonly method: DescMethod;
}

/** All annotations, in the order of the protos. */
export function annotatedRoutes(descriptors: Descriptors): AnnotatedRoute[] {
  const extension = descriptors.getExtension('google.api.http');
  if (extension === undefined) throw new Error('the descriptor image lacks google/api/annotations.proto');
  return [...descriptors].flatMap((descriptor) =>
    descriptor.kind === 'service' ? descriptor.methods.flatMap((method) => routesOf(method, extension)) : [],
  );
}

function routesOf(method: DescMethod, extension: DescExtension): AnnotatedRoute[] {
  const option = extension as GenExtension<MethodOptions, never>;
  if (!hasOption(method, option)) return [];
  const rule = getOption(method, option) as HttpRule;
  return [rule, ...rule.additionalBindings].map(({ pattern, body, responseBody }) => ({
    httpMethod: (pattern.case ?? '').toUpperCase() as HttpMethod,
    template: pattern.value,
    method,
    body,
    responseBody,
  }));
}

/** Splits `/v1/groups/{id}:add-members` into its segments and `:add-members`. */
function parseTemplate(template: string): { segments: Segment[]; verb: string } {
  const parts = template.slice(1).split('/');
  const last = parts[parts.length - 1] ?? '';
  const colon = last.indexOf(':');
  const verb = colon < 0 ? '' : last.slice(colon);
  if (verb !== '') parts[parts.length - 1] = last.slice(0, colon);
  return {
    segments: parts.map((part) => (/^\{.*\}$/.test(part) ? { field: part.slice(1, -1) } : { literal: part })),
    verb,
  };
}

export interface RouteMatch {
  route: Route;
  /** Values of the template's fields, percent-decoded. */
  variables: Record<string, string>;
}

/**
 * Why a path leads nowhere: no such collection, nothing so far below one, an unknown verb, a method
 * that this path or its action does not take.
 */
export type NoRoute =
  'unknown collection' | 'unknown path' | 'unknown action' | 'wrong method' | 'action by another method';

/**
 * Finds the route of a path (without query). The verb must match exactly; a template without verb
 * takes any text, so that `GET /v1/groups/g_1:add-members` is a read of a malformed id. In front of
 * a verb an id may have slashes, as names of targets have them: clients do not escape them all.
 */
export function matchRoute(table: RouteTable, httpMethod: string, path: string): RouteMatch | NoRoute {
  const parts = path.slice(1).split('/');
  const routes = table.collections.get(collectionOf(parts));
  if (routes === undefined) return 'unknown collection';
  const fitting = routes.flatMap((route) => {
    const variables = matchTemplate(route, parts);
    return variables === undefined ? [] : [{ route, variables }];
  });
  // A template with a verb goes before a plain template, which would match the verb too.
  const [best] = fitting
    .filter((match) => match.route.httpMethod === httpMethod)
    .sort((a, b) => b.route.verb.length - a.route.verb.length);
  if (best !== undefined) return best;
  if (fitting.some((match) => match.route.verb !== '')) return 'action by another method';
  if (parts.length > MAX_SEGMENTS) return 'unknown path';
  if (httpMethod !== 'POST' && fitting.length > 0) return 'wrong method';
  const last = parts[parts.length - 1] ?? '';
  const colon = last.indexOf(':');
  return colon >= 0 && !isActionWord(last.slice(colon + 1)) ? 'unknown action' : 'wrong method';
}

/** `/v1/<collection>/<id>` */
const MAX_SEGMENTS = 3;

const collectionOf = (parts: string[]): string => `${parts[0] ?? ''}/${(parts[1] ?? '').split(':', 1)[0] ?? ''}`;

function matchTemplate(route: Route, given: string[]): Record<string, string> | undefined {
  const last = route.segments.length - 1;
  const isIdWithVerb = route.verb !== '' && last === MAX_SEGMENTS - 1;
  const parts = isIdWithVerb && given.length > last ? [...given.slice(0, last), given.slice(last).join('/')] : given;
  if (parts.length !== route.segments.length) return undefined;
  const variables: Record<string, string> = {};
  for (const [i, segment] of route.segments.entries()) {
    let part = parts[i]!;
    if (i === parts.length - 1 && route.verb !== '') {
      if (!part.endsWith(route.verb)) return undefined;
      part = part.slice(0, -route.verb.length);
    }
    if ('literal' in segment) {
      if (part !== segment.literal) return undefined;
    } else {
      variables[segment.field] = part;
    }
  }
  return variables;
}
