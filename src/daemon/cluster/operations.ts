// Orders of the cluster as operations of this machine's agents: the node's executor, in the controller's terms.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Agent,
  AgentCatalogue,
  type AgentMetadata,
  type ExecutionReport,
  type Fate,
  isAbsent,
  type LapseEnd,
  NodeExecutor,
  type Outcome,
  type Started,
  standardFolders,
} from '../../agents/index.ts';
import { parametersDigest, type XmlElement } from '../../cib/index.ts';
import type { ExecutionOrder, OperationReport } from '../../controller/index.ts';
import type { HeldAddress } from '../../guardian/index.ts';
import { CommandFailure, type Logger } from '../../kit/index.ts';
import { agentFactsOf, concealed, secretsOf } from './agent-facts.ts';
import { installAgentTools } from './agent-tools.ts';
import { leftoverProbes, ownProbe } from './own-probes.ts';

export type OperationsOptions = {
  readonly logger: Logger;
  readonly stateFolder: string;
  /** The node's name, and the socket of its API. */
  readonly self: { readonly node: string; readonly socket: string };
  readonly report: (report: Omit<OperationReport, 'node'>) => void;
  readonly cancelled: (resource: string, operation: string, intervalMs: number) => void;
  readonly onAddresses: (addresses: readonly HeldAddress[]) => void;
  /** Asked when an address is gone that nobody ordered away. */
  readonly fateOfTaken: () => Fate;
};

/** HA_RSCTMP: the standard agents keep their state there and expect it to exist after each boot. */
const agentStateFolder = '/run/resource-agents';
/** How long operations may go on when the daemon ends. */
const closeGraceMs = 2000;

export class Operations {
  readonly #options: OperationsOptions;
  readonly #catalogue = new AgentCatalogue();
  readonly #executor: NodeExecutor<ExecutionOrder>;
  /** Transition keys. */
  readonly #leftoverProbes = new Set<string>();
  /** Started by daemons before this one, and not looked for yet. */
  readonly #inherited: Set<string>;

  constructor(options: OperationsOptions) {
    this.#options = options;
    const { logger, stateFolder, self, onAddresses, fateOfTaken } = options;
    const folders = { ...standardFolders, tools: join(dirname(self.socket), 'tools') };
    installAgentTools(folders.tools, self);
    const onReport = (report: ExecutionReport<ExecutionOrder>) => void this.#report(report);
    // Believed to run here, it would be stopped also where others took it over.
    const onGivenUp = (id: string, started: Started) => this.execute(ownProbe(id, started, nowSeconds()));
    const executor = { logger, stateFolder, folders, onAddresses, fateOfTaken, onGivenUp, onReport };
    this.#executor = new NodeExecutor(executor);
    this.#inherited = new Set(this.#executor.started().keys());
    mkdirSync(agentStateFolder, { recursive: true });
    this.#prepare();
  }

  execute(order: ExecutionOrder): void {
    this.#executor.execute(order);
  }

  /**
   * Looks, once for each, for what ran before this daemon and the document does not name. Whenever members meet: a node that
   * stood alone until then has known its own document only, which may name what the others have deleted.
   */
  lookForLeftovers(cib: XmlElement): void {
    const inherited = [...this.#executor.started()].filter(([id]) => this.#inherited.has(id));
    for (const order of leftoverProbes(cib, new Map(inherited), nowSeconds())) {
      this.#inherited.delete(order.resource.id);
      this.#leftoverProbes.add(order.transitionKey);
      this.execute(order);
    }
  }

  cancel(resource: string, operation: string, intervalMs: number): void {
    // What does not recur here is cancelled already.
    if (!this.#executor.cancel({ resource, operation, intervalMs }))
      this.#options.cancelled(resource, operation, intervalMs);
  }

  /** Gives up every start that is under way: the right to it is gone. */
  revoke(reason: string): void {
    this.#executor.revoke(reason);
  }

  /** The cluster property `fast-agents`: standard address agents are run by the built-in one. */
  setFastAgents(fastAgents: 'map' | 'keep'): void {
    this.#executor.setFastAgents(fastAgents);
  }

  /** Decides on the addresses that were taken off for a lapse of the lease. */
  settleTaken(end: LapseEnd): void {
    this.#executor.settleTaken(end);
  }

  close(): Promise<void> {
    return this.#executor.close(closeGraceMs);
  }

  /** A kernel that refuses costs only who uses the built-in address agent, and it says so then. */
  #prepare(): void {
    try {
      this.#executor.prepare();
    } catch (thrown) {
      if (!(thrown instanceof CommandFailure)) throw thrown;
      this.#options.logger.warning(`the built-in address agent cannot be used here: ${thrown.message}`);
    }
  }

  async #report(report: ExecutionReport<ExecutionOrder>): Promise<void> {
    const { callId, outcome, startedAtMs } = report;
    const order = orderAsFound(report);
    if (outcome.status === 'cancelled')
      return this.#options.cancelled(order.resource.id, order.operation, order.intervalMs);
    // The document does not name it, and need not.
    if (this.#leftoverProbes.delete(order.transitionKey) && isAbsent(outcome)) return;
    const atSeconds = Math.floor(startedAtMs / 1000);
    const metadata = await this.#metadataOf(order, outcome);
    const reason = concealed(outcome.reason, secretsOf(order.parameters, metadata));
    this.#options.report({ order, outcome: { ...outcome, reason }, callId, atSeconds, agent: agentFactsOf(metadata) });
  }

  /** Where something depends on it: it is recorded with what runs, and says what must not stand in a reason. */
  async #metadataOf(order: ExecutionOrder, { code, reason }: Outcome): Promise<AgentMetadata | undefined> {
    const { class: agentClass, provider = '', type } = order.resource;
    const runs = code === 0 || code === 8;
    if (!runs && (reason === '' || Object.keys(order.parameters).length === 0)) return undefined;
    if (agentClass !== 'ocf' && agentClass !== 'stonith') return undefined;
    const agent: Agent = agentClass === 'ocf' ? { class: 'ocf', provider, type } : { class: 'stonith', type };
    const metadata = await this.#catalogue.metadata(agent);
    return metadata.ok ? metadata.value : undefined;
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** What a probe found instead of what it was asked for goes into the document: the difference has it stopped. */
function orderAsFound({ order, found }: ExecutionReport<ExecutionOrder>): ExecutionOrder {
  if (found === undefined) return order;
  const { agent, parameters } = found;
  const provider = agent.class === 'ocf' ? agent.provider : undefined;
  const resource = { id: order.resource.id, class: agent.class, provider, type: agent.type };
  return { ...order, resource, parameters, digest: parametersDigest(Object.entries(parameters)) };
}
