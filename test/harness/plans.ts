/** What `explain (analyze, format json)` tells, as far as tests of costs need it. */

export interface Plan {
  text: string;
  /** Rows that its scans looked at, without those of the scope tree. */
  rowsRead: number;
  /** One line a node, indented. */
  outline: string;
}

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Node[];
}

const read = (node: Node): number =>
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
  node['Actual Loops'];

function outlineOf(node: Node, depth: number): string[] {
  const name = node['Index Name'] ?? node['Relation Name'] ?? '';
  const line = `${'  '.repeat(depth)}${node['Node Type']} ${name} rows=${read(node)}`;
  return [line, ...(node.Plans ?? []).flatMap((child) => outlineOf(child, depth + 1))];
}

function rowsRead(node: Node): number {
  const own = node['Relation Name'] === undefined || node['Relation Name'] === 'scopes' ? 0 : read(node);
  return own + (node.Plans ?? []).reduce((sum, child) => sum + rowsRead(child), 0);
}

export const describePlan = (text: string, plan: Node): Plan => ({
  text,
  rowsRead: rowsRead(plan),
  outline: outlineOf(plan, 1).join('\n'),
});
