// `npm run bench -- NAME …` builds everything and runs the measurement of that name: src/bench/NAME/main.ts.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram, buildTests } from './build.mjs';
import { runProgram } from './program.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const name = process.argv[2] ?? '';
const program = join('src', 'bench', name, 'main');
if (name === '' || !existsSync(`${program}.ts`)) {
  console.error(`bench: there is no measurement '${name}'; name a folder of src/bench`);
  process.exit(64);
}
await buildTests();
await buildProgram();
process.argv.splice(2, 1);
await runProgram(program);
