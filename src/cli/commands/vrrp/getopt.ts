// Keepalived reads its options with getopt_long(3): `-nlD`, `-f/etc/file`, `-t/tmp/log`. The parser of our commands knows
// words of one option each, so what was written is put into those first.
import type { aliases } from './flags.ts';

type Letter = keyof typeof aliases;

const withValue: ReadonlySet<string> = new Set<Letter>(['f', 'i', 'S', 'u', 'p', 'r', 's', 'c', 'b', 'A']);
/** Their value stands in the same word, or is left out: then these are meant. */
const valueLeftOut: Readonly<Partial<Record<string, string>>> = {
  t: '/dev/stderr',
  g: '/tmp/keepalived.log',
  M: 'core',
};
const namesWithoutValue: Readonly<Partial<Record<string, string>>> = {
  '--config-test': valueLeftOut.t,
  '--log-file': valueLeftOut.g,
  '--core-dump-pattern': valueLeftOut.M,
};

/** The words after `haven vrrp`, one option in each, and each value in a word of its own. */
export function separateOptions(words: readonly string[]): string[] {
  const separated: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const leftOut = namesWithoutValue[word];
    if (leftOut !== undefined) separated.push(word, leftOut);
    else if (!/^-[^-]/.test(word)) separated.push(word);
    else {
      const letters = separateLetters(word);
      separated.push(...letters.words);
      const next = words[at + 1];
      if (letters.wantsValue && next !== undefined) {
        separated.push(next);
        at++;
      }
    }
  }
  return separated;
}

function separateLetters(word: string): { readonly words: string[]; readonly wantsValue: boolean } {
  const words: string[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word.charAt(at);
    const rest = word.slice(at + 1);
    const leftOut = valueLeftOut[letter];
    words.push(`-${letter}`);
    if (leftOut !== undefined) return { words: [...words, rest === '' ? leftOut : rest], wantsValue: false };
    if (!withValue.has(letter)) continue;
    return rest === '' ? { words, wantsValue: true } : { words: [...words, rest], wantsValue: false };
  }
  return { words, wantsValue: false };
}
