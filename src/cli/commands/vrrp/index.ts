// `haven vrrp`: Keepalived's place, with Keepalived's configuration file.
import { buildRouteMap } from '@stricli/core';
import { runCommand } from './run.ts';

export const vrrpRoutes = buildRouteMap({
  routes: { run: runCommand },
  defaultCommand: 'run',
  docs: { brief: 'Virtual addresses by VRRP, configured by a keepalived.conf' },
});
