// A node without a cluster, for trying the command line on: it holds a real document, makes real edits, and shows what
// the real view makes of it. Nothing runs on it.
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClusterStatus,
  type Command,
  documentView,
  type EventView,
  type FencingView,
  type InvitationOutcome,
  listenOnSocket,
  type NodeList,
  type NodeService,
  type Outcome,
  type TransitionView,
} from '../../api/index.ts';
import { parseXml, serialiseXmlDocument, upgradeCib, type XmlElement } from '../../cib/index.ts';
import { applyEdit, type Edit } from '../../controller/index.ts';

export type Unlike = Partial<Pick<ClusterStatus, 'failures' | 'activity' | 'warnings' | 'phase'>>;

export class MemoryNode implements NodeService {
  readonly commands: Command[] = [];
  readonly past: EventView[] = [];
  readonly transitions: TransitionView[] = [];
  unlike: Unlike = {};
  #document: XmlElement;
  #server: Server | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'haven-cli-'));
  readonly #listeners = new Set<(event: EventView) => void>();

  constructor(xml: string) {
    this.#document = parsed(xml);
  }

  /** Where `HAVEN_API` should point to. */
  get socketPath(): string {
    return join(this.#folder, 'api.sock');
  }

  async listen(): Promise<void> {
    this.#server = await listenOnSocket(this, this.socketPath, async () => ({ user: 'root', groups: [] }));
  }

  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get cib(): XmlElement {
    return this.#document;
  }

  fencing(): readonly FencingView[] {
    return [];
  }

  nodeList(): NodeList {
    return { revision: 0, highestId: 1, nodes: [{ name: 'n1', id: 1, addresses: ['10.0.0.1'] }] };
  }

  invite(): InvitationOutcome {
    return { ok: false, failure: { kind: 'unavailable', what: 'this node has no cluster' } };
  }

  status(): ClusterStatus {
    const upgraded = upgradeCib(this.#document);
    if (!upgraded.ok) throw new Error(upgraded.error.what);
    const view = documentView(upgraded.value.root, { epochSeconds: 1_790_000_000, offsetSeconds: 0 });
    return {
      cluster: 'web',
      version: '0.1.0',
      node: 'n1',
      phase: 'together',
      coordinator: 'n1',
      quorum: { quorate: true, votes: 2, expectedVotes: 3, votesNeeded: 2 },
      activity: [],
      ...view,
      nodes: view.nodes.map((node) => ({ ...node, coordinator: node.name === 'n1', self: node.name === 'n1' })),
      ...this.unlike,
    };
  }

  document(): string {
    return serialiseXmlDocument(this.#document);
  }

  async edit(edit: Edit): Promise<Outcome> {
    const edited = applyEdit(this.#document, edit);
    if (!edited.ok) return { ok: false, failure: edited.error };
    this.#document = edited.value;
    return { ok: true };
  }

  async command(command: Command): Promise<Outcome> {
    this.commands.push(command);
    return { ok: true };
  }

  async settled(): Promise<boolean> {
    return true;
  }

  events(): readonly EventView[] {
    return this.past;
  }

  onEvent(listener: (event: EventView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  history(): readonly TransitionView[] {
    return this.transitions;
  }

  historyInput(number: number): string | undefined {
    return this.transitions.some((each) => each.number === number) ? this.document() : undefined;
  }
}

function parsed(xml: string): XmlElement {
  const result = parseXml(xml);
  if (result.ok) return result.value;
  throw new Error(result.error.what);
}
