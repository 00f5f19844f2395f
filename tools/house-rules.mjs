// The rules of the house that no linter knows. `houseRules(folder)` returns a sentence for each place that breaks one.
//
//   - a room imports only from the rooms below it, and another room only through its index.ts
//   - no cycles between files
//   - the pure rooms and the pure cores touch no clock, no randomness but the seeded one, no `node:*`
//   - files stay under 500 lines (functions under 70: Biome), words that hide a decision are banned
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const linesMax = 500;

/** What each room may import, besides itself. ARCHITECTURE.md says why. */
const directions = {
  kit: [],
  cib: ['kit'],
  scheduler: ['kit', 'cib'],
  membership: ['kit', 'linux'],
  vrrp: ['kit', 'linux'],
  linux: ['kit'],
  guardian: ['kit', 'linux'],
  agents: ['kit', 'cib', 'linux', 'guardian'],
  lab: ['kit', 'linux'],
  stage: ['kit', 'linux', 'lab', 'api'],
  torture: ['kit', 'cib', 'linux', 'lab', 'api', 'stage', 'interop'],
  controller: ['kit', 'cib', 'scheduler', 'membership'],
  api: ['kit', 'cib', 'scheduler', 'controller'],
  simulation: ['kit', 'cib', 'scheduler', 'membership', 'vrrp', 'agents', 'controller'],
  daemon: ['kit', 'cib', 'scheduler', 'membership', 'vrrp', 'linux', 'agents', 'guardian', 'controller', 'api'],
  cli: [
    'kit',
    'cib',
    'scheduler',
    'membership',
    'vrrp',
    'linux',
    'lab',
    'stage',
    'guardian',
    'agents',
    'controller',
    'api',
    'daemon',
    'simulation',
  ],
  interop: [
    'kit',
    'cib',
    'scheduler',
    'membership',
    'vrrp',
    'linux',
    'lab',
    'guardian',
    'agents',
    'api',
    'daemon',
    'simulation',
  ],
  bench: [
    'kit',
    'cib',
    'scheduler',
    'membership',
    'vrrp',
    'linux',
    'lab',
    'guardian',
    'agents',
    'api',
    'daemon',
    'simulation',
    'interop',
    'stage',
  ],
};

/** Rooms whose every file outside `driver/` is a pure core. */
const pureRooms = ['kit', 'agents', 'guardian', 'cib', 'scheduler', 'membership', 'vrrp', 'controller', 'simulation'];

const impure = [
  [/\bfrom 'node:/, "imports node:*, which belongs in the room's driver/"],
  [/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, 'reads a clock: a core is given nowMs'],
  [/\bMath\.random\(/, 'draws unseeded randomness: use Random of the kit'],
  [/\b(setTimeout|setInterval|setImmediate)\(/, 'sets a timer: a core answers nextDeadline'],
  [
    /(?<![\w.])process\.(env|pid|argv|exit|hrtime|uptime|nextTick|on|once|stdout|stderr|platform|kill|cwd|memoryUsage)\b/,
    'reads the process',
  ],
];

const bannedWords = [
  [/\b(TODO|FIXME|XXX)\b/, 'finish it, or file an issue'],
  [/@ts-ignore|@ts-expect-error|@ts-nocheck/, 'escapes the type checker'],
  [/biome-ignore(?! lint\/[\w/]+: \S)/, 'silences the linter without naming the rule and a reason'],
];

const folderWords = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc', 'lib'];

/** @returns {string[]} */
export function houseRules(/** @type {string} */ folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const imports = new Map([...texts].map(([file, text]) => [file, importsOf(file, text)]));
  return [
    ...files.flatMap((file) => directionFindings(folder, file, imports.get(file) ?? [])),
    ...files.flatMap((file) => textFindings(folder, file, texts.get(file) ?? '')),
    ...cycleFindings(imports),
  ];
}

function importsOf(/** @type {string} */ file, /** @type {string} */ text) {
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    target: join(dirname(file), match[2] ?? match[3] ?? ''),
    typeOnly: match[1] !== undefined,
    lazy: match[3] !== undefined,
  }));
}

function roomOf(/** @type {string} */ folder, /** @type {string} */ file) {
  const parts = relative(folder, file).split('/');
  return parts.length > 1 ? parts[0] : undefined;
}

function directionFindings(
  /** @type {string} */ folder,
  /** @type {string} */ file,
  /** @type {{target: string}[]} */ targets,
) {
  const room = roomOf(folder, file);
  if (room === undefined) return [];
  const allowed = /** @type {Record<string, string[]>} */ (directions)[room];
  if (allowed === undefined)
    return [`${file}: the room '${room}' is not in the house: add it to tools/house-rules.mjs with what it may import`];
  // What only tests use may look as far as they do.
  const isTest = file.endsWith('.test.ts') || file.split('/').includes('testing');
  return targets.flatMap(({ target }) => {
    const other = roomOf(folder, target);
    if (other === undefined || other === room || target.endsWith('.json')) return [];
    const findings = [];
    if (!allowed.includes(other) && !(isTest && room !== 'kit')) {
      findings.push(`${file}: '${room}' may not import from '${other}' (allowed: ${allowed.join(', ') || 'nothing'})`);
    }
    if (target !== join(folder, other, 'index.ts') && !isLazyDoor(file)) {
      findings.push(`${file}: enters '${other}' by ${target}; its only door is ${join(folder, other, 'index.ts')}`);
    }
    return findings;
  });
}

/** The composition root may load one file of a room into a worker without loading the room. */
function isLazyDoor(/** @type {string} */ file) {
  return file.endsWith('daemon/workers.ts');
}

function textFindings(/** @type {string} */ folder, /** @type {string} */ file, /** @type {string} */ text) {
  const findings = [];
  const lines = text.split('\n');
  const isTest = file.endsWith('.test.ts');
  if (lines.length > linesMax && !isTest)
    findings.push(`${file}: ${lines.length} lines, more than ${linesMax}: which second responsibility does it hide?`);
  for (const part of relative(folder, file).split('/')) {
    if (folderWords.includes(part.replace(/\.tsx?$/, '')))
      findings.push(`${file}: '${part}' names no thing of the domain`);
  }
  const room = roomOf(folder, file) ?? '';
  const pure = pureRooms.includes(room) && !isTest && !/\/(driver|testing)\//.test(file);
  lines.forEach((line, index) => {
    for (const [pattern, why] of [...bannedWords, ...(pure ? impure : [])]) {
      const code = pure && impure.some(([known]) => known === pattern) ? line.replace(/\/\/.*|^\s*\*.*/, '') : line;
      if (/** @type {RegExp} */ (pattern).test(code)) findings.push(`${file}:${index + 1}: ${why}`);
    }
  });
  return findings;
}

/** Depth-first search over run-time imports; type-only and lazy imports load nothing and may point back. */
function cycleFindings(/** @type {Map<string, {target: string, typeOnly: boolean, lazy: boolean}[]>} */ imports) {
  /** @type {Map<string, 'open' | 'done'>} */
  const seen = new Map();
  /** @type {string[]} */
  const findings = [];
  const visit = (/** @type {string} */ file, /** @type {string[]} */ path) => {
    if (seen.get(file) === 'done') return;
    if (seen.get(file) === 'open') {
      findings.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
      return;
    }
    seen.set(file, 'open');
    for (const { target, typeOnly, lazy } of imports.get(file) ?? []) {
      if (!typeOnly && !lazy && existsSync(target)) visit(target, [...path, file]);
    }
    seen.set(file, 'done');
  };
  for (const file of imports.keys()) visit(file, []);
  return findings;
}
