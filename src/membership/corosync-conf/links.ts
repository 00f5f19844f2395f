// The links that a file configures: by its interface sections, and by the addresses of its nodes.
import { knownKeys } from './keys.ts';
import type { ConfiguredLink, ConfiguredNode } from './model.ts';
import type { ConfigValues } from './values.ts';

const portDefault = 5405;

/**
 * Ascending. With a nodelist, an interface section counts only where it says something, over multicast where it says
 * `bindnetaddr`; and each link that a node has an address on counts, though without a port unless this machine has one, too.
 */
export function linksOf(
  values: ConfigValues,
  nodes: readonly ConfiguredNode[],
  local: ConfiguredNode | undefined,
  transport: 'udp' | 'udpu' | 'knet',
): ConfiguredLink[] {
  const described = describedLinks(values, transport === 'udp' && nodes.length > 0 ? 'bound' : 'all');
  const ours = [...(local?.addresses.keys() ?? [])];
  const listed = nodes.flatMap((node) => [...node.addresses.keys()]);
  const numbers = [...new Set([...described, ...listed])].sort((left, right) => left - right);
  return numbers.map((number) => {
    const isRead = described.includes(number) || ours.includes(number);
    return isRead ? describedLink(values, number, local) : { ...emptyLink, linkNumber: number };
  });
}

const emptyLink = {
  bindNetworkAddress: undefined,
  multicastAddress: undefined,
  broadcast: false,
  port: 0,
  ttl: 1,
};

/** Where this machine has an address, that takes the place of `bindnetaddr`, and port 0 asks for the default. */
function describedLink(values: ConfigValues, linkNumber: number, local: ConfiguredNode | undefined): ConfiguredLink {
  const prefix = `totem.interface.${linkNumber}`;
  const broadcast = values.text(`${prefix}.broadcast`) === 'yes';
  const port = values.number(`${prefix}.mcastport`);
  const isOurs = local?.addresses.has(linkNumber) === true;
  return {
    linkNumber,
    bindNetworkAddress: local?.addresses.get(linkNumber) ?? values.text(`${prefix}.bindnetaddr`),
    multicastAddress: values.text(`${prefix}.mcastaddr`),
    broadcast,
    port: (port === 0 && isOurs ? undefined : port) ?? portDefault + linkNumber * (broadcast ? 2 : 1),
    ttl: values.number(`${prefix}.ttl`) ?? 1,
  };
}

function describedLinks(values: ConfigValues, wanted: 'all' | 'bound'): number[] {
  const known = knownKeys.get('totem.interface') ?? [];
  return values.numbersUnder('totem.interface').filter((number) => {
    const keys = [...values.under(`totem.interface.${number}`).keys()];
    if (wanted === 'bound') return keys.includes('bindnetaddr');
    return keys.some((key) => key !== 'linknumber' && (known.includes(key) || key.startsWith('member.')));
  });
}
