/**
 * What other people's lists cost when projects that they have nothing to do with are full of grants
 * for everybody. Starts dev mode on free ports. Run: npm run bench:grants. BENCH_PROJECTS (25) and
 * BENCH_GRANTS (1000) say how many there are, BENCH_SAMPLES (30) how often each list is asked for.
 */
import { Api } from '../test/harness/api';
import { startDev } from '../test/harness/dev';
import { noArguments } from '../test/harness/selection';

const PROJECTS = Number(process.env['BENCH_PROJECTS'] ?? 25);
const GRANTS = Number(process.env['BENCH_GRANTS'] ?? 1_000);
const TARGETS = 100;
const SAMPLES = Number(process.env['BENCH_SAMPLES'] ?? 30);
/** Slow lists get fewer samples, ms. */
const LONG_ENOUGH_MS = 4_000;
const ORG = 'o_1234567890';
const PROJECT = 'p_1234567890';

/** Requests of a user in a project of its own, and over all projects. */
const LISTS: [name: string, path: string][] = [
  ['targets of another project', `/v1/targets?scope_id=${PROJECT}`],
  ['projects of the org', `/v1/scopes?scope_id=${ORG}`],
  ['targets everywhere', '/v1/targets?scope_id=global&recursive=true'],
];

async function main(): Promise<void> {
  noArguments();
  const dev = await startDev();
  try {
    const admin = new Api(dev.apiAddress);
    await admin.login('ampw_1234567890', 'admin', 'password');
    const user = new Api(dev.apiAddress);
    await user.login('ampw_1234567890', 'user', 'password');
    const callers = { admin, user };
    for (let i = 0; i < TARGETS; i++) await admin.target(PROJECT, 22);
    const projects: string[] = [];
    for (let i = 0; i < PROJECTS; i++) projects.push(await createProject(admin, i));
    const before = await measure(callers);
    for (const [i, project] of projects.entries()) await fill(admin, project, i);
    const after = await measure(callers);
    for (const [name, was] of before) {
      const { first, median } = after.get(name)!;
      const ratio = (median / was.median).toFixed(2);
      console.log(
        `${name}: ${was.median.toFixed(1)} ms without, ${median.toFixed(1)} ms with ${PROJECTS * GRANTS} foreign grants ` +
          `(ratio ${ratio}); the first request with them ${first.toFixed(1)} ms`,
      );
    }
  } finally {
    await dev.stop();
  }
}

async function createProject(admin: Api, n: number): Promise<string> {
  const bare = 'skip_admin_role_creation=true&skip_default_role_creation=true';
  const { id } = await admin.ok('POST', `/v1/scopes?${bare}`, { scope_id: ORG, name: `project ${n}` });
  return id as string;
}

/** A role of the project that gives everybody many grants. */
async function fill(admin: Api, project: string, n: number): Promise<void> {
  const role = await admin.ok('POST', '/v1/roles', { scope_id: project });
  const path = `/v1/roles/${role.id}`;
  const principal_ids = ['u_auth', 'u_anon'];
  await admin.ok('POST', `${path}:add-principals`, { version: 1, principal_ids });
  const grant_strings = Array.from({ length: GRANTS }, (_, i) => {
    const id = `ttcp_${String(n).padStart(4, '0')}${String(i).padStart(6, '0')}`;
    return `ids=${id};type=target;actions=read`;
  });
  await admin.ok('POST', `${path}:add-grants`, { version: 2, grant_strings });
}

interface Figures {
  first: number;
  median: number;
}

async function measure(callers: Record<string, Api>): Promise<Map<string, Figures>> {
  const figures = new Map<string, Figures>();
  for (const [who, api] of Object.entries(callers)) {
    for (const [what, path] of LISTS) {
      if ((await api.call('GET', path)).status >= 300) continue;
      const samples: number[] = [];
      for (let total = 0; samples.length < SAMPLES && total < LONG_ENOUGH_MS; total += samples.at(-1)!) {
        const started = process.hrtime.bigint();
        await api.ok('GET', path);
        samples.push(Number(process.hrtime.bigint() - started) / 1e6);
      }
      const median = [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)]!;
      figures.set(`${who}: ${what}`, { first: samples[0]!, median });
    }
  }
  return figures;
}

void main();
