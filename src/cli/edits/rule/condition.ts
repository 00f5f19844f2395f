// A rule as people write it, taken apart: what pcs(8) takes after `rule`, and crm(8) nearly so.
//
//   expression := all { or all }        all := one { and one }        one := ( expression ) | condition
//   condition  := defined NAME | not_defined NAME | NAME OPERATION [TYPE] VALUE
//               | date lt|gt DATE | date in_range [DATE] to DATE | date in_range DATE to duration PART=N …
//               | date-spec PART=RANGE …
import { CommandFailure, nearest } from '../../../kit/index.ts';

export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'defined' | 'not_defined'; readonly attribute: string }
  | {
      readonly kind: 'compared';
      readonly attribute: string;
      readonly operation: string;
      readonly type: string | undefined;
      readonly value: string;
    }
  | { readonly kind: 'before' | 'after'; readonly date: string }
  | { readonly kind: 'span'; readonly start: string | undefined; readonly end: string | undefined }
  | { readonly kind: 'period'; readonly start: string; readonly parts: ReadonlyMap<string, string> }
  | { readonly kind: 'calendar'; readonly parts: ReadonlyMap<string, string> };

const operations: readonly string[] = ['lt', 'gt', 'lte', 'gte', 'eq', 'ne'];
const types: readonly string[] = ['string', 'integer', 'number', 'version'];
const periodParts = ['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds'];
const calendarParts = [...periodParts, 'monthdays', 'yeardays', 'weekyears', 'weekdays'].filter(
  (part) => part !== 'days',
);

/** Words that end a condition. */
const joints: ReadonlySet<string> = new Set(['and', 'or', ')']);

/** Blanks and parentheses part words, but not inside double quotes. @throws CommandFailure `usage` with what stood there */
export function parseCondition(words: readonly string[]): Condition {
  const text = words.join(' ');
  const tokens = [...text.matchAll(/"([^"]*)"|[()]|[^\s()"]+/g)].map(([whole, quoted]) => quoted ?? whole);
  const reader = new ConditionReader(tokens);
  const condition = reader.expression();
  const rest = reader.next();
  if (rest !== undefined) throw mistake(`'${rest}' is too much in the rule`, `Join conditions with 'and' or 'or'`);
  return condition;
}

class ConditionReader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  expression(): Condition {
    return this.#joined('or', 'any', () => this.#joined('and', 'all', () => this.#one()));
  }

  #joined(word: string, kind: 'all' | 'any', part: () => Condition): Condition {
    const first = part();
    const of = [first];
    while (this.#peek() === word) {
      this.#at++;
      of.push(part());
    }
    return of.length === 1 ? first : { kind, of };
  }

  #one(): Condition {
    const word = this.#expect('a condition');
    switch (word) {
      case '(': {
        const inner = this.expression();
        if (this.next() !== ')') throw mistake("a '(' of the rule is not closed", "Add a ')'");
        return inner;
      }
      case 'defined':
      case 'not_defined':
        return { kind: word, attribute: this.#expect('the name of a node attribute') };
      case 'date':
        return this.#date();
      case 'date-spec':
        return { kind: 'calendar', parts: this.#parts(calendarParts) };
      default:
        return this.#comparison(word);
    }
  }

  #comparison(attribute: string): Condition {
    const operation = this.#expect(`what is to be true of '${attribute}'`);
    if (!operations.includes(operation)) {
      const fix = `Write: ${attribute} ${nearest(operation, operations) ?? 'eq'} VALUE (${operations.join(', ')}), or: defined ${attribute}`;
      throw mistake(`'${operation}' is no comparison`, fix);
    }
    const first = this.#expect(`the value that '${attribute}' is compared with`);
    const second = this.#peek();
    if (!types.includes(first) || second === undefined || joints.has(second))
      return { kind: 'compared', attribute, operation, type: undefined, value: first };
    this.#at++;
    return { kind: 'compared', attribute, operation, type: first, value: second };
  }

  #date(): Condition {
    const how = this.#expect("'lt', 'gt' or 'in_range' after 'date'");
    if (how === 'lt' || how === 'gt') return { kind: how === 'lt' ? 'before' : 'after', date: this.#expect('a date') };
    if (how !== 'in_range') throw mistake(`'date ${how}' is no condition`, 'Write: date lt, date gt or date in_range');
    const start = this.#peek() === 'to' ? undefined : this.#expect('a date');
    const joint = this.#expect("'to'");
    if (joint !== 'to') throw mistake(`'${joint}' should be 'to'`, 'Write: date in_range DATE to DATE');
    if (this.#peek() !== 'duration') return { kind: 'span', start, end: this.#expect('a date') };
    this.#at++;
    if (start === undefined) throw mistake('a duration needs a date from which it is counted', undefined);
    return { kind: 'period', start, parts: this.#parts(periodParts) };
  }

  #parts(known: readonly string[]): ReadonlyMap<string, string> {
    const parts = new Map<string, string>();
    for (let word = this.#peek(); word?.includes('=') === true; word = this.#peek()) {
      const [name = '', value = ''] = word.split('=');
      if (!known.includes(name)) {
        const fix = `Did you mean '${nearest(name, known) ?? known[0]}'? There is: ${known.join(', ')}`;
        throw mistake(`'${name}' is no part of a date`, fix);
      }
      parts.set(name, value);
      this.#at++;
    }
    if (parts.size === 0) throw mistake('the rule says no part of a date', `For example: ${known.at(-1)}=1-5`);
    return parts;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #expect(what: string): string {
    const word = this.next();
    if (word !== undefined && !joints.has(word)) return word;
    const where = word === undefined ? 'the rule ends' : `there is '${word}'`;
    throw mistake(`${where} where ${what} should be`, 'For example: rule score=100 pingd gt 0 and #uname ne n3');
  }
}

function mistake(what: string, fix: string | undefined): CommandFailure {
  return new CommandFailure({ kind: 'usage', what, ...(fix === undefined ? {} : { fix }) });
}
