// /etc/haven/cluster.json: the cluster's name and its nodes. Everything else has a default or lives in the document.
//
//   { "cluster": "demo",
//     "nodes": [ { "name": "n1", "id": 1, "addresses": ["10.0.0.1"] }, … ],
//     "profile": "default" }
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { CommandFailure, type Failure, nearest } from '../../kit/index.ts';

export type ConfiguredMember = { readonly name: string; readonly id: number; readonly addresses: readonly string[] };

/** How soon a silent node counts as lost; `fast` for networks and machines that are never slow. */
export type Profile = 'default' | 'fast';

export type ClusterConfiguration = {
  /** Where it was read. */
  readonly file: string;
  readonly cluster: string;
  /** Counts the changes of the node list: of two lists the one with the higher number is the cluster's. */
  readonly revision: number;
  /** Ever given to a node: an id is not used again. */
  readonly highestId: number;
  readonly nodes: readonly ConfiguredMember[];
  readonly port: number;
  readonly profile: Profile;
  readonly keyFile: string;
  /** The cluster's certificate authority and this node's certificate. */
  readonly certificateDirectory: string;
  readonly stateDirectory: string;
  readonly socket: string;
  /** Fed by the guardian; undefined: there is none. */
  readonly watchdog: WatchdogSettings | undefined;
};

/** `timeoutS`: after so long without a sign of life the device resets the machine. */
export type WatchdogSettings = { readonly device: string; readonly timeoutS: number };

export const defaultConfigurationFile = '/etc/haven/cluster.json';

const defaults = {
  port: 5405,
  profile: 'default' as Profile,
  keyFile: '/etc/haven/authkey',
  certificateDirectory: '/etc/haven/tls',
  stateDirectory: '/var/lib/haven',
  socket: '/run/haven/api.sock',
  watchdog: undefined,
};

export const nodesMax = 64;
const idMax = 65_535;
const watchdogTimeoutS = { default: 5, min: 1, max: 60 };
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** @throws CommandFailure `config` or `not-found`, naming the file, the field and what it should be. */
export function readClusterConfiguration(file: string): ClusterConfiguration {
  if (!existsSync(file)) {
    const fix = 'Make a cluster: haven cluster init NAME n1=ADDRESS n2=ADDRESS n3=ADDRESS';
    throw new CommandFailure({
      kind: 'not-found',
      what: `this machine belongs to no cluster: there is no ${file}`,
      fix,
    });
  }
  return parseClusterConfiguration(readFileSync(file, 'utf8'), file);
}

/** @throws CommandFailure `config` */
export function parseClusterConfiguration(text: string, file: string): ClusterConfiguration {
  const fail = (what: string, more: Partial<Failure> = {}) =>
    new CommandFailure({ kind: 'config', what: `${file}: ${what}`, ...more });
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text) as Record<string, unknown>;
  } catch (thrown) {
    throw fail('it is not JSON', { why: (thrown as Error).message });
  }
  const known = ['cluster', 'nodes', 'revision', 'highestId', ...Object.keys(defaults)];
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw fail(
      `unknown field '${key}'`,
      near === undefined ? { fix: `Known are: ${known.join(', ')}` } : { fix: `Did you mean '${near}'?` },
    );
  }
  const { cluster, nodes } = given;
  if (typeof cluster !== 'string' || !namePattern.test(cluster)) {
    throw fail("'cluster' is to be the cluster's name", { why: 'letters, digits, dots and dashes, at most 64' });
  }
  const members = membersOf(nodes, fail);
  const profile = given.profile ?? defaults.profile;
  if (profile !== 'default' && profile !== 'fast') throw fail("'profile' is to be 'default' or 'fast'");
  const port = given.port ?? defaults.port;
  if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > 65_535) throw fail("'port' is to be a UDP port");
  const ids = members.map(({ id }) => id);
  return {
    file,
    cluster,
    revision: countOf(given, 'revision', fail),
    highestId: Math.max(countOf(given, 'highestId', fail), ...ids),
    nodes: members,
    port: Number(port),
    profile,
    keyFile: pathOf(given, 'keyFile', fail),
    certificateDirectory: pathOf(given, 'certificateDirectory', fail),
    stateDirectory: pathOf(given, 'stateDirectory', fail),
    socket: pathOf(given, 'socket', fail),
    watchdog: watchdogOf(given.watchdog, fail),
  };
}

