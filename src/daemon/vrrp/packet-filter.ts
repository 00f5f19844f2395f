// `no_accept`, which strict mode implies: a master that is not the owner of its addresses answers ARP and neighbour
// discovery for them and takes nothing else (RFC 9568 §6.1, Accept_Mode). The rules are nftables', in a table that belongs
// to one nft process: the kernel removes it with that process, and that ends with this daemon, however the daemon ends.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Logger } from '../../kit/index.ts';
import type { InstanceConfiguration, VrrpConfiguration } from '../../vrrp/index.ts';

const ownerPriority = 255;
type Nft = ChildProcessByStdio<Writable, null, Readable>;

export class PacketFilter {
  readonly #logger: Logger;
  #nft: Nft | undefined;
  #table = '';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Replaces the rules of the configuration before in one transaction; without such instances there is no table. */
  apply({ instances, global }: VrrpConfiguration): void {
    const refusing = instances.filter(({ accept, priority }) => !accept && priority !== ownerPriority);
    if (refusing.length === 0) return this.close();
    const table = global.packetFilter.table ?? `haven_vrrp_${process.pid}`;
    if (table !== this.#table) this.close();
    this.#table = table;
    this.#nft ??= this.#start();
    this.#nft.stdin.write(`${rulesOf({ ...global.packetFilter, table }, refusing)}\n`);
  }

  close(): void {
    this.#nft?.stdin.end();
    this.#nft = undefined;
  }

  #start(): Nft {
    // In a group of its own: a signal from the terminal is for the daemon, which ends it last.
    const nft = spawn('nft', ['-i'], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    nft.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'nft is not here: install the package nftables' : error.message;
      this.#fail(why);
    });
    nft.stdin.on('error', () => {});
    nft.stderr.setEncoding('utf8').on('data', (text: string) => this.#fail(text.trim().split('\n')[0] ?? ''));
    nft.unref();
    return nft;
  }

  #fail(why: string): void {
    this.#logger.warning(`no_accept is not enforced, packets to virtual addresses are accepted: ${why}`);
  }
}

/** Where the rules stand, and whether each counts what it drops. */
export type FilterTable = { readonly table: string; readonly priority: number; readonly counters: boolean };

/** One line, which is one transaction. */
export function rulesOf(filter: FilterTable, instances: readonly InstanceConfiguration[]): string {
  const addresses = instances.flatMap((instance) =>
    [...instance.virtualAddresses, ...instance.excludedAddresses].map((address) => ({
      address: address.address,
      interface: address.interface ?? interfaceOf(instance),
    })),
  );
  const [v6, v4] = [addresses.filter(isV6), addresses.filter((each) => !isV6(each))];
  const [local, global] = [v6.filter(isLinkLocal), v6.filter((each) => !isLinkLocal(each))];
  const chains = [chainOf(filter, 'input'), chainOf(filter, 'output')];
  const sets = [
    setOf(
      'v4',
      'ipv4_addr',
      v4.map(({ address }) => address),
    ),
    setOf(
      'v6',
      'ipv6_addr',
      global.map(({ address }) => address),
    ),
    // The same link-local address may be somebody else's on another link.
    setOf(
      'v6_local',
      'ipv6_addr . ifname',
      local.map((each) => `${each.address} . "${each.interface}"`),
    ),
  ];
  const { table } = filter;
  const content = `{ flags owner; ${[...sets, ...chains].join(' ')} }`;
  return `add table inet ${table} { flags owner; }; delete table inet ${table}; table inet ${table} ${content}`;
}

type Refused = { readonly address: string; readonly interface: string };

function interfaceOf({ interface: base, virtualMac }: InstanceConfiguration): string {
  return virtualMac?.name ?? base;
}

function isV6({ address }: Refused): boolean {
  return address.includes(':');
}

function isLinkLocal({ address }: Refused): boolean {
  return /^fe[89ab]/i.test(address);
}

function setOf(name: string, type: string, elements: readonly string[]): string {
  const unique = [...new Set(elements)];
  return `set ${name} { type ${type}; ${unique.length === 0 ? '' : `elements = { ${unique.join(', ')} };`} };`;
}

function chainOf({ priority, counters }: FilterTable, hook: 'input' | 'output'): string {
  const [side, device] = hook === 'input' ? ['daddr', 'iifname'] : ['saddr', 'oifname'];
  const drop = counters ? 'counter drop' : 'drop';
  const rules = [
    'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
    `ip ${side} @v4 ${drop}`,
    `ip6 ${side} @v6 ${drop}`,
    `ip6 ${side} . ${device} @v6_local ${drop}`,
  ];
  return `chain ${hook} { type filter hook ${hook} priority ${priority}; policy accept; ${rules.join('; ')}; };`;
}
