// Datagrams of one member: on which links and to which addresses they go, sealed or not, and which of those that arrive
// are believed.
import { randomInt } from 'node:crypto';
import { CommandFailure, type LogLevel, Slab } from '../../../kit/index.ts';
import {
  DatagramRun,
  type Endpoint,
  listLinks,
  monotonicMs,
  type NetworkWatch,
  openRouteSocket,
  orFail,
  watchNetwork,
} from '../../../linux/index.ts';
import {
  createLinks,
  decodeAnnouncement,
  decodeProbe,
  encodeAnnouncement,
  type LinkHealth,
  type Links,
  type LinksEffect,
  linkHealth,
  nextLinkDeadline,
  routeTo,
  setPeers,
  stepLinks,
  usableLinks,
} from '../../links/index.ts';
import { Seal, type SealRefusal, sessionOf } from '../../seal/index.ts';
import type { TotemEffect } from '../../totem/index.ts';
import { aesGcmCrypto, type SessionKey } from '../aes-gcm.ts';
import { AddressBook, headerNodeId } from './address-book.ts';
import type { Keyring, RingLink, RingPeer, RingSettings } from './settings.ts';
import { type LinkListener, LinkSockets } from './sockets.ts';

export type NetworkListener = {
  /** An authentic ring message, the listener's from now on. */
  readonly onMessage: (bytes: Uint8Array) => void;
  readonly onDrained: () => void;
  readonly onLinkChange: (change: Exclude<LinksEffect, { kind: 'probe' }>) => void;
  /** Every link lost its carrier, or one has it again. */
  readonly onIsolation: (state: 'isolated' | 'connected') => void;
  /** A datagram of a node that is not in the list came from here. */
  readonly onStranger: (source: string) => void;
  readonly onLog: (level: LogLevel, text: string) => void;
};

/** Datagrams by what became of them. */
export type NetworkCounters = {
  sentDatagrams: number;
  sentBytes: number;
  receivedDatagrams: number;
  receivedBytes: number;
  /** From an address that is not in the node list. */
  unlisted: number;
  sendErrors: number;
};

/** Says no more than that its sender is here, under this key. */
const emptyMessage = new Uint8Array(0);
/** The same complaint is made again no sooner. */
const complaintPauseMs = 10_000;

export class RingNetwork {
  readonly counters: NetworkCounters = {
    sentDatagrams: 0,
    sentBytes: 0,
    receivedDatagrams: 0,
    receivedBytes: 0,
    unlisted: 0,
    sendErrors: 0,
  };
  readonly #settings: RingSettings;
  readonly #listener: NetworkListener;
  readonly #sockets: LinkSockets[];
  readonly #seal: Seal<SessionKey> | undefined;
  readonly #book: AddressBook;
  #others: readonly number[];
  /** With one link there is no choice to make, so no health to probe. */
  readonly #links: Links | undefined;
  readonly #carrierWatch: NetworkWatch;
  readonly #carriers: ('up' | 'down')[];
  readonly #slab = new Slab();
  readonly #run = new DatagramRun();
  readonly #complained = new Map<string, number>();

