// What an agent asks with the tools that agents know: crm_attribute(8), crm_master(8), attrd_updater(8), crm_node(8).
import { CommandFailure, parseDurationMs } from '../../kit/index.ts';
import { type OptionTable, type ReadOptions, readOptions } from './words.ts';

export const toolNames = ['crm_attribute', 'crm_master', 'attrd_updater', 'crm_node'] as const;
export type ToolName = (typeof toolNames)[number];

/** Where an attribute or option is kept. */
export type Scope =
  /** In the status section, until the node leaves. */
  | { readonly kind: 'status'; readonly node: string }
  | { readonly kind: 'nodes'; readonly node: string; readonly set: 'instance_attributes' | 'utilization' }
  | { readonly kind: 'crm_config' | 'rsc_defaults' | 'op_defaults' };

export type AttributeRequest = {
  readonly kind: 'attribute';
  readonly scope: Scope;
  readonly name: string;
  /** The id of the set that it is in. */
  readonly setId: string | undefined;
  readonly action: /** `value++` and `value+=N` count from the value there is. */
    | { readonly kind: 'update'; readonly value: string; readonly dampenMs: number }
    | { readonly kind: 'delete'; readonly dampenMs: number }
    | { readonly kind: 'query'; readonly fallback: string | undefined; readonly format: QueryFormat };
};

/** As crm_attribute prints it, its value alone, or as attrd_updater prints it. */
export type QueryFormat = 'scoped' | 'value' | 'attrd';

export type NodeRequest =
  | { readonly kind: 'node-name' }
  | { readonly kind: 'node-id' }
  | { readonly kind: 'node-list' }
  | { readonly kind: 'partition' }
  | { readonly kind: 'quorum' }
  | { readonly kind: 'name-of-id'; readonly id: string };

export type ToolRequest =
  | AttributeRequest
  | NodeRequest
  /** Of the attribute on all nodes. */
  | { readonly kind: 'query-all'; readonly name: string }
  /** What needs nothing done here. */
  | { readonly kind: 'nothing' };

export type Caller = {
  /** The node that the tool runs on. */
  readonly node: string;
  /** OCF_RESOURCE_INSTANCE: the resource whose agent calls; with its instance number in a clone with unique instances. */
  readonly resource: string | undefined;
};

/** @throws CommandFailure `usage` */
export function requestOf(tool: ToolName, words: readonly string[], caller: Caller): ToolRequest {
  switch (tool) {
    case 'crm_attribute':
      return crmAttribute(readOptions(words, crmAttributeOptions, ['promotion']), caller);
    case 'crm_master': {
      const options = readOptions(words, crmMasterOptions);
      const resource = options.text('resource-id') ?? caller.resource;
      return attributeOf(options, { scope: nodeScope(options, caller, 'reboot'), name: promotionName(resource, tool) });
    }
    case 'attrd_updater':
      return attrdUpdater(readOptions(words, attrdUpdaterOptions), caller);
    case 'crm_node':
      return crmNode(readOptions(words, crmNodeOptions));
  }
}

const text = (short?: string) => ({ type: 'string' as const, ...(short === undefined ? {} : { short }) });
const flag = (short?: string) => ({ type: 'boolean' as const, ...(short === undefined ? {} : { short }) });

const valueOptions = {
  node: text('N'),
  uname: text('U'),
  lifetime: text('l'),
  update: text('v'),
  'attr-value': text(),
  query: flag('G'),
  'get-value': flag(),
  delete: flag('D'),
  default: text('d'),
  quiet: flag('q'),
  verbose: flag('V'),
} satisfies OptionTable;

const crmAttributeOptions = {
  ...valueOptions,
  name: text('n'),
  'attr-name': text(),
  promotion: text('p'),
  'set-name': text('s'),
  type: text('t'),
  utilization: flag('z'),
} satisfies OptionTable;

/** crm_master's -Q is crm_attribute's -q. */
const crmMasterOptions = {
  ...valueOptions,
  'resource-id': text('r'),
  silent: flag('Q'),
} satisfies OptionTable;

function crmAttribute(options: ReadOptions, caller: Caller): ToolRequest {
  const named = options.text('promotion');
  if (named !== undefined) {
    const name = promotionName(named === '' ? caller.resource : named, 'crm_attribute --promotion');
    return attributeOf(options, { scope: nodeScope(options, caller, 'reboot'), name });
  }
  const name = options.text('name', 'attr-name');
  if (name === undefined) throw usage('crm_attribute needs the name of an attribute', 'Give --name NAME');
  return attributeOf(options, { scope: scopeOf(options, caller), name });
}

function attributeOf(options: ReadOptions, { scope, name }: { scope: Scope; name: string }): AttributeRequest {
  const asked = { kind: 'attribute' as const, scope, name, setId: options.text('set-name') };
  const value = options.text('update', 'attr-value');
  if (value !== undefined) return { ...asked, action: { kind: 'update', value, dampenMs: 0 } };
  if (options.has('delete')) return { ...asked, action: { kind: 'delete', dampenMs: 0 } };
  const format = options.has('quiet', 'silent') ? 'value' : 'scoped';
  return { ...asked, action: { kind: 'query', fallback: options.text('default'), format } };
}

