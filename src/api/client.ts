// The API's typed client: what every front end speaks to a node with.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { userInfo } from 'node:os';
import type { Edit } from '../controller/index.ts';
import { CommandFailure, type Failure } from '../kit/index.ts';
import type { Forecast } from './foresight/forecast.ts';
import type { SimulateRequest } from './foresight/foresight.ts';
import type { Reasons } from './foresight/reasons.ts';
import {
  type ClusterStatus,
  type Command,
  defaultSocketPath,
  type EventView,
  type FencingView,
  type InvitationOutcome,
  type NodeList,
  type Outcome,
  type TransitionView,
} from './types.ts';

/** A member of the cluster, over TLS, as one of its nodes: certificates and keys in PEM. */
export type PeerTarget = {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** It is given up when it is silent for so long. */
  readonly timeoutMs: number;
};

export class ApiClient {
  readonly #target: string | PeerTarget;

  /** A socket of this machine, or another node. */
  constructor(target: string | PeerTarget = process.env.HAVEN_API ?? defaultSocketPath) {
    this.#target = target;
  }

  status(): Promise<ClusterStatus> {
    return this.#json('GET', '/v1/status');
  }

  /** The document, or what the XPath finds in it. */
  document(xpath?: string): Promise<string> {
    return this.#text('GET', xpath === undefined ? '/v1/cib' : `/v1/cib?xpath=${encodeURIComponent(xpath)}`);
  }

  /** @throws CommandFailure with what the cluster has against it. */
  async edit(edit: Edit): Promise<void> {
    succeed(await this.#json<Outcome>('POST', '/v1/edit', { edit }));
  }

  /** @throws CommandFailure */
  async command(command: Command): Promise<void> {
    succeed(await this.#json<Outcome>('POST', '/v1/command', command));
  }

  nodeList(): Promise<NodeList> {
    return this.#json('GET', '/v1/nodes');
  }

  /** Opens the cluster to one machine, for so long. @throws CommandFailure */
  async invite(lifetimeMs: number): Promise<{ readonly token: string; readonly endsAt: number }> {
    const outcome = await this.#json<InvitationOutcome>('POST', '/v1/invitations', { lifetimeMs });
    if (outcome.ok) return outcome;
    throw new CommandFailure(outcome.failure);
  }

  async settled(withinMs: number): Promise<boolean> {
    const { settled } = await this.#json<{ settled: boolean }>('GET', `/v1/settled?ms=${Math.round(withinMs)}`);
    return settled;
  }

  events(): Promise<EventView[]> {
    return this.#json('GET', '/v1/events');
  }

  /** What was fenced, oldest first. */
  fencing(): Promise<FencingView[]> {
    return this.#json('GET', '/v1/fencing');
  }

  history(): Promise<TransitionView[]> {
    return this.#json('GET', '/v1/history');
  }

  historyInput(number: number): Promise<string> {
    return this.#text('GET', `/v1/history/${number}/input`);
  }

  /** What would be done if the edit were made and the nodes lost. @throws CommandFailure for what cannot be */
  simulate(request: SimulateRequest): Promise<Forecast> {
    return this.#json('POST', '/v1/simulate', request);
  }

  /** Why a resource runs where it runs, on all nodes or on one. @throws CommandFailure for names that there are not */
  why(resource: string, node?: string): Promise<Reasons> {
    const query = new URLSearchParams({ resource, ...(node === undefined ? {} : { node }) });
    return this.#json('GET', `/v1/why?${query}`);
  }

  /** Calls back for each event until the returned function is called or the daemon ends. */
  follow(listener: (event: EventView) => void, ended: () => void): () => void {
    const asked = this.#ask('GET', '/v1/events?follow=1', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const blocks = (text + chunk).split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = block.split('\n').find((line) => line.startsWith('data: '));
          if (data !== undefined) listener(JSON.parse(data.slice('data: '.length)) as EventView);
        }
      });
      response.on('close', ended);
    });
    asked.once('error', ended);
    asked.end();
    return () => asked.destroy();
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.#text(method, path, body)) as T;
  }

  #text(method: string, path: string, body?: unknown): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = this.#ask(method, path, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const { statusCode = 500 } = response;
          if (statusCode < 300) resolve(text);
          else reject(new CommandFailure(refusalOf(text, statusCode)));
        });
      });
      asked.once('error', (thrown: NodeJS.ErrnoException) => reject(new CommandFailure(this.#unreachable(thrown))));
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  #ask(method: string, path: string, respond: (response: IncomingMessage) => void): ClientRequest {
    const headers = { 'content-type': 'application/json', 'x-haven-by': `${userInfo().username}@cli` };
    const target = this.#target;
    // A connection each: one that is kept may have been closed by the daemon when a busy machine comes to the next request.
    if (typeof target === 'string')
      return request({ socketPath: target, method, path, headers, agent: false }, respond);
    const { address: host, port, ca, cert, key, timeoutMs: timeout } = target;
    const asked = requestOverTls({ host, port, ca, cert, key, timeout, method, path, headers, agent: false }, respond);
    return asked.once('timeout', () => asked.destroy(new Error(`silent for ${timeout} ms`)));
  }

  #unreachable(thrown: NodeJS.ErrnoException) {
    const target = this.#target;
    if (typeof target !== 'string') {
      const what = `${target.name} does not answer at ${target.address}, TCP port ${target.port}`;
      const why = thrown.message;
      return { kind: 'unavailable' as const, what, why, fix: 'Is its daemon running, and the port open?' };
    }
    if (thrown.code === 'EACCES') {
      const fix = "Run it as root, or join the group 'haclient'";
      return { kind: 'permission' as const, what: `you may not talk to the node's daemon (${target})`, fix };
    }
    const what = `no daemon answers on this node (${target})`;
    return {
      kind: 'unavailable' as const,
      what,
      why: thrown.code ?? thrown.message,
      fix: 'Start it: haven cluster start',
    };
  }
}

function succeed(outcome: Outcome): void {
  if (!outcome.ok) throw new CommandFailure(outcome.failure);
}

function refusalOf(text: string, status: number): Failure {
  try {
    const { kind, what, why, fix } = JSON.parse(text) as Partial<Failure>;
    if (kind !== undefined && what !== undefined)
      return { kind, what, ...(why === undefined ? {} : { why }), ...(fix === undefined ? {} : { fix }) };
  } catch {
    // Not one of ours: shown as it came.
  }
  return { kind: status === 404 ? 'not-found' : 'failed', what: text === '' ? `the daemon answered ${status}` : text };
}
