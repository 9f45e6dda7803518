/** The printed form of results: a line for each attack. */
import { OPERATIONS, type Tally } from './attack';
import { short, type Figures, type Result } from './judge';

const NAME_WIDTH = 44;
const STRAIN_WIDTH = 11;
const OPERATION_WIDTH = 30;

const line = (cells: readonly [string, string, string, string, ...string[]], last: string): string => {
  const [name, seconds, stall, memory, ...operations] = cells;
  const widths = operations.map((text) => text.padEnd(OPERATION_WIDTH));
  const strains = [stall, memory].map((text) => text.padEnd(STRAIN_WIDTH));
  return [name.padEnd(NAME_WIDTH), seconds.padStart(3), ...strains, ...widths, last].join(' ');
};

/** CONNECT is the last operation that every attack has. */
const SHOWN = OPERATIONS.filter((operation) => operation !== 'login');

export const heading = (): string =>
  [
    'stall, memory: controller/worker, longest in ms, peak in MiB. Times: p50/p99 before in ms, then as ratios during, after.',
    line(['attack', 's', 'stall', 'memory', ...SHOWN], 'verdict'),
  ].join('\n');

const ratio = ({ p50, p99 }: { p50: number; p99: number }): string => `x${short(p50)}/x${short(p99)}`;

function times({ before, ratios }: Figures): string {
  return `${short(before.p50)}/${short(before.p99)} ${ratio(ratios.during)} ${ratio(ratios.after)}`;
}

const counts = (tally: Tally): string[] => Object.entries(tally).map(([name, value]) => `${name} ${value}`);

export function resultLine({ name, seconds, strain, operations, verdict, reasons, findings, tally }: Result): string {
  const { controller, worker } = strain;
  const logins = operations.login === undefined ? [] : [`login ${times(operations.login)}`];
  const notes = [
    ...reasons,
    ...logins,
    ...findings.filter((one) => !one.isBroken).map(({ note }) => note),
    ...counts(tally),
  ];
  const cells = SHOWN.map((operation) => (operations[operation] === undefined ? '-' : times(operations[operation])));
  const stalls = `${short(controller.stallMs)}/${short(worker.stallMs)}`;
  const memory = `${short(controller.rssMiB)}/${short(worker.rssMiB)}`;
  return line([name, String(seconds), stalls, memory, ...cells], [verdict, ...notes].join('; '));
}
