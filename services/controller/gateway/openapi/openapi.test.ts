/**
 * The OpenAPI document against the standard, against the protos and against a controller that
 * serves it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../../../lib/config/package-root';
import { Api } from '../../../../test/harness/api';
import { startWholeController, type WholeController } from '../../../../test/harness/whole-controller';
import { loadDescriptors } from '../../rpc/descriptors';
import { annotatedRoutes } from '../routes';

const text = readFileSync(packageFile('proto/gen/openapi.json'), 'utf8');
const document = JSON.parse(text);
const operations: { method: string; path: string; operation: any }[] = Object.entries<any>(document.paths).flatMap(
  ([path, item]) => Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
);

let controller: WholeController;
beforeAll(async () => {
  controller = await startWholeController();
});
afterAll(() => controller.stop());

test('it is valid OpenAPI 3.1', () => {
  // The validator is an ES module, which jest does not load.
  const program = `
    import { readFileSync } from 'node:fs';
    import { Validator } from '@seriousme/openapi-schema-validator';
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(readFileSync(0, 'utf8')));
    console.log(JSON.stringify({ version: validator.version, ...result }));`;
  const args = ['--input-type=module', '-e', program];
  const answer = execFileSync(process.execPath, args, { input: text, cwd: packageFile('.') }).toString();
  expect(JSON.parse(answer)).toEqual({ version: '3.1', valid: true });
});

test('its operations are the routes of the protos, each with a name of its own', () => {
  const routes = annotatedRoutes(loadDescriptors(readFileSync(packageFile('proto/gen/image.binpb'))));
  const ofRoutes = routes.map((route) => `${route.httpMethod} ${route.template}`);
  const ofDocument = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect(ofDocument.sort()).toEqual(ofRoutes.sort());
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
});

test('every reference leads somewhere, and every component is used', () => {
  const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map((match) => match[1]!);
  const used = new Set(references);
  const { securitySchemes: _, ...components } = document.components;
  const defined = Object.entries<object>(components).flatMap(([kind, named]) =>
    Object.keys(named).map((name) => `components/${kind}/${name}`),
  );
  expect(defined.sort()).toEqual([...used].sort());
});

test('every operation is served', async () => {
  const anonymous = new Api(controller.address);
  const unserved: string[] = [];
  for (const { method, path } of operations) {
    const body = ['post', 'patch'].includes(method) ? {} : undefined;
    const answer = await anonymous.call(method.toUpperCase(), path.replace(/\{[a-z_]+\}/g, 'x_0000000000'), body);
    // Paths and methods that lead nowhere are answered without a body, or with this text.
    const isUnserved = answer.body === undefined || answer.body.message === 'Method Not Allowed';
    if (isUnserved) unserved.push(`${method} ${path}: ${answer.status}`);
  }
  expect(unserved).toEqual([]);
});

test('lists answer with the fields that it names', async () => {
  const lists = operations.filter(({ method, path }) => method === 'get' && !/[{:]/.test(path));
  let items = 0;
  for (const { path, operation } of lists) {
    const { status, body } = await controller.api.call('GET', `${path}?scope_id=global&recursive=true`);
    if (status !== 200) continue;
    const answer = resolve(operation.responses[200].content['application/json'].schema);
    expect(Object.keys(answer.properties)).toEqual(expect.arrayContaining(Object.keys(body)));
    const item = resolve(answer.properties.items.items);
    for (const one of body.items ?? []) {
      expect(Object.keys(item.properties)).toEqual(expect.arrayContaining(Object.keys(one)));
      items++;
    }
  }
  expect(items).toBeGreaterThan(10);
});

const resolve = (schema: any): any =>
  schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1)];

test('anybody may fetch it; who has it is told so', async () => {
  const url = `${controller.address}/openapi.json`;
  const whole = await fetch(url);
  expect(await whole.text()).toBe(text);
  expect(whole.headers.get('content-type')).toBe('application/json');
  const etag = whole.headers.get('etag')!;
  expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([
    200,
    '',
    String(Buffer.byteLength(text)),
  ]);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
});
