// What a `<bundle>` says about its containers, and the definitions of the resources that follow from it.

import { isTrue, parseIntegerFrom, type XmlElement, xmlElement } from '../../cib/index.ts';
import { instancesMax } from './clone.ts';
import { nvset, operation } from './implicit-connection.ts';

export type BundleDefinition = {
  readonly id: string;
  readonly launcherType: 'docker' | 'podman';
  readonly image: string;
  readonly promotedMax: number;
  readonly replicasMax: number;
  readonly replicasPerHost: number;
  /** Whether several replicas on a host were asked for, even where they are not possible. */
  readonly unique: boolean;
  readonly runCommand: string | undefined;
  readonly options: string | undefined;
  readonly network: string | undefined;
  readonly ipRangeStart: string | undefined;
  readonly hostNetmask: string | undefined;
  readonly hostInterface: string | undefined;
  readonly controlPort: string | undefined;
  readonly addHost: boolean;
  readonly ports: readonly PortMapping[];
  readonly mounts: readonly Mount[];
  readonly primitive: XmlElement | undefined;
};

type PortMapping = { readonly source: string; readonly target: string };
type Mount = {
  readonly source: string;
  readonly target: string;
  readonly options: string | undefined;
  /** Each replica has its own directory below the source. */
  readonly perReplica: boolean;
};

const defaultControlPort = '3121';

/** Undefined when the bundle lacks what it needs; `mistake` is told why. */
export function readBundleDefinition(
  element: XmlElement,
  mistake: (what: string, fix: string) => void,
): BundleDefinition | undefined {
  const launcherType = element.child('docker') !== undefined ? 'docker' : 'podman';
  const container = element.child(launcherType);
  if (container === undefined) {
    mistake(`the bundle '${element.id}' has no container`, 'Add a <podman> or <docker> element');
    return undefined;
  }
  const network = element.child('network');
  const primitive = element.child('primitive');
  const ipRangeStart = network?.get('ip-range-start');
  const controlPort = network?.get('control-port');
  if (primitive !== undefined && ipRangeStart === undefined && controlPort === undefined) {
    mistake(`nothing can reach '${primitive.id}' inside '${element.id}'`, 'Give ip-range-start or control-port');
    return undefined;
  }
  const counts = replicaCounts(container);
  const isSinglePerHost = primitive !== undefined && ipRangeStart === undefined;
  return {
    id: element.id ?? '',
    launcherType,
    image: container.get('image') ?? '',
    ...counts,
    replicasPerHost: isSinglePerHost ? 1 : counts.replicasPerHost,
    unique: counts.replicasPerHost > 1,
    runCommand: container.get('run-command'),
    options: container.get('options'),
    network: container.get('network'),
    ipRangeStart,
    hostNetmask: network?.get('host-netmask'),
    hostInterface: network?.get('host-interface'),
    controlPort,
    addHost: network?.get('add-host') === undefined || isTrue(network.get('add-host')),
    ports: [...portsOf(network), ...(primitive === undefined ? [] : [controlPortMapping(controlPort)])],
    mounts: mountsOf(element, primitive !== undefined),
    primitive,
  };
}

function replicaCounts(container: XmlElement) {
  const atLeast = (min: number, name: string) => {
    const text = container.get(name);
    return text === undefined ? undefined : parseIntegerFrom(min, text);
  };
  const promotedMax = atLeast(0, 'promoted-max') ?? atLeast(0, 'masters') ?? 0;
  const replicasMax = Math.min(instancesMax, atLeast(1, 'replicas') ?? (promotedMax > 0 ? promotedMax : 1));
  return { promotedMax, replicasMax, replicasPerHost: atLeast(1, 'replicas-per-host') ?? 1 };
}

function portsOf(network: XmlElement | undefined): PortMapping[] {
  return (network?.childrenNamed('port-mapping') ?? []).flatMap((mapping) => {
    const port = mapping.get('port');
    const range = mapping.get('range');
    if (port !== undefined) return [{ source: port, target: mapping.get('internal-port') ?? port }];
    return range === undefined ? [] : [{ source: range, target: range }];
  });
}

function controlPortMapping(controlPort: string | undefined): PortMapping {
  const port = controlPort ?? defaultControlPort;
  return { source: port, target: port };
}

function mountsOf(element: XmlElement, withPrimitive: boolean): Mount[] {
  const mounts = (element.child('storage')?.childrenNamed('storage-mapping') ?? []).flatMap((mapping) => {
    const root = mapping.get('source-dir-root');
    const source = mapping.get('source-dir') ?? root;
    const target = mapping.get('target-dir');
    if (source === undefined || target === undefined) return [];
    const perReplica = mapping.get('source-dir') === undefined;
    return [{ source, target, options: mapping.get('options'), perReplica }];
  });
  if (!withPrimitive) return mounts;
  const key = '/etc/pacemaker/authkey';
  mounts.push({ source: key, target: key, options: undefined, perReplica: false });
  if (!mounts.some((mount) => mount.target === '/var/log')) {
    mounts.push({ source: '/var/log/pacemaker/bundles', target: '/var/log', options: undefined, perReplica: true });
  }
  return mounts;
}

