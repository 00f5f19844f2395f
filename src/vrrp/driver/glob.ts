// glob(7) with csh braces, as keepalived.conf's include uses it. Node 20 has none of its own.
import { existsSync, readdirSync } from 'node:fs';

/** More alternatives than any include line lists. */
const alternativesMax = 1000;

/** Paths that match, each alternative of the braces in turn, sorted within it. */
export function globPaths(pattern: string): readonly string[] {
  const paths = bracesExpanded(pattern).flatMap(pathsOf);
  return [...new Set(paths)];
}

/** `a{b,c}d` is `abd` and `acd`; braces nest. */
export function bracesExpanded(pattern: string): readonly string[] {
  const open = pattern.indexOf('{');
  if (open < 0) return [pattern];
  const parts = alternatives(pattern, open);
  if (parts === undefined) return [pattern];
  const head = pattern.slice(0, open);
  const expanded = parts.choices.flatMap((choice) => bracesExpanded(head + choice + pattern.slice(parts.end)));
  return expanded.slice(0, alternativesMax);
}

function alternatives(pattern: string, open: number): { choices: readonly string[]; end: number } | undefined {
  const choices: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let index = open; index < pattern.length; index++) {
    const char = pattern.charAt(index);
    if (char === '{') depth++;
    else if (char === '}') depth--;
    if ((char === ',' && depth === 1) || depth === 0) {
      choices.push(pattern.slice(start, index));
      start = index + 1;
    }
    if (depth === 0) return { choices, end: index + 1 };
  }
  return undefined;
}

function pathsOf(pattern: string): readonly string[] {
  if (!/[*?[]/.test(pattern)) return existsSync(pattern) ? [pattern] : [];
  const absolute = pattern.startsWith('/');
  let folders = [absolute ? '/' : ''];
  for (const part of pattern.split('/').filter((one) => one !== ''))
    folders = folders.flatMap((folder) => inside(folder, part));
  return folders;
}

function inside(folder: string, part: string): readonly string[] {
  const join = (name: string): string => (folder === '' || folder.endsWith('/') ? folder + name : `${folder}/${name}`);
  if (!/[*?[]/.test(part)) return existsSync(join(part)) ? [join(part)] : [];
  const matches = componentPattern(part);
  return namesIn(folder === '' ? '.' : folder)
    .filter((name) => (part.startsWith('.') || !name.startsWith('.')) && matches.test(name))
    .map(join);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function componentPattern(part: string): RegExp {
  const source = part.replace(/\[([!^]?)([^\]]*)\]|[*?]|[\\^$.|+(){}]/g, (match, negated?: string, inner?: string) => {
    if (match === '*') return '.*';
    if (match === '?') return '.';
    if (inner !== undefined) return `[${negated ? '^' : ''}${inner.replace(/\\/g, '\\\\')}]`;
    return `\\${match}`;
  });
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return /^(?!)/;
  }
}
