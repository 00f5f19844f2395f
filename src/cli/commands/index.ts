// Every command of `haven`, a line a noun.
import { labRoutes } from './lab/index.ts';
import { versionCommand } from './version.ts';
import { vrrpRoutes } from './vrrp/index.ts';

export const routes = {
  lab: labRoutes,
  version: versionCommand,
  vrrp: vrrpRoutes,
};
