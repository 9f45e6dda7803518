/**
 * The OpenAPI document of the HTTP side, made from the protos: the same annotations and messages
 * that the gateway serves by, so that the two cannot differ. Written by scripts/generate.sh, served
 * as it is.
 */
import type { DescField } from '@bufbuild/protobuf';
import { ERROR_CATALOGUE, type ErrorKind } from '../../../../lib/errors/errors';
import type { Descriptors } from '../../rpc/descriptors';
import { AUTHENTICATE, DELETE_WITH_BODY, DOWNLOAD } from '../methods';
import { annotatedRoutes, type AnnotatedRoute } from '../routes';
import { readComments, type Comments } from './comments';
import { described, Schemas, type Schema } from './schemas';

export function openApiDocument(descriptors: Descriptors, version: string): Schema {
  const comments = readComments(descriptors);
  const schemas = new Schemas(comments);
  const paths: Record<string, Record<string, Schema>> = {};
  const tags = new Map<string, string>();
  for (const route of annotatedRoutes(descriptors)) {
    const { method } = route;
    tags.set(tagOf(route), comments.of(method.parent));
    const path = (paths[route.template] ??= {});
    path[route.httpMethod.toLowerCase()] = operation(route, { comments, schemas });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sallyport API',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { cookie_js: [], cookie_http: [] }, {}],
    tags: [...tags].map(([name, text]) => ({ name, ...described(text) })),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      parameters: PARAMETERS,
      headers: HEADERS,
      responses: errorResponses(),
      schemas: { ...schemas.components, Error: ERROR, FieldError: FIELD_ERROR },
    },
  };
}

const DESCRIPTION =
  'Every call of the command line over HTTP. Fields without a value are left out of answers. A PATCH changes the fields ' +
  'that its body names and must send the current version.';

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of a login (at_…), or a token that a recovery key made (r_1…), good for one request.',
  },
  cookie_js: { type: 'apiKey', in: 'cookie', name: 'wt-js-token-cookie', description: 'First half of the token.' },
  cookie_http: { type: 'apiKey', in: 'cookie', name: 'wt-http-token-cookie', description: 'Second half of the token.' },
};

const PARAMETERS = {
  CorrelationId: {
    name: 'X-Correlation-Id',
    in: 'header',
    description: 'A UUID that the log lines of the request will carry; made up when absent, and told in the answer.',
    schema: { type: 'string', format: 'uuid' },
  },
};

const header = (description: string): Schema => ({ description, schema: { type: 'string' } });
const HEADERS = {
  CorrelationId: header('The UUID that the log lines of the request carry.'),
  RateLimit: header('The window with the fewest requests left: limit, remaining and seconds until it ends.'),
  RateLimitPolicy: header('All windows that the request counts in.'),
  RetryAfter: header('Seconds until another request has a chance.'),
};
const refTo = (kind: string, name: string): Schema => ({ $ref: `#/components/${kind}/${name}` });
const ANSWER_HEADERS = {
  'X-Correlation-Id': refTo('headers', 'CorrelationId'),
  RateLimit: refTo('headers', 'RateLimit'),
  'RateLimit-Policy': refTo('headers', 'RateLimitPolicy'),
};

const FIELD_ERROR = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Name of the field, dotted when nested.' },
    description: { type: 'string', description: 'What is wrong with it.' },
  },
  required: ['name', 'description'],
};
const ERROR = {
  type: 'object',
  properties: {
    kind: { type: 'string', enum: Object.keys(ERROR_CATALOGUE) },
    op: { type: 'string', description: 'Where the error arose; only for errors that clients know with one.' },
    message: { type: 'string' },
    details: {
      type: 'object',
      properties: { request_fields: { type: 'array', items: refTo('schemas', 'FieldError') } },
    },
  },
  required: ['kind', 'message'],
};

/** One response per status, with the kinds of errors that have it. */
function errorResponses(): Record<string, Schema> {
  const byStatus = new Map<number, ErrorKind[]>();
  for (const [kind, { http }] of Object.entries(ERROR_CATALOGUE) as [ErrorKind, { http: number }][]) {
    byStatus.set(http, [...(byStatus.get(http) ?? []), kind]);
  }
  const responses: Record<string, Schema> = {};
  for (const [status, kinds] of [...byStatus].sort(([a], [b]) => a - b)) {
    const retry = status === 429 || status === 503 ? { 'Retry-After': refTo('headers', 'RetryAfter') } : {};
    const without = status === 429 || status === 503 ? ' Without a body when a rate limit refuses the request.' : '';
    responses[`Error${status}`] = {
      description: `${kinds.join(', ')}.${without}`,
      headers: { ...ANSWER_HEADERS, ...retry },
      content: { 'application/json': { schema: refTo('schemas', 'Error') } },
    };
  }
  responses['Error413'] = {
    description: 'The body is larger than the controller takes.',
    content: { 'application/json': { schema: refTo('schemas', 'Error') } },
  };
  return responses;
}

