// keepalived.conf from text to configuration: lines, then statements, then global_defs, then what is tracked, then the
// instances, then what ties them together. Nothing here stops at the first fault.
import type {
  GarpGroupConfiguration,
  InstanceConfiguration,
  ScriptUser,
  SyncGroupConfiguration,
  VrrpConfiguration,
} from '../configuration.ts';
import { withVirtualMacs } from '../virtual-mac.ts';
import { readBlock, reportUnknown, type Scope, type ScriptPolicy } from './block.ts';
import { vridClashes } from './clashes.ts';
import { type Finding, Findings } from './findings.ts';
import { defaultGlobals, type GlobalDraft } from './global-draft.ts';
import { daemonKeywords, globalKeywords, globalOptionsOf } from './global-keywords.ts';
import { instanceOf } from './instance.ts';
import { emptyInstance, type InstanceDraft, instanceKeywords } from './instance-keywords.ts';
import { userOf } from './script-command.ts';
import { readLines } from './source.ts';
import { readStatements, type Statement } from './statement.ts';
import type { Surroundings } from './surroundings.ts';
import { readSyncGroup, type SyncGroupDraft, syncGroupOf, withoutMemberWeights } from './sync-group.ts';
import { emptyTop, type TopDraft, topKeywords, topOnlyKeywords } from './top-keywords.ts';
import type { Tracked } from './tracking.ts';

export type ParsedConfiguration = {
  readonly configuration: VrrpConfiguration;
  /** File by file, line by line. */
  readonly findings: readonly Finding[];
};

/** Reads the file `path` and all it includes; undefined when that file itself cannot be read. */
export function parseConfiguration(path: string, surroundings: Surroundings): ParsedConfiguration | undefined {
  const findings = new Findings();
  const lines = readLines(path, surroundings, findings);
  if (lines === undefined) return undefined;
  const scope: Scope = { findings, surroundings, subject: '', scripts: undefined };
  const statements = readStatements(lines, topOnlyKeywords, findings);
  const configuration = configurationOf(statements, scope);
  return { configuration, findings: inOrderOfLines(findings.items) };
}

/** The checks find things in an order of their own; people read a file from its top. */
function inOrderOfLines(findings: readonly Finding[]): readonly Finding[] {
  const files = [...new Set(findings.map(({ place }) => place.file))];
  return findings.toSorted(
    (left, right) =>
      files.indexOf(left.place.file) - files.indexOf(right.place.file) ||
      (left.place.line ?? 0) - (right.place.line ?? 0),
  );
}

function configurationOf(statements: readonly Statement[], before: Scope): VrrpConfiguration {
  const globals = readGlobals(statements, before);
  const scope = { ...before, scripts: scriptPolicyOf(globals) };
  const top = emptyTop();
  readTop(top, statements, scope);
  const tracked: Tracked = {
    scripts: byName(top.scripts),
    processes: byName(top.processes),
    files: byName(top.files),
    bfd: byName(top.bfd),
    interfacesMayBeAbsent: globals.options.dynamicInterfaces !== 'no',
  };
  const written = instancesOf(top.instances, globals, tracked, scope);
  vridClashes(written, scope.findings);
  const syncGroups = syncGroupsOf(top.syncGroups, { instances: written, tracked, globals }, scope);
  const { vmacPrefix: own, vmacAddressPrefix = own } = globals.options;
  const prefixes = { own, address: vmacAddressPrefix };
  return {
    global: globalOptionsOf(globals),
    instances: withVirtualMacs(withPacing(withoutMemberWeights(written, syncGroups, scope), top.garpGroups), prefixes),
    syncGroups,
    scripts: top.scripts,
    processes: top.processes,
    files: top.files,
    bfdSessions: top.bfd.map(({ weight: _, reverse: __, ...session }) => session),
    staticAddresses: top.staticAddresses,
    staticRoutes: top.staticRoutes,
    staticRules: top.staticRules,
    garpGroups: top.garpGroups,
    interfaceDelays: top.interfaceDelays,
    virtualServers: top.virtualServers,
  };
}