/** The file's text: what is as by default is left out. */
export function formatClusterConfiguration({ file: _, ...configuration }: ClusterConfiguration): string {
  const given = Object.entries(configuration).filter(
    ([field, value]) => value !== (defaults as Readonly<Record<string, unknown>>)[field],
  );
  return `${JSON.stringify(Object.fromEntries(given), null, 2)}\n`;
}

/** Written aside and put in its place at once: after a power failure the file is the old one or the new one. */
export function writeClusterConfiguration(configuration: ClusterConfiguration): void {
  const { file } = configuration;
  const aside = `${file}.new`;
  const descriptor = openSync(aside, 'w', 0o644);
  writeSync(descriptor, formatClusterConfiguration(configuration));
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(aside, file);
}

export function isNodeName(name: string): boolean {
  return namePattern.test(name);
}

type Fail = (what: string, more?: Partial<Failure>) => CommandFailure;

function membersOf(nodes: unknown, fail: Fail): ConfiguredMember[] {
  if (!Array.isArray(nodes) || nodes.length === 0 || nodes.length > nodesMax)
    throw fail(`'nodes' is to list 1 to ${nodesMax} nodes`);
  const members = nodes.map((node: unknown, position) => memberOf(node, position, fail));
  for (const field of ['name', 'id'] as const) {
    const values = members.map((member) => member[field]);
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice !== undefined) throw fail(`two nodes have the ${field} '${twice}'`);
  }
  const links = members[0]?.addresses.length;
  const odd = members.find((member) => member.addresses.length !== links);
  if (odd !== undefined)
    throw fail(`node '${odd.name}' has ${odd.addresses.length} addresses, '${members[0]?.name}' has ${links}`);
  return members;
}

function memberOf(node: unknown, position: number, fail: Fail): ConfiguredMember {
  const { name, id = position + 1, addresses } = (node ?? {}) as Partial<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') throw fail(`node ${position + 1} has no 'name'`);
  if (!isNodeName(name))
    throw fail(`'${name}' is no name of a node`, { why: 'letters, digits, dots and dashes, at most 64' });
  if (!Number.isInteger(id) || Number(id) < 1 || Number(id) > idMax)
    throw fail(`node '${name}': 'id' is to be a number from 1 to ${idMax}, or left out`);
  const list = Array.isArray(addresses)
    ? addresses.filter((address): address is string => typeof address === 'string')
    : [];
  if (list.length === 0)
    throw fail(`node '${name}' has no 'addresses'`, { fix: 'Write its IP address in the cluster network' });
  return { name, id: Number(id), addresses: list };
}

function countOf(given: Readonly<Record<string, unknown>>, key: 'revision' | 'highestId', fail: Fail): number {
  const value = given[key] ?? 0;
  if (!Number.isInteger(value) || Number(value) < 0) throw fail(`'${key}' is to be a whole number`);
  return Number(value);
}

function pathOf(
  given: Readonly<Record<string, unknown>>,
  key: 'keyFile' | 'certificateDirectory' | 'stateDirectory' | 'socket',
  fail: Fail,
): string {
  const value = given[key] ?? defaults[key];
  if (typeof value !== 'string' || !value.startsWith('/')) throw fail(`'${key}' is to be an absolute path`);
  return value;
}

function watchdogOf(given: unknown, fail: Fail): WatchdogSettings | undefined {
  if (given === undefined) return undefined;
  const { default: timeoutDefaultS, min, max } = watchdogTimeoutS;
  const { device, timeoutS = timeoutDefaultS, ...rest } = (given ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof device !== 'string' || !device.startsWith('/') || Object.keys(rest).length > 0)
    throw fail("'watchdog' is to be a device and its timeout", {
      fix: `Write "watchdog": { "device": "/dev/watchdog", "timeoutS": ${timeoutDefaultS} }`,
    });
  if (!Number.isInteger(timeoutS) || Number(timeoutS) < min || Number(timeoutS) > max)
    throw fail(`'timeoutS' of 'watchdog' is to be ${min} to ${max} whole seconds`);
  return { device, timeoutS: Number(timeoutS) };
}
