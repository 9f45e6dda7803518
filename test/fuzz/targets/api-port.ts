/**
 * Raw bytes to a real API port, HTTP/1.1 and HTTP/2: no answer is a fault of ours, and honest
 * callers go on.
 */
import { connect } from 'node:net';
import { startMemoryApi } from '../../harness/memory-groups';
import { exchange, statusesOf } from '../exchange';
import { invariant, splits, type Target } from '../target';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const request = (line: string, headers: string, body = ''): string =>
  `${line} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literal header without indexing. */
const header = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);

const call = Buffer.concat([
  Buffer.from(PREFACE),
  frame(4, 0, 0, Buffer.alloc(0)),
  frame(
    1,
    4,
    1,
    Buffer.concat([
      header(':method', 'POST'),
      header(':scheme', 'http'),
      header(':path', '/sallyport.api.v1.GroupService/GetGroup'),
      header(':authority', 'x'),
      header('content-type', 'application/grpc'),
      header('te', 'trailers'),
      header('authorization', 'Bearer x'),
    ]),
  ),
  frame(0, 1, 1, Buffer.from([0, 0, 0, 0, 5, 10, 3, 103, 95, 49])),
]);

export const target: Target = {
  seeds: () => [
    request('GET /v1/groups?scope_id=global', 'Cookie: wt-http-token-cookie=a; wt-js-token-cookie=b\r\n'),
    request(
      'POST /v1/groups',
      'Content-Type: application/json\r\nX-Correlation-Id: x\r\n',
      '{"scope_id":"global","name":"a"}',
    ),
    request(
      'PATCH /v1/groups/g_1?update_mask=name',
      'X-Forwarded-For: 1.2.3.4\r\nOrigin: http://a\r\n',
      '{"name":null}',
    ),
    request('OPTIONS /v1/groups', 'Origin: http://a\r\nAccess-Control-Request-Method: POST\r\n'),
    'POST /v1/groups HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET //v1//groups HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://other/v1/groups/%ff HTTP/1.0\r\n\r\n',
    call,
    Buffer.concat([
      call,
      frame(3, 0, 1, Buffer.alloc(4)),
      frame(6, 0, 0, Buffer.alloc(8)),
      frame(7, 0, 0, Buffer.alloc(8)),
    ]),
  ],
  words: [
    PREFACE,
    '\r\n',
    '\r\n\r\n',
    'HTTP/1.1',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 0\r\n',
    'Expect: 100-continue\r\n',
    'Upgrade: h2c\r\n',
    '/v1/groups',
    ':authenticate',
    '\t',
    ';',
  ],
  maxLength: 2_048,
  // Other connections are served meanwhile.
  steps: { base: 400_000, perByte: 2_000 },
  async open() {
    const api = await startMemoryApi({
      forwarding: { authorizedAddrs: ['127.0.0.1'], hopSkips: 0, rejectNotPresent: false, rejectNotAuthorized: true },
    });
    const open = () => connect(api.port, '127.0.0.1');
    let runs = 0;
    return {
      async run(input, chance) {
        api.seen.splice(0);
        const [whole, , chosen] = splits(input, chance);
        const answer = await exchange(open, runs++ % 2 === 0 ? whole! : chosen!.slice(0, 200));
        // The scopes of this port throw on purpose.
        const isOurs = api.seen.every(({ op }) => !op.method.includes('ScopeService'));
        for (const status of statusesOf(answer)) {
          invariant(!isOurs || status < 500 || status === 501, `answered ${answer.toString('latin1').slice(0, 600)}`);
        }
        if (runs % 20 !== 0) return;
        const asked = Buffer.from(request('GET /v1/groups?scope_id=global', 'Connection: close\r\n'));
        const honest = await exchange(open, [asked], 5_000);
        invariant(
          statusesOf(honest)[0] === 200,
          `an honest caller is answered ${honest.toString('latin1').slice(0, 300)}`,
        );
      },
      close: () => api.listener.close(0),
    };
  },
};
