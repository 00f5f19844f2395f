// From the keys of a corosync.conf to the ring they ask for, with Corosync 3.1.7's checks in its order and its words.
// The first error decides, as it does there; warnings and Haven's own remarks come along.
//
// Where a file of Corosync 1 or 2 (no nodelist, multicast) would be refused by 3.1.7, Haven does what 2.x did: the node id
// is the IPv4 address of the interface in `bindnetaddr`'s network, and members are whoever is heard on the group.
import { type Diagnostic, defined } from '../../kit/index.ts';
import { familyOf, ipv4Number, isMulticast, sameNetwork } from './address.ts';
import { linksOf } from './links.ts';
import { localNodeOf } from './local-node.ts';
import { loggingFault } from './logging.ts';
import type { ConfiguredLink, ConfiguredNode, CorosyncConfig, Family, Machine } from './model.ts';
import { nodeIdFault, nodesOf } from './nodelist.ts';
import { type ConfigEntry, parseCorosyncConf } from './parse.ts';
import { quorumConfigOf } from './quorum-section.ts';
import { timingOf } from './timers.ts';
import { ConfigValues } from './values.ts';

export type CheckedConfig = {
  readonly config: CorosyncConfig | undefined;
  /** The one line that Corosync would print, or undefined. */
  readonly fault: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Where the file sets a key, by `totem.token`, `totem.interface.1.mcastport` and the like. */
  readonly lineOf: (key: string) => number | undefined;
};

export const linkNumberMax = 7;
const keyBytesMin = 128;
const keyBytesMax = 4096;
const linkModeBytesMax = 63;
const familiesOfVersion: ReadonlyMap<string, readonly Family[]> = new Map([
  ['ipv4', ['ipv4']],
  ['ipv6', ['ipv6']],
  ['ipv4-6', ['ipv4', 'ipv6']],
  ['ipv6-4', ['ipv6', 'ipv4']],
]);
const defaultKeyFile = '/etc/corosync/authkey';

/** Reads and checks the whole file; never throws for what it says. */
export function readCorosyncConf(text: string, file: string, machine: Machine): CheckedConfig {
  const parsed = parseCorosyncConf(text, file, machine);
  const lineOf = (key: string) => parsed.entries.get(key)?.line;
  if (parsed.fault !== undefined) {
    return { config: undefined, fault: parsed.fault, diagnostics: parsed.diagnostics, lineOf };
  }
  const reader = new ConfigReader(parsed.entries, file, machine);
  const faultOrConfig = reader.read();
  const diagnostics = [...parsed.diagnostics, ...reader.diagnostics];
  if (typeof faultOrConfig !== 'string') {
    return { config: faultOrConfig, fault: undefined, diagnostics, lineOf };
  }
  const error: Diagnostic = {
    severity: 'error',
    place: { file, ...reader.placeOf(faultOrConfig) },
    what: faultOrConfig,
  };
  return { config: undefined, fault: faultOrConfig, diagnostics: [...diagnostics, error], lineOf };
}

const parseError = (text: string) => `parse error in config: ${text}`;
const linkNumberFault = (link: number) =>
  parseError(`interface ring number ${link} is bigger than allowed maximum ${linkNumberMax}`);

type ReadConfig = {
  readonly links: readonly ConfiguredLink[];
  readonly nodes: readonly ConfiguredNode[];
  readonly local: ConfiguredNode | undefined;
  readonly transport: CorosyncConfig['transport'];
};

class ConfigReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #values: ConfigValues;
  readonly #file: string;
  readonly #machine: Machine;

  constructor(entries: ReadonlyMap<string, ConfigEntry>, file: string, machine: Machine) {
    this.#values = new ConfigValues(entries);
    this.#file = file;
    this.#machine = machine;
  }

  read(): CorosyncConfig | string {
    const early =
      loggingFault(this.#values) ?? this.#directoryFault() ?? this.#transportFault() ?? this.#securityFault();
    if (early !== undefined) return early;
    const nodes = this.#reachable(nodesOf(this.#values, (address) => this.#generatedNodeId(address)));
    const transport = this.#transport();
    const listed = localNodeOf(nodes, this.#machine, this.#families());
    const links = linksOf(this.#values, nodes, listed, transport);
    const linkFault = this.#readingFault({ links, nodes, local: listed, transport });
    if (linkFault !== undefined) return linkFault;
    if (links.length === 0) return parseError('No interfaces defined');
    const local = nodes.length === 0 ? this.#localWithoutNodelist(links, transport) : listed;
    if (local === undefined) return parseError('No valid name found for local host');
    if (typeof local === 'string') return local;
    this.#remarks(nodes);
    const fault = this.#validationFault(nodes, links, transport);
    if (fault !== undefined) return fault;
    const timing = timingOf(this.#values, nodes.length);
    if (typeof timing === 'string') return parseError(timing);
    const late =
      this.#nodelistFault(nodes, links) ?? this.#linkModeFault(links, transport) ?? this.#cipherFault(transport, nodes);
    if (late !== undefined) return late;
    const quorum = quorumConfigOf(this.#values, nodes, local);
    if (typeof quorum === 'string') return quorum;
    const values = this.#values;
    return {
      transport,
      clusterName: values.text('totem.cluster_name'),
      configVersion: values.number('totem.config_version'),
      secure: this.#encrypted(),
      keyFile: values.text('totem.keyfile') ?? defaultKeyFile,
      linkMode: [values.text('totem.link_mode'), values.text('totem.rrp_mode')].includes('active')
        ? 'active'
        : 'passive',
      families: this.#families(),
      netMtu: values.number('totem.netmtu') ?? 1500,
      nodes,
      local,
      links,
      timing,
      quorum,
      logging: values.under('logging'),
    };
  }

  /** The line of the key that a sentence talks about, where it names one. */
  placeOf(fault: string): { readonly line?: number } {
    const key = [
      ['transport', 'totem.transport'],
      ['link mode', 'totem.link_mode'],
      ['token timeout', 'totem.token'],
      ['consensus', 'totem.consensus'],
      ['version 2', 'totem.version'],
      ['bindnet', 'totem.interface.0.bindnetaddr'],
      ['mcast', 'totem.interface.0.mcastaddr'],
      ['crypto', 'totem.crypto_cipher'],
    ].find(([word = '']) => fault.includes(word))?.[1];
    const line = key === undefined ? undefined : this.#values.line(key);
    return line === undefined ? {} : { line };
  }

  #directoryFault(): string | undefined {
    const directory = this.#values.text('system.state_dir');
    const why = directory === undefined ? undefined : this.#machine.directoryFault(directory);
    return why === undefined ? undefined : `Cannot chdir to state directory ${directory}. ${why}`;
  }

  #transportFault(): string | undefined {
    const transport = this.#values.text('totem.transport');
    const known = transport === undefined || ['udp', 'udpu', 'knet'].includes(transport);
    return known ? undefined : 'Invalid transport type. Should be udpu, udp or knet';
  }

  #cipherAndHash(): { readonly cipher: string; readonly hash: string } {
    const given = this.#values.text('totem.secauth');
    // Corosync 1 and 2 encrypted unless told `off`.
    const secauth = this.#isOld() ? given !== 'off' : given === 'on';
    const cipher = this.#values.text('totem.crypto_cipher') ?? (secauth ? 'aes256' : 'none');
    return { cipher, hash: this.#values.text('totem.crypto_hash') ?? (secauth ? 'sha256' : 'none') };
  }

  #encrypted(): boolean {
    const { cipher, hash } = this.#cipherAndHash();
    return cipher !== 'none' || hash !== 'none';
  }

  #securityFault(): string | undefined {
    const { cipher, hash } = this.#cipherAndHash();
    if (cipher !== 'none' && hash === 'none') return 'crypto_cipher requires crypto_hash with value other than none';
    if (!this.#encrypted() || this.#values.text('totem.key') !== undefined) return undefined;
    const file = this.#values.text('totem.keyfile') ?? defaultKeyFile;
    const bytes = this.#machine.keyFileBytes(file);
    if (typeof bytes === 'string') return `Could not open ${file}: ${bytes}`;
    if (bytes < keyBytesMin)
      return `Could only read ${bytes * 8} bits of minimum ${keyBytesMin * 8} bits from ${file}.`;
    return bytes > keyBytesMax ? 'key is too long' : undefined;
  }

  /** A node without an address is no node to Corosync. */
  #reachable(nodes: readonly ConfiguredNode[]): ConfiguredNode[] {
    for (const node of nodes.filter(({ addresses }) => addresses.size === 0)) {
      const called = node.name === undefined ? `number ${node.position + 1}` : `'${node.name}'`;
      const key = `nodelist.node.${node.position}.${node.name === undefined ? 'nodeid' : 'name'}`;
      this.#warn(key, `the node ${called} has no address and is left out`, "Give it a 'ring0_addr'");
    }
    return nodes.filter(({ addresses }) => addresses.size > 0);
  }

  /** The IPv4 address as a big-endian number, its high bit cleared if asked. 0: there is none to make one from. */
  #generatedNodeId(address: string | undefined): number {
    if (address === undefined) return 0;
    const number = ipv4Number(address) ?? ipv4Number(this.#machine.resolve(address, this.#families()) ?? '') ?? 0;
    return this.#values.text('totem.clear_node_high_bit') === 'yes' ? number % 2 ** 31 : number;
  }

  #transport(): CorosyncConfig['transport'] {
    const named = this.#values.text('totem.transport');
    if (named === 'udp' || named === 'udpu' || named === 'knet') return named;
    return this.#isOld() ? 'udp' : 'knet';
  }

  /** A multicast ring without a nodelist was written for 1.x or 2.x, where udp was meant when nothing was said. */
  #isOld(): boolean {
    const values = this.#values;
    const named = values.text('totem.transport');
    if (values.numbersUnder('nodelist.node').length > 0 || (named !== undefined && named !== 'udp')) return false;
    const groups = values.numbersUnder('totem.interface').map((link) => `totem.interface.${link}`);
    return (
      named === 'udp' || groups.some((link) => ['mcastaddr', 'broadcast'].some((key) => values.text(`${link}.${key}`)))
    );
  }

  #readingFault(read: ReadConfig): string | undefined {
    if ((this.#values.text('totem.link_mode') ?? '').length > linkModeBytesMax) return 'totem.link_mode is too long';
    // A link that only other nodes have is read with them: it has no port here.
    for (const link of read.links.filter(({ port }) => port !== 0)) {
      const fault = this.#linkReadingFault(link);
      if (fault !== undefined) return fault;
    }
    const { nodes, local, transport } = read;
    const ownFault = local === undefined ? undefined : nodeIdFault(local, this.#values, { transport, owner: 'local' });
    if (ownFault !== undefined) return ownFault;
    for (const node of nodes) {
      const fault = node === local ? undefined : nodeIdFault(node, this.#values, { transport, owner: 'other' });
      if (fault !== undefined) return fault;
      for (const [link, address] of node.addresses) {
        if (link > linkNumberMax) return linkNumberFault(link);
        if (this.#addressOf(address) === undefined) return `failed to parse node address '${address}'`;
      }
    }
    return undefined;
  }

  #linkReadingFault({ linkNumber, bindNetworkAddress: bind, multicastAddress: group }: ConfiguredLink) {
    if (linkNumber > linkNumberMax) return linkNumberFault(linkNumber);
    if (bind !== undefined && this.#addressOf(bind) === undefined) return `failed to parse bindnet address '${bind}'`;
    if (group !== undefined && this.#addressOf(group) === undefined) return `failed to parse mcast address '${group}'`;
    const knet = this.#values.text(`totem.interface.${linkNumber}.knet_transport`);
    const known = knet === undefined || knet === 'udp' || knet === 'sctp';
    return known ? undefined : "Unrecognised knet_transport. expected 'udp' or 'sctp'";
  }

  /** Undefined: no address, of no family that `ip_version` lets in. */
  #addressOf(text: string): string | undefined {
    const family = familyOf(text);
    if (family === undefined) return this.#machine.resolve(text, this.#families());
    return this.#families().includes(family) ? text : undefined;
  }

  #families(): readonly Family[] {
    const multicast = this.#values.text('totem.transport') === 'udp';
    const version = this.#values.text('totem.ip_version') ?? (multicast ? 'ipv4' : 'ipv6-4');
    return familiesOfVersion.get(version) ?? ['ipv4'];
  }

  /** What Corosync 2 did: the interface in bindnetaddr's network is ours, its IPv4 address our node id. */
  #localWithoutNodelist(
    links: readonly ConfiguredLink[],
    transport: CorosyncConfig['transport'],
  ): ConfiguredNode | string {
    const bind = links[0]?.bindNetworkAddress;
    const own =
      bind === undefined
        ? undefined
        : this.#machine.addresses.find(({ address, prefixLength }) => sameNetwork(address, bind, prefixLength));
    if (own === undefined || transport !== 'udp') return parseError('No valid name found for local host');
    const nodeId = this.#values.number('totem.nodeid') ?? this.#generatedNodeId(own.address);
    if (nodeId === 0) return 'An IPV6 network requires that a node ID be specified';
    const note = `no nodelist: bound to ${own.address}, in the network of bindnetaddr ${bind}; members are whoever is heard`;
    const fix = 'List the nodes in a nodelist section: Corosync 3 requires it, and quorum can then be computed from it';
    this.#warn('totem.interface.0.bindnetaddr', note, fix);
    const addresses = new Map([[0, own.address]]);
    for (const link of links.slice(1)) {
      const network = link.bindNetworkAddress;
      const match = this.#machine.addresses.find(
        ({ address, prefixLength }) => network !== undefined && sameNetwork(address, network, prefixLength),
      );
      if (match !== undefined) addresses.set(link.linkNumber, match.address);
    }
    return { position: 0, nodeId, name: undefined, addresses, quorumVotes: this.#values.number('quorum.votes') ?? 1 };
  }

  #remarks(nodes: readonly ConfiguredNode[]): void {
    if (nodes.length === 0) return;
    const before = this.diagnostics.length;
    for (const link of this.#values.numbersUnder('totem.interface')) {
      const prefix = `totem.interface.${link}`;
      if (this.#values.text(`${prefix}.member.0`) !== undefined) {
        this.#warn(`${prefix}.member.0`, 'member section is used together with nodelist. Members ignored.');
      }
      if (this.#values.text(`${prefix}.bindnetaddr`) !== undefined) {
        const text = 'interface section bindnetaddr is used together with nodelist. Nodelist one is going to be used.';
        this.#warn(`${prefix}.bindnetaddr`, text);
      }
    }
    if (this.#values.text('totem.nodeid') !== undefined) {
      const text =
        'nodeid in totem section is deprecated and ignored. Nodelist (or autogenerated) nodeid is going to be used.';
      this.#warn('totem.nodeid', text);
    }
    if (this.diagnostics.length > before) this.#warn('totem.version', 'Please migrate config file to nodelist.');
  }

  #validationFault(
    nodes: readonly ConfiguredNode[],
    links: readonly ConfiguredLink[],
    transport: CorosyncConfig['transport'],
  ): string | undefined {
    for (const link of links) {
      const fault = this.#linkFault(link, nodes, transport);
      if (fault !== undefined) return parseError(`${fault} for interface ${link.linkNumber}`);
    }
    const version = this.#values.number('totem.version');
    return version === 2 ? undefined : parseError('This totem parser can only parse version 2 configurations.');
  }

  #linkFault(
    link: ConfiguredLink,
    nodes: readonly ConfiguredNode[],
    transport: CorosyncConfig['transport'],
  ): string | undefined {
    const { multicastAddress: group, broadcast } = link;
    const named = this.#values.text('totem.cluster_name') !== undefined;
    if (transport === 'udp' && group === undefined && !broadcast && !named) return 'No multicast address specified';
    if (link.port === 0) return 'No multicast port specified';
    if (link.ttl !== 1 && transport !== 'udp') return 'Can only set ttl on multicast transport types';
    const priority = this.#values.number(`totem.interface.${link.linkNumber}.knet_link_priority`) ?? 0;
    if (priority > 1 && transport !== 'knet') return 'Can only set link priority on knet transport type';
    if (transport !== 'udp' || group === undefined || broadcast) return undefined;
    const bound = nodes[0]?.addresses.get(link.linkNumber) ?? link.bindNetworkAddress ?? '';
    if (familyOf(this.#addressOf(bound) ?? '') !== familyOf(group)) {
      return 'Multicast address family does not match bind address family';
    }
    return isMulticast(group) ? undefined : 'mcastaddr is not a correct multicast address';
  }

  #nodelistFault(nodes: readonly ConfiguredNode[], links: readonly ConfiguredLink[]): string | undefined {
    const [first, ...others] = nodes;
    if (first === undefined) return undefined;
    if (links.length > 1 && nodes.some((node) => node.name === undefined)) {
      return parseError("for a multi-link configuration, all nodes must have a 'name' attribute");
    }
    if (nodes.some(({ addresses }) => links.some(({ linkNumber }) => !addresses.has(linkNumber)))) {
      return parseError('Not all nodes have the same number of links');
    }
    for (const link of first.addresses.keys()) {
      const [one, two] = this.#mixedFamilies(nodes, link);
      if (two === undefined) continue;
      return parseError(`Nodes for link ${link} have different IP families (compared ${one} with ${two})`);
    }
    const twice = nodes.find((node) => others.some((other) => other !== node && other.nodeId === node.nodeId));
    if (twice === undefined) return undefined;
    const explicit = this.#values.number(`nodelist.node.${twice.position}.nodeid`) !== undefined;
    const origin = explicit ? '' : `(autogenerated from ${twice.addresses.get(0)}) `;
    return `Nodeid ${twice.nodeId} ${origin}appears twice in corosync.conf`;
  }

  /** Two addresses of different families on the link; Corosync looks at the other nodes first, at this one last. */
  #mixedFamilies(nodes: readonly ConfiguredNode[], link: number): readonly (string | undefined)[] {
    const local = localNodeOf(nodes, this.#machine, this.#families());
    const ordered = [...nodes.filter((node) => node !== local), ...(local === undefined ? [] : [local])];
    const addresses = ordered.map((node) => node.addresses.get(link));
    const other = addresses.find((address) => this.#family(address) !== this.#family(addresses[0]));
    return [addresses[0], other];
  }

  #family(address: string | undefined): string | undefined {
    return address === undefined ? undefined : familyOf(this.#addressOf(address) ?? '');
  }

  #linkModeFault(links: readonly ConfiguredLink[], transport: CorosyncConfig['transport']): string | undefined {
    const mode = this.#values.text('totem.link_mode');
    if (mode !== undefined && !['active', 'passive', 'rr'].includes(mode)) {
      const text = `The Knet link mode "${mode}" specified is invalid.  It must be active, passive or rr.`;
      return parseError(text);
    }
    // Redundant rings of Corosync 1 and 2 say rrp_mode; Haven serves them with several links, Corosync 3 no longer does.
    const redundant = ['active', 'passive'].includes(this.#values.text('totem.rrp_mode') ?? '');
    if (transport === 'knet' || links.length <= 1 || redundant) return undefined;
    return parseError(`${links.length} is too many configured interfaces for non-Knet transport.`);
  }

  #cipherFault(transport: CorosyncConfig['transport'], nodes: readonly ConfiguredNode[]): string | undefined {
    if (transport === 'knet' || !this.#encrypted()) return undefined;
    if (nodes.length > 0) return parseError('crypto_cipher & crypto_hash are only valid for the Knet transport.');
    // Corosync 1 and 2 encrypted multicast rings. Haven seals them its own way, so all their nodes have to be Haven's.
    this.#warn(
      'totem.secauth',
      "datagrams are sealed with Haven's AES-256-GCM, which no Corosync reads",
      'Run Haven on every node of this ring',
    );
    return undefined;
  }

  #warn(key: string, what: string, fix?: string): void {
    const line = this.#values.line(key);
    const place = line === undefined ? { file: this.#file } : { file: this.#file, line };
    this.diagnostics.push({ severity: 'warning', place, what, ...(fix === undefined ? {} : { fix }) });
  }
}

/** The node that this configuration is for, by its id. */
export function nodeOf(config: CorosyncConfig, nodeId: number): ConfiguredNode {
  return defined(
    config.nodes.find((node) => node.nodeId === nodeId),
    `node ${nodeId} is in the nodelist`,
  );
}
