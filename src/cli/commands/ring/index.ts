// `haven ring`: a ring by itself, to run, look at and prepare.
import { buildRouteMap } from '@stricli/core';
import { checkConfCommand } from './check-conf.ts';
import { keyRoutes } from './key.ts';
import { keygenCommand } from './keygen.ts';
import { reloadCommand } from './reload.ts';
import { runCommand } from './run.ts';
import { statusCommand } from './status.ts';

export const ringRoutes = buildRouteMap({
  routes: {
    run: runCommand,
    status: statusCommand,
    reload: reloadCommand,
    key: keyRoutes,
    keygen: keygenCommand,
    'check-conf': checkConfCommand,
  },
  docs: { brief: 'Membership and ordered messages: run a ring, look at it, make its key, check its file' },
});
