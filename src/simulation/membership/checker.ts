// The laws of extended virtual synchrony, judged from outside: the checker hears what each member delivered, in its order,
// and knows nothing of how it came about. Reference: Moser, Amir, Melliar-Smith, Agarwal, "Extended Virtual Synchrony", 1994.
import { formatRingId, type OrderedEffect } from '../../membership/index.ts';
import { type Identity, isTalk, readTalk } from './talk.ts';

/** What one life of one node delivered while a ring was its own, its transitional part included. */
type Stay = {
  readonly ring: string;
  readonly members: readonly number[];
  readonly delivered: Map<string, 'regular' | 'transitional'>;
  /** Set when the transitional configuration comes. */
  companions: readonly number[] | undefined;
  /** The ring that followed. */
  next: string | undefined;
  lastPlace: string;
  lastSeq: number;
  withinPacket: number;
};

type Life = {
  readonly node: number;
  readonly life: number;
  readonly stays: Stay[];
  readonly accepted: Set<string>;
  readonly heard: Set<string>;
  ended: 'crashed' | 'left' | undefined;
};

export class Checker {
  readonly violations: string[] = [];
  readonly #lives = new Map<string, Life>();
  readonly #ringMembers = new Map<string, string>();
  readonly #quorateRings = new Map<string, readonly number[]>();
  readonly #saidAt = new Map<string, string>();
  readonly #placeOf = new Map<string, string>();
  readonly #safe: { key: string; ring: string; phase: 'regular' | 'transitional'; bound: readonly number[] }[] = [];
  readonly #nodeCount: number;
  delivered = 0;
  rings = 0;

  constructor(nodeCount: number) {
    this.#nodeCount = nodeCount;
  }

  born(node: number, life: number): void {
    const fresh = { node, life, stays: [], accepted: new Set<string>(), heard: new Set<string>(), ended: undefined };
    this.#lives.set(`${node}/${life}`, fresh);
  }

  ended(node: number, life: number, how: 'crashed' | 'left'): void {
    this.#life(node, life).ended = how;
  }

  accepted(identity: Identity): void {
    this.#life(identity.node, identity.life).accepted.add(keyOf(identity));
  }

  /** Everything a life said has come back to it. */
  hasHeardItself(node: number, life: number): boolean {
    const { accepted, heard } = this.#life(node, life);
    return [...accepted].every((key) => heard.has(key));
  }

  ordered(node: number, life: number, effect: OrderedEffect): void {
    const who = this.#life(node, life);
    if (effect.kind === 'deliver') this.#delivery(who, effect, formatRingId(effect.ringId));
    else if (effect.type === 'transitional') this.#transitional(who, effect.members);
    else this.#regular(who, formatRingId(effect.ringId), effect.members);
  }

