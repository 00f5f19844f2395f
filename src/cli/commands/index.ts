// Every command of `haven`, a line a noun.
import { versionCommand } from './version.ts';

export const routes = {
  version: versionCommand,
};
