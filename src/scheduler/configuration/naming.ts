// Names of instances: `rsc:3` is instance 3 of `rsc`.

/** `rsc` of `rsc:12`; the id itself when it names no instance. */
export function baseName(id: string): string {
  const colon = id.lastIndexOf(':');
  if (colon < 0 || colon + 1 === id.length) return id;
  for (let index = colon + 1; index < id.length; index++) {
    const code = id.charCodeAt(index);
    if (code < 48 || code > 57) return id;
  }
  return id.slice(0, colon);
}

/** What follows the last colon, or else the last dash, as a number; for ordering instances. */
export function instanceNumber(id: string): number {
  const separator = id.lastIndexOf(':') >= 0 ? id.lastIndexOf(':') : id.lastIndexOf('-');
  const number = Number.parseInt(id.slice(separator + 1), 10);
  return Number.isNaN(number) ? 0 : number;
}

/** Bytewise, as the last tie-break between names and ids. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