/** The addresses of the replicas, counted up from the first; undefined once the range is used up. */
export function replicaAddresses(definition: BundleDefinition): (string | undefined)[] {
  let address = definition.ipRangeStart;
  return Array.from({ length: definition.replicasMax }, () => {
    const current = address;
    address = current === undefined ? undefined : nextAddress(current);
    return current;
  });
}

function nextAddress(address: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (match === null) return undefined;
  const [first, second, third, fourth] = match.slice(1).map(Number) as [number, number, number, number];
  if (fourth <= 253) return `${first}.${second}.${third}.${fourth + 1}`;
  return third <= 253 ? `${first}.${second}.${third + 1}.1` : undefined;
}

/** The port at which the inside of a container is reached. */
export function controlPortOf(definition: BundleDefinition): string {
  return definition.controlPort ?? defaultControlPort;
}

/** The implicit clone around the bundled primitive. */
export function bundleCloneElement(definition: BundleDefinition, primitive: XmlElement): XmlElement {
  const { id, promotedMax, replicasMax, replicasPerHost } = definition;
  const isPromotable = promotedMax > 0;
  const meta = {
    ordered: 'true',
    'clone-max': String(replicasMax),
    'clone-node-max': String(replicasPerHost),
    'globally-unique': replicasPerHost > 1 ? 'true' : 'false',
    promotable: isPromotable ? 'true' : undefined,
    'promoted-max': isPromotable ? String(promotedMax) : undefined,
  };
  const cloneId = `${id}-${isPromotable ? 'master' : 'clone'}`;
  return xmlElement('clone', { id: cloneId }, [nvset('meta_attributes', `${id}-clone-meta`, meta), primitive]);
}

/** One replica, as far as definitions need to know it. */
export type ReplicaAddress = { readonly offset: number; readonly address: string | undefined };

export function containerElement(
  definition: BundleDefinition,
  replica: ReplicaAddress,
  all: readonly ReplicaAddress[],
): XmlElement {
  const { id, launcherType, image, primitive } = definition;
  const containerId = `${id}-${launcherType}-${replica.offset}`;
  const runCommand = definition.runCommand ?? (primitive === undefined ? undefined : '/usr/sbin/pacemaker-remoted');
  const parameters = {
    image,
    allow_pull: 'true',
    force_kill: 'false',
    reuse: 'false',
    run_opts: runOptions(definition, replica, all),
    mount_points: mountPoints(definition, replica),
    run_cmd: runCommand,
    monitor_cmd: '/bin/true',
  };
  return xmlElement('primitive', { id: containerId, class: 'ocf', provider: 'heartbeat', type: launcherType }, [
    nvset('instance_attributes', `${containerId}-attributes-${replica.offset}`, parameters),
    xmlElement('operations', {}, [operation(containerId, { name: 'monitor', interval: '60s' })]),
  ]);
}

function mountPoints(definition: BundleDefinition, { offset }: ReplicaAddress): string {
  return definition.mounts
    .filter((mount) => mount.perReplica)
    .map((mount) => `${mount.source}/${definition.id}-${offset}`)
    .join(',');
}

function runOptions(definition: BundleDefinition, replica: ReplicaAddress, all: readonly ReplicaAddress[]): string {
  const { id, network, options } = definition;
  const parts: string[] = [];
  if (definition.launcherType === 'docker') parts.push(' --restart=no');
  if (definition.ipRangeStart !== undefined) parts.push(` -h ${id}-${replica.offset}`);
  parts.push(' -e PCMK_stderr=1');
  if (network !== undefined) parts.push(` --net=${network}`);
  parts.push(` -e PCMK_remote_port=${controlPortOf(definition)}`);
  for (const mount of definition.mounts) {
    const source = mount.perReplica ? `${mount.source}/${id}-${replica.offset}` : mount.source;
    parts.push(` -v ${source}:${mount.target}${mount.options === undefined ? '' : `:${mount.options}`}`);
  }
  for (const { source, target } of definition.ports) {
    if (replica.address !== undefined) parts.push(` -p ${replica.address}:${source}:${target}`);
    else if (network !== 'host') parts.push(` -p ${source}:${target}`);
  }
  if (options !== undefined) parts.push(` ${options}`);
  return `${parts.join('')} ${hostOptions(definition, all)}`;
}

/** Every container knows all others by name. */
function hostOptions({ id, addHost }: BundleDefinition, all: readonly ReplicaAddress[]): string {
  return all
    .filter(({ address }) => address !== undefined)
    .map(({ offset, address }) =>
      addHost ? ` --add-host=${id}-${offset}:${address}` : ` --hosts-entry=${address}=${id}-${offset}`,
    )
    .join('');
}

export function addressElement(definition: BundleDefinition, address: string): XmlElement {
  const id = `${definition.id}-ip-${address.replace(/[^A-Za-z0-9._-]/g, '.')}`;
  const parameters = {
    ip: address,
    nic: definition.hostInterface,
    cidr_netmask: definition.hostNetmask ?? '32',
  };
  return xmlElement('primitive', { id, class: 'ocf', provider: 'heartbeat', type: 'IPaddr2' }, [
    nvset('instance_attributes', `${id}-attributes`, parameters),
    xmlElement('operations', {}, [operation(id, { name: 'monitor', interval: '60s' })]),
  ]);
}
