// What was typed for a resource, judged by what its agent says of itself.
import { type Agent, type AgentMetadata, formatAgent } from '../../agents/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { unknownName } from './names.ts';
import type { OperationWords } from './operation.ts';
import { durationMs } from './values.ts';

export type Judge = { readonly agent: Agent; readonly metadata: AgentMetadata };

/** Undefined values stand for parameters that are taken away. @throws CommandFailure for unknown and ill-valued ones */
export function checkParameters(parameters: ReadonlyMap<string, string | undefined>, { agent, metadata }: Judge): void {
  const names = metadata.parameters.map(({ name }) => name);
  for (const [name, value] of parameters) {
    const known = metadata.parameters.find((parameter) => parameter.name === name);
    if (value === undefined) continue;
    if (known === undefined && !isExecutors(agent, name)) {
      throw unknownName(`${formatAgent(agent)} has no parameter '${name}'`, name, names);
    }
    const problem = known === undefined ? undefined : valueProblem(known.type, value);
    if (problem === undefined) continue;
    const what = `${name}='${value}' is not valid for ${formatAgent(agent)}`;
    throw new CommandFailure({ kind: 'usage', what, why: problem });
  }
}

/** Fence devices take the executor's own parameters (pcmk_…) beside the agent's. */
export function isExecutors(agent: Agent, name: string): boolean {
  return agent.class === 'stonith' && (name.startsWith('pcmk_') || name === 'provides');
}

/** @throws CommandFailure when one that the agent cannot do without is not among them */
export function checkRequired(parameters: ReadonlyMap<string, string>, judge: Judge): void {
  const needed = missingParameters(parameters, judge);
  if (needed.length === 0) return;
  const list = needed.map(({ name, short }) => (short === '' ? name : `${name} (${short})`)).join(', ');
  const fix = `Add ${needed.map(({ name }) => `${name}=VALUE`).join(' ')}`;
  const what = `${formatAgent(judge.agent)} needs the parameter${needed.length === 1 ? '' : 's'} ${list}`;
  throw new CommandFailure({ kind: 'usage', what, fix });
}

/** A fence agent is told the action and the target by whoever runs it. */
export function missingParameters(parameters: ReadonlyMap<string, string>, { agent, metadata }: Judge) {
  const isTold = (name: string) => agent.class === 'stonith' && ['action', 'port', 'plug'].includes(name);
  return metadata.parameters.filter(
    (each) =>
      each.required &&
      !each.deprecated &&
      (each.default ?? '') === '' &&
      !parameters.has(each.name) &&
      !isTold(each.name),
  );
}

function valueProblem(type: string, value: string): string | undefined {
  if (type === 'integer' && !/^[+-]?\d+$/.test(value)) return 'it must be a whole number';
  if (type === 'boolean' && !/^(true|false|yes|no|on|off|y|n|0|1)$/i.test(value)) return 'it must be true or false';
  return undefined;
}

export const operationAttributes = [
  'interval',
  'timeout',
  'on-fail',
  'role',
  'start-delay',
  'interval-origin',
  'record-pending',
  'enabled',
  'requires',
  'description',
];

/** @throws CommandFailure for operations that the agent, and attributes that operations do not have */
export function checkOperations(operations: readonly OperationWords[], { agent, metadata }: Judge): void {
  const names = [...new Set(metadata.actions.map(({ name }) => name))];
  for (const { name, pairs } of operations) {
    if (!names.includes(name)) throw unknownName(`${formatAgent(agent)} has no operation '${name}'`, name, names);
    checkOperationAttributes(name, pairs);
  }
}

export function checkOperationAttributes(name: string, pairs: ReadonlyMap<string, string>): void {
  for (const [key, value] of pairs) {
    if (!operationAttributes.includes(key) && key !== 'OCF_CHECK_LEVEL') {
      throw unknownName(`operations have no '${key}'`, key, operationAttributes);
    }
    if (['interval', 'timeout', 'start-delay'].includes(key)) durationMs(value, `${key} of ${name}`);
  }
}
