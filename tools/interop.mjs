// `npm run interop -- PEER …` builds everything and runs the meetings with that peer: src/interop/PEER/main.ts.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram, buildTests } from './build.mjs';
import { runProgram } from './program.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const name = process.argv[2] ?? '';
const program = join('src', 'interop', name, 'main');
if (name === '' || !existsSync(`${program}.ts`)) {
  console.error(`interop: there is no peer '${name}'; name a folder of src/interop`);
  process.exit(64);
}
await buildTests();
await buildProgram();
process.argv.splice(2, 1);
await runProgram(program);
