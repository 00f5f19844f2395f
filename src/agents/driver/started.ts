// As what, and with which parameters, each resource of this node was started. A stop has to be given these: by the time it
// is ordered the document may say others, or, of a resource that was deleted, nothing at all, and the agent would look for
// what never ran and call it stopped. A probe has to look for it, too, or nobody orders that stop. Kept in a file each,
// because resources outlive the daemon; a boot forgets both.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../kit/index.ts';
import { type Agent, formatAgent, parseAgent } from '../agent.ts';
import type { Operation } from '../environment.ts';
import type { Outcome } from '../outcome.ts';

export type Started = { readonly agent: Agent; readonly parameters: Operation['parameters'] };

/** An operation and who is asked for it. */
export type AgentOperation = { readonly agent: Agent; readonly operation: Operation };

const startActions: readonly string[] = ['start', 'migrate_from'];
const reloadActions: readonly string[] = ['reload', 'reload-agent'];
const activeCodes: readonly number[] = [0, 8, 9, 190, 191];
const absentCodes: readonly number[] = [5, 7];
const suffix = '.json';

export class StartedWith {
  readonly #folder: string;
  readonly #logger: Logger;
  /** Undefined: there is no file, either. */
  readonly #known = new Map<string, Started | undefined>();

  constructor(stateFolder: string, logger: Logger) {
    this.#folder = join(stateFolder, 'started');
    this.#logger = logger;
  }

  /** A stop as it is to be carried out; anything else as it is. */
  asStarted(asked: AgentOperation): AgentOperation {
    return asked.operation.action === 'stop' ? (this.#earlier(asked) ?? asked) : asked;
  }

  /** What a probe has to look for before what it was told to look for; undefined when that is the same. */
  beforeProbing(asked: AgentOperation): AgentOperation | undefined {
    const { action, intervalMs } = asked.operation;
    return action === 'monitor' && intervalMs === 0 ? this.#earlier(asked) : undefined;
  }

  /** Of an agent that is not here, nothing can run that was not started by another: then there is nothing to stop. */
  afterStopping({ operation }: AgentOperation, outcome: Outcome): Outcome {
    const isMissing = operation.action === 'stop' && outcome.status === 'not-installed';
    if (!isMissing || this.#of(operation.resource) !== undefined) return outcome;
    return { ...outcome, status: 'done', code: 0, reason: '' };
  }

  /** Everything that was started, or found running, and not stopped. */
  all(): ReadonlyMap<string, Started> {
    for (const resource of this.#written()) this.#of(resource);
    return new Map([...this.#known].flatMap(([id, started]) => (started === undefined ? [] : [[id, started]])));
  }

  ended({ agent, operation }: AgentOperation, { status, code }: Outcome): void {
    const { action, intervalMs, resource, parameters } = operation;
    if (action === 'stop' && code === 0) return this.#forget(resource);
    // A start that failed may have left something; one whose program cannot be run has not.
    if (startActions.includes(action) && status !== 'not-installed') return this.#remember(resource, agent, parameters);
    if (reloadActions.includes(action) && code === 0) return this.#remember(resource, agent, parameters);
    if (action !== 'monitor') return;
    if (intervalMs === 0 && isAbsent({ status, code })) return this.#forget(resource);
    const found = status === 'done' && activeCodes.includes(code);
    if (found && this.#of(resource) === undefined) this.#remember(resource, agent, parameters);
  }

  #earlier({ agent, operation }: AgentOperation): AgentOperation | undefined {
    const started = this.#of(operation.resource);
    if (started === undefined || isSame(started, { agent, parameters: operation.parameters })) return undefined;
    return { agent: started.agent, operation: { ...operation, parameters: started.parameters } };
  }

  #of(resource: string): Started | undefined {
    if (!this.#known.has(resource)) this.#known.set(resource, read(this.#file(resource)));
    return this.#known.get(resource);
  }

  #remember(resource: string, agent: Agent, parameters: Started['parameters']): void {
    this.#known.set(resource, { agent, parameters });
    const file = this.#file(resource);
    try {
      // Parameters may be secret.
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify({ agent: formatAgent(agent), parameters }), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (thrown) {
      const why = (thrown as Error).message;
      this.#logger.warning(`what ${resource} was started with is lost if the daemon ends: ${why}`);
    }
  }

  #forget(resource: string): void {
    this.#known.set(resource, undefined);
    rmSync(this.#file(resource), { force: true });
  }

  #written(): string[] {
    try {
      const names = readdirSync(this.#folder).filter((name) => name.endsWith(suffix));
      return names.map((name) => decodeURIComponent(name.slice(0, -suffix.length)));
    } catch {
      return [];
    }
  }

  #file(resource: string): string {
    return join(this.#folder, `${encodeURIComponent(resource)}${suffix}`);
  }
}

/** A monitor's answer that the resource is not there. */
export function isAbsent({ status, code }: Pick<Outcome, 'status' | 'code'>): boolean {
  return status === 'not-installed' || (status === 'done' && absentCodes.includes(code));
}

function isSame(left: Started, right: Started): boolean {
  const text = ({ agent, parameters }: Started) =>
    JSON.stringify([formatAgent(agent), Object.entries(parameters).sort()]);
  return text(left) === text(right);
}

/** Undefined too when it is not a file that was written here whole. */
function read(file: string): Started | undefined {
  try {
    const { agent: text, parameters } = JSON.parse(readFileSync(file, 'utf8')) as { agent: string } & Started;
    const agent = parseAgent(text);
    return agent.ok ? { agent: agent.value, parameters } : undefined;
  } catch {
    return undefined;
  }
}
