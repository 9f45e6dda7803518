/**
 * Draws the plots of docs/performance.md from the results of benchmarks: a bar for each median, a
 * line from the least to the greatest. Run: node -r esbuild-register scripts/plot.ts
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const [WIDTH, LABEL, ROW, BAR, TOP] = [760, 190, 26, 16, 48];
/** Room on the right for the figure. */
const FIGURE = 90;

interface Bar {
  label: string;
  values: number[];
}

interface Throughput {
  throughput: { direction: string; streams: number; carrier: string; samples: { rate: number; cpu: number[] }[] }[];
}

interface Far {
  figures: { roundTripMs: number; throughput: { direction: string; plain: number[]; session: number[] }[] }[];
}

function read<T>(name: string): T | undefined {
  const path = join(ROOT, 'bench', 'results', `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { figures: T }).figures : undefined;
}

const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

function draw(name: string, title: string, unit: string, bars: Bar[]): void {
  const most = Math.max(...bars.flatMap(({ values }) => values));
  const x = (value: number): number => LABEL + (value / most) * (WIDTH - LABEL - FIGURE);
  const rows = bars.map(({ label, values }, i) => {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)]!;
    const [y, center] = [TOP + i * ROW, TOP + i * ROW + BAR / 2];
    const fill = label.includes('session') ? '#1f6feb' : '#9aa4b2';
    const [from, to] = [x(sorted[0]!), x(sorted.at(-1)!)];
    return [
      `<text x="${LABEL - 8}" y="${center + 4}" text-anchor="end">${escape(label)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${(x(middle) - LABEL).toFixed(1)}" height="${BAR}" fill="${fill}"/>`,
      `<line x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${center}" y2="${center}" stroke="#000"/>`,
      `<text x="${(to + 6).toFixed(1)}" y="${center + 4}">${middle.toFixed(2)}</text>`,
    ].join('\n');
  });
  const height = TOP + bars.length * ROW + 8;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="8" y="22" font-size="15">${escape(title)}, ${escape(unit)}</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
  mkdirSync(join(ROOT, 'docs', 'performance'), { recursive: true });
  writeFileSync(join(ROOT, 'docs', 'performance', `${name}.svg`), svg);
}

const throughput = read<Throughput>('throughput')?.throughput ?? [];
for (const direction of ['up', 'down']) {
  const these = throughput.filter((figures) => figures.direction === direction && figures.streams === 1);
  if (these.length === 0) continue;
  const bars = these.map(({ carrier, samples }) => ({ label: carrier, values: samples.map(({ rate }) => rate / 1e9) }));
  draw(`throughput-${direction}`, `One stream ${direction}`, 'GB/s', bars);
  const cpu = these
    .filter(({ samples }) => samples[0]!.cpu.length > 0)
    .map(({ carrier, samples }) => ({ label: carrier, values: samples.map((one) => one.cpu[0]! + one.cpu[1]!) }));
  draw(`cpu-${direction}`, `CPU of client and worker ${direction}`, 'seconds per GB', cpu);
}

const far = read<Far>('far')?.figures ?? [];
if (far.length > 0) {
  const bars = far.flatMap(({ roundTripMs, throughput: lines }) =>
    lines.flatMap(({ direction, plain, session }) => [
      { label: `${roundTripMs} ms ${direction}, plain`, values: plain.map((rate) => rate / 1e6) },
      { label: `${roundTripMs} ms ${direction}, session`, values: session.map((rate) => rate / 1e6) },
    ]),
  );
  draw('far', 'Over a long way', 'MB/s', bars);
}
