// Names and values of cluster options and of resource meta-attributes. Unknown names are allowed (agents and tools keep
// their own there), so these are warnings; a value of the wrong type is replaced by the default when the cluster reads it.
import { nearest } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';
import { walkXml } from '../xml/navigation.ts';
import type { Findings } from './findings.ts';
import { valueProblem } from './value-type.ts';

/** Cluster options and their types, from Pacemaker Explained, "Cluster-Wide Options"; older names after the newer ones. */
export const clusterOptionTypes: Readonly<Record<string, string>> = {
  'no-quorum-policy': 'stop|freeze|ignore|demote|fence|suicide',
  'symmetric-cluster': 'boolean',
  'maintenance-mode': 'boolean',
  'start-failure-is-fatal': 'boolean',
  'enable-startup-probes': 'boolean',
  'shutdown-lock': 'boolean',
  'shutdown-lock-limit': 'interval',
  'fencing-enabled': 'boolean',
  'stonith-enabled': 'boolean',
  // Haven's own: standard address agents are run by the built-in one.
  'fast-agents': 'boolean',
  'fencing-action': 'reboot|off|poweroff',
  'stonith-action': 'reboot|off|poweroff',
  'fencing-timeout': 'interval',
  'stonith-timeout': 'interval',
  'fencing-watchdog-timeout': 'text',
  'stonith-watchdog-timeout': 'text',
  'fencing-max-attempts': 'positive',
  'stonith-max-attempts': 'positive',
  'have-watchdog': 'boolean',
  'concurrent-fencing': 'boolean',
  'startup-fencing': 'boolean',
  'fencing-reaction': 'stop|panic',
  'fence-reaction': 'stop|panic',
  'fence-remote-without-quorum': 'boolean',
  'priority-fencing-delay': 'interval',
  'node-pending-timeout': 'interval',
  'cluster-delay': 'interval',
  'load-threshold': 'text',
  'node-action-limit': 'count',
  'batch-limit': 'integer',
  'migration-limit': 'integer',
  'stop-all-resources': 'boolean',
  'stop-removed-resources': 'boolean',
  'stop-orphan-resources': 'boolean',
  'cancel-removed-actions': 'boolean',
  'stop-orphan-actions': 'boolean',
  'remove-after-stop': 'boolean',
  'pe-error-series-max': 'text',
  'pe-warn-series-max': 'text',
  'pe-input-series-max': 'text',
  'node-health-strategy': 'none|custom|only-green|progressive|migrate-on-red',
  'node-health-base': 'score',
  'node-health-green': 'score',
  'node-health-yellow': 'score',
  'node-health-red': 'score',
  'placement-strategy': 'default|utilization|minimal|balanced',
  'dc-version': 'text',
  'cluster-infrastructure': 'text',
  'cluster-name': 'text',
  'dc-deadtime': 'interval',
  'cluster-recheck-interval': 'interval',
  'election-timeout': 'interval',
  'shutdown-escalation': 'interval',
  'join-integration-timeout': 'interval',
  'crmd-integration-timeout': 'interval',
  'join-finalization-timeout': 'interval',
  'crmd-finalization-timeout': 'interval',
  'transition-delay': 'interval',
  'crmd-transition-delay': 'interval',
  'enable-acl': 'boolean',
  'last-lrm-refresh': 'text',
};

/** Resource meta-attributes and their types, from Pacemaker Explained, "Resource Meta-Attributes", "Clone Options". */
export const metaAttributeTypes: Readonly<Record<string, string>> = {
  priority: 'score',
  critical: 'boolean',
  'target-role': 'role',
  'is-managed': 'boolean',
  maintenance: 'boolean',
  'resource-stickiness': 'score',
  requires: 'nothing|quorum|fencing|unfencing',
  'migration-threshold': 'score',
  'failure-timeout': 'interval',
  'multiple-active': 'block|stop_only|stop_start|stop_unexpected',
  'allow-migrate': 'boolean',
  'allow-unhealthy-nodes': 'boolean',
  'container-attribute-target': 'text',
  'remote-node': 'text',
  'remote-addr': 'text',
  'remote-port': 'text',
  'remote-connect-timeout': 'interval',
  'remote-allow-migrate': 'boolean',
  'clone-max': 'count',
  'clone-node-max': 'count',
  'clone-min': 'count',
  'globally-unique': 'boolean',
  notify: 'boolean',
  ordered: 'boolean',
  interleave: 'boolean',
  promotable: 'boolean',
  'promoted-max': 'count',
  'promoted-node-max': 'count',
};

const resourceElements: ReadonlySet<string> = new Set([
  'primitive',
  'group',
  'clone',
  'master',
  'bundle',
  'template',
  'rsc_defaults',
]);

export function checkOptions(cib: XmlElement, findings: Findings): void {
  const configuration = cib.child('configuration');
  if (configuration === undefined) return;
  for (const set of configuration.child('crm_config')?.childrenNamed('cluster_property_set') ?? []) {
    for (const nvpair of set.childrenNamed('nvpair')) checkPair(nvpair, clusterOptionTypes, 'cluster option', findings);
  }
  walkXml(configuration, (element) => {
    if (!resourceElements.has(element.name)) return;
    for (const set of element.childrenNamed('meta_attributes')) {
      for (const nvpair of set.childrenNamed('nvpair'))
        checkPair(nvpair, metaAttributeTypes, 'meta-attribute', findings);
    }
  });
}

function checkPair(
  nvpair: XmlElement,
  types: Readonly<Record<string, string>>,
  kind: string,
  findings: Findings,
): void {
  const [name, value] = [nvpair.get('name'), nvpair.get('value')];
  if (name === undefined || value === undefined) return;
  if (!Object.hasOwn(types, name)) {
    const meant = nearest(name, Object.keys(types));
    if (meant !== undefined)
      findings.add('warning', nvpair, { what: `'${name}' is no known ${kind}`, fix: `Did you mean '${meant}'?` });
    return;
  }
  if (/^(?:#?default|)$/i.test(value)) return;
  const problem = valueProblem(types[name] ?? 'text', value);
  if (problem === undefined) return;
  const { expects, ...fix } = problem;
  findings.add('warning', nvpair, {
    what: `${name}="${value}" is not valid`,
    why: `it must be ${expects}`,
    ...fix,
  });
}
