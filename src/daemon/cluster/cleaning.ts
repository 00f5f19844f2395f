// What `cleanup` and `refresh` mean in the status section (crm_resource(8)): forget failures; forget everything, so that
// it is looked at again.
import type { Command } from '../../api/index.ts';
import { childAt, type XmlElement } from '../../cib/index.ts';
import type { StatusUpdate } from '../../controller/index.ts';
import { err, type Failure, nearest, ok, type Result } from '../../kit/index.ts';
import { wentWell } from './operation-event.ts';

type Cleaning = Extract<Command, { kind: 'cleanup' | 'refresh' }>;

export function cleaningUpdates(cib: XmlElement, command: Cleaning): Result<StatusUpdate[], Failure> {
  const states = (childAt(cib, 'status')?.children ?? []).filter((state) => state.name === 'node_state');
  const chosen = states.filter((state) => command.node === undefined || state.get('uname') === command.node);
  if (chosen.length === 0)
    return err(
      unknown(
        'node',
        command.node ?? '',
        states.map((state) => state.get('uname') ?? ''),
      ),
    );
  const histories = chosen.flatMap((state) =>
    (childAt(state, 'lrm', 'lrm_resources')?.children ?? []).map((resource) => ({ state, resource })),
  );
  const known = [...new Set(histories.map(({ resource }) => resource.id ?? ''))];
  const wanted = histories.filter(
    ({ resource }) => command.resource === undefined || baseName(resource.id ?? '') === baseName(command.resource),
  );
  if (command.resource !== undefined && wanted.length === 0) return err(unknown('resource', command.resource, known));
  return ok(wanted.flatMap(({ state, resource }) => updatesOf(state, resource, command.kind)));
}

function updatesOf(state: XmlElement, resource: XmlElement, kind: Cleaning['kind']): StatusUpdate[] {
  const node = { id: state.id ?? '', name: state.get('uname') ?? '' };
  const id = resource.id ?? '';
  // A change of parameters takes the last failure away, but not what a probe found with the old ones.
  const failed = resource.children.some((entry) => entry.id === `${id}_last_failure_0` || hasFailed(entry));
  const counts = (childAt(state, 'transient_attributes', 'instance_attributes')?.children ?? [])
    .map((pair) => pair.get('name') ?? '')
    .filter((name) => name.startsWith(`fail-count-${id}#`) || name.startsWith(`last-failure-${id}#`))
    .map((name): StatusUpdate => ({ kind: 'attribute', node, name, value: undefined }));
  const forget: StatusUpdate = { kind: 'forget', node, resource: id, operation: undefined, intervalMs: undefined };
  if (kind === 'refresh' || failed) return [...counts, forget];
  return counts;
}

/** What is under way (status -1) has not. */
function hasFailed(entry: XmlElement): boolean {
  return entry.get('op-status') !== '-1' && !wentWell((name) => entry.get(name));
}

/** `web:1` is an instance of `web`. */
function baseName(id: string): string {
  return id.replace(/:\d+$/, '');
}

function unknown(what: string, name: string, names: readonly string[]): Failure {
  const near = nearest(name, names);
  return {
    kind: 'not-found',
    what: `there is no ${what} '${name}'${what === 'resource' ? ' with a history' : ''}`,
    ...(near === undefined ? {} : { fix: `Did you mean '${near}'?` }),
  };
}
