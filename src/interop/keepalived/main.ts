// `npm run interop -- keepalived [PATH-PART …]`: the whole of Haven's meetings with real keepalived.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runWhole } from '../whole.ts';

const folder = join('build', 'src', 'interop', 'vrrp');
const parts = process.argv.slice(2);
runWhole(
  readdirSync(folder)
    .filter((name) => name.endsWith('.system.test.js'))
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
    .sort()
    .map((name) => join(folder, name)),
);