/** A cluster option where nothing says that it is a node's attribute. */
function scopeOf(options: ReadOptions, caller: Caller): Scope {
  const type = options.text('type');
  switch (type) {
    case 'crm_config':
    case 'rsc_defaults':
    case 'op_defaults':
      return { kind: type };
    case 'status':
      return nodeScope(options, caller, 'reboot');
    case 'nodes':
      return nodeScope(options, caller, 'forever');
    case undefined:
      if (options.has('node', 'uname', 'lifetime', 'utilization')) return nodeScope(options, caller, 'forever');
      return { kind: 'crm_config' };
    default:
      throw usage(
        `crm_attribute does not keep attributes in '${type}' here`,
        'Use crm_config, rsc_defaults, op_defaults, nodes or status',
      );
  }
}

function nodeScope(options: ReadOptions, caller: Caller, lifetimeDefault: 'reboot' | 'forever'): Scope {
  const node = options.text('node', 'uname') ?? caller.node;
  if (options.has('utilization')) return { kind: 'nodes', node, set: 'utilization' };
  const lifetime = options.text('lifetime') ?? lifetimeDefault;
  if (lifetime === 'reboot') return { kind: 'status', node };
  if (lifetime === 'forever') return { kind: 'nodes', node, set: 'instance_attributes' };
  throw usage(`the lifetime '${lifetime}' is not known`, 'Use reboot or forever');
}

/** Agents know themselves by the name that their score is kept under. */
function promotionName(resource: string | undefined, tool: string): string {
  if (resource !== undefined && resource !== '') return `master-${resource}`;
  throw usage(`${tool} is for agents that the cluster runs`, 'Name the resource, or set OCF_RESOURCE_INSTANCE');
}

const attrdUpdaterOptions = {
  name: text('n'),
  update: text('U'),
  value: text('v'),
  'update-both': text('B'),
  'update-delay': flag('Y'),
  query: flag('Q'),
  delete: flag('D'),
  refresh: flag('R'),
  delay: text('d'),
  set: text('s'),
  section: text('S'),
  node: text('N'),
  all: flag('A'),
  lifetime: text('l'),
  private: flag('p'),
  quiet: flag('q'),
  verbose: flag('V'),
} satisfies OptionTable;

/** The time to wait goes with every value here: there is none to set by itself, and nothing that was not written. */
function attrdUpdater(options: ReadOptions, caller: Caller): ToolRequest {
  if (options.has('refresh', 'update-delay')) return { kind: 'nothing' };
  const name = options.text('name');
  if (name === undefined) throw usage('attrd_updater needs the name of an attribute', 'Give --name NAME');
  const scope: Scope = { kind: 'status', node: options.text('node') ?? caller.node };
  const asked = { kind: 'attribute' as const, scope, name, setId: undefined };
  const dampenMs = delayMsOf(options);
  const value = options.text('update', 'value', 'update-both');
  if (value !== undefined) return { ...asked, action: { kind: 'update', value, dampenMs } };
  if (options.has('delete')) return { ...asked, action: { kind: 'delete', dampenMs } };
  if (!options.has('query')) throw usage('attrd_updater is told nothing to do', 'Give -U VALUE, -B VALUE, -D or -Q');
  if (options.has('all')) return { kind: 'query-all', name };
  return { ...asked, action: { kind: 'query', fallback: undefined, format: 'attrd' } };
}

function delayMsOf(options: ReadOptions): number {
  const delay = options.text('delay');
  if (delay === undefined) {
    if (options.has('update-both')) throw usage('--update-both needs the time to wait', 'Give --delay SECONDS');
    return 0;
  }
  const delayMs = parseDurationMs(delay);
  if (delayMs === undefined) throw usage(`--delay takes a duration, not '${delay}'`, 'Write 5s');
  return delayMs;
}

const crmNodeOptions = {
  'cluster-id': flag('i'),
  list: flag('l'),
  name: flag('n'),
  partition: flag('p'),
  quorum: flag('q'),
  'name-for-id': text('N'),
  quiet: flag('Q'),
  verbose: flag('V'),
} satisfies OptionTable;

function crmNode(options: ReadOptions): NodeRequest {
  const id = options.text('name-for-id');
  if (id !== undefined) return { kind: 'name-of-id', id };
  if (options.has('name')) return { kind: 'node-name' };
  if (options.has('cluster-id')) return { kind: 'node-id' };
  if (options.has('list')) return { kind: 'node-list' };
  if (options.has('partition')) return { kind: 'partition' };
  if (options.has('quorum')) return { kind: 'quorum' };
  throw usage('crm_node is told nothing to show', 'Give -n, -i, -l, -p, -q or -N ID');
}

function usage(what: string, fix: string): CommandFailure {
  return new CommandFailure({ kind: 'usage', what, fix });
}
