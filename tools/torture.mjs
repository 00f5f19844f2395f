// `npm run torture -- --minutes M --seed S [--hosts N]` builds everything and runs src/torture/main.ts.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram, buildTests } from './build.mjs';
import { runProgram } from './program.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
await buildTests();
await buildProgram();
await runProgram(join('src', 'torture', 'main'));
