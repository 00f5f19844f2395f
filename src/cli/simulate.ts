// `haven simulate` by itself: the entry of a bundle that is compiled when it is built, since the question is often small and
// the program large (bin/precompiled.js).
import { commandLine, runWords } from './command-line.ts';
import { simulateCommand } from './commands/simulate/index.ts';

void runWords(commandLine({ simulate: simulateCommand }), process.argv.slice(2));
