// Every command of `haven`, a line a noun.
import { aclRoutes } from './acl/index.ts';
import { alertRoutes } from './alert/index.ts';
import { cibRoutes } from './cib/index.ts';
import { clusterRoutes } from './cluster/index.ts';
import { completionCommand } from './completion.ts';
import { constraintRoutes } from './constraint/index.ts';
import { daemonCommand } from './daemon.ts';
import { demoCommand } from './demo/index.ts';
import { eventsCommand } from './events/index.ts';
import { fenceRoutes } from './fence/index.ts';
import { historyRoutes } from './history/index.ts';
import { labRoutes } from './lab/index.ts';
import { nodeRoutes } from './node/index.ts';
import { propertyRoutes } from './property/index.ts';
import { resourceRoutes } from './resource/index.ts';
import { ringRoutes } from './ring/index.ts';
import { simulateCommand } from './simulate/index.ts';
import { statusCommand } from './status/index.ts';
import { tagRoutes } from './tag/index.ts';
import { ticketRoutes } from './ticket/index.ts';
import { versionCommand } from './version.ts';
import { vrrpRoutes } from './vrrp/index.ts';

export const routes = {
  status: statusCommand,
  node: nodeRoutes,
  resource: resourceRoutes,
  constraint: constraintRoutes,
  tag: tagRoutes,
  property: propertyRoutes,
  cib: cibRoutes,
  events: eventsCommand,
  fence: fenceRoutes,
  alert: alertRoutes,
  acl: aclRoutes,
  ticket: ticketRoutes,
  history: historyRoutes,
  cluster: clusterRoutes,
  completion: completionCommand,
  daemon: daemonCommand,
  demo: demoCommand,
  lab: labRoutes,
  ring: ringRoutes,
  simulate: simulateCommand,
  version: versionCommand,
  vrrp: vrrpRoutes,
};
