/**
 * Tunnels of others to the endpoint, each with an end for the client and one for the worker, for a
 * comparison in the same run. Those that this machine does not have are left out, by name.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../test/harness/wait';
import type { Program } from './children';

export interface Peer {
  name: string;
  port: number;
  programs: Program<object>[];
  stop(): void;
}

/** Clock ticks of /proc in a second. */
const TICKS = 100;
const CIPHER = 'TLS_AES_128_GCM_SHA256';

type Start = (endpoint: number, folder: string) => Promise<Omit<Peer, 'name' | 'stop'>>;

const PEERS: { name: string; needs: string[]; start: Start }[] = [
  { name: 'haproxy', needs: ['haproxy', 'openssl'], start: startHaproxy },
  { name: 'stunnel', needs: ['stunnel', 'openssl'], start: startStunnel },
  { name: 'ssh -L', needs: ['ssh', 'sshd', 'ssh-keygen'], start: startSsh },
];

/** Those that are here, running; prints which are not. */
export async function startPeers(endpoint: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const { name, needs, start } of PEERS) {
    const missing = needs.filter((tool) => !pathOf(tool));
    if (missing.length > 0) {
      console.log(`not run: ${name} (no ${missing.join(', ')})`);
      continue;
    }
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
    const peer = await start(endpoint, folder);
    const stop = () => {
      for (const program of peer.programs) program.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    peers.push({ name, ...peer, stop });
  }
  return peers;
}

async function startHaproxy(endpoint: number, folder: string): ReturnType<Start> {
  const certificate = makeCertificate(folder);
  const [near, far] = [await freePort(), await freePort()];
  const common =
    'global\n nbthread 1\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n';
  const tls = `ssl-min-ver TLSv1.3 ciphersuites ${CIPHER}`;
  const front = `${common}listen near\n bind 127.0.0.1:${near}\n server far 127.0.0.1:${far} ssl verify none ${tls}\n`;
  const back = `${common}listen far\n bind 127.0.0.1:${far} ssl crt ${certificate} ${tls}\n server endpoint 127.0.0.1:${endpoint}\n`;
  const programs = [
    run('haproxy', ['-db', '-f', write(folder, 'near.cfg', front)]),
    run('haproxy', ['-db', '-f', write(folder, 'far.cfg', back)]),
  ];
  await listening(near, far);
  return { port: near, programs };
}

async function startStunnel(endpoint: number, folder: string): ReturnType<Start> {
  const certificate = makeCertificate(folder);
  const [near, far] = [await freePort(), await freePort()];
  const common = `foreground = yes\npid =\nsyslog = no\ndebug = err\nsslVersion = TLSv1.3\nciphersuites = ${CIPHER}\n`;
  const front = `${common}[near]\nclient = yes\naccept = 127.0.0.1:${near}\nconnect = 127.0.0.1:${far}\n`;
  const back = `${common}[far]\naccept = 127.0.0.1:${far}\nconnect = 127.0.0.1:${endpoint}\ncert = ${certificate}\n`;
  const programs = [
    run('stunnel', [write(folder, 'near.conf', front)]),
    run('stunnel', [write(folder, 'far.conf', back)]),
  ];
  await listening(near, far);
  return { port: near, programs };
}

async function startSsh(endpoint: number, folder: string): ReturnType<Start> {
  const [near, far] = [await freePort(), await freePort()];
  const key = (name: string) => {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
    return join(folder, name);
  };
  const [host, mine] = [key('host'), key('mine')];
  const authorized = write(folder, 'authorized', readFileSync(`${mine}.pub`, 'utf8'));
  const options = [
    `HostKey=${host}`,
    `AuthorizedKeysFile=${authorized}`,
    'StrictModes=no',
    'PidFile=none',
    'UsePAM=no',
  ];
  const daemon = run(pathOf('sshd')!, [
    '-D',
    '-e',
    '-f',
    '/dev/null',
    '-p',
    String(far),
    ...options.flatMap((o) => ['-o', o]),
  ]);
  await listening(far);
  const client = run('ssh', [
    ...['-N', '-p', String(far), '-i', mine, '-L', `127.0.0.1:${near}:127.0.0.1:${endpoint}`],
    ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'IdentitiesOnly=yes'].flatMap(
      (o) => ['-o', o],
    ),
    ...['-F', '/dev/null', `${userInfo().username}@127.0.0.1`],
  ]);
  await listening(near);
  return { port: near, programs: [client, daemon] };
}

function run(command: string, args: string[]): Program<object> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return { ready: {}, pid: child.pid!, cpuSeconds: async () => cpuSeconds(child), stop: () => child.kill() };
}

/** Of the process and all below it: sshd serves each connection in a process of its own. */
function cpuSeconds({ pid }: ChildProcess): number {
  const all = [pid!];
  for (const parent of all) {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
    all.push(...children.split(' ').filter(Boolean).map(Number));
  }
  const ticks = (of: number) => {
    const fields = readFileSync(`/proc/${of}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  return all.reduce((sum, of) => sum + ticks(of), 0) / TICKS;
}

function makeCertificate(folder: string): string {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = [
    '-subj',
    '/CN=bench',
    '-days',
    '2',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
  ];
  spawnSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert]);
  return write(folder, 'both.pem', readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
}

function write(folder: string, name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
}

/** Where a program is; those for administrators are in folders that not everybody has on PATH. */
function pathOf(tool: string): string | undefined {
  const path = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
  const found = spawnSync('sh', ['-c', `command -v ${tool}`], {
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
  });
  return found.stdout.trim() || undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function listening(...ports: number[]): Promise<void> {
  for (const port of ports) await waitFor(`port ${port}`, () => isListening(port));
}
