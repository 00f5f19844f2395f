// The nodelist section: who is in the cluster, where, and under which id.
import type { ConfiguredNode } from './model.ts';
import type { ConfigValues } from './values.ts';

const knetNodeIdEnd = 65_536;

/** Every entry, in the order of the file. `generatedId`: the node id for an address when none is given, 0 for none. */
export function nodesOf(values: ConfigValues, generatedId: (address: string | undefined) => number): ConfiguredNode[] {
  return values.numbersUnder('nodelist.node').map((position) => {
    const prefix = `nodelist.node.${position}`;
    const addresses = addressesOf(values, prefix);
    return {
      position,
      // 0 asks for a generated one, too.
      nodeId: values.number(`${prefix}.nodeid`) || generatedId([...addresses.values()][0]),
      name: values.text(`${prefix}.name`),
      addresses,
      quorumVotes: values.number(`${prefix}.quorum_votes`) ?? 1,
    };
  });
}

/** What is wrong with the node's id, or undefined. `owner` is for whom: this machine, or another by its address. */
export function nodeIdFault(
  node: ConfiguredNode,
  values: ConfigValues,
  asked: { readonly transport: 'udp' | 'udpu' | 'knet'; readonly owner: 'local' | 'other' },
): string | undefined {
  const given = (values.number(`nodelist.node.${node.position}.nodeid`) ?? 0) !== 0;
  const [first = ''] = node.addresses.values();
  const address = `for address '${first}'.`;
  const isHigh = given && asked.transport === 'knet' && node.nodeId >= knetNodeIdEnd;
  if (isHigh) return `Knet requires nodeid to be less than ${knetNodeIdEnd} ${address}`;
  if (given || (asked.transport !== 'knet' && node.nodeId !== 0)) return undefined;
  if (asked.transport === 'knet') {
    const what = 'Knet requires an explicit nodeid';
    return asked.owner === 'local' ? `${what} for the local node` : `${what} to be specified ${address}`;
  }
  const what = 'An IPV6 network requires that a node ID be specified';
  return asked.owner === 'local' ? what : `${what} ${address}`;
}

/** By link number; a number that no link can have is kept, to be refused. */
function addressesOf(values: ConfigValues, prefix: string): ReadonlyMap<number, string> {
  const found = [...values.under(prefix)].flatMap(([key, address]): [number, string][] => {
    const link = /^ring(\d+)_addr$/.exec(key)?.[1];
    return link === undefined ? [] : [[Number(link), address]];
  });
  return new Map(found.sort(([left], [right]) => left - right));
}
