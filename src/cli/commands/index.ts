// Every command of `haven`, a line a noun.
import { labRoutes } from './lab/index.ts';
import { versionCommand } from './version.ts';

export const routes = {
  lab: labRoutes,
  version: versionCommand,
};
