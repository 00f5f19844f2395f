// `npm run sim -- NAME …` builds the sources and runs the simulator of that name: src/simulation/NAME/driver/main.ts.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTests } from './build.mjs';
import { buildPlanted } from './planted.mjs';
import { runProgram } from './program.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const name = process.argv[2] ?? '';
const program = join('src', 'simulation', name, 'driver', 'main');
if (name === '' || !existsSync(`${program}.ts`)) {
  console.error(`sim: there is no simulator '${name}'; name a folder of src/simulation`);
  process.exit(64);
}
process.argv.splice(2, 1);
const at = process.argv.indexOf('--planted');
// The simulator of whole nodes plants its own.
if (name === 'membership' && at >= 0) {
  const [, bug = ''] = process.argv.splice(at, 2);
  await runProgram(program, await buildPlanted(bug));
} else {
  await buildTests();
  await runProgram(program);
}
