// What follows from an agent's meta-data for what the cluster records of its operations.
import { type AgentMetadata, secretNames } from '../../agents/index.ts';
import type { AgentFacts } from '../../controller/index.ts';

/** Without meta-data nothing is known. */
export function agentFactsOf(metadata: AgentMetadata | undefined): AgentFacts {
  const { parameters = [], actions = [] } = metadata ?? {};
  const reloads = actions.some(({ name }) => name === 'reload-agent');
  const fixed = parameters.filter(({ reloadable }) => !reloadable).map(({ name }) => name);
  return {
    restartParameters: reloads ? fixed : undefined,
    privateParameters: parameters.filter((parameter) => parameter.private).map(({ name }) => name),
  };
}

/** Values of parameters that nobody is to read: those that the agent says, and those that are called so. */
export function secretsOf(
  parameters: Readonly<Record<string, string>>,
  metadata: AgentMetadata | undefined,
): readonly string[] {
  const names = new Set([...secretNames, ...agentFactsOf(metadata).privateParameters]);
  return Object.entries(parameters).flatMap(([name, value]) => (names.has(name) && value !== '' ? [value] : []));
}

/** The text without them: an agent may print what it was run with. Longer ones first, as one may be part of another. */
export function concealed(text: string, secrets: readonly string[]): string {
  return secrets
    .toSorted((one, other) => other.length - one.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '********'), text);
}
