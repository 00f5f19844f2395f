import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailure } from '../../../kit/index.ts';
import { parseCondition } from './condition.ts';
import { ruleElement, ruleText } from './element.ts';

const rules = [
  'defined pingd',
  'not_defined pingd or pingd lte 0',
  '#uname eq n1 and site eq string east and load lt number 0.5',
  'a eq 1 or (b eq 2 and (c eq 3 or defined d))',
  'date lt 2030-01-01',
  'date gt "2030-01-01 18:00"',
  'date in_range 2030-01-01 to 2030-02-01',
  'date in_range to 2030-02-01',
  'date in_range 2030-01-01 to duration months=1 days=2',
  'date-spec hours=9-16 weekdays=1-5 and site ne "north west"',
  'type eq integer',
];

test('a rule in words says the same after it was an element', () => {
  for (const rule of rules) assert.equal(ruleText(ruleElement('r', parseCondition([rule]))), rule);
});

test("'and' binds closer than 'or', and words may come one by one or all in one", () => {
  const written = 'a eq 1 and b eq 2 or c eq 3';
  for (const words of [[written], written.split(' ')])
    assert.equal(ruleText(ruleElement('r', parseCondition(words))), '(a eq 1 and b eq 2) or c eq 3');
});

test('every part of a rule has an id of its own', () => {
  const ids: string[] = [];
  const visit = (element: ReturnType<typeof ruleElement>) => {
    ids.push(element.id ?? '');
    element.children.forEach(visit);
  };
  visit(ruleElement('r', parseCondition([rules[3] ?? ''])));
  visit(ruleElement('s', parseCondition([rules[8] ?? ''])));
  assert.equal(new Set(ids).size, ids.length, ids.join(' '));
});

test('what is no rule is refused with what is wrong and how it is written', () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['', /the rule ends where a condition should be/],
    ['pingd gte', /the rule ends where the value that 'pingd' is compared with should be/],
    ['pingd gtr 5', /'gtr' is no comparison. Write: pingd gt VALUE/],
    ['(a eq 1', /a '\(' of the rule is not closed/],
    ['a eq 1 b eq 2', /'b' is too much in the rule. Join conditions with 'and' or 'or'/],
    ['a eq 1 and or b eq 2', /there is 'or' where a condition should be/],
    ['date in_range 2030-01-01 until 2031-01-01', /'until' should be 'to'/],
    ['date-spec hour=9', /'hour' is no part of a date. Did you mean 'hours'/],
    ['date lt soon', /'soon' is no date/],
  ];
  for (const [rule, expected] of mistakes) {
    assert.throws(
      () => ruleElement('r', parseCondition([rule])),
      (thrown) => thrown instanceof CommandFailure && expected.test(thrown.message),
      rule,
    );
  }
});
