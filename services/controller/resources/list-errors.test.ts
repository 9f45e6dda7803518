/** Wording of list errors, as clients of HTTP and gRPC get it. */
import { DEV, startTestController, type TestController } from '../../../test/harness/controller';
import { createServices } from '../services';

let controller: TestController;

beforeAll(async () => {
  controller = await startTestController((deps) => createServices(deps as Parameters<typeof createServices>[0]));
});
afterAll(() => controller.stop());

const refusal = (method: string, request: object) => controller.admin.refusal(method, request);

test('some nouns have the fields in the message', async () => {
  expect(await refusal('HostService/ListHosts', {})).toEqual({
    status: 400,
    kind: 'InvalidArgument',
    message:
      'Improperly formatted identifier.", Details: {{name: "host_catalog_id", desc: "The field is incorrectly formatted.',
  });
  expect(
    await refusal('SessionService/ListSessions', { scope_id: 'global', recursive: true, filter: 'no "x"' }),
  ).toEqual({
    status: 400,
    kind: 'InvalidArgument',
    message:
      'Improperly formatted identifier.", Details: {{name: "filter", desc: "This field could not be parsed. ' +
      "handlers.NewFilter: couldn't build filter: parameter violation: error #100: 1:4 (3): no match found, expected: " +
      '\\"!=\\", \\"==\\", \\"contains\\", \\"in\\", \\"is\\", \\"matches\\", \\"not\\" or [ \\\\t\\\\r\\\\n]',
  });
  expect((await refusal('AccountService/ListAccounts', {})).message).toMatch(
    /^Error in provided request\.", Details: /,
  );
  const unreadable = { auth_method_id: DEV.authMethod, filter: 'nope' };
  expect((await refusal('AccountService/ListAccounts', unreadable)).message).toMatch(
    /^Error in provided request\.", Details: {{name: "filter"/,
  );
});

test('a filter with a regular expression that is too large is refused with the reason', async () => {
  const filter = `"/item/name" matches "${'x'.repeat(513)}"`;
  const { details } = await refusal('TargetService/ListTargets', { scope_id: DEV.project, filter });
  expect(details?.request_fields).toMatchObject([
    { name: 'filter', description: expect.stringContaining('is longer than 512 characters') as string },
  ]);
});

test('the others have details, and refusals without fields stay as they are', async () => {
  expect(await refusal('GroupService/ListGroups', {})).toEqual({
    status: 400,
    kind: 'InvalidArgument',
    message: 'Improperly formatted identifier.',
    details: { request_fields: [{ name: 'scope_id', description: 'Incorrectly formatted identifier.' }] },
  });
  for (const [method, request] of [
    ['ManagedGroupService/ListManagedGroups', { auth_method_id: DEV.authMethod, filter: 'nope' }],
    ['WorkerService/ListWorkers', { scope_id: 'global', filter: 'nope' }],
    ['WorkerService/ListWorkers', { scope_id: DEV.org }],
  ] as const) {
    expect(await refusal(method, request)).toMatchObject({ status: 400, message: 'Error in provided request.' });
  }
  expect(await refusal('HostService/ListHosts', { host_catalog_id: 'hcst_AAAAAAAAAA' })).toEqual({
    status: 404,
    kind: 'NotFound',
    message: 'Resource not found.',
  });
});
