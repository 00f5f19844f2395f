// The surroundings of a keepalived.conf on this host: files, accounts, interfaces, names of iproute2, programs.
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { Random } from '../../kit/index.ts';
import type { ProgramFacts, RoutingNameKind, Surroundings } from '../keepalived-conf/index.ts';
import { globPaths } from './glob.ts';

/** Larger than a generated file of tens of thousands of instances. */
const fileBytesMax = 64 * 1024 * 1024;
const accountLookupMs = 5000;

export type HostOptions = {
  /** `-i`; default: the first label of the host name. No resolver is asked. */
  readonly configId?: string;
  /** Seed of `${_RANDOM}`; the same file then reads the same every time. */
  readonly randomSeed: number;
};

/** Looks at the host when asked, never before: reading a configuration must not wait for name services. */
export function hostSurroundings(options: HostOptions): Surroundings {
  return {
    readFile: readText,
    glob: globPaths,
    configId: options.configId ?? hostname().split('.')[0] ?? 'localhost',
    random: new Random(options.randomSeed),
    interfaces: interfaceNames(),
    user: lookupUser,
    group: lookupGroup,
    routingName,
    program: programFacts,
  };
}

/** Names of the interfaces in the network namespace of this thread. */
export function interfaceNames(): ReadonlySet<string> {
  const lines = (readText('/proc/thread-self/net/dev') ?? '').split('\n').slice(2);
  return new Set(lines.map((line) => line.split(':')[0]?.trim() ?? '').filter((name) => name !== ''));
}

function readText(path: string): string | undefined {
  try {
    const stats = statSync(path);
    if (stats.isDirectory() || stats.size > fileBytesMax) return undefined;
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function lookupUser(name: string): { uid: number; gid: number } | undefined {
  const fields = account('passwd', name);
  if (fields === undefined) return undefined;
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

function lookupGroup(name: string): number | undefined {
  const fields = account('group', name);
  return fields === undefined ? undefined : Number(fields[2]);
}

/** From the local file; from the name services only what is not there. */
function account(database: 'passwd' | 'group', name: string): readonly string[] | undefined {
  if (!/^[\w.@$-]+$/.test(name)) return undefined;
  const local = entry(readText(`/etc/${database}`) ?? '', name);
  if (local !== undefined) return local;
  const found = spawnSync('getent', [database, name], { encoding: 'utf8', timeout: accountLookupMs });
  return entry(found.stdout ?? '', name);
}

function entry(text: string, name: string): readonly string[] | undefined {
  for (const line of text.split('\n')) {
    const fields = line.split(':');
    if (fields[0] === name && fields.length >= 3) return fields;
  }
  return undefined;
}

const routingFiles: Readonly<Record<RoutingNameKind, string>> = {
  table: 'rt_tables',
  protocol: 'rt_protos',
  scope: 'rt_scopes',
  dsfield: 'rt_dsfield',
};

/** Known without iproute2's files, rtnetlink(7). */
const builtInNames: Readonly<Record<RoutingNameKind, Readonly<Record<string, number>>>> = {
  table: { default: 253, main: 254, local: 255 },
  protocol: { redirect: 1, kernel: 2, boot: 3, static: 4, ra: 9, keepalived: 18 },
  scope: { global: 0, universe: 0, site: 200, link: 253, host: 254, nowhere: 255 },
  dsfield: {},
};

function routingName(kind: RoutingNameKind, name: string): number | undefined {
  const builtIn = builtInNames[kind];
  if (Object.hasOwn(builtIn, name)) return builtIn[name];
  for (const folder of ['/etc/iproute2', '/usr/share/iproute2', '/usr/lib/iproute2']) {
    for (const line of (readText(join(folder, routingFiles[kind])) ?? '').split('\n')) {
      const [number = '', candidate] = line.replace(/#.*/, '').trim().split(/\s+/);
      if (candidate === name && number !== '') return Number(number);
    }
  }
  return undefined;
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Whether `command` can be run by `user`, and by whom it could be replaced. */
export function programFacts(command: string, user: { readonly uid: number; readonly gid: number }): ProgramFacts {
  const path = resolved(command);
  if (path === undefined) return { found: false, executable: false, writableByOthers: [] };
  const stats = statSync(path);
  const bits = stats.uid === user.uid ? 0o100 : stats.gid === user.gid ? 0o010 : 0o001;
  const executable = stats.isFile() && (stats.mode & (user.uid === 0 ? 0o111 : bits)) !== 0;
  return { found: stats.isFile(), executable, writableByOthers: writableParts(path) };
}

/** The real path of an absolute name, or of the first match in the search path. */
function resolved(command: string): string | undefined {
  const candidates = command.includes('/') ? [command] : searchPath.split(':').map((folder) => join(folder, command));
  for (const candidate of candidates) {
    try {
      const path = realpathSync(candidate);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not there: the next one may be.
    }
  }
  return undefined;
}

/** A folder with the sticky bit lets only owners replace what is theirs. */
function writableParts(path: string): readonly string[] {
  const parts: string[] = [];
  for (let part = path; ; part = dirname(part)) {
    const stats = statSync(part);
    const byGroup = stats.gid !== 0 && (stats.mode & 0o020) !== 0;
    const byAll = (stats.mode & 0o002) !== 0 && !(stats.isDirectory() && (stats.mode & 0o1000) !== 0);
    if (stats.uid !== 0 || byGroup || byAll) parts.unshift(part);
    if (part === '/') return parts;
  }
}
