// `npm run interop -- haven`: long stories of Haven's hosts among themselves.
import { join } from 'node:path';
import { runWhole } from '../whole.ts';

const rooms = join('build', 'src', 'daemon');
runWhole([join(rooms, 'ring', 'rolling.system.test.js'), join(rooms, 'cluster', 'kill-test.system.test.js')]);
