/**
 * Finds the owner of the far end of a connection between two programs of this machine. On Linux,
 * /proc/net/tcp and /proc/net/tcp6 have a line for each end of each connection, with the user id of
 * the program that holds that end.
 *
 * One scan of the files answers for all connections that were waiting when it began, so a burst of
 * connections costs few scans. The files are read in pieces, because a busy machine has tens of
 * thousands of lines.
 */
import { createReadStream } from 'node:fs';
import { isIPv4 } from 'node:net';
import { endianness, networkInterfaces } from 'node:os';
import { limit } from '../../../lib/limits/limit';

export type Owner =
  | { kind: 'user'; uid: number }
  /** The program has already closed its end, so the system no longer tells its owner. */
  | { kind: 'gone' }
  /**
   * This system does not tell the owner, or the far end is on another machine or in another network
   * namespace.
   */
  | { kind: 'untold' };

/**
 * The two ends of a connection as the accepting side sees them: `remote…` is the program that
 * connected.
 */
export interface Ends {
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
  localAddress?: string | undefined;
  localPort?: number | undefined;
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

const MAX_TABLE_BYTES = limit('socket table of the CLI', 64 * 1024 * 1024, {
  what: 'of the table of sockets of the system, read for each connection to the local port of `connect`',
  unit: 'bytes',
  reached: 'the connection is refused, since nobody can tell whose it is',
  test: 'cli/connect/listener/socket-owners.test.ts: a table is read up to its limit',
});

/** A line may be missed while the table changes between two reads. */
const SCANS = 6;

/**
 * A connection that waits for its line. `keys` are the forms in which the line may name the two
 * ends.
 */
interface Wanted {
  keys: readonly string[];
  isLocal: boolean;
  scansLeft: number;
  found: Owner | undefined;
  resolve(owner: Owner): void;
}

export interface SocketOwnersOptions {
  /** Files in the form of /proc/net/tcp. */
  tables?: readonly string[];
  maxTableBytes?: number;
}

export class SocketOwners {
  private waiting: Wanted[] = [];
  private isScanning = false;
  private readonly tables: readonly string[];
  private readonly maxTableBytes: number;

  constructor(options: SocketOwnersOptions = {}) {
    this.tables = options.tables ?? TABLES;
    this.maxTableBytes = options.maxTableBytes ?? MAX_TABLE_BYTES;
  }

  /** Never rejects. */
  ownerOf(ends: Ends): Promise<Owner> {
    return new Promise((resolve) => {
      const isLocal = isOfThisMachine(ends.remoteAddress ?? '');
      this.waiting.push({ keys: keysOf(ends), isLocal, scansLeft: SCANS, found: undefined, resolve });
      void this.scanAll();
    });
  }

  private async scanAll(): Promise<void> {
    if (this.isScanning) return;
    this.isScanning = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const isTold = await this.scan(batch);
      for (const wanted of batch) this.settle(wanted, isTold);
    }
    this.isScanning = false;
  }

  private settle(wanted: Wanted, isTold: boolean): void {
    wanted.scansLeft -= 1;
    if (wanted.found !== undefined) return wanted.resolve(wanted.found);
    if (!isTold) return wanted.resolve({ kind: 'untold' });
    if (wanted.scansLeft > 0) this.waiting.push(wanted);
    else wanted.resolve({ kind: wanted.isLocal ? 'gone' : 'untold' });
  }

  /** Whether there is a table at all. */
  private async scan(batch: readonly Wanted[]): Promise<boolean> {
    const byKey = new Map(batch.flatMap((wanted) => wanted.keys.map((key) => [key, wanted] as const)));
    let isTold = false;
    for (const table of this.tables) {
      try {
        for await (const line of linesOf(table, this.maxTableBytes)) {
          isTold = true;
          const entry = parseLine(line);
          const wanted = byKey.get(entry.key);
          if (wanted !== undefined && wanted.found?.kind !== 'user') wanted.found = entry.owner();
        }
      } catch {
        // A system without IPv6 lacks the second one.
      }
    }
    return isTold;
  }
}

async function* linesOf(path: string, maxBytes: number): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1', end: maxBytes - 1 })) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}

/**
 * `12: 0100007F:93EA 0100007F:86E7 01 …`; the key is the two ends, the local one of the line first.
 */
function parseLine(line: string): { key: string; owner(): Owner } {
  const start = line.indexOf(': ') + 2;
  const end = line.indexOf(' ', line.indexOf(' ', start) + 1);
  return { key: line.slice(start, end), owner: () => ownerIn(line.slice(end + 1)) };
}

/**
 * Reads the owner from the fields behind the ends: state, queues, timer, retransmissions, user id,
 * timeout, inode.
 */
function ownerIn(rest: string): Owner {
  const [, , , , uid, , inode] = rest.trim().split(/\s+/);
  // A socket that no program holds any more has no inode. Linux shows it as one of user 0; from
  // 6.17 on it names the user until the far end has answered, so that a program may close at once.
  return inode === '0' && uid === '0' ? { kind: 'gone' } : { kind: 'user', uid: Number(uid) };
}

/** Keys of the line that stands for the program that connected. */
function keysOf({ remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 }: Ends): string[] {
  const [from, to] = [formsOf(remoteAddress), formsOf(localAddress)];
  return from.map((form, at) => `${form}:${hexPort(remotePort)} ${to[at]}:${hexPort(localPort)}`);
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** An IPv4 connection has two forms: programs may use IPv6 sockets for it. */
function formsOf(address: string): string[] {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv4(plain)) return [hexWords(bytesOfIPv6(plain))];
  const bytes = plain.split('.').map(Number);
  return [hexWords(bytes), hexWords([...Array<number>(10).fill(0), 0xff, 0xff, ...bytes])];
}

function bytesOfIPv6(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array<string>(Math.max(0, 8 - first!.length - last!.length)).fill('0');
  const groups = [...first!, ...(tail === undefined ? [] : zeros), ...last!].map((group) => parseInt(group, 16));
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** The kernel prints an address as words of 32 bits in the byte order of the machine. */
function hexWords(bytes: readonly number[]): string {
  const words = Buffer.from(bytes);
  return (endianness() === 'LE' ? words.swap32() : words).toString('hex').toUpperCase();
}

/** Whether a program at this address is on this machine, as far as that can be known. */
function isOfThisMachine(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (plain === '::1' || /^127\./.test(plain)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === plain));
}
