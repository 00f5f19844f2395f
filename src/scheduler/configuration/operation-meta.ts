// Meta-attributes of an operation: what its `op` says, `op_defaults`, and the corrections that make them consistent.

import { intervalMsOf, intervalSeconds, parseInstant, type XmlElement } from '../../cib/index.ts';
import { type Cluster, type ClusterNode, type Operation, type Primitive, roles } from '../model/index.ts';
import { plainContext } from './cluster.ts';
import { contextWith, operationDefaults, parametersOf } from './meta.ts';
import { addValues, type ValueContext, valuesOf } from './nvset.ts';

export type OperationName = { readonly task: string; readonly intervalMs: number };

const noParameters: ReadonlyMap<string, string> = new Map();
const timeoutMsDefault = 20_000;
const timeoutMsMax = 2 ** 31 - 1;

/** The `op` that configures an operation; a migration may also be configured as `migrate`. */
export function configuredOperation(resource: Primitive, { task, intervalMs }: OperationName): Operation | undefined {
  const exact = findOperation(resource, task, intervalMs);
  if (exact !== undefined) return exact;
  return task === 'migrate_to' || task === 'migrate_from' ? findOperation(resource, 'migrate', 0) : undefined;
}

function findOperation(resource: Primitive, name: string, intervalMs: number): Operation | undefined {
  // A loop, not a closure: this is asked for every action.
  const { operations } = resource;
  for (let index = 0; index < operations.length; index++) {
    const operation = operations[index];
    if (operation?.intervalMs === intervalMs && operation.name === name) return operation;
  }
  return undefined;
}

/** The `op` if it is not switched off. */
export function enabledOperation(resource: Primitive, name: OperationName): Operation | undefined {
  return resource.operations.find(
    (each) => each.name === name.task && each.intervalMs === name.intervalMs && each.enabled,
  );
}

export function isProbe({ task, intervalMs }: OperationName): boolean {
  return task === 'monitor' && intervalMs === 0;
}

/** All meta-attributes of an operation, `timeout` in milliseconds; `node` matters for fence devices only. */
export function operationMeta(
  cluster: Cluster,
  resource: Primitive,
  name: OperationName,
  node: ClusterNode | undefined,
): Map<string, string> {
  const meta = configuredMeta(cluster, resource, name);
  if (resource.isFenceDevice && (name.task === 'start' || isProbe(name))) {
    const timeout = parametersOf(cluster, resource, node).get('pcmk_monitor_timeout');
    if (timeout !== undefined) meta.set('timeout', timeout);
  }
  correct(cluster, name, { meta, operations: resource.operations });
  return meta;
}

/** Whether a resource leaves a start, a stop or a probe to the defaults. */
export function leavesToDefaults(resource: Primitive, name: OperationName): boolean {
  if (name.intervalMs !== 0 || resource.isFenceDevice || configuredOperation(resource, name) !== undefined)
    return false;
  if (name.task === 'start' || name.task === 'stop' || resource.operations.length === 0) return true;
  return isProbe(name) && shortestMonitor(resource)?.get('timeout') === undefined;
}

/** The same for the milestones of collectives, which know the operation defaults only. */
export function collectiveOperationMeta(cluster: Cluster, name: OperationName): Map<string, string> {
  const operation = { name: name.task, intervalMs: name.intervalMs };
  const meta = new Map(operationDefaults(cluster, () => contextWith(plainContext(cluster), { operation })));
  meta.delete('id');
  correct(cluster, name, { meta, operations: [] });
  return meta;
}

function correct(
  cluster: Cluster,
  name: OperationName,
  { meta, operations }: { readonly meta: Map<string, string>; readonly operations: readonly Operation[] },
): void {
  if (name.intervalMs > 0) meta.set('interval', String(name.intervalMs));
  else meta.delete('interval');
  meta.set('timeout', String(timeoutMsOf(meta.get('timeout'))));
  correctOnFail(operations, name, meta);
  correctStartDelay(cluster, name, meta);
}

/** Instance attributes of the operation itself, as they are on `node`. */
export function operationParameters(
  cluster: Cluster,
  resource: Primitive,
  name: OperationName,
  node: ClusterNode | undefined,
): ReadonlyMap<string, string> {
  const operation = configuredOperation(resource, name);
  if (operation?.xml.child('instance_attributes') === undefined) return noParameters;
  const context =
    node === undefined
      ? plainContext(cluster)
      : contextWith(plainContext(cluster), { nodeAttribute: (attribute) => node.attributes.get(attribute) });
  return valuesOf(operation.xml, 'instance_attributes', context);
}

