// What an agent says of itself: the meta-data action's XML (OCF Resource Agent API 1.1, section 5; fence agents use the
// same form), read into what a command line, a validator and the executor need.
import { SaxesParser } from 'saxes';
import { err, ok, parseDurationMs, type Result } from '../kit/index.ts';

export type AgentParameter = {
  readonly name: string;
  readonly required: boolean;
  /** Instances must differ in it (`unique="1"` or a `unique-group`). */
  readonly unique: boolean;
  readonly type: string;
  readonly default: string | undefined;
  readonly allowed: readonly string[];
  readonly short: string;
  readonly long: string;
  readonly deprecated: boolean;
  /** A secret: `private="1"`, or by its name. */
  readonly private: boolean;
  /** A running resource takes a change over (`reloadable="1"`) when its agent has the action reload-agent. */
  readonly reloadable: boolean;
};

export type AgentAction = {
  readonly name: string;
  readonly timeoutMs: number | undefined;
  readonly intervalMs: number;
  readonly role: string | undefined;
  readonly startDelayMs: number;
  readonly depth: string | undefined;
};

export type AgentMetadata = {
  readonly name: string;
  readonly version: string;
  readonly short: string;
  readonly long: string;
  readonly parameters: readonly AgentParameter[];
  readonly actions: readonly AgentAction[];
};

type Draft = {
  name: string;
  version: string;
  short: string;
  long: string;
  parameters: AgentParameter[];
  actions: AgentAction[];
};

type Attributes = Readonly<Record<string, string>>;

/** Reads the XML; the error says at which line it stops being readable. */
export function parseMetadata(xml: string): Result<AgentMetadata, string> {
  const draft: Draft = { name: '', version: '', short: '', long: '', parameters: [], actions: [] };
  const reader = new MetadataReader(draft);
  const parser = new SaxesParser();
  let failure: string | undefined;
  parser.on('error', (thrown) => {
    failure ??= `the meta-data is not well-formed XML: ${thrown.message}`;
  });
  parser.on('opentag', (tag) => reader.open(tag.name, tag.attributes as Attributes));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.on('closetag', (tag) => reader.close(tag.name));
  parser.write(xml.trimStart()).close();
  if (failure !== undefined) return err(failure);
  return draft.name === '' ? err('the meta-data has no <resource-agent name="…"> element') : ok(draft);
}

/** Follows the element that is open and what it belongs to. */
class MetadataReader {
  readonly #draft: Draft;
  #parameter: { -readonly [Key in keyof AgentParameter]: AgentParameter[Key] } | undefined;
  #allowed: string[] = [];
  #text = '';

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  open(name: string, attributes: Attributes): void {
    this.#text = '';
    switch (name) {
      case 'resource-agent':
        this.#draft.name = attributes.name ?? '';
        this.#draft.version = attributes.version ?? '';
        this.#draft.short = attributes.shortdesc ?? '';
        return;
      case 'parameter':
        this.#allowed = [];
        this.#parameter = parameterOf(attributes, this.#allowed);
        return;
      case 'content':
        if (this.#parameter === undefined) return;
        this.#parameter.type = attributes.type ?? 'string';
        this.#parameter.default = attributes.default;
        return;
      case 'option':
        if (attributes.value !== undefined) this.#allowed.push(attributes.value);
        return;
      case 'deprecated':
        if (this.#parameter !== undefined) this.#parameter.deprecated = true;
        return;
      case 'action':
        this.#draft.actions.push(actionOf(attributes));
        return;
    }
  }

  text(text: string): void {
    this.#text += text;
  }

  close(name: string): void {
    const text = this.#text.trim().replace(/[ \t]+/g, ' ');
    const owner = this.#parameter ?? this.#draft;
    if (name === 'shortdesc' && owner.short === '') owner.short = text;
    if (name === 'longdesc' && owner.long === '') owner.long = text;
    if (name === 'version' && this.#draft.version === '') this.#draft.version = text;
    if (name !== 'parameter' || this.#parameter === undefined) return;
    this.#draft.parameters.push(this.#parameter);
    this.#parameter = undefined;
  }
}

/** Of agents that do not say which of their parameters are secret. */
export const secretNames: readonly string[] = ['password', 'passwd'];

function parameterOf(attributes: Attributes, allowed: string[]): AgentParameter {
  return {
    name: attributes.name ?? '',
    required: isTrue(attributes.required),
    unique: isTrue(attributes.unique) || attributes['unique-group'] !== undefined,
    type: 'string',
    default: undefined,
    allowed,
    short: '',
    long: '',
    deprecated: isTrue(attributes.deprecated),
    private: isTrue(attributes.private) || secretNames.includes(attributes.name ?? ''),
    reloadable: isTrue(attributes.reloadable),
  };
}

function actionOf(attributes: Attributes): AgentAction {
  return {
    name: attributes.name ?? '',
    timeoutMs: parseDurationMs(attributes.timeout ?? ''),
    intervalMs: parseDurationMs(attributes.interval ?? '') ?? 0,
    role: attributes.role,
    startDelayMs: parseDurationMs(attributes['start-delay'] ?? '') ?? 0,
    depth: attributes.depth,
  };
}

function isTrue(text: string | undefined): boolean {
  return text === '1' || text === 'true' || text === 'yes';
}
