// Lines of virtual_routes and static_routes: `ip route add` words.
import { familyOf, formatAddress, parseAddress } from '../address.ts';
import type { Nexthop, VirtualRoute } from '../configuration.ts';
import { addressAndPrefix } from './addresses.ts';
import { type Scope, wordsOf } from './block.ts';
import type { Statement } from './statement.ts';
import type { RoutingNameKind } from './surroundings.ts';
import { integerOf } from './values.ts';

type RouteDraft = { -readonly [Key in keyof VirtualRoute]: VirtualRoute[Key] } & {
  nexthops: Nexthop[];
  notApplied: string[];
};

const kinds = [
  'unicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'local',
  'broadcast',
  'multicast',
] as const;

/** Metrics and flags of ip-route(8) that are understood and not given to the kernel; with the words each takes. */
const unapplied: ReadonlyMap<string, number> = new Map([
  ['hoplimit', 1],
  ['advmss', 1],
  ['rtt', 1],
  ['rttvar', 1],
  ['reordering', 1],
  ['window', 1],
  ['cwnd', 1],
  ['ssthresh', 1],
  ['realms', 1],
  ['rto_min', 1],
  ['initcwnd', 1],
  ['initrwnd', 1],
  ['features', 1],
  ['congctl', 1],
  ['quickack', 1],
  ['fastopen_no_cookie', 1],
  ['expires', 1],
  ['encap', 1],
  ['pref', 1],
  ['ttl-propagate', 1],
  ['append', 0],
  ['vrf', 1],
]);

type Cursor = { readonly words: readonly string[]; index: number };
type RouteUse = {
  readonly draft: RouteDraft;
  readonly cursor: Cursor;
  readonly statement: Statement;
  readonly scope: Scope;
};

/** One line, or nothing with a message. */
export function readRoute(statement: Statement, scope: Scope): VirtualRoute | undefined {
  const words = wordsOf(statement);
  const draft = emptyRoute(words.join(' '));
  const use: RouteUse = { draft, cursor: { words, index: 0 }, statement, scope };
  let destination: string | undefined;
  while (use.cursor.index < words.length) {
    const word = next(use) ?? '';
    const kind = kinds.find((one) => one === word);
    if (kind !== undefined) draft.kind = kind;
    else if (word === 'inet6') draft.family = 'ipv6';
    else if (word === 'inet') draft.family = 'ipv4';
    else if (word === 'to') destination = next(use);
    else if (use.cursor.index === words.length && wantsValue(word)) {
      scope.findings.missingParameter(statement.place, scope.subject, words);
      return undefined;
    } else if (Object.hasOwn(optionReaders, word)) optionReaders[word]?.(use);
    else if (unapplied.has(word)) readUnapplied(word, use);
    else if (destination === undefined) destination = word;
    else reportUnknown(word, use);
  }
  return finished(destination, use);
}

function wantsValue(word: string): boolean {
  return Object.hasOwn(optionReaders, word) && !['onlink', 'no_track', 'nexthop'].includes(word);
}

function emptyRoute(text: string): RouteDraft {
  return {
    family: 'ipv4',
    destination: '',
    prefixLength: 0,
    kind: 'unicast',
    gateway: undefined,
    interface: undefined,
    preferredSource: undefined,
    table: undefined,
    metric: undefined,
    scope: undefined,
    protocol: undefined,
    tos: undefined,
    mtu: undefined,
    onLink: false,
    nexthops: [],
    noTrack: false,
    notApplied: [],
    text,
  };
}

const optionReaders: Readonly<Record<string, (use: RouteUse) => void>> = {
  via: readGateway,
  gw: readGateway,
  or: (use) => {
    use.scope.findings.warning(use.statement.place, '"or" for routes is deprecated', {
      fix: 'Write nexthop via ADDRESS',
    });
    const gateway = addressWord(use);
    if (gateway !== undefined) use.draft.nexthops.push({ gateway, interface: undefined, weight: 1, onLink: false });
  },
  dev: ({ draft, ...use }) => {
    draft.interface = next(use);
  },
  oif: ({ draft, ...use }) => {
    draft.interface = next(use);
  },
  src: (use) => {
    use.draft.preferredSource = addressWord(use);
  },
  table: (use) => {
    use.draft.table = named('table', use, 0xffff_ffff);
  },
  protocol: (use) => {
    use.draft.protocol = named('protocol', use, 255);
  },
  proto: (use) => {
    use.draft.protocol = named('protocol', use, 255);
  },
  scope: (use) => {
    use.draft.scope = named('scope', use, 255);
  },
  tos: (use) => {
    use.draft.tos = named('dsfield', use, 255);
  },
  dsfield: (use) => {
    use.draft.tos = named('dsfield', use, 255);
  },
  metric: readMetric,
  priority: readMetric,
  preference: readMetric,
  mtu: (use) => {
    const word = next(use);
    use.draft.mtu = numberWord(word === 'lock' ? next(use) : word, use, 0xffff_ffff);
  },
  onlink: ({ draft }) => {
    draft.onLink = true;
  },
  nexthop: readNexthop,
  no_track: ({ draft }) => {
    draft.noTrack = true;
  },
  track_group: (use) => {
    next(use);
  },
};

