// /etc/haven/cluster.json: the cluster's name and its nodes. Everything else has a default or lives in the document.
//
//   { "cluster": "demo",
//     "nodes": [ { "name": "n1", "id": 1, "addresses": ["10.0.0.1"] }, … ],
//     "profile": "default" }
import { existsSync, readFileSync } from 'node:fs';
import { CommandFailure, type Failure, nearest } from '../../kit/index.ts';

export type ConfiguredMember = { readonly name: string; readonly id: number; readonly addresses: readonly string[] };

/** How soon a silent node counts as lost; `fast` for networks and machines that are never slow. */
export type Profile = 'default' | 'fast';

export type ClusterConfiguration = {
  readonly cluster: string;
  readonly nodes: readonly ConfiguredMember[];
  readonly port: number;
  readonly profile: Profile;
  readonly keyFile: string;
  readonly stateDirectory: string;
  readonly socket: string;
};

export const defaultConfigurationFile = '/etc/haven/cluster.json';

const defaults = {
  port: 5405,
  profile: 'default' as Profile,
  keyFile: '/etc/haven/authkey',
  stateDirectory: '/var/lib/haven',
  socket: '/run/haven/api.sock',
};

const nodesMax = 64;

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
  const known = ['cluster', 'nodes', ...Object.keys(defaults)];
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw fail(
      `unknown field '${key}'`,
      near === undefined ? { fix: `Known are: ${known.join(', ')}` } : { fix: `Did you mean '${near}'?` },
    );
  }
  const { cluster, nodes } = given;
  if (typeof cluster !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(cluster)) {
    throw fail("'cluster' is to be the cluster's name", { why: 'letters, digits, dots and dashes, at most 64' });
  }
  const members = membersOf(nodes, fail);
  const profile = given.profile ?? defaults.profile;
  if (profile !== 'default' && profile !== 'fast') throw fail("'profile' is to be 'default' or 'fast'");
  const port = given.port ?? defaults.port;
  if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > 65_535) throw fail("'port' is to be a UDP port");
  return {
    cluster,
    nodes: members,
    port: Number(port),
    profile,
    keyFile: pathOf(given, 'keyFile', fail),
    stateDirectory: pathOf(given, 'stateDirectory', fail),
    socket: pathOf(given, 'socket', fail),
  };
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
  if (id !== position + 1) {
    const why = 'the ring counts nodes by their places';
    throw fail(`node '${name}': 'id' is to be its place in the list, ${position + 1}, or left out`, { why });
  }
  const list = Array.isArray(addresses)
    ? addresses.filter((address): address is string => typeof address === 'string')
    : [];
  if (list.length === 0)
    throw fail(`node '${name}' has no 'addresses'`, { fix: 'Write its IP address in the cluster network' });
  return { name, id: Number(id), addresses: list };
}

function pathOf(
  given: Readonly<Record<string, unknown>>,
  key: 'keyFile' | 'stateDirectory' | 'socket',
  fail: Fail,
): string {
  const value = given[key] ?? defaults[key];
  if (typeof value !== 'string' || !value.startsWith('/')) throw fail(`'${key}' is to be an absolute path`);
  return value;
}
