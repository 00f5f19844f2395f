// corosync.conf, line by line, into a flat list of keys: the grammar of Corosync 3.1.7 with its verdicts and its words.
// The first fault ends the reading, as it does there.
import type { Diagnostic } from '../../kit/index.ts';
import { nearest } from '../../kit/index.ts';
import { knownKeys, valueFault } from './keys.ts';
import type { Machine } from './model.ts';

type Accounts = Pick<Machine, 'hasUser' | 'hasGroup'>;

export type ConfigEntry = {
  /** `totem.token`, `nodelist.node.0.ring0_addr`, `totem.interface.1.mcastport`, `logging.logger_subsys.QUORUM.debug`. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
};

export type ParsedConfig = {
  readonly entries: ReadonlyMap<string, ConfigEntry>;
  /** Corosync's own words, `parser error: FILE:LINE: …`, when the file cannot be read. */
  readonly fault: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
};

const lineBytesMax = 510;
const keyBytesMax = 254;
const membersPerInterfaceMax = 384;

type Section = {
  readonly name: string;
  /** Path with numbers; undefined for an interface and a subsystem until their own key names them. */
  readonly path: string;
  /** Path without numbers: what the rules go by. */
  readonly kind: string;
  readonly line: number;
  readonly held: ConfigEntry[];
};

/** Reads the text; never throws. `file` is named in messages only. */
export function parseCorosyncConf(text: string, file: string, accounts: Accounts): ParsedConfig {
  const parser = new Parser(file, accounts);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, raw] of lines.entries()) {
    parser.line(raw, index + 1);
    if (parser.fault !== undefined) break;
  }
  parser.end(lines.length);
  return { entries: parser.entries, fault: parser.fault, diagnostics: parser.diagnostics };
}

class Parser {
  readonly entries = new Map<string, ConfigEntry>();
  readonly diagnostics: Diagnostic[] = [];
  fault: string | undefined;
  readonly #file: string;
  readonly #accounts: Accounts;
  readonly #open: Section[] = [];
  /** The place in the nodelist that the next key of a node goes to. */
  #nodeNumber = 0;

  constructor(file: string, accounts: Accounts) {
    this.#file = file;
    this.#accounts = accounts;
  }

  line(raw: string, line: number): void {
    if (new TextEncoder().encode(raw).length > lineBytesMax) return this.#fail(line, 'Line too long');
    const text = raw.replace(/^[ \t]+|[ \t\r]+$/g, '');
    if (text === '' || text.startsWith('#')) return;
    const brace = text.indexOf('{');
    if (brace >= 0) return this.#openSection(text, brace, line);
    const colon = text.indexOf(':');
    if (colon >= 0) {
      const value = text.slice(colon + 1).replace(/^[ \t]+/, '');
      // What stands right before the value, be it the colon, is no part of the name.
      const name = text.slice(0, text.length - value.length - 1).replace(/(?<=.)[ \t:]+$/, '');
      return this.#keyValue(name, value, line);
    }
    if (text.includes('}')) return this.#closeSection(text, line);
    this.#fail(line, 'Line is not opening or closing section or key value');
  }

  end(lines: number): void {
    if (this.fault === undefined && this.#open.length > 0) this.#fail(lines, 'Missing closing brace');
  }

  #openSection(text: string, brace: number, line: number): void {
    const name = text.slice(0, brace).replace(/[ \t:]+$/, '');
    if (name === '') return this.#fail(line, "Missing section name before opening bracket '{'");
    if (text.slice(brace + 1).trim() !== '') return this.#fail(line, "Extra characters after opening bracket '{'");
    const parent = this.#open.at(-1);
    const path = parent === undefined ? name : `${parent.path}.${name}`;
    if (path.length > keyBytesMax) return this.#fail(line, 'Start of section makes total cmap path too long');
    // Corosync takes a section within a node, or within uidgid, for another of its kind.
    const isSame = parent !== undefined && ['nodelist.node', 'uidgid'].includes(parent.kind);
    const kind = isSame ? parent.kind : parent === undefined ? name : `${parent.kind}.${name}`;
    // A nodelist that is said again begins anew: its first node is the first node.
    if (kind === 'nodelist') this.#nodeNumber = 0;
    this.#open.push({ name, path, kind, line, held: [] });
  }

