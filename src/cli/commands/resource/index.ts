// `haven resource`: what the cluster runs, and what can run it.
import { buildRouteMap } from '@stricli/core';
import { agentsCommand } from './agents.ts';
import { describeCommand } from './describe.ts';

export const resourceRoutes = buildRouteMap({
  routes: { agents: agentsCommand, describe: describeCommand },
  docs: { brief: 'Resources and the agents that run them' },
});
