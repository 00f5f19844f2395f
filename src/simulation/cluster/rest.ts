// When a cluster has come to rest: everybody together, nothing to do, and what runs is what the scheduler wants.
import { childAt, type XmlElement } from '../../cib/index.ts';
import { isSettled, type StatusUpdate } from '../../controller/index.ts';
import { type Primitive, schedule, visitPrimitives } from '../../scheduler/index.ts';
import type { Daemon } from './daemon.ts';
import { fingerprint } from './fingerprint.ts';
import type { Machine } from './machine.ts';

/** Why the cluster is not at rest, or undefined when it is. */
export function unrest(machines: readonly Machine[]): string | undefined {
  const daemons: Daemon[] = [];
  for (const { name, daemon } of machines) {
    if (daemon === undefined) return `${name} is down`;
    const { phase } = daemon.state.replica;
    if (phase !== 'together') return `${name} is ${phase}`;
    if (!daemon.isIdle) return `${name} has operations under way`;
    daemons.push(daemon);
  }
  const [first] = daemons;
  if (first === undefined) return 'there is no node';
  const apart = daemons.find((daemon) => daemon.ring !== first.ring);
  if (apart !== undefined)
    return `${apart.machine.name} is in ring ${apart.ring}, ${first.machine.name} in ${first.ring}`;
  const busy = daemons.find(({ state }) => !isSettled(state));
  if (busy !== undefined) return `${busy.machine.name} is not settled: ${describe(busy)}`;
  return disagreement(daemons) ?? unplaced(first, machines);
}

function describe({ state: { replica, coordinator, unsaid } }: Daemon): string {
  const parts = [
    `${replica.requests.length} requests`,
    `${unsaid.length} unsaid`,
    `causes ${JSON.stringify(coordinator.causes)}`,
    coordinator.engine?.finished === false ? 'a transition under way' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function disagreement(daemons: readonly Daemon[]): string | undefined {
  const documents = new Map(daemons.map(({ machine, state }) => [fingerprint(state.replica.cib), machine.name]));
  return documents.size === 1 ? undefined : `agreement: documents of ${[...documents.values()].join(' and ')} differ`;
}

/** What a scheduler on an idle cluster would still do, or what runs elsewhere than the document says. */
function unplaced({ state, now }: Daemon, machines: readonly Machine[]): string | undefined {
  const { cib } = state.replica;
  const { cluster, graph } = schedule({ cib, now, reasons: false });
  if (graph.synapses.length > 0) {
    const keys = graph.synapses.map(({ action }) => action.key);
    return `the scheduler would still do ${keys.length} actions: ${keys.slice(0, 8).join(' ')}`;
  }
  const believed = new Map<string, string>();
  for (const resource of cluster.resources) {
    visitPrimitives(resource, (primitive: Primitive) => {
      const names = primitive.activeNodes.map((node) => node.name).sort();
      if (!primitive.isFenceDevice) believed.set(primitive.id, names.join(' '));
    });
  }
  for (const [resource, names] of believed) {
    const where = machines.filter(({ running }) => running.has(resource)).map(({ name }) => name);
    if (where.sort().join(' ') !== names)
      return `${resource} is believed on '${names}' and runs on '${where.join(' ')}'`;
  }
  return undefined;
}

/** Ids of option sets and constraints: the marks of administrators' changes among them. */
export function marksOf(cib: XmlElement): ReadonlySet<string> {
  const sections = ['crm_config', 'constraints'].flatMap((name) => childAt(cib, 'configuration', name)?.children ?? []);
  return new Set(sections.map(({ id }) => id ?? ''));
}

/** The updates that have the cluster forget every failure, as `haven resource cleanup` does. */
export function cleaning(cib: XmlElement): StatusUpdate[] {
  return (childAt(cib, 'status')?.childrenNamed('node_state') ?? []).flatMap((state) => {
    const node = { id: state.id ?? '', name: state.get('uname') ?? '' };
    const pairs = childAt(state, 'transient_attributes', 'instance_attributes')?.children ?? [];
    const counts = pairs
      .map((pair) => pair.get('name') ?? '')
      .filter((name) => /^(fail-count|last-failure)-/.test(name));
    const failed = (childAt(state, 'lrm', 'lrm_resources')?.children ?? []).filter((resource) =>
      resource.children.some((entry) => entry.id === `${resource.id}_last_failure_0`),
    );
    return [
      ...counts.map((name): StatusUpdate => ({ kind: 'attribute', node, name, value: undefined })),
      ...failed.map(
        ({ id }): StatusUpdate => ({
          kind: 'forget',
          node,
          resource: id ?? '',
          operation: undefined,
          intervalMs: undefined,
        }),
      ),
    ];
  });
}
