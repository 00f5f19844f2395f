import { buildRouteMap } from '@stricli/core';
import { initCommand } from './init.ts';

export const clusterRoutes = buildRouteMap({
  routes: { init: initCommand },
  docs: { brief: 'Make a cluster, start and stop nodes' },
});
