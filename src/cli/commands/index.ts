// Every command of `haven`, a line a noun.
import { clusterRoutes } from './cluster/index.ts';
import { daemonCommand } from './daemon.ts';
import { demoCommand } from './demo/index.ts';
import { labRoutes } from './lab/index.ts';
import { resourceRoutes } from './resource/index.ts';
import { ringRoutes } from './ring/index.ts';
import { simulateCommand } from './simulate/index.ts';
import { versionCommand } from './version.ts';
import { vrrpRoutes } from './vrrp/index.ts';

export const routes = {
  cluster: clusterRoutes,
  daemon: daemonCommand,
  demo: demoCommand,
  lab: labRoutes,
  resource: resourceRoutes,
  ring: ringRoutes,
  simulate: simulateCommand,
  version: versionCommand,
  vrrp: vrrpRoutes,
};
