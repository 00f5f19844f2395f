// `haven vrrp`: Keepalived's place, with Keepalived's configuration file.
import { buildRouteMap } from '@stricli/core';
import { runCommand } from './run.ts';
import { statusCommand } from './status.ts';

export const vrrpRoutes = buildRouteMap({
  routes: { run: runCommand, status: statusCommand },
  defaultCommand: 'run',
  docs: { brief: 'Virtual addresses by VRRP, configured by a keepalived.conf' },
});
