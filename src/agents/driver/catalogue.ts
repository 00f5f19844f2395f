// Which agents this machine has, and what each says of itself. Meta-data is read once and again when the file changes.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { err, nearest, ok, type Result } from '../../kit/index.ts';
import { type Agent, formatAgent, parseAgent } from '../agent.ts';
import { builtinMetadata, builtinOf } from '../builtin.ts';
import { type AgentMetadata, parseMetadata } from '../metadata.ts';
import { runChild } from './child.ts';
import { type AgentFolders, agentPath, standardFolders } from './runner.ts';
import { describeUnit } from './systemd.ts';

const metadataTimeoutMs = 30_000;

/** systemd.unit(5), "Unit File Load Path" */
const unitFolders = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map((folder) => `${folder}/systemd/system`);

export class AgentCatalogue {
  readonly #folders: AgentFolders;
  readonly #read = new Map<
    string,
    { readonly stamp: string; readonly metadata: Promise<Result<AgentMetadata, string>> }
  >();

  constructor(folders: AgentFolders = standardFolders) {
    this.#folders = folders;
  }

  /** Every agent of the class that is installed here or built in, sorted. */
  list(agentClass: Agent['class']): Agent[] {
    switch (agentClass) {
      case 'ocf': {
        const root = `${this.#folders.ocfRoot}/resource.d`;
        const installed = namesIn(root).flatMap((provider) =>
          executablesIn(`${root}/${provider}`).map((type) => ({ class: 'ocf', provider, type }) as const),
        );
        const builtin = Object.keys(builtinMetadata).map(
          (type) => ({ class: 'ocf', provider: 'haven', type }) as const,
        );
        return [...installed, ...builtin].sort((left, right) => (formatAgent(left) < formatAgent(right) ? -1 : 1));
      }
      case 'lsb':
      case 'service':
        return executablesIn(this.#folders.lsb).map((type) => ({ class: agentClass, type }));
      case 'stonith': {
        const types = this.#folders.fence.flatMap(executablesIn).filter((name) => name.startsWith('fence_'));
        return [...new Set(types)].sort().map((type) => ({ class: 'stonith', type }));
      }
      case 'systemd': {
        const units = unitFolders.flatMap(namesIn);
        const services = units
          .filter((name) => name.endsWith('.service'))
          .map((name) => name.slice(0, -'.service'.length));
        return [...new Set(services)].sort().map((type) => ({ class: 'systemd', type }));
      }
    }
  }

  /** What the agent says of itself; the error is a sentence, with the nearest agent's name when there is none of this. */
  metadata(agent: Agent): Promise<Result<AgentMetadata, string>> {
    if (agent.class === 'systemd') return this.#unit(agent);
    const builtin = builtinOf(agent, 'keep');
    if (builtin !== undefined) return Promise.resolve(ok(builtinMetadata[builtin]));
    const path = agentPath(agent, this.#folders);
    const stamp = stampOf(path);
    if (stamp === undefined) return Promise.resolve(err(this.#unknown(agent)));
    if (agent.class !== 'ocf' && agent.class !== 'stonith')
      return Promise.resolve(ok(scriptMetadata(agent.type, path)));
    const known = this.#read.get(path);
    if (known?.stamp === stamp) return known.metadata;
    const metadata = readMetadata(agent, path, this.#folders);
    this.#read.set(path, { stamp, metadata });
    return metadata;
  }

  /**
   * The agent of a name as people write it: `ocf:heartbeat:IPaddr2`, or just `IPaddr2` where one agent only is called so.
   * The error is a sentence.
   */
  resolve(name: string): Result<Agent, string> {
    if (name.includes(':')) return parseAgent(name);
    const all = (['ocf', 'stonith', 'systemd', 'lsb'] as const).flatMap((agentClass) => this.list(agentClass));
    const exact = all.filter(({ type }) => type === name);
    const same = exact.length > 0 ? exact : all.filter(({ type }) => type.toLowerCase() === name.toLowerCase());
    const [first] = same;
    if (first !== undefined && same.length === 1) return ok(first);
    if (same.length > 1) return err(`'${name}' may be any of ${same.map(formatAgent).join(', ')}`);
    const near = nearest(name, new Set(all.map(({ type }) => type)));
    const meant = all.find(({ type }) => type === near);
    const suggestion = meant === undefined ? '' : ` (did you mean '${formatAgent(meant)}'?)`;
    return err(`no agent on this node is called '${name}'${suggestion}`);
  }

  /** A node where systemd does not answer can still say what every unit can do. */
  async #unit(agent: Agent): Promise<Result<AgentMetadata, string>> {
    const described = await describeUnit(agent.type, metadataTimeoutMs, this.#folders.systemd);
    if (!described.ok) return ok(unitMetadata(agent.type, `systemd unit ${agent.type}`));
    return described.value === undefined ? err(this.#unknown(agent)) : ok(unitMetadata(agent.type, described.value));
  }

  #unknown(agent: Agent): string {
    const near = nearest(formatAgent(agent), this.list(agent.class).map(formatAgent));
    const suggestion = near === undefined ? '' : ` (did you mean '${near}'?)`;
    return `the agent '${formatAgent(agent)}' is not installed on this node${suggestion}`;
  }
}

async function readMetadata(agent: Agent, path: string, folders: AgentFolders): Promise<Result<AgentMetadata, string>> {
  const fence = agent.class === 'stonith';
  const environment = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    OCF_ROOT: folders.ocfRoot,
    OCF_RESOURCE_TYPE: agent.type,
  };
  const request = { environment, timeoutMs: metadataTimeoutMs, ...(fence ? { input: 'action=metadata\n' } : {}) };
  const argv = fence ? ([path] as const) : ([path, 'meta-data'] as const);
  const result = await runChild({ ...request, argv }).result;
  const name = formatAgent(agent);
  if (result.kind === 'not-started') return err(`'${name}' cannot be run: ${result.message}`);
  if (result.kind !== 'exited') return err(`'${name}' gave no meta-data: ${result.kind}`);
  // Some print a line before it; others, which are no agents but tools for people, print only their usage.
  const start = result.output.search(/<(\?xml|!DOCTYPE|resource-agent)\b/);
  if (start < 0) return err(`'${name}' gave no meta-data (exit code ${result.code}) ${result.errors.trim()}`.trimEnd());
  const parsed = parseMetadata(result.output.slice(start));
  return parsed.ok ? parsed : err(`'${name}': ${parsed.error}`);
}

/** An init script describes itself in its LSB comment block (LSB 5.0, 22.3). */
function scriptMetadata(name: string, path: string): AgentMetadata {
  const block = /### BEGIN INIT INFO([\s\S]*?)### END INIT INFO/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
  const field = (wanted: string) => new RegExp(`^#\\s*${wanted}:\\s*(.*)$`, 'm').exec(block)?.[1] ?? '';
  const short = field('Short-Description');
  return { name, version: '1.0', short, long: field('Description') || short, parameters: [], actions: serviceActions };
}

function unitMetadata(name: string, short: string): AgentMetadata {
  return { name, version: '1.0', short, long: short, parameters: [], actions: serviceActions };
}

const serviceActions = ['start', 'stop', 'status', 'monitor'].map((name) => {
  const times = { timeoutMs: name === 'start' || name === 'stop' ? 100_000 : 15_000, startDelayMs: 0, intervalMs: 0 };
  return { name, role: undefined, depth: undefined, ...times, ...(name === 'monitor' ? { intervalMs: 60_000 } : {}) };
});

function stampOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? `${stats.mtimeMs}/${stats.size}/${stats.ino}` : undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return []; // The folder is not there: no agents of that kind.
  }
}

function executablesIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => {
      const stats = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
      return stats?.isFile() === true && (stats.mode & 0o111) !== 0;
    })
    .sort();
}