  /**
   * This member was told in this ring that its partition may act: the word may be one of the ring's last, said in the step
   * that installs the next. Two partitions that may share at least a node, and need a majority.
   */
  quorate(node: number, life: number, ring: string): void {
    const stay = this.#life(node, life).stays.find((each) => each.ring === ring);
    if (stay === undefined || this.#quorateRings.has(stay.ring)) return;
    if (stay.members.length * 2 <= this.#nodeCount)
      this.#broken('two quorate partitions', `${stay.ring} is quorate with ${stay.members} of ${this.#nodeCount}`);
    for (const [other, members] of this.#quorateRings)
      if (!members.some((member) => stay.members.includes(member)))
        this.#broken('two quorate partitions', `${stay.ring} (${stay.members}) and ${other} (${members})`);
    this.#quorateRings.set(stay.ring, stay.members);
  }

  /** The laws that can only be judged with the whole run in view. What is still under way breaks no law. */
  finish(run: 'complete' | 'interrupted'): void {
    this.#judgeCompanions();
    if (run === 'interrupted') return;
    for (const promise of this.#safe) this.#judgeSafe(promise);
    for (const { node, life, accepted, heard, ended } of this.#lives.values()) {
      const lost = ended === undefined ? [...accepted].filter((key) => !heard.has(key)) : [];
      if (lost.length > 0)
        this.#broken('self-delivery', `node ${node} life ${life} never heard its own ${lost.join(' ')}`);
    }
  }

  #transitional(who: Life, members: readonly number[]): void {
    const stay = who.stays.at(-1);
    if (stay === undefined) return;
    if (stay.companions !== undefined) this.#broken('configurations', `${name(who)}: two transitional in a row`);
    stay.companions = members;
  }

  #regular(who: Life, ring: string, members: readonly number[]): void {
    const before = who.stays.at(-1);
    if (before !== undefined) before.next = ring;
    const known = this.#ringMembers.get(ring);
    const listed = members.join(',');
    if (known === undefined) this.rings++;
    if (known !== undefined && known !== listed)
      this.#broken('ring id reused', `${ring} has members ${known} and ${listed}`);
    this.#ringMembers.set(ring, listed);
    if (!members.includes(who.node)) this.#broken('configurations', `${name(who)} is no member of its ring ${ring}`);
    for (const other of this.#lives.values())
      if (other.node === who.node && other.stays.some((stay) => stay.ring === ring))
        this.#broken('ring id reused', `${name(who)} installs ${ring} again after ${name(other)}`);
    const delivered = new Map<string, 'regular' | 'transitional'>();
    who.stays.push({
      ring,
      members,
      delivered,
      companions: undefined,
      next: undefined,
      lastPlace: '',
      lastSeq: 0,
      withinPacket: 0,
    });
  }

  #delivery(who: Life, effect: Extract<OrderedEffect, { kind: 'deliver' }>, ring: string): void {
    const stay = who.stays.at(-1);
    if (stay === undefined || stay.ring !== ring) {
      this.#broken('configurations', `${name(who)} delivers a message of ${ring} while in ${stay?.ring ?? 'no ring'}`);
      return;
    }
    if (!isTalk(effect.group)) return;
    const identity = readTalk(effect.body);
    if (identity === undefined) {
      this.#broken('integrity', `${name(who)} delivers a damaged message of ${effect.from}`);
      return;
    }
    this.delivered++;
    const key = keyOf(identity);
    this.#judgePlace(who, stay, key, effect.seq);
    if (who.heard.has(key)) this.#broken('integrity', `${name(who)} delivers ${key} twice`);
    if (!this.#life(identity.node, identity.life).accepted.has(key)) this.#broken('integrity', `nobody said ${key}`);
    who.heard.add(key);
    const phase = stay.companions === undefined ? 'regular' : 'transitional';
    stay.delivered.set(key, phase);
    if (effect.guarantee !== 'safe') return;
    this.#safe.push({ key, ring, phase, bound: phase === 'regular' ? stay.members : (stay.companions ?? []) });
  }

  /** The same place in the order holds the same message for everyone, and each goes through the places upwards. */
  #judgePlace(who: Life, stay: Stay, key: string, seq: number): void {
    stay.withinPacket = seq === stay.lastSeq ? stay.withinPacket + 1 : 0;
    if (seq < stay.lastSeq)
      this.#broken('agreed order', `${name(who)} delivers ${stay.ring} ${seq} after ${stay.lastSeq}`);
    stay.lastSeq = seq;
    const place = `${stay.ring}/${seq}/${stay.withinPacket}`;
    const said = this.#saidAt.get(place);
    if (said !== undefined && said !== key) this.#broken('agreed order', `${place} is ${said} and ${key}`);
    this.#saidAt.set(place, key);
    const other = this.#placeOf.get(key);
    if (other !== undefined && other !== place)
      this.#broken('message in two configurations', `${key} is delivered at ${other} and ${place}`);
    this.#placeOf.set(key, place);
  }

  /** Who goes from one ring to the same next one has delivered the same, and knew with whom. */
  #judgeCompanions(): void {
    const seen = new Map<string, { who: Life; stay: Stay }>();
    for (const who of this.#lives.values()) {
      for (const stay of who.stays) {
        if (stay.next === undefined) continue;
        const passage = `${stay.ring} -> ${stay.next}`;
        const first = seen.get(passage);
        if (first === undefined) {
          seen.set(passage, { who, stay });
          continue;
        }
        if (first.stay.companions?.join() !== stay.companions?.join())
          this.#broken('virtual synchrony', `${passage}: ${name(first.who)} and ${name(who)} name other companions`);
        const one = describe(first.stay.delivered);
        const two = describe(stay.delivered);
        if (one !== two)
          this.#broken('virtual synchrony', `${passage}: ${name(first.who)} delivered ${one}, ${name(who)} ${two}`);
      }
    }
  }

  /** Everyone bound by the promise delivers the message in the same ring, unless its process ends. */
  #judgeSafe(promise: {
    key: string;
    ring: string;
    phase: 'regular' | 'transitional';
    bound: readonly number[];
  }): void {
    for (const node of promise.bound) {
      const lives = [...this.#lives.values()].filter((life) => life.node === node);
      const there = lives.find((life) => life.stays.some((stay) => stay.ring === promise.ring));
      if (there === undefined) {
        if (lives.length === 1 && lives[0]?.ended === undefined)
          this.#broken(
            'safe delivery',
            `${promise.key} is safe in ${promise.ring}, which node ${node} never installed`,
          );
        continue;
      }
      const stay = there.stays.find((candidate) => candidate.ring === promise.ring);
      const excused = there.ended !== undefined && stay?.next === undefined;
      if (!excused && stay?.delivered.has(promise.key) !== true)
        this.#broken(
          'safe delivery',
          `${promise.key}, safe in ${promise.ring} (${promise.phase}), missing at ${name(there)}`,
        );
    }
  }

  #life(node: number, life: number): Life {
    const found = this.#lives.get(`${node}/${life}`);
    if (found === undefined) throw new Error(`node ${node} has no life ${life}`);
    return found;
  }

  #broken(law: string, what: string): void {
    if (this.violations.length < 20) this.violations.push(`${law}: ${what}`);
  }
}

function keyOf(identity: Identity): string {
  return `${identity.node}.${identity.life}.${identity.count}`;
}

function name(who: { node: number; life: number }): string {
  return `node ${who.node} life ${who.life}`;
}

function describe(delivered: ReadonlyMap<string, unknown>): string {
  return [...delivered.keys()].join(' ');
}
