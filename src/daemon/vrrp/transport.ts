// Adverts on and off the wire. Instances on one interface share a socket a family and protocol, as Keepalived's "sockpool".
import { createHmac } from 'node:crypto';
import { defined } from '../../kit/index.ts';
import {
  type BatchListener,
  type Departure,
  type IpSocket,
  type KernelError,
  type MessageBatch,
  openRawSocket,
  type ReceivedMessage,
  type RememberedMessage,
} from '../../linux/index.ts';
import {
  type Advertisement,
  ahProtocol,
  authenticationTypeOf,
  countRefusal,
  decodeIpv4,
  type Expectation,
  encodeAdvertisement,
  encodeIpv4,
  expectationOf,
  formatAddress,
  type Instance,
  type InstanceConfiguration,
  type Ipv4Header,
  openAuthenticationHeader,
  parseAddress,
  peekRouter,
  type ReceivedPacket,
  type Refusal,
  receive,
  refusalOf,
  sealAuthenticationHeader,
  vrrpProtocol,
} from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';
import type { Farewell } from './pledge.ts';
import { advertInterface } from './virtual-mac.ts';

export type HeardAdvert = { readonly instance: string; readonly source: Uint8Array; readonly advert: Advertisement };

export type TransportListener = {
  readonly onAdvert: (heard: HeardAdvert) => void;
  /** An advert that is not accepted; `message` has both sides' values. */
  readonly onRefusal: (refusal: Refusal) => void;
  readonly onStranger: (interfaceName: string, virtualRouterId: number) => void;
  readonly onError: (instance: string, error: KernelError) => void;
};

/** An instance as the wire sees it. */
type Port = {
  readonly configuration: InstanceConfiguration;
  readonly expectation: Expectation;
  readonly instance: Instance;
  readonly pool: Pool;
  /** Of the other way of authentication. */
  readonly otherPool: Pool | undefined;
  source: Uint8Array | undefined;
  identification: number;
  sequence: number;
  /** Ready adverts by priority, one for each destination: only what counts in them changes from one to the next. */
  readonly ready: Map<number, readonly ReadyAdvert[]>;
  /** The last accepted message and what it says: most adverts repeat the one before. */
  accepted: { readonly message: RememberedMessage; readonly heard: HeardAdvert } | undefined;
};

type ReadyAdvert = {
  readonly destination: Uint8Array;
  readonly payload: Uint8Array;
  /** IPv4 without AH: the whole packet. */
  readonly packet: Uint8Array | undefined;
  readonly departure: Departure;
};

type Pool = {
  readonly key: string;
  readonly socket: IpSocket;
  readonly listener: BatchListener;
  readonly interfaceName: string;
  readonly groups: Set<string>;
  readonly family: 'ipv4' | 'ipv6';
  readonly sealed: boolean;
  /** By VRID. */
  readonly ports: (Port | undefined)[];
};

/** Of an IPv4 packet: its identification, and the header checksum that follows from it. */
const ipv4Varying: ReadonlySet<number> = new Set([4, 5, 10, 11]);
const nothingVarying: ReadonlySet<number> = new Set();

const hopLimit = 255;
const networkControl = 0xc0;

export class Transport {
  readonly #interfaces: Interfaces;
  readonly #listener: TransportListener;
  readonly #ports = new Map<string, Port>();
  readonly #pools = new Map<string, Pool>();

  constructor(interfaces: Interfaces, listener: TransportListener) {
    this.#interfaces = interfaces;
    this.#listener = listener;
  }

  /** Opens or shares the socket of an instance, or what the kernel has against it. */
  attach(instance: Instance): KernelError | undefined {
    const { configuration } = instance;
    const pool = this.#poolOf(configuration, protocolOf(configuration));
    if (!('socket' in pool)) return pool;
    const otherProtocol = otherProtocolOf(configuration);
    const otherPool = otherProtocol === undefined ? undefined : this.#poolOf(configuration, otherProtocol);
    if (otherPool !== undefined && !('socket' in otherPool)) return otherPool;
    const port: Port = {
      configuration,
      expectation: expectationOf(configuration),
      instance,
      pool,
      otherPool,
      source: this.#ports.get(configuration.name)?.source,
      identification: this.#ports.get(configuration.name)?.identification ?? 0,
      sequence: this.#ports.get(configuration.name)?.sequence ?? 0,
      ready: new Map(),
      accepted: undefined,
    };
    this.#forget(configuration.name);
    this.#ports.set(configuration.name, port);
    pool.ports[configuration.virtualRouterId] = port;
    if (otherPool !== undefined) otherPool.ports[configuration.virtualRouterId] = port;
    this.#closeUnused();
    return undefined;
  }