interface Parts {
  comments: Comments;
  schemas: Schemas;
}

const nameOf = (route: AnnotatedRoute): string => `${route.method.parent.typeName}/${route.method.name}`;
const tagOf = (route: AnnotatedRoute): string => route.template.split('/')[2]!.split(':')[0]!;

function operation(route: AnnotatedRoute, parts: Parts): Schema {
  const body = requestBody(route, parts.schemas);
  return {
    operationId: `${route.method.parent.name}_${route.method.name}`,
    tags: [tagOf(route)],
    ...described(parts.comments.of(route.method)),
    parameters: [...parameters(route, parts), refTo('parameters', 'CorrelationId')],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...success(route, parts.schemas), ...failures(route) },
  };
}

const inPath = (route: AnnotatedRoute): Set<string> =>
  new Set([...route.template.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]!));

function parameters(route: AnnotatedRoute, { comments, schemas }: Parts): Schema[] {
  const path = inPath(route);
  const { fields } = route.method.input;
  const parameter = (field: DescField, where: 'path' | 'query'): Schema => ({
    name: field.name,
    in: where,
    ...(where === 'path' ? { required: true } : {}),
    ...described(comments.of(field)),
    schema: schemas.field(field),
  });
  const query = route.body === '*' ? [] : fields.filter((field) => !path.has(field.name) && isScalar(field));
  return [
    ...fields.filter((field) => path.has(field.name)).map((field) => parameter(field, 'path')),
    ...query.map((field) => parameter(field, 'query')),
    ...(route.httpMethod === 'PATCH' && route.body !== '*' ? [UPDATE_MASK] : []),
  ];
}

/** Only those can stand in a query. */
const isScalar = (field: DescField): boolean =>
  field.fieldKind === 'scalar' || (field.fieldKind === 'list' && field.listKind === 'scalar');

const UPDATE_MASK = {
  name: 'update_mask',
  in: 'query',
  description: 'Names of the fields to change, separated by commas; those of the body when absent.',
  schema: { type: 'string' },
};

function requestBody({ method, body, httpMethod, ...route }: AnnotatedRoute, schemas: Schemas): Schema | undefined {
  if (body === '') return undefined;
  const part = method.input.fields.find((field) => field.name === body)?.message;
  const schema =
    part === undefined
      ? schemas.object(method.input, inPath({ method, body, httpMethod, ...route }))
      : httpMethod === 'PATCH'
        ? schemas.patch(part)
        : schemas.ref(part);
  return { content: { 'application/json': { schema } } };
}

function success(route: AnnotatedRoute, schemas: Schemas): Record<string, Schema> {
  const { output } = route.method;
  const name = nameOf(route);
  if (name === DOWNLOAD) {
    return { 200: { description: 'The bytes.', content: { 'application/octet-stream': {} } } };
  }
  if (output.fields.length === 0 && !DELETE_WITH_BODY.has(name)) {
    return { 204: { description: 'Done.', headers: ANSWER_HEADERS } };
  }
  const part = output.fields.find((field) => field.name === route.responseBody);
  const schema = part === undefined ? schemas.ref(output) : schemas.field(part);
  const cookies = name === AUTHENTICATE ? { 'Set-Cookie': header('The token, for logins that ask for cookies.') } : {};
  const headers = { ...ANSWER_HEADERS, ...cookies };
  return { 200: { description: 'OK.', headers, content: { 'application/json': { schema } } } };
}

const ALWAYS = [400, 401, 403, 405, 429, 500, 503, 504];

function failures(route: AnnotatedRoute): Record<string, Schema> {
  const statuses = [...ALWAYS, ...(inPath(route).size > 0 ? [404] : []), ...(route.body === '' ? [] : [413])];
  return Object.fromEntries(statuses.sort((a, b) => a - b).map((code) => [code, refTo('responses', `Error${code}`)]));
}
