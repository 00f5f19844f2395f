// The quorum section (votequorum(5)): what the votes are, and which options contradict one another.
import type { QuorumConfig, QuorumDevice, TieBreaker } from '../quorum/model.ts';
import type { ConfiguredNode } from './model.ts';
import type { ConfigValues } from './values.ts';

const lastManStandingWindowDefaultMs = 10_000;
const deviceTimeoutDefaultMs = 10_000;
const deviceSyncTimeoutDefaultMs = 30_000;

const configurationError = (text: string) => `configuration error: ${text}`;

/** The rules of this cluster's quorum, undefined without a provider, or the reason why it cannot start. */
export function quorumConfigOf(
  values: ConfigValues,
  nodes: readonly ConfiguredNode[],
  local: ConfiguredNode,
): QuorumConfig | undefined | string {
  const provider = values.text('quorum.provider');
  if (provider === undefined) return undefined;
  if (provider !== 'corosync_votequorum') return 'Invalid quorum provider';
  const named = values.number('quorum.expected_votes');
  if (named === undefined && nodes.length === 0) {
    return configurationError('nodelist or quorum.expected_votes must be configured!');
  }
  const device = deviceOf(values, nodes);
  if (typeof device === 'string') return device;
  const listed = nodes.reduce((sum, node) => sum + node.quorumVotes, 0);
  const expectedVotes = (named ?? listed + (device?.votes ?? 0)) || 1;
  const fault = conflictOf(values, { expectedVotes, device });
  if (fault !== undefined) return configurationError(fault);
  const tie = values.flag('quorum.auto_tie_breaker');
  const twoNode = values.flag('quorum.two_node') && !tie;
  const waitForAll = values.number('quorum.wait_for_all') === undefined ? twoNode : values.flag('quorum.wait_for_all');
  const tieWorks = tie && (expectedVotes % 2 === 0 || waitForAll);
  return {
    nodeId: local.nodeId,
    votes: nodes.length === 0 ? (values.number('quorum.votes') ?? 1) : local.quorumVotes,
    expectedVotes,
    twoNode,
    waitForAll,
    lastManStandingWindowMs: values.flag('quorum.last_man_standing')
      ? (values.number('quorum.last_man_standing_window') ?? lastManStandingWindowDefaultMs)
      : undefined,
    autoTieBreaker: tieWorks ? tieBreakerOf(values.text('quorum.auto_tie_breaker_node')) : undefined,
    allowDownscale: values.flag('quorum.allow_downscale'),
    expectedVotesTracking: values.flag('quorum.expected_votes_tracking') || values.flag('quorum.allow_downscale'),
    device,
  };
}

function tieBreakerOf(text: string | undefined): TieBreaker {
  if (text === undefined || text === 'lowest') return { kind: 'lowest' };
  if (text === 'highest') return { kind: 'highest' };
  return { kind: 'list', nodeIds: text.split(/\s+/).map(Number).filter(Number.isInteger) };
}

/** A device's votes are one fewer than the nodes, when every node has one. */
function deviceOf(values: ConfigValues, nodes: readonly ConfiguredNode[]): QuorumDevice | undefined | string {
  if (values.text('quorum.device.model') === undefined) return undefined;
  const votes = values.number('quorum.device.votes');
  if (votes === undefined && values.number('quorum.expected_votes') !== undefined) {
    return configurationError('quorum.device.votes must be specified when quorum.expected_votes is set');
  }
  if (votes === undefined && nodes.some((node) => node.quorumVotes !== 1)) {
    return configurationError('quorum.device.votes must be specified when not all nodes votes 1');
  }
  return {
    votes: votes ?? nodes.length - 1,
    timeoutMs: values.number('quorum.device.timeout') ?? deviceTimeoutDefaultMs,
    syncTimeoutMs: values.number('quorum.device.sync_timeout') ?? deviceSyncTimeoutDefaultMs,
  };
}

function conflictOf(
  values: ConfigValues,
  { expectedVotes, device }: { readonly expectedVotes: number; readonly device: QuorumDevice | undefined },
): string | undefined {
  const on = (name: string) => values.flag(`quorum.${name}`);
  if (device !== undefined) {
    if (on('two_node')) return 'two_node and quorum device cannot be configured at the same time!';
    for (const option of ['last_man_standing', 'auto_tie_breaker', 'allow_downscale']) {
      if (on(option)) return `quorum.device is not compatible with ${option}`;
    }
    if (device.votes >= expectedVotes) return 'quorum.device.votes is too high or expected_votes is too low';
  }
  const odd = expectedVotes % 2 === 1;
  if (odd && on('auto_tie_breaker') && on('last_man_standing')) {
    return 'auto_tie_breaker & last_man_standing not available in odd sized cluster';
  }
  return undefined;
}