  detach(name: string): void {
    this.#forget(name);
    this.#closeUnused();
  }

  /** An interface was replaced by another of the same name: its sockets are of no use. */
  reopen(interfaceName: string): void {
    for (const [key, pool] of this.#pools) {
      if (pool.interfaceName !== interfaceName) continue;
      pool.socket.close();
      this.#pools.delete(key);
    }
  }

  setSource(name: string, source: Uint8Array | undefined): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    port.source = source;
    port.ready.clear();
  }

  /** Sends an advert to the group, or to each peer in turn. */
  advertise(name: string, priority: number): void {
    const port = this.#ports.get(name);
    if (port === undefined || this.#pools.get(port.pool.key) !== port.pool) return;
    for (const ready of this.#readyFor(port, priority)) {
      const sent = port.pool.socket.send(this.#bytesOf(port, ready), ready.departure);
      if (!sent.ok) this.#listener.onError(name, sent.error);
    }
  }

  /** Priority 0 as it would be sent now, for someone else to send: to the group, or to each peer. */
  farewells(name: string): Farewell[] {
    const port = this.#ports.get(name);
    if (port?.source === undefined) return [];
    const { source, identification, sequence } = port;
    const { family, transport } = port.configuration;
    const farewells = this.#readyFor(port, 0).map((ready) => {
      const bytes = Uint8Array.from(family === 'ipv4' ? this.#bytesOf(port, ready) : ready.payload);
      return { family, to: transport.kind, source, destination: ready.destination, bytes };
    });
    port.identification = identification;
    port.sequence = sequence;
    return farewells;
  }

  /** Reads what has arrived and not been delivered yet: before a timer is believed that fired late. */
  drain(): void {
    for (const { socket, listener } of this.#pools.values()) socket.drainInBatches(listener);
  }

  close(): void {
    for (const { socket } of this.#pools.values()) socket.close();
    this.#pools.clear();
    this.#ports.clear();
  }

  #forget(name: string): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    this.#ports.delete(name);
    for (const { ports } of [port.pool, port.otherPool ?? port.pool])
      if (ports[port.configuration.virtualRouterId] === port) ports[port.configuration.virtualRouterId] = undefined;
  }

  #closeUnused(): void {
    const used = new Set([...this.#ports.values()].flatMap((port) => [port.pool.key, port.otherPool?.key]));
    for (const [key, pool] of this.#pools) {
      if (used.has(key)) continue;
      pool.socket.close();
      this.#pools.delete(key);
    }
  }

  #poolOf(configuration: InstanceConfiguration, protocol: number): Pool | KernelError {
    const pool = this.#pools.get(keyOf(configuration, protocol)) ?? this.#open(configuration, protocol);
    return ('socket' in pool ? this.#join(pool, configuration) : undefined) ?? pool;
  }

  #open(configuration: InstanceConfiguration, protocol: number): Pool | KernelError {
    const { family, kernelReceiveBufferBytes } = configuration;
    const interfaceName = advertInterface(configuration);
    const link = this.#interfaces.link(interfaceName);
    const opened = openRawSocket({
      family,
      protocol,
      interfaceName,
      ipHeader: 'sender',
      hopLimit,
      trafficClass: networkControl,
      priority: 6,
      multicastLoop: 'others-only',
      ...(link === undefined ? {} : { multicastInterfaceIndex: link.index }),
      ...(kernelReceiveBufferBytes === undefined ? {} : { receiveBufferBytes: kernelReceiveBufferBytes }),
    });
    if (!opened.ok) return opened.error;
    const listener: BatchListener = {
      onBatch: (batch) => this.#receiveAll(pool, batch),
      onError: (error) => this.#listener.onError(configuration.name, error),
    };
    const pool: Pool = {
      key: keyOf(configuration, protocol),
      socket: opened.value,
      listener,
      interfaceName,
      groups: new Set(),
      family,
      sealed: protocol === ahProtocol,
      ports: new Array(256).fill(undefined),
    };
    const listening = pool.socket.listenInBatches(listener);
    if (!listening.ok) {
      pool.socket.close();
      return listening.error;
    }
    this.#pools.set(pool.key, pool);
    return pool;
  }

  #join(pool: Pool, configuration: InstanceConfiguration): KernelError | undefined {
    const { transport } = configuration;
    const link = this.#interfaces.link(advertInterface(configuration));
    if (transport.kind !== 'multicast' || pool.groups.has(transport.group) || link === undefined) return undefined;
    const joined = pool.socket.join({ address: transport.group, interfaceIndex: link.index });
    if (!joined.ok) return joined.error;
    pool.groups.add(transport.group);
    return undefined;
  }

  #readyFor(port: Port, priority: number): readonly ReadyAdvert[] {
    const known = port.ready.get(priority);
    if (known !== undefined) return known;
    const { source, configuration } = port;
    const link = this.#interfaces.link(advertInterface(configuration));
    if (source === undefined || link === undefined) return [];
    const { transport, family } = configuration;
    const addresses =
      transport.kind === 'multicast' ? [transport.group] : transport.peers.map(({ address }) => address);
    const ready = addresses.map((address) => {
      const destination = defined(parseAddress(address), 'destinations are addresses');
      const payload = this.#encode(port, { destination, priority, source });
      const plain = family === 'ipv4' && protocolOf(configuration) === vrrpProtocol;
      const to = { address, port: 0 };
      return {
        destination,
        payload,
        packet: plain ? encodeIpv4(this.#header(port, destination), payload) : undefined,
        // Over IPv6 the kernel writes the header, and might choose a virtual address as source.
        departure: family === 'ipv4' ? { to } : { to: { ...to, scopeId: link.index }, source: formatAddress(source) },
      };
    });
    port.ready.set(priority, ready);
    return ready;
  }

  /** What goes to the socket now: identification, AH sequence and ICV are new each time. */
  #bytesOf(port: Port, { destination, payload, packet }: ReadyAdvert): Uint8Array {
    if (port.configuration.family === 'ipv6') return payload;
    port.identification = (port.identification + 1) & 0xffff;
    if (packet === undefined) return this.#seal(port, destination, payload);
    packet[4] = port.identification >> 8;
    packet[5] = port.identification & 0xff;
    return packet;
  }

  #encode(port: Port, advert: { destination: Uint8Array; priority: number; source: Uint8Array }): Uint8Array {
    const { configuration, expectation } = port;
    return encodeAdvertisement(
      {
        version: configuration.version,
        virtualRouterId: configuration.virtualRouterId,
        priority: advert.priority,
        intervalMs: configuration.advertIntervalMs,
        addresses: expectation.addresses,
        authenticationType: authenticationTypeOf(configuration),
        authenticationData: configuration.authentication.kind === 'pass' ? expectation.secret : new Uint8Array(8),
      },
      advert,
      expectation.checksumScope,
    );
  }

  #header(port: Port, destination: Uint8Array): Ipv4Header {
    const { transport } = port.configuration;
    return {
      source: defined(port.source, 'an advert has a source'),
      destination,
      protocol: protocolOf(port.configuration),
      ttl: transport.kind === 'unicast' ? transport.ttl : hopLimit,
      identification: port.identification,
    };
  }

  #seal(port: Port, destination: Uint8Array, payload: Uint8Array): Uint8Array {
    port.sequence++;
    const header = this.#header(port, destination);
    const unsealed = encodeIpv4(header, new Uint8Array(24 + payload.length));
    const sealed = sealAuthenticationHeader(
      { header: unsealed.subarray(0, 20), sequence: port.sequence, payload },
      port.expectation.secret,
      hmacMd5,
    );
    return encodeIpv4(header, sealed);
  }

  #receiveAll(pool: Pool, batch: MessageBatch): void {
    for (let place = 0; place < batch.count; place++) {
      const accepted = portOf(pool, batch, place)?.accepted;
      const varying = pool.family === 'ipv4' ? ipv4Varying : nothingVarying;
      if (accepted !== undefined && batch.isRepeat(place, accepted.message, varying))
        this.#listener.onAdvert(accepted.heard);
      else this.#receive(pool, batch.message(place), batch.remember(place));
    }
  }

  #receive(pool: Pool, message: ReceivedMessage, remembered: RememberedMessage): void {
    const packet = pool.family === 'ipv4' ? ipv4PacketOf(message) : ipv6PacketOf(message);
    if (packet === undefined) return;
    const router = peekRouter(pool.sealed ? packet.payload.subarray(24) : packet.payload);
    if (router === undefined) return;
    const port = pool.ports[router.virtualRouterId];
    if (port === undefined) {
      this.#listener.onStranger(pool.interfaceName, router.virtualRouterId);
      return;
    }
    if (!isFor(port.configuration, packet)) return;
    const opened = pool.sealed ? this.#unseal(port, packet) : packet;
    if (opened !== undefined) this.#accept(port, opened, remembered);
  }

  #unseal(port: Port, packet: ReceivedPacket & { readonly header: Uint8Array }): ReceivedPacket | undefined {
    // Not ours to verify: the check of the authentication type refuses it.
    if (protocolOf(port.configuration) !== ahProtocol) return { ...packet, payload: packet.payload.subarray(24) };
    const opened = openAuthenticationHeader(packet, port.expectation.secret, hmacMd5);
    if (opened.ok) return { ...packet, payload: opened.value.payload, ahVerified: true };
    const objection = { code: 'authentication-failure', message: opened.error } as const;
    this.#refuse(port, refusalOf(port.configuration, packet.source, objection));
    return undefined;
  }

  #refuse(port: Port, refusal: Refusal): void {
    countRefusal(port.instance.statistics, refusal.code);
    this.#listener.onRefusal(refusal);
  }

  #accept(port: Port, packet: ReceivedPacket, message: RememberedMessage): void {
    const checked = receive(packet, port.expectation);
    if (!checked.ok) {
      this.#refuse(port, checked.error);
      return;
    }
    const heard = { instance: port.configuration.name, source: packet.source, advert: checked.value };
    // Behind an authentication header no two adverts are alike, and none must be believed for looking alike.
    if (!packet.ahVerified) port.accepted = { message, heard };
    this.#listener.onAdvert(heard);
  }
}

