// What the daemon itself reads: from the document, from the clock, from a command for its log.
import type { ClusterStatus, Command } from '../../api/index.ts';
import { childAt, type Instant, isTrue, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit, ReplicaState } from '../../controller/index.ts';

/** The cluster property `fast-agents`. */
export function fastAgentsOf(cib: XmlElement): 'map' | 'keep' {
  const sets = childAt(cib, 'configuration', 'crm_config')?.children ?? [];
  const value = sets
    .flatMap((set) => set.children)
    .find((pair) => pair.get('name') === 'fast-agents')
    ?.get('value');
  return isTrue(value) ? 'map' : 'keep';
}

/** Operations that some node has begun and not ended. */
export function pendingOperations(cib: XmlElement): ClusterStatus['activity'] {
  const states = childAt(cib, 'status')?.children ?? [];
  return states.flatMap((state) => {
    const resources = state.get('crmd') === 'online' ? (childAt(state, 'lrm', 'lrm_resources')?.children ?? []) : [];
    return resources
      .flatMap((resource) => resource.children)
      .filter((entry) => entry.get('op-status') === '-1')
      .map((entry) => ({
        what: entry.get('operation_key') ?? '',
        node: state.get('uname') ?? '',
        sinceMs: Math.max(0, Date.now() - 1000 * Number(entry.get('last-rc-change') ?? 0)),
      }));
  });
}

/** Members that the document does not know are to be entered into it; by the coordinator, once. */
export function missingNodesEdit({ ring, coordinator, self, cib, names }: ReplicaState): Edit | undefined {
  if (coordinator !== self.nodeId) return undefined;
  const known = new Set(childAt(cib, 'configuration', 'nodes')?.children.map(({ id }) => id));
  const edits = (ring?.members ?? [])
    .filter((member) => !known.has(String(member)))
    .map((member): Edit => {
      const node = xmlElement('node', { id: String(member), uname: names.get(member) ?? String(member) });
      return { kind: 'create', section: 'nodes', xml: serialiseXml(node) };
    });
  return edits.length === 0 ? undefined : { kind: 'all', edits };
}

export function wallClock(): Instant {
  const now = new Date();
  return { epochSeconds: Math.floor(now.getTime() / 1000), offsetSeconds: -now.getTimezoneOffset() * 60 };
}

/** A command in words, for the log. */
export function describe(command: Command): string {
  const { kind, ...rest } = command;
  const words = Object.values(rest).filter((value) => value !== undefined);
  return [kind, ...words].join(' ');
}
