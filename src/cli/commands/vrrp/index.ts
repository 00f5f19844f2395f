// `haven vrrp`: Keepalived's place, with Keepalived's configuration file.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { aliases, flags } from './flags.ts';
import { statusCommand } from './status.ts';

const runCommand = buildCommand({
  loader: async () => (await import('./run.ts')).runVrrp,
  docs: {
    brief: 'Run the VRRP instances of a keepalived.conf',
    fullDescription:
      "Takes Keepalived's options and, like it, goes into the background and logs to the system log (facility daemon) " +
      'unless told otherwise: -n stays in the foreground, -l logs to standard error. Under systemd: Type=simple and -n -l. ' +
      'Signals: HUP reloads, TERM hands over and ends, USR1 writes data and JSON, USR2 statistics.',
  },
  parameters: { flags, aliases },
});

export const vrrpRoutes = buildRouteMap({
  routes: { run: runCommand, status: statusCommand },
  defaultCommand: 'run',
  docs: { brief: 'Virtual addresses by VRRP, configured by a keepalived.conf' },
});
