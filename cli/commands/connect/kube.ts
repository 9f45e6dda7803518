import { defineCommand } from '../../core/command';
import { connectFlags, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run kubectl against a Kubernetes target',
  description: 'Opens a session and runs kubectl on it. Words behind -- are what kubectl shall do.',
  examples: ['connect kube -target-id ttcp_1234567890 -- get pods'],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('Kubernetes Options', [
    styleFlag('kube', 'kubectl'),
    {
      name: 'host',
      type: 'string',
      env: 'CONNECT_KUBE_HOST',
      description: 'Name of the server in its certificate. The host of the session when absent.',
    },
    { name: 'scheme', type: 'string', default: 'https', env: 'CONNECT_KUBE_SCHEME', description: '"http" or "https".' },
  ]),
  run: async (context) => {
    const { directKubeconfig } = await import('../../connect/kubeconfig');
    const { hostOf, runHelper } = await import('../../connect/helper');
    const { hostName, webUrl } = await import('../../connect/writers/url');
    const { args } = context;
    return runHelper(context, { kubectl: 'kubectl' }, ({ proxy, files }) => {
      const scheme = args.scheme;
      const name = scheme === 'https' ? args.host || hostOf(proxy.endpoint) : '';
      const server = webUrl(scheme, proxy.address, proxy.port);
      return {
        args: [...(name === '' ? [] : ['--tls-server-name', hostName(name)]), '--server', server],
        env: directKubeconfig(context, files),
      };
    });
  },
});