/** garp_group: the pacing of an interface goes before the global one. */
function withPacing(
  instances: readonly InstanceConfiguration[],
  groups: readonly GarpGroupConfiguration[],
): readonly InstanceConfiguration[] {
  return instances.map((instance) => {
    const group = groups.find(({ interfaces }) => interfaces.includes(instance.interface));
    if (group === undefined) return instance;
    const { garpIntervalMs, gnaIntervalMs } = instance.announcement;
    const announcement = {
      ...instance.announcement,
      garpIntervalMs: group.garpIntervalMs ?? garpIntervalMs,
      gnaIntervalMs: group.gnaIntervalMs ?? gnaIntervalMs,
    };
    return { ...instance, announcement };
  });
}

/** global_defs counts for the whole file wherever it stands, so it is read before anything else. */
function readGlobals(statements: readonly Statement[], scope: Scope): GlobalDraft {
  const globals = defaultGlobals();
  for (const statement of statements) {
    if (statement.keyword === 'global_defs') readBlock(globals, statement.block ?? [], globalKeywords, scope);
    else if (Object.hasOwn(daemonKeywords, statement.keyword)) {
      daemonKeywords[statement.keyword]?.(globals, statement, scope);
    }
  }
  globals.options.scriptUser ??= customaryScriptUser(scope);
  return globals;
}

/** Scripts run as this account when it exists, keepalived.conf(5) "Scripts". */
function customaryScriptUser(scope: Scope): ScriptUser | undefined {
  const user = userOf('keepalived_script', undefined, scope);
  return typeof user === 'string' ? undefined : user;
}

function scriptPolicyOf({ options }: GlobalDraft): ScriptPolicy {
  return { security: options.scriptSecurity, user: options.scriptUser, rootScriptReported: false };
}

/** Unknown words at top level that stand in a row are one fault: what follows an unknown block or a stray brace. */
function readTop(top: TopDraft, statements: readonly Statement[], scope: Scope): void {
  let unknownBefore = false;
  for (const statement of statements) {
    const reader = Object.hasOwn(topKeywords, statement.keyword) ? topKeywords[statement.keyword] : undefined;
    if (reader !== undefined) reader(top, statement, scope);
    else if (!unknownBefore) reportMisplaced(statement, scope);
    unknownBefore = reader === undefined;
  }
}

function reportMisplaced(statement: Statement, scope: Scope): void {
  const owner = Object.hasOwn(instanceKeywords, statement.keyword)
    ? 'vrrp_instance'
    : Object.hasOwn(globalKeywords, statement.keyword)
      ? 'global_defs'
      : undefined;
  if (owner === undefined) reportUnknown(statement, Object.keys(topKeywords), scope);
  else {
    scope.findings.error(statement.place, `Unknown keyword '${statement.keyword}' outside a block`, {
      why: `it belongs inside ${owner} { }`,
      fix: "Look for a '}' too many, or a '{' missing, above",
    });
  }
}

function byName<Item extends { readonly name: string }>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.name, item]));
}

function instancesOf(
  statements: readonly { readonly name: string; readonly statement: Statement }[],
  globals: GlobalDraft,
  tracked: Tracked,
  scope: Scope,
): readonly InstanceConfiguration[] {
  return statements.flatMap(({ name, statement }) => {
    const own: Scope = { ...scope, subject: `(${name}) ` };
    const draft: InstanceDraft = emptyInstance(name, statement.place);
    readBlock(draft, statement.block ?? [], instanceKeywords, own);
    const instance = instanceOf(draft, globals, tracked, own);
    return instance === undefined ? [] : [instance];
  });
}

function syncGroupsOf(
  drafts: readonly { readonly name: string; readonly statement: Statement }[],
  known: {
    readonly instances: readonly InstanceConfiguration[];
    readonly tracked: Tracked;
    readonly globals: GlobalDraft;
  },
  scope: Scope,
): readonly SyncGroupConfiguration[] {
  const taken = new Set<string>();
  const { instances, tracked, globals } = known;
  return drafts.flatMap(({ name, statement }) => {
    const draft: SyncGroupDraft = readSyncGroup(name, statement, scope);
    const group = syncGroupOf(draft, { instances, tracked, defaults: globals.instances, taken }, scope);
    return group === undefined ? [] : [group];
  });
}
