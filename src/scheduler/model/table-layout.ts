// In which order the peer comes by the entries of a table of nodes, where nothing else tells two of them apart
// (1 §1.1, §21.7). Its tables are those of GLib: open addressing, keyed by node id, with the hash of older strings.

/** The largest prime below each power of two, from 8 slots on: what hashes are reduced by. */
const moduli = [7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521];
const smallestShift = 3;
/** Hashes that mark free and forgotten slots are not given to keys. */
const firstHash = 2;

/** The keys in order of their slots, when they were put in one after another, and the table was then copied so often. */
export function slotOrder(keys: readonly string[], copies: number): string[] {
  let order = orderOf(keys);
  const seen = [order.join('\n')];
  for (let done = 0; done < copies; done++) {
    order = orderOf(order);
    const text = order.join('\n');
    const first = seen.indexOf(text);
    // Copies go round: most often the first is like what it was made from.
    if (first >= 0) return seen[first + ((copies - first) % (seen.length - first))]?.split('\n') ?? order;
    seen.push(text);
  }
  return order;
}

function orderOf(keys: readonly string[]): string[] {
  let slots = new Array<string | undefined>(1 << smallestShift).fill(undefined);
  let count = 0;
  for (const key of keys) {
    slots[freeSlot(slots, key, (slot) => slots[slot] !== undefined)] = key;
    count += 1;
    if (slots.length <= count + Math.floor(count / 16)) slots = grown(slots, count);
  }
  return slots.filter((key) => key !== undefined);
}

function freeSlot(slots: readonly unknown[], key: string, isTaken: (slot: number) => boolean): number {
  const modulus = moduli[Math.log2(slots.length) - smallestShift] ?? slots.length - 1;
  let slot = (Math.imul(hashOf(key), 11) >>> 0) % modulus;
  for (let step = 1; isTaken(slot); step++) slot = (slot + step) & (slots.length - 1);
  return slot;
}

/** Growing moves what is there in order of the old slots; what stands where something moves to is moved next. */
function grown(old: readonly (string | undefined)[], count: number): (string | undefined)[] {
  let size = 1 << smallestShift;
  while (size <= Math.floor(count * 1.333)) size *= 2;
  const slots = [...old, ...new Array<undefined>(Math.max(0, size - old.length)).fill(undefined)];
  const settled = new Set<number>();
  for (let from = 0; from < old.length; from++) {
    if (settled.has(from)) continue;
    let moving = slots[from];
    slots[from] = undefined;
    while (moving !== undefined) {
      const slot = freeSlot(slots, moving, (each) => settled.has(each));
      settled.add(slot);
      const evicted: string | undefined = slots[slot];
      slots[slot] = moving;
      moving = evicted;
    }
  }
  return slots;
}

function hashOf(key: string): number {
  let hash = 0;
  for (const byte of new TextEncoder().encode(key)) hash = (Math.imul(hash, 31) + (byte > 127 ? byte - 256 : byte)) | 0;
  return Math.max(hash >>> 0, firstHash);
}
