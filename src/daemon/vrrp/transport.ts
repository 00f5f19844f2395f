// Adverts on and off the wire. Instances on one interface share a socket a family and protocol, as Keepalived's "sockpool".
import { createHmac } from 'node:crypto';
import { defined } from '../../kit/index.ts';
import { type IpSocket, type KernelError, openRawSocket, type ReceivedMessage } from '../../linux/index.ts';
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
  openAuthenticationHeader,
  parseAddress,
  peekRouter,
  type ReceivedPacket,
  receive,
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
  readonly onRefusal: (instance: string, message: string) => void;
  readonly onStranger: (interfaceName: string, virtualRouterId: number) => void;
  readonly onError: (instance: string, error: KernelError) => void;
};

/** An instance as the wire sees it. */
type Port = {
  readonly configuration: InstanceConfiguration;
  readonly expectation: Expectation;
  readonly instance: Instance;
  readonly socketKey: string;
  source: Uint8Array | undefined;
  identification: number;
  sequence: number;
  /** Encoded adverts by destination and priority. */
  readonly encoded: Map<string, Uint8Array>;
  /** The last accepted payload and what it says: most adverts repeat the one before. */
  accepted: { readonly payload: Uint8Array; readonly source: Uint8Array; readonly advert: Advertisement } | undefined;
};

type Pool = { readonly socket: IpSocket; readonly interfaceName: string; readonly groups: Set<string> };

const hopLimit = 255;
const networkControl = 0xc0;

export class Transport {
  readonly #interfaces: Interfaces;
  readonly #listener: TransportListener;
  readonly #ports = new Map<string, Port>();
  readonly #pools = new Map<string, Pool>();
  /** Socket key and VRID to the instance's name. */
  readonly #routes = new Map<string, Port>();

  constructor(interfaces: Interfaces, listener: TransportListener) {
    this.#interfaces = interfaces;
    this.#listener = listener;
  }

  /** Opens or shares the socket of an instance, or what the kernel has against it. */
  attach(instance: Instance): KernelError | undefined {
    const { configuration } = instance;
    const socketKey = keyOf(configuration);
    const pool = this.#pools.get(socketKey) ?? this.#open(configuration, socketKey);
    if (!('socket' in pool)) return pool;
    const joined = this.#join(pool, configuration);
    if (joined !== undefined) return joined;
    const port: Port = {
      configuration,
      expectation: expectationOf(configuration),
      instance,
      socketKey,
      source: this.#ports.get(configuration.name)?.source,
      identification: this.#ports.get(configuration.name)?.identification ?? 0,
      sequence: this.#ports.get(configuration.name)?.sequence ?? 0,
      encoded: new Map(),
      accepted: undefined,
    };
    this.#forget(configuration.name);
    this.#ports.set(configuration.name, port);
    this.#routes.set(routeKey(socketKey, configuration.virtualRouterId), port);
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
    port.encoded.clear();
  }

  /** Sends an advert to the group, or to each peer in turn. */
  advertise(name: string, priority: number): void {
    const port = this.#ports.get(name);
    if (port?.source === undefined) return;
    const { transport } = port.configuration;
    const destinations =
      transport.kind === 'multicast' ? [transport.group] : transport.peers.map((peer) => peer.address);
    for (const destination of destinations) this.#send(port, { destination, priority, source: port.source });
  }

  /** Priority 0 as it would be sent now, for someone else to send; undefined where it goes to single peers. */
  farewell(name: string): Farewell | undefined {
    const port = this.#ports.get(name);
    if (port?.source === undefined || port.configuration.transport.kind !== 'multicast') return undefined;
    const { source, configuration, identification } = port;
    const destination = defined(parseAddress(port.configuration.transport.group), 'groups are addresses');
    const payload = this.#encode(port, { source, destination, priority: 0 });
    const { family } = configuration;
    const bytes = family === 'ipv4' ? this.#wrap(port, { source, destination }, payload) : payload;
    port.identification = identification;
    return { family, source, destination, bytes };
  }

  /** Reads what has arrived and not been delivered yet: before a timer is believed that fired late. */
  drain(): void {
    for (const [key, pool] of this.#pools) {
      for (;;) {
        const received = pool.socket.receive();
        if (!received.ok || received.value === undefined) break;
        this.#receive(key, pool, received.value);
      }
    }
  }

  close(): void {
    for (const { socket } of this.#pools.values()) socket.close();
    this.#pools.clear();
    this.#ports.clear();
    this.#routes.clear();
  }

  #forget(name: string): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    this.#ports.delete(name);
    this.#routes.delete(routeKey(port.socketKey, port.configuration.virtualRouterId));
  }

