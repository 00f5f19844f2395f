// The `haven` command: parse, call, render. Each command is a file of its own, loaded when it is run.
import { commandLine, runWords } from './command-line.ts';
import { routes } from './commands/index.ts';
import { separateOptions } from './commands/vrrp/getopt.ts';
import { printCompletions } from './completion.ts';

export async function runCommandLine(words: readonly string[]): Promise<void> {
  const application = commandLine(routes);
  if (words[0] === 'complete') return printCompletions(application, words.slice(1));
  const read = words[0] === 'vrrp' && words[1] !== 'status' ? ['vrrp', ...separateOptions(words.slice(1))] : words;
  await runWords(application, read);
}
