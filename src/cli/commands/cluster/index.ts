// `haven cluster`: making a cluster, and this node's part in it.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { jsonFlag } from '../../cluster/flags.ts';
import { statusCommand } from '../status/index.ts';
import { initCommand } from './init.ts';

const stop = buildCommand({
  loader: async () => (await import('./stop.ts')).stop,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: 'Move everything away from this node, and end its daemon' },
});

const start = buildCommand({
  loader: async () => (await import('./start.ts')).start,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: "Start this node's daemon, and wait until it answers" },
});

export const clusterRoutes = buildRouteMap({
  routes: { init: initCommand, start, stop, status: statusCommand },
  docs: { brief: 'Make a cluster, start and stop nodes' },
});
