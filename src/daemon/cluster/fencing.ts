// This node's part in fencing: it runs devices' agents as the coordinator orders, and remembers what came of fencing
// anywhere in the cluster, over restarts.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentCatalogue, FenceRunner } from '../../agents/index.ts';
import type { FencingView } from '../../api/index.ts';
import type { ClusterMessage, FencingOrder } from '../../controller/index.ts';
import { Random } from '../../kit/index.ts';
import { concealed, secretsOf } from './agent-facts.ts';

const historyMax = 500;

export class NodeFencing {
  readonly #catalogue = new AgentCatalogue();
  readonly #runner = new FenceRunner(new Random(randomUUID()));
  readonly #file: string;
  readonly #complain: (text: string) => void;
  #history: readonly FencingView[];

  constructor(stateDirectory: string, complain: (text: string) => void) {
    this.#complain = complain;
    mkdirSync(stateDirectory, { recursive: true });
    this.#file = join(stateDirectory, 'fencing.json');
    this.#history = readHistory(this.#file);
  }

  /** Oldest first. */
  get history(): readonly FencingView[] {
    return this.#history;
  }

  /** Undefined: done. Else why not. A device that does not know the node is not asked to fence it. */
  async carryOut(order: FencingOrder): Promise<string | undefined> {
    const failure = await this.#attempt(order);
    if (failure === undefined) return undefined;
    const { agent: type, parameters } = order.device;
    const metadata = await this.#catalogue.metadata({ class: 'stonith', type });
    return concealed(failure, secretsOf(parameters, metadata.ok ? metadata.value : undefined));
  }

  async #attempt({ target, action, device, timeoutMs }: FencingOrder): Promise<string | undefined> {
    const { id, agent: type, parameters } = device;
    const reach = await this.#runner.reaches({ id, type, parameters }, target, timeoutMs);
    if (!reach.ok) return reach.error;
    if (reach.value === 'does not reach') return `'${id}' does not know ${target}`;
    // Who shoots first was decided by the coordinator, delay and all.
    const run = this.#runner.fence({ id, type, parameters }, { node: target, action, timeoutMs, delay: 'skip' });
    const { status, code, reason } = await run.outcome;
    return status === 'done' && code === 0 ? undefined : reason || `the agent answered ${code}`;
  }

  remember({ target, action, by, device, failure }: Extract<ClusterMessage, { kind: 'fenced' }>): void {
    const view: FencingView = { at: Date.now(), target: target.name, action, by, device, failure: failure ?? null };
    this.#history = [...this.#history, view].slice(-historyMax);
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify(this.#history));
      renameSync(`${this.#file}.new`, this.#file);
    } catch (thrown) {
      this.#complain(`cannot record what came of fencing ${target.name}: ${(thrown as Error).message}`);
    }
  }
}

/** A history that cannot be read is no reason not to start: it is for people to look at. */
function readHistory(file: string): readonly FencingView[] {
  try {
    const history: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(history) ? (history as FencingView[]).slice(-historyMax) : [];
  } catch {
    return [];
  }
}