/** The other way of authentication: heard only to say that the two sides have different ones. */
function otherProtocolOf(configuration: InstanceConfiguration): number | undefined {
  if (configuration.version === 3 || configuration.family === 'ipv6') return undefined;
  return protocolOf(configuration) === ahProtocol ? vrrpProtocol : ahProtocol;
}

/** Whose VRID a message names, before anything else of it is believed. */
function portOf(pool: Pool, batch: MessageBatch, place: number): Port | undefined {
  if (pool.sealed) return undefined;
  const headerLength = pool.family === 'ipv4' ? ((batch.byteAt(place, 0) ?? 0) & 0x0f) * 4 : 0;
  const virtualRouterId = batch.byteAt(place, headerLength + 1);
  return virtualRouterId === undefined ? undefined : pool.ports[virtualRouterId];
}

function protocolOf(configuration: InstanceConfiguration): number {
  return authenticationTypeOf(configuration) === 2 ? ahProtocol : vrrpProtocol;
}

function keyOf(configuration: InstanceConfiguration, protocol: number): string {
  return `${configuration.family} ${advertInterface(configuration)} ${protocol}`;
}

/** The raw socket sees every packet of the protocol: multicast instances want their group, unicast ones the host's own address. */
function isFor({ transport }: InstanceConfiguration, packet: ReceivedPacket): boolean {
  const [first = 0] = packet.destination;
  const multicast = packet.destination.length === 4 ? first >= 224 : first === 0xff;
  return multicast === (transport.kind === 'multicast');
}

function ipv4PacketOf(message: ReceivedMessage): (ReceivedPacket & { readonly header: Uint8Array }) | undefined {
  const packet = decodeIpv4(message.bytes);
  if (!packet.ok) return undefined;
  const { source, destination, ttl, payload, headerBytes } = packet.value;
  return { source, destination, ttl, payload, header: headerBytes, ahVerified: false };
}

function ipv6PacketOf(message: ReceivedMessage): (ReceivedPacket & { readonly header: Uint8Array }) | undefined {
  const source = parseAddress(message.source.address);
  const destination = parseAddress(message.destination ?? '');
  if (source === undefined || destination === undefined) return undefined;
  const { bytes: payload, hopLimit: ttl = 0 } = message;
  return { source, destination, ttl, payload, header: new Uint8Array(0), ahVerified: false };
}

function hmacMd5(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac('md5', key).update(message).digest();
}
