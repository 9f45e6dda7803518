import type { AsJson } from '../../lib/rpc/as-json';
import type { Worker } from '../../proto/gen/api/workers';
import { longTime, quotedList, utcTime } from './format';
import { actionsSection, commonFields, itemTable, row, scopeSection, type Presenter, type Section } from './table';

/** Value column of the list of workers. */
const LIST_COLUMN = 29;

export const workers: Presenter<AsJson<Worker>> = {
  list: {
    title: 'Worker',
    none: 'No workers found',
    column: LIST_COLUMN,
    fields: (worker) => ({
      Version: worker.version,
      Name: worker.name,
      Description: worker.description,
      Address: worker.address,
      ReleaseVersion: worker.release_version,
      'Last Status Time': worker.last_status_time === undefined ? undefined : utcTime(worker.last_status_time),
    }),
  },
  item: (worker) =>
    itemTable(
      'Worker',
      {
        ...commonFields(worker),
        'Active Connection Count': worker.active_connection_count,
        Address: worker.address,
        Draining: worker.draining === true ? 'true' : undefined,
        'Controller-Generated Activation Token': worker.controller_generated_activation_token,
        'Last Status Time': worker.last_status_time === undefined ? undefined : longTime(worker.last_status_time),
        'Local Storage State': worker.local_storage_state,
        'Release Version': worker.release_version,
        Type: worker.type,
      },
      [scopeSection(worker), tags(worker), downstream(worker), actionsSection(worker)],
    ),
};

const tags =
  (worker: AsJson<Worker>): Section =>
  () => {
    const kinds: [string, unknown][] = [
      ['Configuration', worker.config_tags],
      ['Api', worker.api_tags],
      ['Canonical', worker.canonical_tags],
    ];
    const lines = kinds.flatMap(([kind, values]) => tagLines(kind, (values ?? {}) as Record<string, string[]>));
    return lines.length === 0 ? [] : ['', '  Tags:', ...lines];
  };

function tagLines(kind: string, values: Record<string, string[]>): string[] {
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return [];
  return [`    ${kind}:`, ...entries.map(([key, list]) => row(6, key, quotedList(list), 0))];
}

const downstream =
  ({ directly_connected_downstream_workers: names = [] }: AsJson<Worker>): Section =>
  () => {
    return names.length === 0
      ? []
      : ['', '  Directly Connected Downstream Workers:', ...names.map((name) => `    ${name}`)];
  };