function readGateway(use: RouteUse): void {
  // `via inet6 ADDRESS` names the family of a gateway that differs from the destination's.
  const ahead = use.cursor.words[use.cursor.index];
  if (ahead === 'inet' || ahead === 'inet6') use.cursor.index++;
  use.draft.gateway = addressWord(use);
}

function readMetric(use: RouteUse): void {
  use.draft.metric = numberWord(next(use), use, 0xffff_ffff);
}

/** `nexthop via A dev I weight N onlink`, up to the next word that is none of these. */
function readNexthop(use: RouteUse): void {
  const hop = {
    gateway: undefined as string | undefined,
    interface: undefined as string | undefined,
    weight: 1,
    onLink: false,
  };
  for (
    let ahead = use.cursor.words[use.cursor.index];
    ahead !== undefined;
    ahead = use.cursor.words[use.cursor.index]
  ) {
    if (!['via', 'gw', 'dev', 'weight', 'onlink'].includes(ahead)) break;
    next(use);
    if (ahead === 'via' || ahead === 'gw') hop.gateway = addressWord(use);
    else if (ahead === 'dev') hop.interface = next(use);
    else if (ahead === 'weight') hop.weight = numberWord(next(use), use, 256) ?? 1;
    else hop.onLink = true;
  }
  use.draft.nexthops.push(hop);
}

function readUnapplied(word: string, use: RouteUse): void {
  const values = Array.from({ length: unapplied.get(word) ?? 0 }, () => next(use));
  if (values[0] === 'lock') values.push(next(use));
  use.draft.notApplied.push([word, ...values].join(' '));
}

function finished(destination: string | undefined, { draft, statement, scope }: RouteUse): VirtualRoute | undefined {
  if (destination === undefined) {
    scope.findings.error(statement.place, `${scope.subject}route '${draft.text}' has no destination - ignoring`);
    return undefined;
  }
  if (destination === 'default') {
    if (draft.gateway?.includes(':')) draft.family = 'ipv6';
    draft.destination = draft.family === 'ipv6' ? '::' : '0.0.0.0';
  } else {
    const parsed = addressAndPrefix(destination, statement, scope);
    if (parsed === undefined) return undefined;
    draft.family = familyOf(parsed.bytes);
    draft.destination = formatAddress(parsed.bytes);
    draft.prefixLength = parsed.prefixLength;
  }
  finishHops(draft);
  if (draft.notApplied.length > 0) {
    const what = `${scope.subject}route to ${destination} is set without '${draft.notApplied.join("', '")}'`;
    scope.findings.info(statement.place, what, { why: 'these options are understood, but not given to the kernel' });
  }
  if (draft.interface === undefined && draft.nexthops.length === 0 && !draft.noTrack && usesInterface(draft)) {
    const what = `${scope.subject}Warning - cannot track route ${draft.destination}/${draft.prefixLength} with no interface specified, not tracking`;
    scope.findings.warning(statement.place, what, { fix: 'Add dev INTERFACE or no_track' });
  }
  return draft;
}

/** A gateway beside `or` gateways is the first of them. */
function finishHops(draft: RouteDraft): void {
  if (draft.nexthops.length === 0 || draft.gateway === undefined) return;
  draft.nexthops.unshift({ gateway: draft.gateway, interface: draft.interface, weight: 1, onLink: draft.onLink });
  draft.gateway = undefined;
}

function usesInterface(draft: RouteDraft): boolean {
  return !['blackhole', 'unreachable', 'prohibit', 'throw'].includes(draft.kind);
}

function next(use: { readonly cursor: Cursor }): string | undefined {
  return use.cursor.words[use.cursor.index++];
}

function addressWord(use: RouteUse): string | undefined {
  const word = next(use);
  const bytes = word === undefined ? undefined : parseAddress(word.split('/')[0] ?? '');
  if (bytes !== undefined) return formatAddress(bytes);
  use.scope.findings.error(
    use.statement.place,
    `${use.scope.subject}invalid address '${word ?? ''}' in route '${use.draft.text}'`,
  );
  return undefined;
}

function named(kind: RoutingNameKind, use: RouteUse, max: number): number | undefined {
  const word = next(use) ?? '';
  if (/^(0x[0-9a-fA-F]+|\d+)$/.test(word) && Number(word) <= max) return Number(word);
  const value = use.scope.surroundings.routingName(kind, word);
  if (value === undefined) {
    use.scope.findings.error(
      use.statement.place,
      `${use.scope.subject}Route ${kind} '${word}' not known or invalid - ignoring`,
    );
  }
  return value;
}

function numberWord(word: string | undefined, use: RouteUse, max: number): number | undefined {
  return integerOf(word ?? '', use.statement, { min: 0, max }, use.scope);
}

function reportUnknown(word: string, use: RouteUse): void {
  use.scope.findings.error(use.statement.place, `${use.scope.subject}unknown route option '${word}' - ignoring`);
}
