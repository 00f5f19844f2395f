// The API over HTTP on a Unix socket.
//
//   GET  /v1/status             ClusterStatus
//   GET  /v1/cib[?xpath=…]      XML
//   POST /v1/edit               EditRequest -> Outcome
//   POST /v1/command            Command -> Outcome
//   GET  /v1/settled?ms=…       { settled: boolean }
//   GET  /v1/events[?follow=1]  EventView[], or a stream of server-sent events
//   GET  /v1/history            TransitionView[]
//   GET  /v1/history/N/input    XML
import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { parseXml, queryXml, serialiseXml } from '../cib/index.ts';
import type { Command, EditRequest, EventView, NodeService } from './types.ts';

/** A document of this size is far beyond what a cluster can hold. */
const bodyBytesMax = 64 << 20;
/** Events that a slow reader may have waiting before it is cut off. */
const eventsWaitingMax = 10_000;
const settledWaitMaxMs = 3_600_000;

export function apiOf(node: NodeService): Hono {
  const api = new Hono();
  api.use(async (context, next) => {
    if (Number(context.req.header('content-length') ?? 0) > bodyBytesMax) return context.text('too large', 413);
    await next();
    return undefined;
  });
  api.get('/v1/status', (context) => context.json(node.status()));
  api.get('/v1/cib', (context) => {
    const xpath = context.req.query('xpath');
    if (xpath === undefined) return context.text(node.document());
    const document = parseXml(node.document());
    if (!document.ok) return context.json({ kind: 'failed', what: document.error.what }, 500);
    const found = queryXml(document.value, xpath);
    if (!found.ok) return context.json({ kind: 'usage', what: found.error.what }, 400);
    return context.text(found.value.map((element) => serialiseXml(element)).join('\n'));
  });
  api.post('/v1/edit', async (context) => {
    const { edit } = (await context.req.json()) as EditRequest;
    return context.json(await node.edit(edit, who(context.req.header('x-haven-by'))));
  });
  api.post('/v1/command', async (context) => {
    const command = (await context.req.json()) as Command;
    return context.json(await node.command(command, who(context.req.header('x-haven-by'))));
  });
  api.get('/v1/settled', async (context) => {
    const withinMs = Math.min(Number(context.req.query('ms') ?? 60_000), settledWaitMaxMs);
    return context.json({ settled: await node.settled(withinMs) });
  });
  api.get('/v1/events', (context) => {
    if (context.req.query('follow') === undefined) return context.json(node.events());
    return streamSSE(context, async (stream) => {
      const waiting: EventView[] = context.req.query('past') === undefined ? [] : [...node.events()];
      let wake = () => {};
      const stop = node.onEvent((event) => {
        waiting.push(event);
        wake();
      });
      stream.onAbort(stop);
      while (!stream.aborted && waiting.length < eventsWaitingMax) {
        const event = waiting.shift();
        if (event !== undefined) await stream.writeSSE({ data: JSON.stringify(event), id: String(event.sequence) });
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            stream.onAbort(resolve);
          });
        }
      }
      stop();
    });
  });
  api.get('/v1/history', (context) => context.json(node.history()));
  api.get('/v1/history/:number/input', (context) => {
    const input = node.historyInput(Number(context.req.param('number')));
    return input === undefined ? context.notFound() : context.text(input);
  });
  return api;
}

/** Listens; the socket belongs to root and to the group `haclient` where there is one. */
export async function listenOnSocket(node: NodeService, path: string): Promise<Server> {
  rmSync(path, { force: true });
  const server = createAdaptorServer({ fetch: apiOf(node).fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  const group = groupId('haclient');
  if (group !== undefined) chownSync(path, 0, group);
  chmodSync(path, group === undefined ? 0o600 : 0o660);
  return server;
}

function groupId(name: string): number | undefined {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}

function who(header: string | undefined): string {
  return header?.slice(0, 200) ?? 'api';
}
