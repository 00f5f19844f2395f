// When a decision may be made, and when it has to be made again by time alone.
import { type Instant, intervalMsOf, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { isMember, nodeNameOf, nodeStatesOf, recordedOperations } from '../document/query.ts';
import type { FencerState } from '../fencing/fencer.ts';
import type { Clock } from './state.ts';

const timeoutMsDefault = 20_000;

/** Operations ordered and not answered, of nodes that are here. */
export function pendingOnMembers(cib: XmlElement): string[] {
  const members = new Set(
    nodeStatesOf(cib)
      .filter(isMember)
      .map((state) => nodeNameOf(state).id),
  );
  return recordedOperations(cib)
    .filter(({ node, entry }) => members.has(node.id) && entry.get('op-status') === '-1')
    .map(({ node, entry }) => `${entry.get('operation_key')} on ${node.name}`);
}

/** Whether a node that is here is being shot: what it runs is not known before that is over, whatever its agents say. */
export function isFencingMember(cib: XmlElement, { operations }: FencerState): boolean {
  const targets = new Set(operations.filter(({ action }) => action !== 'on').map(({ target }) => target.id));
  return targets.size > 0 && nodeStatesOf(cib).some((state) => isMember(state) && targets.has(nodeNameOf(state).id));
}

/** No operation of the document can take longer, the way to the node and back included. */
export function longestOperationMs(cib: XmlElement): number {
  const index = xmlIndexOf(cib);
  const pairs = index.allNamed('nvpair').filter((pair) => pair.get('name') === 'timeout');
  const written = [
    ...index.allNamed('op').map((operation) => operation.get('timeout')),
    ...pairs.map((pair) => pair.get('value')),
  ];
  return timeoutMsDefault + Math.max(timeoutMsDefault, ...written.map(intervalMsOf));
}

/** When time alone may change what is right: as the scheduler says, and at the latest after cluster-recheck-interval. */
export function recheckTime(
  recheckBySeconds: number | undefined,
  options: ReadonlyMap<string, string>,
  { nowMs, now }: Clock,
): number | undefined {
  const intervalMs = intervalMsOf(options.get('cluster-recheck-interval') ?? '15min');
  const untilMs = [
    ...(intervalMs > 0 ? [intervalMs] : []),
    ...(recheckBySeconds === undefined ? [] : [millisecondsUntil(recheckBySeconds, now)]),
  ];
  return untilMs.length === 0 ? undefined : nowMs + Math.min(...untilMs);
}

/** Never now: the same moment would bring the same answer. */
function millisecondsUntil(epochSeconds: number, now: Instant): number {
  return Math.max(1, epochSeconds - now.epochSeconds) * 1000;
}
