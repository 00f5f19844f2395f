// What stands in a text for a character: the five entities that XML has, and the numbers of characters.

const [tab, newline, carriageReturn, blank] = [9, 10, 13, 32];
/** From here on: surrogates, and the few characters of the basic plane that XML forbids. */
const firstUnusual = 0xd800;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Entities and character references resolved; undefined when there is one that the quick scanner leaves alone. */
export function decodedText(raw: string): string | undefined {
  if (!raw.includes('&')) return raw;
  let unusual = false;
  const text = raw.replace(/&(?:#(\d{1,5})|#x([0-9a-fA-F]{1,4})|([a-z]+))?;?/g, (whole, decimal, hexadecimal, name) => {
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    const character =
      name === undefined ? characterOf(code) : Object.hasOwn(entities, name) ? entities[name] : undefined;
    unusual ||= character === undefined || !whole.endsWith(';');
    return character ?? '';
  });
  return unusual ? undefined : text;
}

function characterOf(code: number): string | undefined {
  const allowed = (code >= blank && code < firstUnusual) || code === tab || code === newline || code === carriageReturn;
  return allowed ? String.fromCharCode(code) : undefined;
}
