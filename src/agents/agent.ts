// Who can run a resource: a class of agents (OCF, LSB, systemd, fence), a provider, a type.
import { err, ok, type Result } from '../kit/index.ts';

export type Agent =
  | { readonly class: 'ocf'; readonly provider: string; readonly type: string }
  | { readonly class: 'lsb' | 'systemd' | 'service' | 'stonith'; readonly type: string };

/** Agent names become parts of paths and of D-Bus object names: nothing that climbs or splits is allowed in. */
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.@:\\-]*$/;

/** Reads `ocf:heartbeat:IPaddr2`, `lsb:nfs`, `systemd:nginx`, `stonith:fence_ipmilan`; the error is a sentence. */
export function parseAgent(text: string): Result<Agent, string> {
  const [agentClass = '', ...rest] = text.split(/::?/);
  const wanted = agentClass === 'ocf' ? 2 : 1;
  const names = agentClass === 'ocf' ? rest : [rest.join(':')];
  if (names.length !== wanted || names.some((name) => !namePattern.test(name))) {
    return err(
      `'${text}' names no agent: write ocf:PROVIDER:TYPE, lsb:NAME, systemd:UNIT, service:NAME or stonith:NAME`,
    );
  }
  const [first = '', second = ''] = names;
  switch (agentClass) {
    case 'ocf':
      return ok({ class: 'ocf', provider: first, type: second });
    case 'lsb':
    case 'systemd':
    case 'service':
    case 'stonith':
      return ok({ class: agentClass, type: first });
    default:
      return err(`'${agentClass}' is no class of agents: ocf, lsb, systemd, service or stonith`);
  }
}

export function formatAgent(agent: Agent): string {
  return agent.class === 'ocf' ? `ocf:${agent.provider}:${agent.type}` : `${agent.class}:${agent.type}`;
}
