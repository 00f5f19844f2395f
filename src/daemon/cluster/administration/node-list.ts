// The cluster's node list as it grows and shrinks. Every change counts the revision up; members make it at the same place
// in the order of messages, and who was away asks the others when it is back.
import { isIP } from 'node:net';
import type { NodeList } from '../../../api/index.ts';
import { err, type Failure, ok, type Result } from '../../../kit/index.ts';
import { type ClusterConfiguration, type ConfiguredMember, isNodeName, nodesMax } from '../configuration.ts';
import type { Holder } from './authority.ts';

/**
 * The list with another node, whose id nobody ever had. Errors: a name or address that is taken or is none; `unsafe` when
 * the `votes` that are present would be no majority any more before the new node is up.
 */
export function withNode(list: NodeList, { name, addresses }: Holder, votes: number): Result<NodeList, Failure> {
  const refusal = refusalOf(list, { name, addresses }) ?? minorityRefusal(list.nodes.length + 1, votes);
  if (refusal !== undefined) return err(refusal);
  const id = list.highestId + 1;
  const nodes = [...list.nodes, { name, id, addresses }];
  return ok({ revision: list.revision + 1, highestId: id, nodes });
}

/** The list without the node. Errors: `not-found`, or the last node. */
export function withoutNode(list: NodeList, name: string): Result<NodeList, Failure> {
  const nodes = list.nodes.filter((node) => node.name !== name);
  if (nodes.length === list.nodes.length) {
    const why = `its nodes are ${list.nodes.map((node) => node.name).join(', ')}`;
    return err({ kind: 'not-found', what: `the cluster has no node '${name}'`, why });
  }
  if (nodes.length === 0) {
    const fix = 'On that node: haven cluster leave';
    return err({ kind: 'unsafe', what: `'${name}' is the cluster's last node`, fix });
  }
  return ok({ revision: list.revision + 1, highestId: list.highestId, nodes });
}

export function nodeListOf({ revision, highestId, nodes }: ClusterConfiguration): NodeList {
  return { revision, highestId, nodes };
}

/** Two nodes get along with one vote. */
function minorityRefusal(count: number, votes: number): Failure | undefined {
  if (count <= 2 || votes * 2 > count) return undefined;
  const present = votes === 1 ? 'the only one that is' : `the ${votes} that are`;
  const what = `with ${count} nodes ${present} here would have no quorum, and everything would stop`;
  return { kind: 'unsafe', what, fix: 'Bring the others back, or remove them: haven cluster remove NODE' };
}

function refusalOf({ nodes }: NodeList, { name, addresses }: Holder): Failure | undefined {
  if (!isNodeName(name)) {
    const why = 'a name has letters, digits, dots and dashes, at most 64';
    return { kind: 'usage', what: `'${name}' is no name of a node`, why, fix: 'Give another: --name NAME' };
  }
  if (nodes.length >= nodesMax) return { kind: 'usage', what: `a cluster has at most ${nodesMax} nodes` };
  const links = nodes[0]?.addresses.length ?? 1;
  if (addresses.length !== links) {
    const what = `this cluster's nodes have ${links === 1 ? 'one address' : `${links} addresses`} each, not ${addresses.length}`;
    return { kind: 'usage', what, fix: 'Give one for each link: --address ADDRESS[,ADDRESS]' };
  }
  const odd = addresses.find((address) => isIP(address) === 0);
  if (odd !== undefined) return { kind: 'usage', what: `'${odd}' is no IP address` };
  const namesake = nodes.find((node) => node.name === name);
  if (namesake !== undefined) return taken(`the name '${name}'`, namesake);
  for (const address of addresses) {
    const owner = nodes.find((node) => node.addresses.includes(address));
    if (owner !== undefined) return taken(`the address ${address}`, owner);
  }
  return undefined;
}

function taken(what: string, { name, addresses }: ConfiguredMember): Failure {
  return {
    kind: 'exists',
    what: `${what} is that of a node of the cluster`,
    why: `${name} (${addresses.join(', ')})`,
    fix: `If that machine is no more, on a member: haven cluster remove ${name}`,
  };
}
