// The ranges of `<date_spec>`: `5`, `1-5`, `3-`, `-7`.

/** Both ends included; an end left out is open. */
export type IntegerRange = { readonly low: number | undefined; readonly high: number | undefined };

export function parseRange(text: string): IntegerRange | undefined {
  const match = /^(\d{1,9})?(-)?(\d{1,9})?$/.exec(text);
  if (match === null) return undefined;
  const [low, high] = [match[1], match[3]].map((end) => (end === undefined ? undefined : Number(end)));
  if (match[2] === undefined) return low === undefined ? undefined : { low, high: low };
  if (low === undefined && high === undefined) return undefined;
  return low !== undefined && high !== undefined && low > high ? undefined : { low, high };
}

export function inRange(value: number, { low, high }: IntegerRange): boolean {
  return (low === undefined || value >= low) && (high === undefined || value <= high);
}