  constructor(settings: RingSettings, listener: NetworkListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#book = new AddressBook(settings.peers, settings.links);
    this.#seal = sealOf(settings);
    this.#others = this.#othersOfBook();
    const { linkMode: mode, linkTiming: timing } = settings;
    this.#links =
      settings.links.length > 1
        ? createLinks({ nodeId: settings.nodeId, peers: this.#others, linkCount: settings.links.length, mode, timing })
        : undefined;
    this.#carriers = settings.links.map(() => 'up');
    this.#sockets = [...this.#openSockets(settings.links, () => true).values()];
    this.#carrierWatch = this.#watchCarriers();
    if (this.#links !== undefined) this.#carryOut(stepLinks(this.#links, { kind: 'start', nowMs: monotonicMs() }));
  }

  /** The key id under which each node spoke last; empty without a key. */
  get keyIdsHeard(): ReadonlyMap<number, number> {
    return this.#seal?.keyIdsHeard ?? new Map();
  }

  setKeys({ keys, activeKeyId }: Keyring): void {
    this.#seal?.setKeys(aesGcmCrypto(keys, this.#settings.clusterName), activeKeyId);
    // On an idle ring only the next member hears from us: everybody is to know what we are now heard under.
    this.multicast(emptyMessage);
    this.flush();
  }

  get refused(): ReadonlyMap<SealRefusal, number> {
    return this.#seal?.refused ?? new Map();
  }

  /** Health of each link to each peer; empty with one link. */
  get health(): readonly LinkHealth[] {
    return this.#links === undefined ? [] : linkHealth(this.#links);
  }

  get carriers(): readonly ('up' | 'down')[] {
    return this.#carriers;
  }

  /** One datagram reaches everybody; otherwise everybody is in the node list. */
  get hasGroup(): boolean {
    return this.#sockets[0]?.hasGroup === true;
  }

  /** Where the node is on the first link, as far as is known. */
  addressOf(nodeId: number): string | undefined {
    return this.#book.endpointOf(0, nodeId)?.address;
  }

  nextDeadline(): number {
    return this.#links === undefined ? Infinity : nextLinkDeadline(this.#links);
  }

  deadline(nowMs: number): void {
    if (this.#links !== undefined) this.#carryOut(stepLinks(this.#links, { kind: 'deadline', nowMs }));
  }

  /**
   * Our own addresses from now on; numbers, ports and groups stay.
   * @throws CommandFailure when one of them is not ours or is taken: nothing has changed then.
   */
  setLinks(links: readonly RingLink[]): void {
    this.flush();
    const moved = links.filter(({ address }, index) => this.#sockets[index]?.link.address !== address);
    if (moved.length === 0) return;
    const opened = this.#openSockets(links, (index) => this.#sockets[index]?.link.address !== links[index]?.address);
    for (const [index, sockets] of opened) {
      this.#sockets[index]?.close();
      this.#sockets[index] = sockets;
    }
    this.#lookAtCarriers();
  }

  /** The cluster has grown or shrunk: whom to speak to and whom to hear from now on. */
  setPeers(peers: readonly RingPeer[]): void {
    this.flush();
    this.#book.setPeers(peers);
    this.#seal?.setKnownNodes(new Set(peers.map(({ nodeId }) => nodeId)));
    this.#peersChanged();
  }

  /** A ring stands: without a node list, whoever is not on it is forgotten until heard again. */
  setMembers(nodeIds: readonly number[]): void {
    if (this.#book.isListed) return;
    this.#book.keep(nodeIds);
    this.#peersChanged();
  }

  #peersChanged(): void {
    this.#others = this.#othersOfBook();
    if (this.#links !== undefined) setPeers(this.#links, this.#others, monotonicMs());
  }

  #othersOfBook(): readonly number[] {
    return this.#book.nodeIds.filter((nodeId) => nodeId !== this.#settings.nodeId);
  }

  send({ nodeId, bytes, attempt }: Omit<Extract<TotemEffect, { kind: 'send' }>, 'kind'>): void {
    this.flush();
    const datagram = this.#seal?.seal(bytes, nodeId) ?? bytes;
    for (const link of this.#route(nodeId, attempt)) this.#sendOn(link, nodeId, datagram);
  }

  /** To everybody but ourselves; it may wait for more of its kind, until something else is sent or `flush`. */
  multicast(bytes: Uint8Array): void {
    const datagram = this.#seal?.seal(bytes) ?? bytes;
    if (this.hasGroup) {
      for (const link of this.#groupLinks()) {
        this.#count(datagram);
        this.#sockets[link]?.sendToGroup(datagram);
      }
      return;
    }
    if (this.#run.add(datagram)) return;
    this.flush();
    this.#run.add(datagram);
  }

  /** Sends what waits. */
  flush(): void {
    const { count, size } = this.#run;
    if (count === 0) return;
    for (const nodeId of this.#others) {
      for (const link of this.#route(nodeId)) {
        const to = this.#book.endpointOf(link, nodeId);
        if (to === undefined) continue;
        this.counters.sentDatagrams += count;
        this.counters.sentBytes += size;
        this.#sockets[link]?.sendRun(this.#run, to);
      }
    }
    this.#run.clear();
  }

  /** Hands over what has arrived and was not told of yet. */
  drain(): void {
    for (const sockets of this.#sockets) sockets.drain();
  }

  /** For so long this node neither speaks nor hears. */
  silence(forMs: number): void {
    this.flush();
    for (const sockets of this.#sockets) sockets.silence(forMs);
  }

  /** Ready datagrams that say `bytes` to every peer in our name after we are gone. */
  farewells(bytes: Uint8Array): readonly { readonly to: Endpoint; readonly payload: Uint8Array }[] {
    const payload = this.#seal?.sealLast(bytes) ?? bytes;
    const others = this.#book.endpoints().filter(({ nodeId }) => nodeId !== this.#settings.nodeId);
    return others.map(({ to }) => ({ to, payload }));
  }

  close(): void {
    this.flush();
    this.#carrierWatch.close();
    for (const sockets of this.#sockets) sockets.close();
  }

  /** By index in `links`; all that are `wanted`, or none. */
  #openSockets(links: readonly RingLink[], wanted: (index: number) => boolean): Map<number, LinkSockets> {
    const opened = new Map<number, LinkSockets>();
    try {
      for (const [index, link] of links.entries()) {
        if (wanted(index)) opened.set(index, new LinkSockets(link, this.#socketListener(link, index)));
      }
    } catch (thrown) {
      for (const sockets of opened.values()) sockets.close();
      throw thrown;
    }
    return opened;
  }

  #socketListener({ number }: RingLink, index: number): LinkListener {
    return {
      onDatagram: (bytes, source) => this.#receive(bytes, index, source),
      onDrained: this.#listener.onDrained,
      onError: (errno) => {
        this.counters.sendErrors++;
        this.#complain(`link ${number}: ${errno}`);
      },
    };
  }

  #route(nodeId: number, attempt: 'first' | 'repeated' = 'first'): readonly number[] {
    if (this.#links === undefined) return firstLink;
    return attempt === 'first' ? routeTo(this.#links, nodeId) : usableLinks(this.#links, nodeId);
  }

  /** A group cannot be reached on one link for one member and on another for the next: all links that anyone needs. */
  #groupLinks(): readonly number[] {
    const others = this.#others;
    if (this.#links === undefined || others.length === 0) return this.#sockets.map((_, index) => index);
    const wanted = new Set<number>();
    for (const nodeId of others) for (const link of routeTo(this.#links, nodeId)) wanted.add(link);
    return [...wanted];
  }

  #sendOn(link: number, nodeId: number, datagram: Uint8Array): void {
    const to = this.#book.endpointOf(link, nodeId);
    if (to === undefined) return;
    this.#count(datagram);
    this.#sockets[link]?.send(datagram, to);
  }

  #count(datagram: Uint8Array): void {
    this.counters.sentDatagrams++;
    this.counters.sentBytes += datagram.length;
  }

  #receive(datagram: Uint8Array, link: number, source: string): void {
    this.counters.receivedDatagrams++;
    this.counters.receivedBytes += datagram.length;
    const nowMs = monotonicMs();
    let bytes: Uint8Array;
    let sender: number | undefined;
    if (this.#seal !== undefined) {
      const opened = this.#seal.open(datagram, nowMs);
      if (opened.kind === 'refused') return this.#refused(opened.reason, source);
      bytes = opened.bytes;
      sender = opened.sender;
    } else {
      sender = this.#book.nodeAt(link, source);
      if (sender === undefined && this.#book.isListed) {
        this.counters.unlisted++;
        return;
      }
      bytes = this.#slab.copy(datagram);
    }
    const announced = this.#links === undefined ? undefined : decodeAnnouncement(bytes);
    if (!this.#book.isListed) {
      const named = this.#seal === undefined ? (announced ?? headerNodeId(bytes)) : sender;
      if (named !== undefined) this.#learn(named, link, source);
      sender = named ?? sender;
    }
    const probe = this.#links === undefined ? undefined : decodeProbe(bytes);
    if (this.#links !== undefined && sender !== undefined) {
      const heard = { kind: 'heard', nowMs, peer: sender, link } as const;
      const effects = stepLinks(this.#links, probe === undefined ? heard : { ...heard, probe });
      if (effects.length > 0) this.#carryOut(effects);
    }
    if (probe === undefined && announced === undefined && bytes.length > 0) this.#listener.onMessage(bytes);
  }

  /** Without a node list, what is for one node goes where it was last heard from. */
  #learn(nodeId: number, link: number, address: string): void {
    if (nodeId === this.#settings.nodeId || this.#book.learn(nodeId, link, address) !== 'acquainted') return;
    this.#listener.onLog('info', `node ${nodeId} is here: heard on link ${link} from ${address}`);
    this.#peersChanged();
  }

  #refused(reason: SealRefusal, source: string): void {
    if (reason === 'unknown-sender') this.#listener.onStranger(source);
    const text = complaints[reason];
    if (text !== undefined) this.#complain(`datagrams from ${source} ${text(this.#settings.clusterName)}`);
  }

  #complain(text: string): void {
    const nowMs = monotonicMs();
    if (nowMs - (this.#complained.get(text) ?? -Infinity) < complaintPauseMs) return;
    if (this.#complained.size > 1000) this.#complained.clear();
    this.#complained.set(text, nowMs);
    this.#listener.onLog('warning', text);
  }

  #carryOut(effects: readonly LinksEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'probe') this.#probe(effect);
      else this.#listener.onLinkChange(effect);
    }
  }

  #probe({ link, peer, bytes }: Extract<LinksEffect, { kind: 'probe' }>): void {
    if (this.#book.endpointOf(link, peer) !== undefined)
      return this.#sendOn(link, peer, this.#seal?.seal(bytes, peer) ?? bytes);
    const sockets = this.#sockets[link];
    if (sockets?.hasGroup !== true) return;
    const plain = encodeAnnouncement(link, this.#settings.nodeId);
    const announcement = this.#seal?.seal(plain) ?? plain;
    this.#count(announcement);
    sockets.sendToGroup(announcement);
  }

  #watchCarriers(): NetworkWatch {
    const watch = orFail(
      watchNetwork({
        subjects: ['link'],
        onEvent: (event) => {
          if (event.kind === 'lost') this.#lookAtCarriers();
          else if (event.kind === 'link') this.#carrier(event.link);
          else if (event.kind === 'link-gone') this.#carrier({ index: event.link.index, state: 'down' });
        },
        onError: (error) => this.#listener.onLog('error', `no more news of links: ${error.errno}`),
      }),
    );
    this.#lookAtCarriers();
    return watch;
  }

  #lookAtCarriers(): void {
    const routes = orFail(openRouteSocket());
    for (const link of orFail(listLinks(routes))) this.#carrier(link);
    routes.close();
  }

  #carrier(link: { readonly index: number; readonly state: string | number }): void {
    const state = ['down', 'lower-layer-down', 'not-present'].includes(String(link.state)) ? 'down' : 'up';
    const wasIsolated = this.#isIsolated();
    this.#sockets.forEach((sockets, index) => {
      if (sockets.interfaceIndex !== link.index || this.#carriers[index] === state) return;
      this.#carriers[index] = state;
      const name = `link ${sockets.link.number} (${sockets.link.address})`;
      this.#listener.onLog('warning', `${name} ${state === 'up' ? 'has its carrier again' : 'lost its carrier'}`);
      if (this.#links !== undefined) {
        this.#carryOut(stepLinks(this.#links, { kind: 'carrier', nowMs: monotonicMs(), link: index, state }));
      }
    });
    if (this.#isIsolated() !== wasIsolated) this.#listener.onIsolation(wasIsolated ? 'connected' : 'isolated');
  }

  #isIsolated(): boolean {
    return this.#carriers.every((carrier) => carrier === 'down');
  }
}

const firstLink: readonly number[] = [0];

/** What an administrator should hear of; the rest is only counted. */
const complaints: Partial<Record<SealRefusal, (clusterName: string) => string>> = {
  'not-sealed': () =>
    'are not sealed: its ring runs without a key (secure mode is off there). Give it the same authkey',
  forged: (name) =>
    `do not verify: it has another authkey, or another cluster name than '${name}'. Copy this node's authkey there, and compare the names`,
  'unknown-key': () => 'are sealed with a key id that this node does not have. Give both nodes the same keys',
  'unknown-sender': () => 'carry a node id that is not in the node list',
  'old-session': () => 'belong to an earlier session of their sender: two nodes with one node id, or a clock set back',
};

function sealOf(settings: RingSettings): Seal<SessionKey> | undefined {
  const { security, nodeId, peers } = settings;
  if (security.kind === 'plain') return undefined;
  if (!security.keys.has(security.activeKeyId)) {
    throw new CommandFailure({ kind: 'config', what: `key ${security.activeKeyId} is not among the ring's keys` });
  }
  return new Seal({
    nodeId,
    session: sessionOf(Date.now(), randomInt(65_536)),
    crypto: aesGcmCrypto(security.keys, settings.clusterName),
    activeKeyId: security.activeKeyId,
    ...(peers.length === 0 ? {} : { knownNodes: new Set(peers.map((peer) => peer.nodeId)) }),
  });
}
