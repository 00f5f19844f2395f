// `haven resource agents`: what can run a resource on this node.
import { buildCommand } from '@stricli/core';
import type { Agent } from '../../../agents/index.ts';
import { CommandFailure, nearest } from '../../../kit/index.ts';

const classes = ['ocf', 'systemd', 'service', 'lsb', 'stonith'] as const;

type AgentsFlags = { readonly describe: boolean; readonly json: boolean };

export const agentsCommand = buildCommand({
  docs: {
    brief: 'List the agents installed on this node and those built in',
    fullDescription:
      'CLASS (ocf, systemd, service, lsb, stonith) or CLASS:PROVIDER (ocf:heartbeat) lists only those. One name a line when piped.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'Only this class, or class and provider', parse: String, placeholder: 'CLASS', optional: true },
      ],
    },
    flags: {
      describe: { kind: 'boolean', default: false, brief: 'Run each agent and add what it says of itself in short' },
      json: { kind: 'boolean', default: false, brief: 'Answer in JSON' },
    },
  },
  async func({ describe, json }: AgentsFlags, filter?: string) {
    const { AgentCatalogue, formatAgent } = await import('../../../agents/index.ts');
    const catalogue = new AgentCatalogue();
    const agents = chosen(filter, (agentClass) => catalogue.list(agentClass));
    if (!describe && !json) {
      process.stdout.write(agents.map((agent) => `${formatAgent(agent)}\n`).join(''));
      return;
    }
    const rows = [];
    // One after the other: some agents are slow to start, and the machine has other work.
    for (const agent of agents) {
      const metadata = describe ? await catalogue.metadata(agent) : undefined;
      rows.push({ name: formatAgent(agent), ...agent, ...(metadata?.ok ? { short: metadata.value.short } : {}) });
    }
    process.stdout.write(json ? `${JSON.stringify(rows)}\n` : rows.map(lineOf).join(''));
  },
});

function lineOf({ name, short }: { readonly name: string; readonly short?: string }): string {
  return short === undefined || short === '' ? `${name}\n` : `${name} - ${short}\n`;
}

/** Without a filter everything but the systemd units twice: `service` names the same again. */
function chosen(filter: string | undefined, list: (agentClass: Agent['class']) => Agent[]): Agent[] {
  if (filter === undefined) return (['ocf', 'stonith', 'lsb', 'systemd'] as const).flatMap(list);
  const [named = '', provider] = filter.split(':');
  const agentClass = classes.find((known) => known === named);
  if (agentClass === undefined) {
    const near = nearest(named, classes);
    throw new CommandFailure({
      kind: 'not-found',
      what: `there is no class of agents '${named}'`,
      fix: near === undefined ? `Choose one of ${classes.join(', ')}` : `Did you mean '${near}'?`,
    });
  }
  const agents = list(agentClass);
  if (provider === undefined || provider === '') return agents;
  if (agentClass !== 'ocf') {
    const fix = `Write: haven resource agents ${agentClass}`;
    throw new CommandFailure({ kind: 'usage', what: `agents of the class ${agentClass} have no providers`, fix });
  }
  const providers = new Set(agents.flatMap((agent) => (agent.class === 'ocf' ? [agent.provider] : [])));
  if (!providers.has(provider)) {
    const near = nearest(provider, providers);
    const known = `The providers of ${named} on this node: ${[...providers].join(', ') || 'none'}`;
    const fix = near === undefined ? known : `Did you mean '${named}:${near}'?`;
    throw new CommandFailure({ kind: 'not-found', what: `there is no provider '${filter}' on this node`, fix });
  }
  return agents.filter((agent) => agent.class === 'ocf' && agent.provider === provider);
}
