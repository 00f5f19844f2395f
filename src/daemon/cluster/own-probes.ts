// Probes that a node orders by itself: of what daemons before this one started on this machine and the document, which may
// have changed meanwhile, no longer names (the cluster has only named resources probed: such a one would run on unseen), and
// of what lost its address to a lapse of the quorum lease.
import { randomUUID } from 'node:crypto';
import type { Started } from '../../agents/index.ts';
import { childAt, parametersDigest, walkXml, type XmlElement } from '../../cib/index.ts';
import { type ExecutionOrder, formatTransitionKey } from '../../controller/index.ts';

const probeTimeoutMs = 20_000;
const notRunning = 7;

export function leftoverProbes(
  cib: XmlElement,
  started: ReadonlyMap<string, Started>,
  nowSeconds: number,
): ExecutionOrder[] {
  const named = new Set<string | undefined>();
  const resources = childAt(cib, 'configuration', 'resources');
  if (resources !== undefined) walkXml(resources, ({ id }) => named.add(id));
  // An instance of a clone is recorded with its number.
  const left = [...started].filter(([id]) => !named.has(id) && !named.has(id.replace(/:\d+$/, '')));
  return left.map(([id, found]) => ownProbe(id, found, nowSeconds));
}

/** Of what is on this node as `id`: in the history it stands as done from outside of the cluster. */
export function ownProbe(id: string, { agent, parameters }: Started, nowSeconds: number): ExecutionOrder {
  const provider = agent.class === 'ocf' ? agent.provider : undefined;
  return {
    transitionKey: formatTransitionKey({ action: -1, transition: -1, expectedCode: notRunning, uuid: randomUUID() }),
    operationKey: `${id}_monitor_0`,
    resource: { id, class: agent.class, provider, type: agent.type },
    operation: 'monitor',
    intervalMs: 0,
    timeoutMs: probeTimeoutMs,
    startDelayMs: 0,
    expectedCode: notRunning,
    parameters,
    meta: {},
    digest: parametersDigest(Object.entries(parameters)),
    givenAtSeconds: nowSeconds,
  };
}
