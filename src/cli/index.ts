// The `haven` command: parse, call, render. Each command is a file of its own, loaded when it is run.
import { buildApplication, buildRouteMap, run, type StricliProcess, text_en } from '@stricli/core';
import { CommandFailure, formatFailure } from '../kit/index.ts';
import { routes } from './commands/index.ts';
import { separateOptions } from './commands/vrrp/getopt.ts';
import { printCompletions } from './completion.ts';
import { exitCodeOf } from './exit-code.ts';

const root = buildRouteMap({ routes, docs: { brief: 'Haven keeps services reachable' } });
type RoutingTarget = ReturnType<typeof root.getRoutingTargetForInput>;

const application = buildApplication(root, {
  name: 'haven',
  scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
  documentation: { useAliasInUsageLine: true },
  determineExitCode: (thrown) => (thrown instanceof CommandFailure ? exitCodeOf(thrown.failure.kind) : 70),
  localization: {
    loadText: () => ({
      ...text_en,
      noCommandRegisteredForInput: ({ input, corrections }) => withAdvice(unknownCommand(input, corrections)),
      exceptionWhileParsingArguments: (thrown, colour) =>
        withAdvice(inPlainWords(text_en.exceptionWhileParsingArguments(thrown, colour))),
      exceptionWhileRunningCommand: (thrown) => describeThrown(thrown),
      exceptionWhileLoadingCommandFunction: (thrown) => describeThrown(thrown),
    }),
  },
});

export async function runCommandLine(words: readonly string[]): Promise<void> {
  if (words[0] === 'complete') return printCompletions(application, words.slice(1));
  const read = words[0] === 'vrrp' && words[1] !== 'status' ? ['vrrp', ...separateOptions(words.slice(1))] : words;
  await run(application, read, { process: process as StricliProcess & Pick<typeof process, 'stdout' | 'stderr'> });
  const code = Number(process.exitCode ?? 0);
  if (code < 0) process.exitCode = exitCodeOf('usage');
}

/** What the parser of the command line says, with where to read how it is written. */
function withAdvice(said: string): string {
  return `haven: ${said}${said.endsWith('?') ? '' : '.'} See: ${commandOf(process.argv.slice(2)).join(' ')} --help`;
}

/** Counts of arguments, as the parser tells them, are no news to whoever forgot one. */
function inPlainWords(said: string): string {
  const few = /^Expected at least (\d+) argument\(s\) for .* but only found (\d+)$/.exec(said);
  return few === null ? said : `it takes ${few[1]} words or more, not ${few[2]}`;
}

function unknownCommand(input: string, corrections: readonly string[]): string {
  const names = corrections.map((name) => name.replaceAll('`', "'")).join(' or ');
  return `there is no command '${input}'${names === '' ? '' : `. Did you mean ${names}?`}`;
}

/** As much of the words as names a command, or a group of them. */
function commandOf(words: readonly string[]): readonly string[] {
  const path = ['haven'];
  let place: RoutingTarget | undefined = root;
  for (const word of words) {
    place =
      place !== undefined && 'getRoutingTargetForInput' in place ? place.getRoutingTargetForInput(word) : undefined;
    if (place === undefined) break;
    path.push(word);
  }
  return path;
}

/** A failure is one sentence for its reader; anything else is a defect of ours and keeps its stack for the report. */
function describeThrown(thrown: unknown): string {
  if (thrown instanceof CommandFailure) return `haven: ${formatFailure(thrown.failure)}`;
  const detail = process.env.HAVEN_DEBUG === undefined ? String(thrown) : ((thrown as Error).stack ?? String(thrown));
  return `haven: internal error: ${detail}. Set HAVEN_DEBUG=1 for the stack, and report it`;
}
