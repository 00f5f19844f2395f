// A ring is named by the node that formed it (its representative) and a number that this node never uses twice.

export type RingId = {
  readonly representative: number;
  readonly seq: number;
};

/** A ring number above this is damage, not age: a million rings a second would take nine years to get here. */
export const ringSeqMax = 2 ** 48 - 1;

export function sameRing(left: RingId, right: RingId): boolean {
  return left.seq === right.seq && left.representative === right.representative;
}

/** As Corosync writes it: representative in decimal, number in hex, `1.26`. */
export function formatRingId(ring: RingId): string {
  return `${ring.representative}.${ring.seq.toString(16)}`;
}
