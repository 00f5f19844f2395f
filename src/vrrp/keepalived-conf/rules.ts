// Lines of virtual_rules and static_rules: `ip rule add` words.
import { type AddressFamily, familyOf, formatAddress } from '../address.ts';
import type { VirtualRule } from '../configuration.ts';
import { addressAndPrefix } from './addresses.ts';
import { type Scope, wordsOf } from './block.ts';
import type { Statement } from './statement.ts';
import { integerOf } from './values.ts';

type RuleDraft = { -readonly [Key in keyof VirtualRule]: VirtualRule[Key] } & { notApplied: string[] };

/** Selectors that are understood and not given to the kernel; a rule without one of them would match too much. */
const unappliedSelectors: readonly string[] = ['uidrange', 'ip_proto', 'ipproto', 'sport', 'dport', 'tun_id'];
const unappliedOptions: readonly string[] = ['realms', 'protocol', 'suppress_ifgroup'];

type RuleUse = {
  readonly draft: RuleDraft;
  readonly words: string[];
  readonly statement: Statement;
  readonly scope: Scope;
};

const numberMax = 0xffff_ffff;

/** Where the kernel puts a rule that says nothing itself, as far as the peer is concerned. */
const defaultPreference = 16_384;

/** One line, or nothing with a message. */
export function readRule(statement: Statement, scope: Scope): VirtualRule | undefined {
  const words = [...wordsOf(statement)];
  const draft = emptyRule(words.join(' '));
  const use: RuleUse = { draft, words, statement, scope };
  const before = scope.findings.items.filter((finding) => finding.severity === 'error').length;
  for (let word = words.shift(); word !== undefined; word = words.shift()) readWord(word, use);
  if (scope.findings.items.filter((finding) => finding.severity === 'error').length > before) return undefined;
  return finished(use);
}

function emptyRule(text: string): RuleDraft {
  return {
    family: 'ipv4',
    not: false,
    from: undefined,
    to: undefined,
    table: undefined,
    preference: undefined,
    firewallMark: undefined,
    firewallMask: undefined,
    tos: undefined,
    inputInterface: undefined,
    outputInterface: undefined,
    goto: undefined,
    action: 'lookup',
    suppressPrefixLength: undefined,
    noTrack: false,
    notApplied: [],
    text,
  };
}

function readWord(word: string, use: RuleUse): void {
  const { draft, words, statement, scope } = use;
  const alone = ['not', 'inet', 'inet6', 'no_track'].includes(word);
  if (words.length === 0 && Object.hasOwn(readers, word) && !alone)
    scope.findings.missingParameter(statement.place, scope.subject, wordsOf(statement));
  else if (Object.hasOwn(readers, word)) readers[word]?.(use);
  else if (word === 'blackhole' || word === 'unreachable' || word === 'prohibit' || word === 'nop') draft.action = word;
  else if (unappliedSelectors.includes(word) || word === 'l3mdev') {
    const what = `${scope.subject}rule '${draft.text}' is not set: '${word}' is not supported, and without it the rule would match too much`;
    scope.findings.error(statement.place, what);
    if (word !== 'l3mdev') words.shift();
  } else if (unappliedOptions.includes(word)) draft.notApplied.push(`${word} ${words.shift() ?? ''}`);
  else
    scope.findings.error(
      statement.place,
      `${scope.subject}Unknown rule option '${word}' in '${draft.text}' - ignoring the rule`,
    );
}

