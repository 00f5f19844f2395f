// Sets of named flag bits, between the kernel's number and names.

export type FlagTable<Name extends string> = Readonly<Record<Name, number>>;

export function flagNames<Name extends string>(table: FlagTable<Name>, bits: number): Name[] {
  return (Object.keys(table) as Name[]).filter((name) => (bits & table[name]) !== 0);
}

export function flagBits<Name extends string>(table: FlagTable<Name>, names: readonly Name[]): number {
  return names.reduce((bits, name) => bits | table[name], 0);
}

/** A kernel number as its name, or as itself where it has none. */
export function nameOfNumber<Name extends string>(table: Readonly<Record<Name, number>>, value: number): Name | number {
  const found = (Object.entries(table) as [Name, number][]).find(([, number]) => number === value);
  return found === undefined ? value : found[0];
}

export function numberOfName<Name extends string>(table: Readonly<Record<Name, number>>, name: Name | number): number {
  return typeof name === 'number' ? name : table[name];
}
