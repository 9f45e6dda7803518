import {
  Client,
  Metadata,
  credentials,
  loadPackageDefinition,
  makeClientConstructor,
  status,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { protoPath as healthProto } from 'grpc-health-check';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { packageFile } from '../../../lib/config/package-root';
import { startMemoryApi, type MemoryApi } from '../../../test/harness/memory-groups';
import { CreateGroupRequest, GetGroupRequest, GroupServiceClient, type Group } from '../../../proto/gen/api/groups';
import { GetScopeRequest, ScopeServiceClient } from '../../../proto/gen/api/scopes';

let api: MemoryApi;
let client: GroupServiceClient;
const clients: Client[] = [];
const address = (): string => `127.0.0.1:${api.port}`;

beforeAll(async () => {
  api = await startMemoryApi({ maxRequestDurationMs: 400 });
  client = new GroupServiceClient(address(), credentials.createInsecure());
  clients.push(client);
});
afterAll(async () => {
  for (const one of clients) one.close();
  await api.listener.close(0);
});
beforeEach(() => {
  api.onRead.current = undefined;
});

const create = (item: Partial<Group>): Promise<Group> =>
  new Promise((resolve, reject) =>
    client.createGroup(CreateGroupRequest.fromPartial({ item }), (error, answer) =>
      error ? reject(error) : resolve(answer.item!),
    ),
  );

const get = (id: string, headers: Record<string, string> = {}, deadlineMs = 5_000): Promise<Group> => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new Promise((resolve, reject) =>
    client.getGroup(
      GetGroupRequest.fromPartial({ id }),
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, answer) => (error ? reject(error) : resolve(answer.item!)),
    ),
  );
};

const failure = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => Promise.reject(new Error('succeeded')),
    (error: ServiceError) => error,
  );

const bodyOf = (error: ServiceError): unknown => JSON.parse(String(error.metadata.get('sallyport-error-bin')[0]));

test('a call carries token, address and correlation id to the handler', async () => {
  const { id } = await create({ scope_id: 'global', name: 'n' });
  const correlation = '4c3f1ae4-36e7-4bcb-8a2a-3b7e1a7a3c11';
  expect((await get(id, { authorization: 'bearer at_1_x', 'x-correlation-id': correlation })).name).toBe('n');
  expect(api.seen.at(-1)!.op).toMatchObject({
    id: correlation,
    method: 'sallyport.api.v1.GroupService/GetGroup',
    token: 'at_1_x',
    clientAddress: '127.0.0.1',
  });
});

test('an error carries code, text, JSON body and HTTP status', async () => {
  const error = await failure(create({}));
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'Error in provided request.' });
  expect(error.metadata.get('sallyport-http-status')).toEqual(['400']);
  expect(bodyOf(error)).toEqual({
    kind: 'InvalidArgument',
    message: 'Error in provided request.',
    details: { request_fields: [{ name: 'scope_id', description: 'This field is missing or improperly formatted.' }] },
  });
});

test('a bug in a handler tells nothing of itself', async () => {
  const scopes = new ScopeServiceClient(address(), credentials.createInsecure());
  clients.push(scopes);
  const error = await failure(
    new Promise((resolve, reject) =>
      scopes.getScope(GetScopeRequest.fromPartial({ id: 'global' }), (e, answer) => (e ? reject(e) : resolve(answer))),
    ),
  );
  expect(error).toMatchObject({ code: status.INTERNAL, details: 'Internal error.' });
});

test('a correlation id that is no UUID is refused', async () => {
  expect(await failure(get('g_1', { 'x-correlation-id': 'nope' }))).toMatchObject({ code: status.INVALID_ARGUMENT });
});

test("the server's deadline answers, the client's aborts the operation", async () => {
  const { id } = await create({ scope_id: 'global' });
  api.onRead.current = () => new Promise(() => {});
  expect(await failure(get(id))).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'Gateway Timeout' });
  const aborted = new Promise<void>((resolve) => {
    api.onRead.current = () => {
      api.seen.at(-1)!.op.signal.addEventListener('abort', () => resolve());
      return new Promise(() => {});
    };
  });
  await failure(get(id, {}, 100));
  await aborted;
});

test('requests beyond 1 MiB and requests that do not decode are refused', async () => {
  const large = await failure(create({ scope_id: 'x'.repeat(1_100_000) }));
  expect(large.code).toBe(status.RESOURCE_EXHAUSTED);
  const Raw = makeClientConstructor(
    {
      Get: {
        path: '/sallyport.api.v1.GroupService/GetGroup',
        requestStream: false,
        responseStream: false,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    'Raw',
  );
  const raw = new Raw(address(), credentials.createInsecure());
  clients.push(raw);
  const malformed = await failure(
    new Promise((resolve, reject) =>
      raw.Get!(Buffer.from([0x0a, 0xff]), (error: ServiceError | null, answer: unknown) =>
        error ? reject(error) : resolve(answer),
      ),
    ),
  );
  expect(malformed).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'The request is not a valid message.' });
});

