/**
 * Packets between worker and controllers that vanish: everything runs in a network namespace of its
 * own, whose firewall drops them in both directions. The row is run by a process inside.
 */
import { spawn, spawnSync } from 'node:child_process';
import { throughOutage, type Outage, type Verdict } from '../faults/outages';
import { startWorld, type World } from '../faults/world';

export const DROPPED_PACKETS = 'packets of the control stream dropped';

const NAMESPACE = `sp8-${process.pid}`;
const sh = (command: string): boolean => spawnSync('sh', ['-ec', command], { stdio: 'ignore' }).status === 0;

/**
 * Verdict of a process inside a namespace that ends with it; 'none' where there are no rights or
 * tools for that.
 */
export async function droppedPackets(outageMs: number): Promise<Verdict> {
  if (process.getuid?.() !== 0 || !sh('command -v ip && command -v nft')) {
    return { connections: 'none', bytes: '-', note: 'not run: needs root, ip and nft' };
  }
  if (!sh(`ip netns add ${NAMESPACE} && ip -n ${NAMESPACE} link set lo up`)) {
    return { connections: 'none', bytes: '-', note: 'not run: no network namespace could be made' };
  }
  try {
    const node = [process.execPath, '-r', 'esbuild-register', __filename, String(outageMs)];
    const child = spawn('ip', ['netns', 'exec', NAMESPACE, ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`the process in the namespace ended with ${String(code)}: ${output}`);
    return JSON.parse(output.trim().split('\n').at(-1)!) as Verdict;
  } finally {
    sh(`ip netns delete ${NAMESPACE}`);
  }
}

/**
 * The controllers' cluster ports are behind the links; the ports of the links are what the worker
 * dials.
 */
const nft = (rules: string): void => {
  const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: `${rules}\n` });
  if (status !== 0) throw new Error(`nft refused ${rules}: ${stderr.toString()}`);
};

const drop = ({ links }: World): string => {
  const ports = links.map(({ port }) => port).join(', ');
  const rules = [`tcp dport { ${ports} } drop`, `tcp sport { ${ports} } drop`];
  return ['table inet cut {', 'chain output {', 'type filter hook output priority 0;', ...rules, '}', '}'].join('\n');
};

const OUTAGE: Outage = {
  name: DROPPED_PACKETS,
  isSilent: true,
  begin: async (world) => nft(drop(world)),
  end: async () => nft('delete table inet cut'),
};

async function inside(): Promise<void> {
  const world = await startWorld();
  try {
    console.log(JSON.stringify(await throughOutage(world, OUTAGE, Number(process.argv[2]))));
  } finally {
    await world.stop();
  }
}

if (require.main === module) {
  inside().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
