// Agents without a program of their own: they run inside the daemon, answer within a millisecond or two, and tell of a
// failure when it happens, not when a monitor next looks.
import type { HeldAddress } from '../guardian/index.ts';
import type { Logger } from '../kit/index.ts';
import { ipMetadata } from './address/metadata.ts';
import type { Agent } from './agent.ts';
import type { Operation } from './environment.ts';
import type { AgentMetadata } from './metadata.ts';
import type { Outcome } from './outcome.ts';
import { processMetadata } from './process/metadata.ts';

export type BuiltinRun = { readonly outcome: Promise<Outcome>; kill(): void };

export type BuiltinAgent = {
  /** Never rejects. */
  run(operation: Operation): BuiltinRun;
  /** Forgets everything and touches nothing: what runs goes on. */
  close(): void;
};

/** How an address that a lapse of the quorum lease took off ends: put back, or left to others. */
export type LapseEnd = 'returns' | 'given-up';

/** `lost`: no lapse took it, so that its resource has failed. */
export type Fate = 'undecided' | LapseEnd | 'lost';

/** What a built-in agent finds around it. */
export type BuiltinSurroundings = {
  readonly logger: Logger;
  /** An active resource is found failed, without having been asked. */
  readonly onFailure: (resource: string, outcome: Outcome) => void;
  /** What the resource holds, undefined for nothing; told before an address is added and after it is gone. */
  readonly onHeld: (resource: string, held: HeldAddress | undefined) => void;
  /**
   * What becomes of an address that was taken off just now: nobody else did it than the guardian, for a lapse of the quorum
   * lease, and it will be known whether it may come back; or that is known; or it is lost.
   */
  readonly fateOfTaken: () => Fate;
  /** It was taken as it should be, and others may have it: the resource is not failed, but looked at afresh. */
  readonly onGivenUp: (resource: string) => void;
  /** The network namespace of its addresses; this thread's when left out. */
  readonly namespace?: string;
  /** Where it keeps what a restarted daemon must know (lost at boot, as it should be). */
  readonly stateFolder: string;
};

export type BuiltinName = 'ip' | 'process';

export const builtinMetadata: Readonly<Record<BuiltinName, AgentMetadata>> = {
  ip: ipMetadata,
  process: processMetadata,
};

/** `map`: the cluster property fast-agents=true. */
export type FastAgents = 'map' | 'keep';

/** The built-in agent that serves this one, undefined when it is a program. */
export function builtinOf(agent: Agent, fastAgents: FastAgents): BuiltinName | undefined {
  if (agent.class !== 'ocf') return undefined;
  if (agent.provider === 'haven' && (agent.type === 'ip' || agent.type === 'process')) return agent.type;
  return fastAgents === 'map' && isAddressAgent(agent) ? 'ip' : undefined;
}

/** Agents whose parameter `ip` is an address that they put on an interface. */
export function isAddressAgent(agent: Agent): boolean {
  if (agent.class !== 'ocf') return false;
  if (agent.provider === 'haven') return agent.type === 'ip';
  return agent.provider === 'heartbeat' && (agent.type === 'IPaddr2' || agent.type === 'IPaddr');
}