function timeoutMsOf(text: string | undefined): number {
  const ms = intervalMsOf(text);
  return ms > 0 ? Math.min(ms, timeoutMsMax) : timeoutMsDefault;
}

function configuredMeta(cluster: Cluster, resource: Primitive, name: OperationName): Map<string, string> {
  // Seldom is there a set whose rules could ask for it.
  const contextOf = () => operationContext(cluster, resource, name);
  const meta = new Map<string, string>();
  const operation = configuredOperation(resource, name);
  if (operation !== undefined) {
    const { children } = operation.xml;
    if (children.length > 0) addValues(meta, { parent: operation.xml, setName: 'meta_attributes' }, contextOf());
    operation.xml.forEachAttribute((attribute, value) => meta.set(attribute, value));
  }
  if (isProbe(name) && !meta.has('timeout')) {
    const timeout = shortestMonitor(resource)?.get('timeout');
    if (timeout !== undefined) meta.set('timeout', timeout);
  }
  for (const [attribute, value] of operationDefaults(cluster, contextOf)) {
    if (!meta.has(attribute)) meta.set(attribute, value);
  }
  meta.delete('id');
  return meta;
}

function operationContext(cluster: Cluster, resource: Primitive, name: OperationName): ValueContext {
  const { standard, provider, type } = resource.agent;
  return contextWith(plainContext(cluster), {
    resource: { class: standard, provider, type },
    operation: { name: name.task, intervalMs: name.intervalMs },
  });
}

/** A probe that says nothing about its timeout takes that of the most frequent monitor. */
function shortestMonitor(resource: Primitive): XmlElement | undefined {
  let shortest: Operation | undefined;
  for (const operation of resource.operations) {
    if (operation.name !== 'monitor' || operation.intervalMs === 0 || !operation.enabled) continue;
    if (shortest === undefined || operation.intervalMs < shortest.intervalMs) shortest = operation;
  }
  return shortest?.xml;
}

/** Removes an on-fail that makes no sense for the operation; a demote inherits it from the promoted role's monitor. */
function correctOnFail(operations: readonly Operation[], name: OperationName, meta: Map<string, string>): void {
  const value = meta.get('on-fail')?.toLowerCase();
  switch (name.task) {
    case 'stop':
      if (value === 'standby' || value === 'demote' || value === 'stop') meta.delete('on-fail');
      return;
    case 'demote':
      if (value === undefined) inheritOnFail(operations, meta);
      else if (value === 'demote') meta.delete('on-fail');
      return;
    case 'lrm_delete':
      meta.set('on-fail', 'ignore');
      return;
  }
  const isPromotedMonitor = name.task === 'monitor' && name.intervalMs > 0 && isPromotedRole(meta.get('role'));
  if (value === 'demote' && name.task !== 'promote' && !isPromotedMonitor) meta.delete('on-fail');
}

function inheritOnFail(operations: readonly Operation[], meta: Map<string, string>): void {
  for (const operation of operations) {
    const value = operation.xml.get('on-fail');
    const isPromotedMonitor =
      operation.name === 'monitor' &&
      operation.intervalMs > 0 &&
      operation.enabled &&
      operation.role === roles.promoted;
    if (isPromotedMonitor && value !== undefined && value.toLowerCase() !== 'demote') meta.set('on-fail', value);
  }
}

function isPromotedRole(role: string | undefined): boolean {
  return ['promoted', 'master'].includes(role?.toLowerCase() ?? '');
}

/** A recurring operation with an origin starts in step with it. */
function correctStartDelay(cluster: Cluster, { intervalMs }: OperationName, meta: Map<string, string>): void {
  const delay = meta.get('start-delay');
  if (delay !== undefined) {
    meta.set('start-delay', String(intervalMsOf(delay)));
    return;
  }
  const written = meta.get('interval-origin');
  const origin = written === undefined || intervalMs === 0 ? undefined : parseInstant(written, cluster.now);
  if (origin === undefined) return;
  const interval = intervalSeconds(intervalMs);
  const elapsed = (cluster.now.epochSeconds - origin.epochSeconds) % interval;
  meta.set('start-delay', String(1000 * ((elapsed <= 0 ? 0 : interval) - elapsed)));
}