const readers: Readonly<Record<string, (use: RuleUse) => void>> = {
  not: ({ draft }) => {
    draft.not = true;
  },
  from: (use) => {
    use.draft.from = prefix(use);
  },
  to: (use) => {
    use.draft.to = prefix(use);
  },
  inet: ({ draft }) => {
    draft.family = 'ipv4';
  },
  inet6: ({ draft }) => {
    draft.family = 'ipv6';
  },
  table: readTable,
  lookup: readTable,
  preference: readPreference,
  pref: readPreference,
  priority: readPreference,
  order: readPreference,
  fwmark: (use) => {
    const [mark = '', mask] = (use.words.shift() ?? '').split('/', 2);
    use.draft.firewallMark = anyNumber(mark, use);
    use.draft.firewallMask = mask === undefined ? undefined : anyNumber(mask, use);
  },
  tos: readTos,
  dsfield: readTos,
  iif: ({ draft, words }) => {
    draft.inputInterface = words.shift();
  },
  dev: ({ draft, words }) => {
    draft.inputInterface = words.shift();
  },
  oif: ({ draft, words }) => {
    draft.outputInterface = words.shift();
  },
  goto: (use) => {
    use.draft.action = 'goto';
    use.draft.goto = anyNumber(use.words.shift() ?? '', use);
  },
  suppress_prefixlength: (use) => {
    use.draft.suppressPrefixLength = integerOf(use.words.shift() ?? '', use.statement, { min: 0, max: 128 }, use.scope);
  },
  no_track: ({ draft }) => {
    draft.noTrack = true;
  },
  track_group: ({ words }) => {
    words.shift();
  },
};

function readTable(use: RuleUse): void {
  const word = use.words.shift() ?? '';
  const value = /^(0x[0-9a-fA-F]+|\d+)$/.test(word) ? Number(word) : use.scope.surroundings.routingName('table', word);
  if (value !== undefined && value <= numberMax) use.draft.table = value;
  else use.scope.findings.error(use.statement.place, `${use.scope.subject}Routing table '${word}' not found for rule`);
}

function readPreference(use: RuleUse): void {
  use.draft.preference = anyNumber(use.words.shift() ?? '', use);
}

function readTos(use: RuleUse): void {
  const word = use.words.shift() ?? '';
  const number = /^(0x)?[0-9a-fA-F]{1,2}$/.test(word) ? Number.parseInt(word, 16) : undefined;
  use.draft.tos = number ?? use.scope.surroundings.routingName('dsfield', word);
  if (use.draft.tos === undefined) {
    use.scope.findings.error(use.statement.place, `${use.scope.subject}TOS value '${word}' is invalid`);
  }
}

function prefix(use: RuleUse): { readonly address: string; readonly prefixLength: number } | undefined {
  const text = use.words.shift() ?? '';
  if (text === 'all' || text === 'any' || text === 'default') return undefined;
  const parsed = addressAndPrefix(text, use.statement, use.scope);
  if (parsed === undefined) return undefined;
  use.draft.family = familyOf(parsed.bytes);
  return { address: formatAddress(parsed.bytes), prefixLength: parsed.prefixLength };
}

function anyNumber(word: string, use: RuleUse): number | undefined {
  if (/^0x[0-9a-fA-F]{1,8}$/.test(word)) return Number(word);
  return integerOf(word, use.statement, { min: 0, max: numberMax }, use.scope);
}

function finished({ draft, statement, scope }: RuleUse): VirtualRule | undefined {
  if (draft.from !== undefined && draft.to !== undefined && familyOfText(draft.from) !== familyOfText(draft.to)) {
    scope.findings.error(statement.place, `${scope.subject}rule '${draft.text}' mixes IPv4 and IPv6 - ignoring it`);
    return undefined;
  }
  if (draft.action === 'lookup' && draft.table === undefined) {
    scope.findings.error(
      statement.place,
      `${scope.subject}rule '${draft.text}' names no table and no action - ignoring it`,
    );
    return undefined;
  }
  if (draft.preference === undefined) {
    draft.preference = defaultPreference;
    scope.findings.warning(
      statement.place,
      `${scope.subject}Rule has no preference specified - setting to ${defaultPreference}. This is probably not what you want`,
      { fix: 'Add preference NUMBER' },
    );
  }
  if (draft.notApplied.length > 0) {
    scope.findings.info(statement.place, `${scope.subject}rule is set without '${draft.notApplied.join("', '")}'`);
  }
  return draft;
}

function familyOfText({ address }: { readonly address: string }): AddressFamily {
  return familyOf(address);
}