  #closeUnused(): void {
    const used = new Set([...this.#ports.values()].map((port) => port.socketKey));
    for (const [key, pool] of this.#pools) {
      if (used.has(key)) continue;
      pool.socket.close();
      this.#pools.delete(key);
    }
  }

  #open(configuration: InstanceConfiguration, key: string): Pool | KernelError {
    const { family, kernelReceiveBufferBytes } = configuration;
    const interfaceName = advertInterface(configuration);
    const link = this.#interfaces.link(interfaceName);
    const opened = openRawSocket({
      family,
      protocol: protocolOf(configuration),
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
    const pool = { socket: opened.value, interfaceName, groups: new Set<string>() };
    const listening = pool.socket.listen({
      onMessage: (message) => this.#receive(key, pool, message),
      onError: (error) => this.#listener.onError(configuration.name, error),
    });
    if (!listening.ok) {
      pool.socket.close();
      return listening.error;
    }
    this.#pools.set(key, pool);
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

  #send(port: Port, advert: { destination: string; priority: number; source: Uint8Array }): void {
    const pool = this.#pools.get(port.socketKey);
    const link = this.#interfaces.link(advertInterface(port.configuration));
    if (pool === undefined || link === undefined) return;
    const destination = defined(parseAddress(advert.destination), 'destinations are addresses');
    const payload = this.#encode(port, { ...advert, destination });
    const bytes =
      port.configuration.family === 'ipv4'
        ? this.#wrap(port, { source: advert.source, destination }, payload)
        : payload;
    const to = { address: advert.destination, port: 0 };
    // Over IPv6 the kernel writes the header, and might choose a virtual address as source.
    const departure =
      port.configuration.family === 'ipv4'
        ? { to }
        : { to: { ...to, scopeId: link.index }, source: formatAddress(advert.source) };
    const sent = pool.socket.send(bytes, departure);
    if (!sent.ok) this.#listener.onError(port.configuration.name, sent.error);
  }

  #encode(port: Port, advert: { destination: Uint8Array; priority: number; source: Uint8Array }): Uint8Array {
    const key = `${advert.priority} ${advert.destination.join('.')}`;
    const known = port.encoded.get(key);
    if (known !== undefined) return known;
    const { configuration, expectation } = port;
    const encoded = encodeAdvertisement(
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
    port.encoded.set(key, encoded);
    return encoded;
  }

  #wrap(port: Port, ends: { source: Uint8Array; destination: Uint8Array }, payload: Uint8Array): Uint8Array {
    port.identification = (port.identification + 1) & 0xffff;
    const { transport } = port.configuration;
    const ttl = transport.kind === 'unicast' ? transport.ttl : hopLimit;
    const protocol = protocolOf(port.configuration);
    const header = { ...ends, protocol, ttl, identification: port.identification };
    if (protocol === vrrpProtocol) return encodeIpv4(header, payload);
    port.sequence++;
    const unsealed = encodeIpv4(header, new Uint8Array(24 + payload.length));
    const sealed = sealAuthenticationHeader(
      { header: unsealed.subarray(0, 20), sequence: port.sequence, payload },
      port.expectation.secret,
      hmacMd5,
    );
    return encodeIpv4(header, sealed);
  }

  #receive(key: string, pool: Pool, message: ReceivedMessage): void {
    const packet = key.startsWith('ipv4') ? ipv4PacketOf(message) : ipv6PacketOf(message);
    if (packet === undefined) return;
    const sealed = key.endsWith(String(ahProtocol));
    const router = peekRouter(sealed ? packet.payload.subarray(24) : packet.payload);
    if (router === undefined) return;
    const port = this.#routes.get(routeKey(key, router.virtualRouterId));
    if (port === undefined) {
      this.#listener.onStranger(pool.interfaceName, router.virtualRouterId);
      return;
    }
    if (!isFor(port.configuration, packet)) return;
    const opened = sealed ? this.#unseal(port, packet) : packet;
    if (opened !== undefined) this.#accept(port, opened);
  }

  #unseal(port: Port, packet: ReceivedPacket & { readonly header: Uint8Array }): ReceivedPacket | undefined {
    const opened = openAuthenticationHeader(packet, port.expectation.secret, hmacMd5);
    if (opened.ok) return { ...packet, payload: opened.value.payload, ahVerified: true };
    countRefusal(port.instance.statistics, 'authentication-failure');
    this.#listener.onRefusal(port.configuration.name, `(${port.configuration.name}) ${opened.error}`);
    return undefined;
  }

  #accept(port: Port, packet: ReceivedPacket): void {
    const { accepted, configuration } = port;
    const { source } = packet;
    if (accepted !== undefined && packet.ttl === hopLimit && isRepeated(accepted, packet)) {
      this.#listener.onAdvert({ instance: configuration.name, source, advert: accepted.advert });
      return;
    }
    const checked = receive(packet, port.expectation);
    if (!checked.ok) {
      countRefusal(port.instance.statistics, checked.error.code);
      this.#listener.onRefusal(configuration.name, checked.error.message);
      return;
    }
    if (!packet.ahVerified) port.accepted = { payload: packet.payload, source, advert: checked.value };
    this.#listener.onAdvert({ instance: configuration.name, source, advert: checked.value });
  }
}

function protocolOf(configuration: InstanceConfiguration): number {
  return authenticationTypeOf(configuration) === 2 ? ahProtocol : vrrpProtocol;
}

function keyOf(configuration: InstanceConfiguration): string {
  return `${configuration.family} ${advertInterface(configuration)} ${protocolOf(configuration)}`;
}

function routeKey(socketKey: string, virtualRouterId: number): string {
  return `${socketKey} ${virtualRouterId}`;
}

/** The raw socket sees every packet of the protocol: multicast instances want their group, unicast ones the host's own address. */
function isFor({ transport }: InstanceConfiguration, packet: ReceivedPacket): boolean {
  const [first = 0] = packet.destination;
  const multicast = packet.destination.length === 4 ? first >= 224 : first === 0xff;
  return multicast === (transport.kind === 'multicast');
}

function isRepeated(accepted: { payload: Uint8Array; source: Uint8Array }, packet: ReceivedPacket): boolean {
  return Buffer.compare(accepted.payload, packet.payload) === 0 && Buffer.compare(accepted.source, packet.source) === 0;
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
