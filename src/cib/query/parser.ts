// Reads XPath 1.0 (W3C Recommendation of 1999) as far as the cluster's tools and people use it: paths with any number of
// steps, the axes down, up and to attributes, predicates, positions, comparisons, and/or, unions, and the common
// functions. Not read: arithmetic, the sibling and following axes, variables, namespaces, node tests but names and `*`.
import { type Diagnostic, err, nearest, ok, type Result } from '../../kit/index.ts';
import {
  type Axis,
  anyNode,
  axes,
  type Comparison,
  type Expression,
  type FunctionName,
  functions,
  type Step,
} from './expression.ts';
import { type Token, tokensOf } from './lexer.ts';

/** What an expression may be at most. */
export const queryLimits = { charactersMax: 16_384, nestingMax: 64 } as const;

export function parseXPath(text: string): Result<Expression, Diagnostic> {
  if (text.length > queryLimits.charactersMax) {
    return err({ severity: 'error', place: {}, what: `an XPath of ${text.length} characters is too long` });
  }
  const { tokens, strayAt } = tokensOf(text);
  try {
    if (strayAt !== undefined) throw new Unexpected(strayAt, `'${text.trimStart().charAt(0)}' is not XPath here`);
    return ok(new Reader(tokens).whole());
  } catch (problem) {
    if (!(problem instanceof Unexpected)) throw problem;
    const place = { column: problem.at + 1, path: text };
    const why = problem.fix === undefined ? {} : { fix: problem.fix };
    return err({ severity: 'error', place, what: `not an XPath: ${problem.message}`, ...why });
  }
}

class Unexpected extends Error {
  readonly at: number;
  readonly fix: string | undefined;

  constructor(at: number, message: string, fix?: string) {
    super(message);
    this.at = at;
    this.fix = fix;
  }
}

const comparisons: readonly string[] = ['=', '!=', '<', '<=', '>', '>='];
const anyDescendant: Step = { axis: 'descendant-or-self', name: anyNode, predicates: [] };

class Reader {
  readonly #tokens: readonly Token[];
  #next = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#or();
    const { kind, text, at } = this.#peek();
    if (kind !== 'end') throw new Unexpected(at, `'${text}' is one too many`);
    return expression;
  }

  #or(): Expression {
    if (++this.#nesting > queryLimits.nestingMax) throw new Unexpected(this.#peek().at, 'it is nested too deep');
    const parts = [this.#and()];
    while (this.#takeWord('or')) parts.push(this.#and());
    this.#nesting--;
    return one({ kind: 'or', parts });
  }

  #and(): Expression {
    const parts = [this.#comparison()];
    while (this.#takeWord('and')) parts.push(this.#comparison());
    return one({ kind: 'and', parts });
  }

  #comparison(): Expression {
    let left = this.#union();
    for (;;) {
      const { kind, text } = this.#peek();
      if (kind !== 'symbol' || !comparisons.includes(text)) return left;
      this.#next++;
      left = { kind: 'compare', how: text as Comparison, left, right: this.#union() };
    }
  }

  #union(): Expression {
    const parts = [this.#path()];
    while (this.#take('|')) parts.push(this.#path());
    return one({ kind: 'union', parts });
  }

  #path(): Expression {
    const { kind, text } = this.#peek();
    if (kind === 'literal') {
      this.#next++;
      return { kind: 'literal', value: text };
    }
    if (kind === 'number') {
      this.#next++;
      return { kind: 'number', value: Number(text) };
    }
    if (text === '/' || text === '//') return this.#absolute();
    const primary = this.#primary();
    if (primary === undefined) return { kind: 'path', from: 'here', steps: this.#steps() };
    const predicates = this.#predicates();
    const start: Expression = predicates.length === 0 ? primary : { kind: 'filter', of: primary, predicates };
    const steps = this.#furtherSteps();
    return steps.length === 0 ? start : { kind: 'path', from: start, steps };
  }

  #absolute(): Expression {
    if (this.#take('//')) return { kind: 'path', from: 'root', steps: [anyDescendant, ...this.#steps()] };
    this.#take('/');
    return { kind: 'path', from: 'root', steps: this.#startsStep() ? this.#steps() : [] };
  }

  /** `( … )` or a function's call. */
  #primary(): Expression | undefined {
    const token = this.#peek();
    if (this.#take('(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    const isCall = token.kind === 'name' && this.#tokens[this.#next + 1]?.text === '(';
    return isCall ? this.#call(token) : undefined;
  }

  #call({ text, at }: Token): Expression {
    if (!Object.hasOwn(functions, text)) {
      const known = nearest(text, Object.keys(functions));
      throw new Unexpected(
        at,
        `there is no function ${text}()`,
        known === undefined ? undefined : `Did you mean ${known}()?`,
      );
    }
    const name = text as FunctionName;
    this.#next += 2;
    const values: Expression[] = [];
    while (!this.#take(')')) {
      if (values.length > 0) this.#expect(',');
      values.push(this.#or());
    }
    const [least, most] = functions[name];
    if (values.length < least || values.length > most)
      throw new Unexpected(at, `${name}() takes ${least} to ${most} values`);
    return { kind: 'call', name, values };
  }

  #steps(): Step[] {
    return [this.#step(), ...this.#furtherSteps()];
  }

  #furtherSteps(): Step[] {
    const steps: Step[] = [];
    for (;;) {
      if (this.#take('//')) steps.push(anyDescendant, this.#step());
      else if (this.#take('/')) steps.push(this.#step());
      else return steps;
    }
  }

  #startsStep(): boolean {
    const { kind, text } = this.#peek();
    return kind === 'name' || (kind === 'symbol' && ['*', '@', '.', '..'].includes(text));
  }

  #step(): Step {
    if (this.#take('.')) return { axis: 'self', name: anyNode, predicates: [] };
    if (this.#take('..')) return { axis: 'parent', name: anyNode, predicates: [] };
    const axis = this.#take('@') ? 'attribute' : this.#axis();
    const { kind, text, at } = this.#peek();
    if (kind !== 'name' && text !== '*')
      throw new Unexpected(at, kind === 'end' ? 'it ends too early' : `'${text}' is no name`);
    this.#next++;
    return { axis, name: text, predicates: this.#predicates() };
  }

  #predicates(): Expression[] {
    const predicates: Expression[] = [];
    while (this.#take('[')) {
      predicates.push(this.#or());
      this.#expect(']');
    }
    return predicates;
  }

  #axis(): Axis {
    const { kind, text, at } = this.#peek();
    if (kind !== 'name' || this.#tokens[this.#next + 1]?.text !== '::') return 'child';
    const axis = axes.find((known) => known === text);
    if (axis === undefined)
      throw new Unexpected(at, `the axis ${text} is not supported`, `Use one of ${axes.join(', ')}`);
    this.#next += 2;
    return axis;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 };
  }

  #take(symbol: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'symbol' || text !== symbol) return false;
    this.#next++;
    return true;
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'name' || text !== word) return false;
    this.#next++;
    return true;
  }

  #expect(symbol: string): void {
    const { text, at } = this.#peek();
    if (!this.#take(symbol))
      throw new Unexpected(at, `'${symbol}' is missing${text === '' ? '' : ` before '${text}'`}`);
  }
}

/** A chain of one is that one. */
function one(chain: Expression & { readonly parts: readonly Expression[] }): Expression {
  const [only] = chain.parts;
  return chain.parts.length === 1 && only !== undefined ? only : chain;
}
