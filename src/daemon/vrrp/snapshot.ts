// The state of the daemon at one moment, as plain data: for `haven vrrp status`, the dumps and the guardian.
import {
  type AddressConflict,
  faultReasons,
  formatAddress,
  type HeardPeer,
  type Instance,
  type Router,
  type Transition,
} from '../../vrrp/index.ts';
import { addressesOf, interfaceOf } from './possession.ts';

export type Snapshot = {
  /** The monotonic clock at the moment of the snapshot; all other times are on it. */
  readonly atMs: number;
  readonly instances: readonly InstanceSnapshot[];
  readonly groups: readonly { readonly name: string; readonly state: string; readonly members: readonly string[] }[];
};

export type InstanceSnapshot = {
  readonly name: string;
  readonly state: Instance['status'];
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly version: 2 | 3;
  readonly source: string | undefined;
  readonly addresses: readonly AddressSnapshot[];
  readonly priority: number;
  readonly effectivePriority: number;
  readonly masterIntervalMs: number;
  readonly nextDeadlineMs: number | undefined;
  readonly trackers: readonly TrackerSnapshot[];
  readonly faults: readonly string[];
  readonly peers: readonly HeardPeer[];
  readonly transitions: readonly Transition[];
  /** Its addresses that another host answers for as well. */
  readonly conflicts: readonly AddressConflict[];
  /** Its addresses that another interface of this host has as well. */
  readonly duplicates: readonly AddressDuplicate[];
  readonly statistics: Instance['statistics'];
};

/** An address of an instance, in the advert or excluded from it; a MASTER has it on this interface. */
export type AddressSnapshot = { readonly address: string; readonly prefixLength: number; readonly interface: string };

export type AddressDuplicate = { readonly address: string; readonly interface: string; readonly alsoOn: string };

export type TrackerSnapshot = {
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  /** What it adds to the priority now. */
  readonly weight: number;
  readonly fault: boolean;
};

export function snapshotOf(
  router: Router,
  atMs: number,
  duplicatesOf: (instance: string) => readonly AddressDuplicate[],
): Snapshot {
  return {
    atMs,
    instances: [...router.instances.values()].map((instance) =>
      instanceSnapshot(instance, duplicatesOf(instance.configuration.name)),
    ),
    groups: router.groups.flatMap(({ configuration, members }) =>
      configuration === undefined
        ? []
        : [
            {
              name: configuration.name,
              state: members[0]?.status ?? 'INIT',
              members: members.map((member) => member.configuration.name),
            },
          ],
    ),
  };
}

function instanceSnapshot(instance: Instance, duplicates: readonly AddressDuplicate[]): InstanceSnapshot {
  const { configuration } = instance;
  return {
    name: configuration.name,
    state: instance.status,
    interface: configuration.interface,
    virtualRouterId: configuration.virtualRouterId,
    version: configuration.version,
    source: instance.source === undefined ? undefined : formatAddress(instance.source),
    addresses: addressesOf(configuration).map((address) => ({
      address: address.address,
      prefixLength: address.prefixLength,
      interface: interfaceOf(configuration, address),
    })),
    priority: configuration.priority,
    effectivePriority: instance.effectivePriority,
    masterIntervalMs: instance.masterIntervalMs,
    nextDeadlineMs: Number.isFinite(instance.nextMs) ? instance.nextMs : undefined,
    trackers: instance.trackers.map(({ kind, reference, report, contribution }) => ({
      kind,
      name: reference.name,
      state: report.kind === 'value' ? String(report.value) : report.kind,
      weight: contribution.weight,
      fault: contribution.fault,
    })),
    faults: faultReasons(instance),
    peers: [...instance.peers.values()],
    transitions: instance.transitions,
    conflicts: instance.conflicts,
    duplicates,
    statistics: instance.statistics,
  };
}
