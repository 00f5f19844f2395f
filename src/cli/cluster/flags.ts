// Flags and parameters that the cluster's commands share.
import { CommandFailure, parseDurationMs } from '../../kit/index.ts';

/** `--wait` alone waits this long. */
export const waitDefaultMs = 300_000;

const durationMsMax = 3_600_000;

export const jsonFlag = { kind: 'boolean', optional: true, withNegated: false, brief: 'Answer in JSON' } as const;

export const forceFlag = { kind: 'boolean', default: false, withNegated: false, brief: 'Do it all the same' } as const;

export const waitFlag = {
  kind: 'parsed',
  parse: waitMs,
  inferEmpty: true,
  optional: true,
  placeholder: 'SECONDS',
  brief: 'Wait until the cluster has settled (five minutes unless said otherwise)',
} as const;

export const changeFlags = { json: jsonFlag, wait: waitFlag } as const;

export const idFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'ID',
  brief: 'Its id; made from the names otherwise',
} as const;

export const nodeParameter = {
  parse: String,
  placeholder: 'NODE',
  brief: 'Name of a node',
  proposeCompletions: nodeNames,
} as const;

export const nodeFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'NODE',
  brief: 'Only on this node',
  proposeCompletions: nodeNames,
} as const;

export const resourceParameter = {
  parse: String,
  placeholder: 'RESOURCE',
  brief: 'Id of a resource',
  proposeCompletions: resourceNames,
} as const;

/** Words that the command itself takes apart; `brief` says how. */
export const wordsOf = (brief: string, minimum: number) =>
  ({ kind: 'array', parameter: { parse: String, placeholder: 'WORD', brief }, minimum }) as const;

/** For a flag that takes a duration of some seconds or minutes. @throws CommandFailure `usage` */
export function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0 && ms <= durationMsMax) return ms;
  const what = `'${text}' is not a duration between 1 ms and ${durationMsMax / 60_000} min`;
  throw new CommandFailure({ kind: 'usage', what, fix: 'Write 10s, or 2min' });
}

function waitMs(text: string): number {
  if (text === '') return waitDefaultMs;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  const fix = 'Write --wait=30s, or --wait at the end';
  throw new CommandFailure({ kind: 'usage', what: `--wait takes a duration, not '${text}'`, fix });
}

async function nodeNames(partial: string): Promise<string[]> {
  const { nodes } = await liveStatus();
  return nodes.map(({ name }) => name).filter((name) => name.startsWith(partial));
}

async function resourceNames(partial: string): Promise<string[]> {
  const { resources } = await liveStatus();
  const ids: string[] = [];
  const visit = (resource: (typeof resources)[number]) => {
    ids.push(resource.id);
    resource.children.forEach(visit);
  };
  resources.forEach(visit);
  return ids.filter((id) => id.startsWith(partial));
}

/** Completion is asked for at every key: the API is loaded only then. */
async function liveStatus() {
  const { ApiClient } = await import('../../api/index.ts');
  return new ApiClient().status();
}
