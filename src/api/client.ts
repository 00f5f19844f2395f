// The API's typed client: what every front end speaks to a node with.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { userInfo } from 'node:os';
import type { Edit } from '../controller/index.ts';
import { CommandFailure } from '../kit/index.ts';
import {
  type ClusterStatus,
  type Command,
  defaultSocketPath,
  type EventView,
  type Outcome,
  type TransitionView,
} from './types.ts';

export class ApiClient {
  readonly #path: string;

  constructor(path: string = process.env.HAVEN_API ?? defaultSocketPath) {
    this.#path = path;
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

  async settled(withinMs: number): Promise<boolean> {
    const { settled } = await this.#json<{ settled: boolean }>('GET', `/v1/settled?ms=${Math.round(withinMs)}`);
    return settled;
  }

  events(): Promise<EventView[]> {
    return this.#json('GET', '/v1/events');
  }

  history(): Promise<TransitionView[]> {
    return this.#json('GET', '/v1/history');
  }

  historyInput(number: number): Promise<string> {
    return this.#text('GET', `/v1/history/${number}/input`);
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
          else
            reject(
              new CommandFailure({
                kind: statusCode === 404 ? 'not-found' : 'failed',
                what: wordsOf(text, statusCode),
              }),
            );
        });
      });
      asked.once('error', (thrown: NodeJS.ErrnoException) => reject(new CommandFailure(this.#unreachable(thrown))));
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  #ask(method: string, path: string, respond: (response: IncomingMessage) => void): ClientRequest {
    const headers = { 'content-type': 'application/json', 'x-haven-by': `${userInfo().username}@cli` };
    return request({ socketPath: this.#path, method, path, headers }, respond);
  }

  #unreachable(thrown: NodeJS.ErrnoException) {
    if (thrown.code === 'EACCES') {
      const fix = "Run it as root, or join the group 'haclient'";
      return { kind: 'permission' as const, what: `you may not talk to the node's daemon (${this.#path})`, fix };
    }
    const what = `no daemon answers on this node (${this.#path})`;
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

function wordsOf(text: string, status: number): string {
  try {
    return (JSON.parse(text) as { readonly what?: string }).what ?? text;
  } catch {
    return text === '' ? `the daemon answered ${status}` : text;
  }
}
