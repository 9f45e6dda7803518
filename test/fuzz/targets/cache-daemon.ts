/** Requests to the CLI's cache, raw bytes on its socket: an answer below 500, and it goes on. */
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startCache } from '../../../cli/cache/daemon';
import { CacheLog } from '../../../cli/cache/log';
import { cachePaths } from '../../../cli/cache/paths';
import { temporaryDirectory } from '../../../services/dev/temporary';
import { exchange, statusesOf } from '../exchange';
import { invariant, type Target } from '../target';

const request = (line: string, body = ''): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;

export const target: Target = {
  seeds: () => [
    request('GET /v1/status'),
    request('GET /v1/search?resource=targets&query=name%25%22a%22&max_result_set_size=1&auth_token_id=at_1'),
    request('POST /v1/tokens', '{"boundary_addr":"http://127.0.0.1:1","auth_token_id":"at_1","auth_token":"x"}'),
    request(
      'POST /v1/tokens',
      '{"boundary_addr":"x","auth_token_id":"at_1","keyring":{"keyring_type":"none","token_name":"a"}}',
    ),
    request('GET //x:y'),
  ],
  words: ['GET ', 'POST ', '/v1/', '\r\n\r\n', '"keyring":', 'null', '//', ':99999', '%'],
  maxLength: 1_024,
  async open() {
    const home = temporaryDirectory('sallyport-fuzz');
    const paths = cachePaths({ HOME: home });
    const log = new CacheLog(join(home, 'log'), 'error', false, undefined);
    const running = await startCache(paths, {
      env: { HOME: home },
      refreshIntervalMs: 3_600_000,
      maxStalenessMs: 3_600_000,
      maxRefreshWaitMs: 1,
      log,
    });
    return {
      async run(input) {
        // No calls to other places: a token is looked up at the address that comes with it.
        if (
          /boundary_addr/.test(input.toString('latin1')) &&
          !/"boundary_addr":"(http:\/\/127\.0\.0\.1:1|x)"/.test(input.toString('latin1'))
        )
          return;
        const answer = await exchange(() => connect(paths.socket), [input]);
        for (const status of statusesOf(answer))
          invariant(status < 500, `answered ${answer.toString('latin1').slice(0, 400)}`);
      },
      async close() {
        await running.close();
        rmSync(home, { recursive: true, force: true });
      },
    };
  },
};
