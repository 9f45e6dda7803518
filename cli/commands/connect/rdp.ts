import { defineCommand } from '../../core/command';
import { connectFlags, styleFlag } from '../../connect/flags';

/**
 * On macOS the program may stay open when its window is closed, so that an unused session has to
 * end by itself.
 */
const MACOS_INACTIVITY_MS = 30_000;

export const command = defineCommand({
  synopsis: 'Run a remote desktop client against an RDP target',
  description:
    'Opens a session and runs a remote desktop client on it: mstsc.exe, or on macOS the program that is registered ' +
    'for rdp:// addresses. Name another program with -exec. Words behind -- are passed to it.',
  examples: ['connect rdp -target-id ttcp_1234567890', 'connect rdp -target-id ttcp_1234567890 -style open'],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('RDP Options', [{ ...styleFlag('rdp', 'mstsc', ['open']), default: '' }]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { hostPort, rdpUrl } = await import('../../connect/writers/url');
    const { onMac } = await import('../../../lib/platform/system');
    const styles = { mstsc: 'mstsc.exe', open: 'open', '': onMac ? 'open' : 'mstsc.exe' };
    return runHelper(
      context,
      styles,
      ({ proxy, style }) => {
        if (style === 'open' || (style === '' && onMac)) return { args: ['-W', rdpUrl(proxy.address, proxy.port)] };
        return { args: ['/v', hostPort(proxy.address, proxy.port)] };
      },
      onMac ? { inactivityMs: MACOS_INACTIVITY_MS } : {},
    );
  },
});
