// How the words of a command line find their command, and what is said when they do not.
import {
  type Application,
  buildApplication,
  buildRouteMap,
  type CommandContext,
  type RouteMap,
  type RouteMapBuilderArguments,
  run,
  type StricliProcess,
  text_en,
} from '@stricli/core';
import { CommandFailure, formatFailure } from '../kit/index.ts';
import { exitCodeOf } from './exit-code.ts';

type RoutingTarget = ReturnType<RouteMap<CommandContext>['getRoutingTargetForInput']>;

/** The application of these nouns; its messages name their commands. */
export function commandLine(
  routes: RouteMapBuilderArguments<string, CommandContext>['routes'],
): Application<CommandContext> {
  const root = buildRouteMap({ routes, docs: { brief: 'Haven keeps services reachable' } });
  return buildApplication(root, {
    name: 'haven',
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { useAliasInUsageLine: true },
    determineExitCode: (thrown) => (thrown instanceof CommandFailure ? exitCodeOf(thrown.failure.kind) : 70),
    localization: {
      loadText: () => ({
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) => withAdvice(root, unknownCommand(input, corrections)),
        exceptionWhileParsingArguments: (thrown, colour) =>
          withAdvice(root, inPlainWords(text_en.exceptionWhileParsingArguments(thrown, colour))),
        exceptionWhileRunningCommand: (thrown) => describeThrown(thrown),
        exceptionWhileLoadingCommandFunction: (thrown) => describeThrown(thrown),
      }),
    },
  });
}

/** Runs the command that the words name; its exit code becomes that of the process. */
export async function runWords(application: Application<CommandContext>, words: readonly string[]): Promise<void> {
  await run(application, words, { process: process as StricliProcess & Pick<typeof process, 'stdout' | 'stderr'> });
  const code = Number(process.exitCode ?? 0);
  if (code < 0) process.exitCode = exitCodeOf('usage');
}

/** What the parser of the command line says, with where to read how it is written. */
function withAdvice(root: RoutingTarget, said: string): string {
  return `haven: ${said}${said.endsWith('?') ? '' : '.'} See: ${commandOf(root, process.argv.slice(2)).join(' ')} --help`;
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
function commandOf(root: RoutingTarget, words: readonly string[]): readonly string[] {
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