  #closeSection(text: string, line: number): void {
    if (text !== '}') return this.#fail(line, "Extra characters before or after closing bracket '}'");
    const section = this.#open.pop();
    if (section === undefined) return this.#fail(line, 'Unexpected closing brace');
    if (section.kind === 'nodelist.node') this.#nodeNumber++;
    if (section.kind === 'totem.interface') this.#placeInterface(section);
    if (section.kind === 'logging.logger_subsys') this.#placeNamed(section, 'subsys', 'logger_subsys', line);
    if (section.kind === 'logging.logging_daemon') this.#placeNamed(section, 'name', 'logging_daemon', line);
  }

  /** An interface is known by its link number, wherever in the section that stands; a later section of it overrides. */
  #placeInterface(section: Section): void {
    const own = section.held.findLast((entry) => entry.key === 'linknumber');
    const ring = section.held.findLast((entry) => entry.key === 'ringnumber');
    if (own === undefined && ring !== undefined) {
      this.#warn(ring.line, "'ringnumber' is the key of Corosync 1 and 2; it is read as 'linknumber'", {
        fix: `Write 'linknumber: ${ring.value}'`,
      });
    }
    const number = Number(own?.value ?? (/^\d+$/.test(ring?.value ?? '') ? ring?.value : undefined) ?? 0);
    let members = 0;
    for (const entry of section.held) {
      const key = entry.key === 'member.memberaddr' ? `member.${members++}` : entry.key;
      if (members <= membersPerInterfaceMax) this.#store({ ...entry, key: `${section.path}.${number}.${key}` });
    }
    if (section.held.length === 0)
      this.#store({ key: `${section.path}.${number}.linknumber`, value: '0', line: section.line });
  }

  #placeNamed(section: Section, nameKey: string, directive: string, line: number): void {
    const name = section.held.findLast((entry) => entry.key === nameKey);
    if (name === undefined) return this.#fail(line, `No ${nameKey} key in ${directive} directive`);
    for (const entry of section.held) {
      if (entry.key === nameKey) continue;
      const key = `${section.path}.${name.value}.${entry.key}`;
      const fault = keyFault(key);
      if (fault !== undefined) return this.#fail(line, fault);
      this.#store({ ...entry, key });
    }
  }

  #keyValue(name: string, value: string, line: number): void {
    const section = this.#open.at(-1);
    const kind = section?.kind ?? '';
    const path = section === undefined ? name : `${this.#prefixOf(section)}.${name}`;
    if ((section === undefined ? name : `${section.path}.${name}`).length > keyBytesMax)
      return this.#fail(line, 'New key makes total cmap path too long');
    if (kind === 'totem.interface.member' && name !== 'memberaddr') {
      return this.#fail(line, 'Only memberaddr is allowed in member section');
    }
    if (kind === 'uidgid' && name !== 'uid' && name !== 'gid') {
      return this.#fail(line, 'uidgid: Only uid and gid are allowed items');
    }
    const fault = valueFault(kind, name, value, path) ?? this.#accountFault(kind, name, value) ?? keyFault(path);
    if (fault !== undefined) return this.#fail(line, fault);
    this.#adviseOnKey(kind, name, value, line);
    const holder = this.#holder();
    if (holder === undefined) return this.#store({ key: path, value, line });
    holder.held.push({ key: section === holder ? name : `${section?.name}.${name}`, value, line });
  }

  #prefixOf({ kind, path }: Section): string {
    return kind === 'nodelist.node' ? `nodelist.node.${this.#nodeNumber}` : path;
  }

  #accountFault(kind: string, name: string, value: string): string | undefined {
    if (kind !== 'uidgid' || /^\d+$/.test(value)) return undefined;
    const isUser = name === 'uid';
    if (isUser ? this.#accounts.hasUser(value) : this.#accounts.hasGroup(value)) return undefined;
    const [what, file] = isUser ? ['user', '/etc/passwd'] : ['group', '/etc/group'];
    return `The '${value}' ${what} is not found in ${file}, please read the documentation.`;
  }

  /** The section whose place is known only at its end. */
  #holder(): Section | undefined {
    const kinds = ['totem.interface', 'logging.logger_subsys', 'logging.logging_daemon'];
    return this.#open.find((section) => kinds.includes(section.kind));
  }

  /** Corosync takes unknown keys and end-of-line comments in silence; an administrator would rather know. */
  #adviseOnKey(kind: string, name: string, value: string, line: number): void {
    if (/\s#/.test(value)) {
      const fix = 'Put the comment on a line of its own';
      this.#warn(line, `the comment is part of the value of '${name}': '${value}'`, { fix });
    }
    const known = knownKeys.get(kind);
    if (known === undefined || known.includes(name)) return;
    const near = nearest(name, known);
    const fix = near === undefined ? undefined : `Did you mean '${near}'?`;
    this.#warn(line, `unknown key '${name}' in ${kind} has no effect`, fix === undefined ? {} : { fix });
  }

  #store(entry: ConfigEntry): void {
    this.entries.set(entry.key, entry);
  }

  #warn(line: number, what: string, more: { readonly fix?: string }): void {
    this.diagnostics.push({ severity: 'warning', place: { file: this.#file, line }, what, ...more });
  }

  #fail(line: number, what: string): void {
    this.fault ??= `parser error: ${this.#file}:${line}: ${what}`;
    this.diagnostics.push({ severity: 'error', place: { file: this.#file, line }, what });
  }
}

/** What Corosync's map of settings takes for a key; it calls every other one too long. */
function keyFault(key: string): string | undefined {
  return /^[\w.\-/:]{3,}$/.test(key)
    ? undefined
    : `Can't store key "${key}" into icmap, returned error is CS_ERR_NAME_TOO_LONG`;
}
