// Primitives: one agent, one thing to start and stop.

import { intervalMsOf, isTrue, parseBoolean, type ResourceAgent, type XmlElement } from '../../cib/index.ts';
import { type Cluster, type Operation, type Primitive, parseRole, type Resource, roles } from '../model/index.ts';
import { noteMistake } from './cluster.ts';
import { agentOf, parametersOf } from './meta.ts';
import { commonOf, isFenceStandard, isRemoteAgent, type Place } from './resource-basis.ts';
import { operationsOf, withTemplate } from './template.ts';
import { topOf, visitTree } from './tree.ts';

export function unpackPrimitive(cluster: Cluster, element: XmlElement, place: Place): Primitive | undefined {
  const xml = withTemplate(cluster, element);
  if (xml === undefined) return undefined;
  const agent = agentOf(xml);
  const common = commonOf(cluster, 'primitive', xml, place);
  const connectionKind = connectionKindOf(agent, common.meta);
  const migratable = parseBoolean(common.meta.get('allow-migrate')) ?? connectionKind === 'remote';
  const isFenceDevice = isFenceStandard(agent.class);
  const primitive: Primitive = Object.assign(common, {
    variant: 'primitive' as const,
    agent: { standard: agent.class ?? '', provider: agent.provider, type: agent.type ?? '' },
    operations: readOperations(cluster, xml),
    isFenceDevice,
    connectionKind,
    migratable: common.meta.has('allow-migrate') ? isTrue(common.meta.get('allow-migrate')) : migratable,
    launcher: undefined,
    nestedAllowed: false,
    assignedNode: undefined,
    assignedScore: 0,
    wasLeftOut: false,
    startPending: false,
    ignoreFailure: false,
    pendingTask: undefined,
    pendingNode: undefined,
    migration: undefined,
    danglingMigrationSources: [],
    lock: undefined,
    lastFailure: undefined,
  });
  if (isFenceDevice) cluster.fenceDeviceKnown = true;
  readReconnectInterval(cluster, primitive);
  return fitsItsClone(cluster, primitive) ? primitive : undefined;
}

function connectionKindOf(agent: ResourceAgent, meta: ReadonlyMap<string, string>): Primitive['connectionKind'] {
  if (!isRemoteAgent(agent)) return 'none';
  return meta.has('container') ? 'guest' : 'remote';
}

function readReconnectInterval(cluster: Cluster, primitive: Primitive): void {
  if (primitive.connectionKind !== 'remote') return;
  const text = parametersOf(cluster, primitive, undefined).get('reconnect_interval');
  if (text === undefined) return;
  primitive.reconnectIntervalMs = intervalMsOf(text);
  primitive.failureTimeoutMs = primitive.reconnectIntervalMs;
}

function readOperations(cluster: Cluster, xml: XmlElement): Operation[] {
  const operations = operationsOf(cluster, xml)?.children ?? [];
  return operations.flatMap((element) => {
    const name = element.get('name');
    if (element.name !== 'op' || name === undefined) return [];
    const role = parseRole(element.get('role')) ?? roles.unknown;
    const enabled = parseBoolean(element.get('enabled')) ?? true;
    return [{ xml: element, id: element.id, name, intervalMs: intervalMsOf(element.get('interval')), role, enabled }];
  });
}

/** Not every standard knows instances or promotion: such a clone becomes anonymous, or is no valid clone at all. */
function fitsItsClone(cluster: Cluster, primitive: Primitive): boolean {
  const top = topOf(primitive);
  if (top.variant !== 'clone') return true;
  const standard = primitive.agent.standard.toLowerCase();
  if (primitive.unique && standard !== 'ocf' && standard !== 'stonith') {
    const why = `an ${standard} resource cannot be told apart from its copies`;
    noteMistake(cluster, top.xml, `the clone '${top.id}' is treated as anonymous: ${why}`);
    top.cloneNodeMax = 1;
    top.cloneMax = Math.min(top.cloneMax, cluster.nodes.length);
    visitTree(top, (each) => {
      each.unique = false;
      each.meta.set('globally-unique', 'false');
    });
    // The instance that is being unpacked does not belong to the clone yet.
    for (let each: Resource = primitive; each !== top && each.parent !== undefined; each = each.parent) {
      each.unique = false;
      each.meta.set('globally-unique', 'false');
    }
  }
  if (top.promotable && standard !== 'ocf') {
    noteMistake(cluster, top.xml, `the clone '${top.id}' cannot be promoted: '${primitive.id}' is no ocf resource`);
    return false;
  }
  return true;
}