test('health answers', async () => {
  const { grpc } = loadPackageDefinition(loadSync(healthProto)) as any;
  const health = new grpc.health.v1.Health(address(), credentials.createInsecure());
  clients.push(health);
  const check = (service: string): Promise<any> =>
    new Promise((resolve, reject) =>
      health.check({ service }, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer))),
    );
  for (const name of ['', 'sallyport.api.v1.GroupService']) expect(await check(name)).toMatchObject({ status: 1 });
});

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  const ask = (request: object): Promise<any> => {
    const file = join(
      dirname(require.resolve('@grpc/reflection/package.json')),
      `build/proto/grpc/reflection/${version}/reflection.proto`,
    );
    const { grpc } = loadPackageDefinition(loadSync(file)) as any;
    const reflection = new grpc.reflection[version].ServerReflection(address(), credentials.createInsecure());
    clients.push(reflection);
    return new Promise((resolve, reject) => {
      const stream = reflection.serverReflectionInfo();
      stream.on('data', (answer: unknown) => {
        stream.end();
        resolve(answer);
      });
      stream.on('error', reject);
      stream.write(request);
    });
  };
  const filesOf = (answer: any): string[] =>
    answer.fileDescriptorResponse.fileDescriptorProto.map(
      (bytes: Buffer) => fromBinary(FileDescriptorProtoSchema, bytes).name,
    );

  test('lists the services that are served', async () => {
    const names = (await ask({ listServices: '*' })).listServicesResponse.service.map((s: { name: string }) => s.name);
    expect(names).toEqual([
      'sallyport.api.v1.GroupService',
      'sallyport.api.v1.AuthMethodService',
      'sallyport.api.v1.ScopeService',
    ]);
  });

  test.each([
    'sallyport.api.v1.GroupService',
    'sallyport.api.v1.GroupService.GetGroup',
    'sallyport.api.v1.Group',
    'sallyport.api.v1.Group.name',
  ])('finds the file of %s with its imports', async (fileContainingSymbol) => {
    const files = filesOf(await ask({ fileContainingSymbol }));
    expect(files[0]).toBe('api/groups.proto');
    expect(files).toEqual(
      expect.arrayContaining(['api/common.proto', 'google/api/http.proto', 'google/protobuf/descriptor.proto']),
    );
  });

  test('finds files by name and extensions by number', async () => {
    expect(filesOf(await ask({ fileByFilename: 'api/common.proto' }))).toEqual(['api/common.proto']);
    const containingType = 'google.protobuf.MethodOptions';
    expect(
      (await ask({ allExtensionNumbersOfType: containingType })).allExtensionNumbersResponse.extensionNumber,
    ).toEqual([72295728]);
    const extension = await ask({ fileContainingExtension: { containingType, extensionNumber: 72295728 } });
    expect(filesOf(extension)[0]).toBe('google/api/annotations.proto');
  });

  test('serves every file as it was compiled, behind it those that it imports', async () => {
    const { file: compiled } = fromBinary(FileDescriptorSetSchema, readFileSync(packageFile('proto/gen/image.binpb')));
    const byName = new Map(compiled.map((file) => [file.name, file]));
    for (const { name } of compiled) {
      const wanted = new Set([name]);
      for (const one of wanted) for (const imported of byName.get(one)!.dependency) wanted.add(imported);
      const { fileDescriptorResponse } = await ask({ fileByFilename: name });
      const served = fileDescriptorResponse.fileDescriptorProto.map((bytes: Buffer) =>
        fromBinary(FileDescriptorProtoSchema, bytes),
      );
      expect(served).toEqual([...wanted].map((one) => byName.get(one)));
    }
  });

  test('says when there is nothing', async () => {
    expect(await ask({ fileContainingSymbol: 'nope.Nope' })).toMatchObject({
      errorResponse: { errorCode: status.NOT_FOUND },
    });
  });
});

test('a connection that speaks HTTP/2 badly is closed, and others go on', async () => {
  const socket = connect(api.port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  socket.write(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'x'.repeat(100_000)}`);
  await closed;
  expect((await create({ scope_id: 'global' })).id).toMatch(/^g_/);
});

test('behind a proxy that is trusted, its header names the caller, over both protocols', async () => {
  const forwarding = { authorizedAddrs: ['127.0.0.1'], hopSkips: 0, rejectNotPresent: true, rejectNotAuthorized: true };
  const behind = await startMemoryApi({ forwarding });
  const proxied = new GroupServiceClient(`127.0.0.1:${behind.port}`, credentials.createInsecure());
  clients.push(proxied);
  const call = (forwarded?: string): Promise<ServiceError | null> => {
    const metadata = new Metadata();
    if (forwarded !== undefined) metadata.set('x-forwarded-for', forwarded);
    return new Promise((resolve) =>
      proxied.getGroup(GetGroupRequest.fromPartial({ id: 'g_1' }), metadata, (error) => resolve(error)),
    );
  };
  try {
    await call('127.0.0.1, 203.0.113.5');
    expect(behind.seen.at(-1)!.op.clientAddress).toBe('203.0.113.5');
    expect(await call()).toMatchObject({ code: status.INVALID_ARGUMENT });
    const url = `http://127.0.0.1:${behind.port}/v1/groups/g_1`;
    await fetch(url, { headers: { 'x-forwarded-for': '2001:db8::5' } });
    expect(behind.seen.at(-1)!.op.clientAddress).toBe('2001:db8::5');
    expect((await fetch(url)).status).toBe(400);
  } finally {
    proxied.close();
    await behind.listener.close(0);
  }
});
