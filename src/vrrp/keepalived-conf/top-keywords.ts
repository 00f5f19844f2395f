// The blocks of the top level.
import type {
  GarpGroupConfiguration,
  InterfaceDelay,
  VirtualAddress,
  VirtualRoute,
  VirtualRule,
} from '../configuration.ts';
import type { TrackedFile, TrackedProcess, TrackedScript } from '../tracker.ts';
import { readAddress } from './addresses.ts';
import {
  blockOf,
  list,
  type Reader,
  readBlock,
  reportUnknownInterface,
  type Scope,
  type Table,
  wordsOf,
} from './block.ts';
import { daemonKeywords } from './global-keywords.ts';
import { readRoute } from './routes.ts';
import { readRule } from './rules.ts';
import type { Statement } from './statement.ts';
import { type BfdWithDefaults, readBfd, readFile, readProcess, readScript } from './tracker-keywords.ts';
import { alreadySo, notDone, reportMissing, seconds, secondsOf, word } from './values.ts';
import { readVirtualServer } from './virtual-server.ts';

type Named = { readonly name: string; readonly statement: Statement };

/** Instances and groups are kept as statements: they are read when all that they may refer to is known. */
export type TopDraft = {
  /** Names taken in each of the lists. */
  readonly names: Map<readonly object[], Set<string>>;
  readonly instances: Named[];
  readonly syncGroups: Named[];
  readonly scripts: TrackedScript[];
  readonly processes: TrackedProcess[];
  readonly files: TrackedFile[];
  readonly bfd: BfdWithDefaults[];
  readonly staticAddresses: VirtualAddress[];
  readonly staticRoutes: VirtualRoute[];
  readonly staticRules: VirtualRule[];
  readonly garpGroups: GarpGroupConfiguration[];
  readonly interfaceDelays: InterfaceDelay[];
  readonly virtualServers: string[];
};

export function emptyTop(): TopDraft {
  return {
    names: new Map(),
    instances: [],
    syncGroups: [],
    scripts: [],
    processes: [],
    files: [],
    bfd: [],
    staticAddresses: [],
    staticRoutes: [],
    staticRules: [],
    garpGroups: [],
    interfaceDelays: [],
    virtualServers: [],
  };
}

/** Keywords that stand nowhere but at top level: inside a block they show that it was never closed. */
export const topOnlyKeywords: ReadonlySet<string> = new Set([
  'global_defs',
  'vrrp_instance',
  'vrrp_sync_group',
  'vrrp_script',
  'vrrp_track_process',
  'vrrp_track_file',
  'static_ipaddress',
  'static_routes',
  'static_rules',
  'bfd_instance',
  'virtual_server',
  'virtual_server_group',
  'garp_group',
  'interface_up_down_delays',
  'linkbeat_interfaces',
]);

const interfaceSecondsMax = 255;

