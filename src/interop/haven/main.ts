// `npm run interop -- haven`: long stories of Haven's hosts among themselves.
import { join } from 'node:path';
import { runWhole } from '../whole.ts';

const rooms = join('build', 'src', 'daemon');
const stories = [
  join('ring', 'rolling.system.test.js'),
  join('cluster', 'kill-test.system.test.js'),
  join('cluster', 'foresight.system.test.js'),
  join('cluster', 'standard-tools.system.test.js'),
  join('cluster', 'systemd.system.test.js'),
  join('cluster', 'packaged-fencing.system.test.js'),
  join('cluster', 'bundle.system.test.js'),
];
runWhole(stories.map((story) => join(rooms, story)));
