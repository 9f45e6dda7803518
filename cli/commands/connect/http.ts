import { defineCommand } from '../../core/command';
import { connectFlags, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run curl against an HTTP target',
  description: 'Opens a session and runs curl on it. Words behind -- are passed to curl.',
  examples: ['connect http -target-id ttcp_1234567890 -scheme http -path status'],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('HTTP Options', [
    styleFlag('http', 'curl'),
    {
      name: 'host',
      type: 'string',
      env: 'CONNECT_HTTP_HOST',
      description:
        'Name of the server in the request and in its certificate; a port behind it is part of the request only. The ' +
        'host of the session when absent.',
    },
    { name: 'path', type: 'string', env: 'CONNECT_HTTP_PATH', description: 'Path of the URL.' },
    { name: 'method', type: 'string', env: 'CONNECT_HTTP_METHOD', description: 'Method of the request.' },
    { name: 'scheme', type: 'string', default: 'https', env: 'CONNECT_HTTP_SCHEME', description: '"http" or "https".' },
  ]),
  run: async (context) => {
    const { hostOf, runHelper } = await import('../../connect/helper');
    const { CURL_OPTIONS } = await import('../../connect/surroundings');
    const { curlTo, webHost, webUrl } = await import('../../connect/writers/url');
    const { option } = await import('../../connect/writers/words');
    const { args } = context;
    return runHelper(context, { curl: 'curl' }, ({ proxy }) => {
      const { host, header } = webHost(args.host || hostOf(proxy.endpoint));
      const { path, scheme } = args;
      const options = [...CURL_OPTIONS, ...option('-X', args.method)];
      if (host === '') return { args: [...options, webUrl(scheme, proxy.address, proxy.port, path)] };
      const resolve = ['-H', `Host: ${header}`, ...curlTo(host, proxy.port, proxy.address)];
      return { args: [...options, ...resolve, webUrl(scheme, host, proxy.port, path)] };
    });
  },
});
