// What a corosync.conf means, for a ring of ours.
import type { QuorumConfig } from '../quorum/model.ts';
import type { TotemTiming } from '../totem/index.ts';

export type ConfiguredNode = {
  /** Place in the file's nodelist. */
  readonly position: number;
  readonly nodeId: number;
  readonly name: string | undefined;
  /** By link number: an address, or a name to be resolved. */
  readonly addresses: ReadonlyMap<number, string>;
  readonly quorumVotes: number;
};

export type ConfiguredLink = {
  readonly linkNumber: number;
  readonly bindNetworkAddress: string | undefined;
  readonly multicastAddress: string | undefined;
  readonly broadcast: boolean;
  readonly port: number;
  readonly ttl: number;
};

export type CorosyncConfig = {
  readonly transport: 'udp' | 'udpu' | 'knet';
  readonly clusterName: string | undefined;
  readonly configVersion: number | undefined;
  readonly secure: boolean;
  readonly keyFile: string;
  readonly linkMode: 'passive' | 'active';
  /** `ip_version`: what addresses may be of, and which is taken for a name that has both. */
  readonly families: readonly Family[];
  readonly netMtu: number;
  readonly nodes: readonly ConfiguredNode[];
  readonly local: ConfiguredNode;
  readonly links: readonly ConfiguredLink[];
  readonly timing: TotemTiming;
  /** Undefined: no quorum provider. */
  readonly quorum: QuorumConfig | undefined;
  readonly logging: ReadonlyMap<string, string>;
};

export type Family = 'ipv4' | 'ipv6';

/** What the file is read against: this machine. */
export type Machine = {
  readonly hostName: string;
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
  /** Text of errno, or the size. */
  readonly keyFileBytes: (file: string) => number | string;
  /** Text of errno, or undefined when it is a directory that can be entered. */
  readonly directoryFault: (path: string) => string | undefined;
  /** An address for a host name, of the first of the families that it has one of; undefined when there is none. */
  readonly resolve: (name: string, families: readonly Family[]) => string | undefined;
  readonly hasUser: (name: string) => boolean;
  readonly hasGroup: (name: string) => boolean;
};
