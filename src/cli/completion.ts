// Completion for shells: the words so far in, what may come next out, one a line.
import { type Application, type CommandContext, proposeCompletions, type StricliProcess } from '@stricli/core';

/** `words` end with the one being typed, which may be empty. Without a daemon there are no names to propose. */
export async function printCompletions(application: Application<CommandContext>, words: readonly string[]) {
  const context = { process: process as StricliProcess };
  const proposed = await proposeCompletions(application, words, context).catch(() => []);
  for (const { completion } of proposed) process.stdout.write(`${completion}\n`);
}
