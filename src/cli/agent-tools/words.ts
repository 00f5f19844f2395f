// The words after a tool's name as options. The standard tools take the word after an option for its value whatever it
// begins with (`-v -INFINITY`), and `crm_attribute --promotion` may go without one; parseArgs takes neither.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CommandFailure } from '../../kit/index.ts';

export type OptionTable = NonNullable<ParseArgsConfig['options']>;

export type ReadOptions = {
  /** The value of the first of these options that is given. */
  readonly text: (...names: readonly string[]) => string | undefined;
  readonly has: (...names: readonly string[]) => boolean;
};

/**
 * Other words than options are passed over, as the tools do. `optional`: options that take the next word only if it is
 * no option. @throws CommandFailure `usage`
 */
export function readOptions(
  words: readonly string[],
  options: OptionTable,
  optional: readonly string[] = [],
): ReadOptions {
  const args = withJoinedValues(words, options, optional);
  try {
    const { values } = parseArgs({ args, options, allowPositionals: true });
    const text = (name: string) => {
      const value = values[name];
      return typeof value === 'string' ? value : undefined;
    };
    return {
      text: (...names) => names.map(text).find((value) => value !== undefined),
      has: (...names) => names.some((name) => values[name] !== undefined),
    };
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    throw new CommandFailure({ kind: 'usage', what: thrown.message.split('. ')[0] ?? thrown.message });
  }
}

function withJoinedValues(words: readonly string[], options: OptionTable, optional: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const name = textOptionOf(word, options);
    const next = words[at + 1];
    const takesNext = next !== undefined && !(name !== undefined && optional.includes(name) && next.startsWith('-'));
    if (name === undefined || (!takesNext && !optional.includes(name))) joined.push(word);
    else joined.push(`--${name}=${takesNext ? next : ''}`);
    if (name !== undefined && takesNext) at += 1;
  }
  return joined;
}

/** The name of the option with a value that is this whole word. */
function textOptionOf(word: string, options: OptionTable): string | undefined {
  return Object.entries(options).find(
    ([name, { type, short }]) => type === 'string' && (word === `--${name}` || word === `-${short}`),
  )?.[0];
}
