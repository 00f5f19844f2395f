// Sequence numbers of one ring: u32 that may wrap. Corosync compares them by shifting both sides back by 0x10000 once either
// one is in the upper half, so that 0xFFFFFFFF (the aru of a ring's first token) counts as "before 0".

/** Before the first message, or token, of a ring: every comparison takes it for "before 0". */
export const beforeFirst = 0xffffffff;

/** `left` comes before `right`. */
export function seqBefore(left: number, right: number): boolean {
  if (left <= 0x80000000 && right <= 0x80000000) return left < right;
  return (left - 0x10000) >>> 0 < (right - 0x10000) >>> 0;
}

/** `left` is `right` or comes before it. */
export function seqAtOrBefore(left: number, right: number): boolean {
  return left === right || seqBefore(left, right);
}

export function earlierSeq(left: number, right: number): number {
  return seqBefore(left, right) ? left : right;
}

export function laterSeq(left: number, right: number): number {
  return seqBefore(left, right) ? right : left;
}

export function nextSeq(seq: number): number {
  return (seq + 1) >>> 0;
}

/** How many numbers lie in (from, to]; 0 when `to` does not come after `from`. */
export function seqDistance(from: number, to: number): number {
  return seqBefore(from, to) ? (to - from) >>> 0 : 0;
}
