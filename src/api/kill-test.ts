// Whether a cluster can stand the loss of one of its nodes now: what a test that really makes it fail is refused for.
import { isTrue } from '../cib/index.ts';
import { type Failure, nearest } from '../kit/index.ts';
import type { ClusterStatus, KillTestKind } from './types.ts';

type Look = Pick<ClusterStatus, 'node' | 'phase' | 'quorum' | 'nodes' | 'properties' | 'activity'>;

/** Why not, or undefined. Who is asked has to live through it: it watches. */
export function killTestRefusal(status: Look, name: string, how: KillTestKind): Failure | undefined {
  const node = status.nodes.find((each) => each.name === name);
  if (node === undefined) {
    const names = status.nodes.map((each) => each.name);
    return { kind: 'not-found', what: `there is no node '${name}'`, fix: nameFix(name, names) };
  }
  if (name === status.node) {
    const why = 'who makes a node fail has to be there to watch it';
    return { kind: 'usage', what: `'${name}' is this node`, why, fix: 'Run it on another node' };
  }
  if (node.state !== 'online' && node.state !== 'standby') {
    return { kind: 'unsafe', what: `'${name}' cannot be tested now`, why: `it is ${node.state}` };
  }
  return quorumRefusal(status, name) ?? restRefusal(status) ?? silenceRefusal(status, how);
}

/** Each member is taken to have one vote; a quorum device would only add to what is left. */
function quorumRefusal({ phase, quorum }: Look, name: string): Failure | undefined {
  const { quorate, votes, votesNeeded } = quorum;
  const has = `it has ${votes} votes, and ${votesNeeded} are needed`;
  if (phase !== 'together' || !quorate) return { kind: 'no-quorum', what: 'this partition has no quorum', why: has };
  if (votes - 1 >= votesNeeded) return undefined;
  return {
    kind: 'unsafe',
    what: `without '${name}' the cluster would have no quorum`,
    why: has,
    fix: 'Bring more nodes up first: haven status',
  };
}

function restRefusal({ activity }: Look): Failure | undefined {
  const [first] = activity;
  if (first === undefined) return undefined;
  const why = `${first.what} is under way on ${first.node}`;
  return { kind: 'unsafe', what: 'the cluster is busy', why, fix: 'Wait until it has settled: haven status --watch' };
}

/** Where half of the votes are enough, a node that only hears nothing goes on as well. */
function silenceRefusal({ quorum, properties }: Look, how: KillTestKind): Failure | undefined {
  const fences = isTrue(properties['fencing-enabled'] ?? properties['stonith-enabled'] ?? 'true');
  if (how !== 'silence' || fences || 2 * quorum.votesNeeded > quorum.expectedVotes) return undefined;
  return {
    kind: 'unsafe',
    what: 'with two nodes and no fencing both would go on, and services run twice',
    fix: 'Configure fencing or give the cluster a third vote; or try --kind daemon',
  };
}

function nameFix(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? `There is: ${names.join(', ')}` : `Did you mean '${near}'?`;
}