export const topKeywords: Table<TopDraft> = {
  // Read before all others (parse.ts).
  global_defs: (_, statement, scope) => void blockOf(statement, scope),
  ...Object.fromEntries(Object.keys(daemonKeywords).map((keyword) => [keyword, alreadySo<TopDraft>()])),
  vrrp_instance: named(
    (top) => top.instances,
    (name, statement) => ({ name, statement }),
  ),
  vrrp_sync_group: named(
    (top) => top.syncGroups,
    (name, statement) => ({ name, statement }),
  ),
  vrrp_script: named((top) => top.scripts, readScript),
  vrrp_track_process: named((top) => top.processes, readProcess),
  track_process: named((top) => top.processes, readProcess),
  track_file: named((top) => top.files, readFile),
  vrrp_track_file: named((top) => top.files, readFile),
  bfd_instance: named((top) => top.bfd, readBfd),
  static_ipaddress: list((top, item, scope) => {
    const address = readAddress(item, scope);
    if (address !== undefined) top.staticAddresses.push(address);
  }),
  static_routes: list((top, item, scope) => {
    const route = readRoute(item, scope);
    if (route !== undefined) top.staticRoutes.push(route);
  }),
  static_rules: list((top, item, scope) => {
    const rule = readRule(item, scope);
    if (rule !== undefined) top.staticRules.push(rule);
  }),
  track_group: notDone(
    'static addresses, routes and rules are not tracked',
    (_, statement, scope) => void blockOf(statement, scope),
  ),
  garp_group: (top, statement, scope) => {
    const group: GarpGroupDraft = { garpIntervalMs: undefined, gnaIntervalMs: undefined, interfaces: [] };
    readBlock(group, blockOf(statement, scope), garpGroupKeywords, { ...scope, subject: '(garp_group) ' });
    top.garpGroups.push(group);
    if (group.garpIntervalMs !== undefined || group.gnaIntervalMs !== undefined) return;
    scope.findings.warning(statement.end, 'garp group does not have any delay set - removing', {
      fix: 'Write garp_interval SECONDS or gna_interval SECONDS',
    });
  },
  interface_up_down_delays: list((top, item, scope) => {
    const [name = '', down = '0', up = down] = wordsOf(item);
    reportUnknownInterface(name, item, scope);
    const downDelayMs = secondsOf(down, item, { min: 0, max: interfaceSecondsMax }, scope);
    const upDelayMs = secondsOf(up, item, { min: 0, max: interfaceSecondsMax }, scope);
    if (downDelayMs === undefined || upDelayMs === undefined) return;
    top.interfaceDelays.push({ interface: name, downDelayMs, upDelayMs });
  }),
  linkbeat_interfaces: notDone(
    'the kernel tells of carrier by netlink, and nothing is polled',
    list((_, item, scope) => reportUnknownInterface(item.keyword, item, scope)),
  ),
  linkbeat_use_polling: notDone('the kernel tells of carrier by netlink, and nothing is polled'),
  virtual_server: (top, statement, scope) => {
    top.virtualServers.push(readVirtualServer(statement, scope));
  },
  virtual_server_group: (top, statement, scope) => {
    top.virtualServers.push(readVirtualServer(statement, scope));
  },
  SSL: notDone('there are no checkers to use it', (_, statement, scope) => void blockOf(statement, scope)),
};

/** Blocks whose missing name is a missing value like that of any line. */
const namedByParameter = ['vrrp_script', 'vrrp_track_process', 'track_process', 'vrrp_track_file', 'track_file'];
/** Blocks of which the peer passes over a second one without a word. */
const firstCounts = ['vrrp_script', 'vrrp_track_file', 'track_file'];

/** `KEYWORD NAME { }`: a name, a block, and no other of that name. */
function named<Item extends { readonly name: string }>(
  target: (top: TopDraft) => Item[],
  read: (name: string, statement: Statement, scope: Scope) => Item | undefined,
): Reader<TopDraft> {
  return (top, statement, scope) => {
    const name = statement.words[0]?.text;
    if (name === undefined) {
      if (namedByParameter.includes(statement.keyword)) reportMissing(statement, scope);
      else
        scope.findings.error(statement.place, `${statement.keyword} must have a name`, {
          fix: `Write ${statement.keyword} NAME { … }`,
        });
      return;
    }
    blockOf(statement, scope);
    const items = target(top);
    const names = top.names.get(items) ?? new Set();
    top.names.set(items, names);
    if (names.has(name)) {
      const severity = firstCounts.includes(statement.keyword) ? 'info' : 'error';
      scope.findings[severity](statement.place, `${statement.keyword.replace('_', ' ')} ${name} already defined`, {
        why: 'the first one counts',
      });
      return;
    }
    const item = read(name, statement, scope);
    if (item === undefined) return;
    items.push(item);
    names.add(name);
  };
}

type GarpGroupDraft = { garpIntervalMs: number | undefined; gnaIntervalMs: number | undefined; interfaces: string[] };

const pacingBounds = { min: 0, max: 4294.967295 };

const garpGroupKeywords: Table<GarpGroupDraft> = {
  garp_interval: seconds(pacingBounds, (group, value) => {
    group.garpIntervalMs = value;
  }),
  gna_interval: seconds(pacingBounds, (group, value) => {
    group.gnaIntervalMs = value;
  }),
  interface: (group, statement, scope) =>
    word<GarpGroupDraft>((_, name) => {
      reportUnknownInterface(name, statement, scope);
      group.interfaces.push(name);
    })(group, statement, scope),
  interfaces: list((group, item, scope) => {
    for (const name of wordsOf(item)) reportUnknownInterface(name, item, scope);
    group.interfaces.push(...wordsOf(item));
  }),
};
