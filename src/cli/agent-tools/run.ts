// The tools that agents know, as a program: `haven agent-tool TOOL NODE WORD…`. They are started at every operation of
// some agents, so they load little: neither the command line nor the server's half of the API.
import type { ApiClient } from '../../api/index.ts';
import { CommandFailure, type FailureKind, formatFailure } from '../../kit/index.ts';
import { exitCodeOf } from '../exit-code.ts';
import { perform } from './perform.ts';
import { requestOf, toolNames } from './request.ts';

/** Runs the tool; the exit code is crm_exit's (man 8 crm_error): 0, 4, 64, 102 without a daemon, 105 for nothing such … */
export async function runAgentTool(words: readonly string[], client: ApiClient): Promise<number> {
  const [named = '', node = '', ...rest] = words;
  try {
    const tool = toolNames.find((each) => each === named);
    if (tool === undefined) {
      const fix = `The tools are ${toolNames.join(', ')}`;
      throw new CommandFailure({ kind: 'usage', what: `there is no agent tool '${named}'`, fix });
    }
    const request = requestOf(tool, rest, { node, resource: process.env.OCF_RESOURCE_INSTANCE });
    const lines = await perform(client, request, node);
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure)) throw thrown;
    process.stderr.write(`${named}: ${formatFailure(thrown.failure)}\n`);
    return crmExitCodeOf(thrown.failure.kind);
  }
}

/** Where they differ from the codes of the other commands. */
function crmExitCodeOf(kind: FailureKind): number {
  switch (kind) {
    case 'unavailable':
      return 102;
    case 'permission':
      return 4;
    default:
      return exitCodeOf(kind);
  }
}
