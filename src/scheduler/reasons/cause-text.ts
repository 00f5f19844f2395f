// Causes of scores in words.

import type { ScoreCause } from '../model/index.ts';

export function describeCause(cause: ScoreCause): string {
  switch (cause.kind) {
    case 'location':
      return `location constraint '${cause.id}'`;
    case 'node':
      return 'score of the node itself';
    case 'health':
      return 'health of the node';
    case 'stickiness':
      return 'stickiness: it runs there';
    case 'colocation':
      return describeColocation(cause.id, cause.primary);
    case 'dependent':
      return cause.id.startsWith('#')
        ? `preferences of '${cause.dependent}', which follows it`
        : `preferences of '${cause.dependent}', which is colocated with it ('${cause.id}')`;
    case 'failed-operation':
      return `failed operation ${cause.key}`;
    case 'fail-count':
      return `failed ${cause.count} times, migration-threshold is ${cause.threshold}`;
    case 'ticket':
      return `ticket '${cause.id}' is ${cause.state === 'standby' ? 'in standby' : cause.state}`;
    case 'shutdown-lock':
      return `locked to ${cause.node} while that is down`;
    case 'exclusive-discovery':
      return 'may be looked for on other nodes only (resource-discovery=exclusive)';
    case 'unmanaged-active':
      return 'it is unmanaged and active there';
    case 'multiply-active':
      return 'it is active on several nodes (multiple-active=stop_only)';
    case 'removed':
      return 'it is not configured any more';
    case 'remote-node':
      return 'connections and fence devices do not run on remote nodes';
    case 'container':
      return `it runs inside '${cause.id}'`;
    case 'promotion':
      return 'promotion score of its agent';
    case 'target-role':
      return 'its target-role is Stopped';
    case 'instance-limit':
      return 'enough instances of the clone run';
    case 'node-unavailable':
      return 'the node cannot be used by its clone';
    case 'utilization':
      return 'the node has not enough capacity left';
    case 'replica':
      return 'it belongs to a replica of its bundle';
  }
}

/** Colocations nobody wrote have ids that begin with `#`. */
function describeColocation(id: string, primary: string): string {
  switch (id) {
    case '#group-members':
      return `it follows '${primary}' in its group`;
    case '#resource-with-container':
    case '#ip-with-container':
      return `it runs with its container '${primary}'`;
    case '#replica-remote-with-host-remote':
      return `its container is on the node that '${primary}' connects`;
    default:
      return `colocation '${id}' with '${primary}'`;
  }
}
