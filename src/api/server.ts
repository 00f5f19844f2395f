// The API over HTTP on a Unix socket.
//
//   GET  /v1/status             ClusterStatus
//   GET  /v1/cib[?xpath=…]      XML
//   POST /v1/edit               EditRequest -> Outcome
//   POST /v1/command            Command -> Outcome
//   GET  /v1/nodes              NodeList
//   POST /v1/invitations        { lifetimeMs } -> InvitationOutcome
//   GET  /v1/settled?ms=…       { settled: boolean }
//   GET  /v1/events[?follow=1]  EventView[], or a stream of server-sent events
//   GET  /v1/fencing            FencingView[]
//   GET  /v1/history            TransitionView[]
//   GET  /v1/history/N/input    XML
//   POST /v1/simulate           SimulateRequest -> Forecast
//   GET  /v1/why?resource=R[&node=N]  Reasons
import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import {
  type Acl,
  aclFor,
  parseXml,
  queryXml,
  type Subject,
  serialiseXml,
  serialiseXmlDocument,
  unrestrictedUsers,
  visiblePart,
  type XmlElement,
} from '../cib/index.ts';
import { assert, CommandFailure, err, type Failure, ok, type Result } from '../kit/index.ts';
import { commandRefusal, editRefusal, invitationRefusal, readRefusal } from './access.ts';
import { explain, foresee, type SimulateRequest } from './foresight/foresight.ts';
import type { Command, EditRequest, EventView, NodeService } from './types.ts';

/** A document of this size is far beyond what a cluster can hold. */
const bodyBytesMax = 64 << 20;
/** Events that a slow reader may have waiting before it is cut off. */
const eventsWaitingMax = 10_000;
const settledWaitMaxMs = 3_600_000;

/** Who is at the other end of a connection. */
export type CallerOf = (socket: Socket) => Promise<Subject>;

type Surroundings = { Bindings: HttpBindings; Variables: { caller: Subject } };

export function apiOf(node: NodeService, callerOf: CallerOf): Hono<Surroundings> {
  const api = new Hono<Surroundings>();
  api.use(async (context, next) => {
    if (Number(context.req.header('content-length') ?? 0) > bodyBytesMax) return context.text('too large', 413);
    context.set('caller', await callerOf(context.env.incoming.socket));
    await next();
    return undefined;
  });
  for (const path of [
    '/v1/status',
    '/v1/nodes',
    '/v1/events',
    '/v1/fencing',
    '/v1/history',
    '/v1/history/*',
    '/v1/simulate',
    '/v1/why',
  ]) {
    api.use(path, async (context, next) => {
      const refusal = refusedBy(node, context.get('caller'), readRefusal);
      if (refusal !== undefined) return context.json(refusal, 403);
      await next();
      return undefined;
    });
  }
  api.get('/v1/status', (context) => context.json(node.status()));
  api.get('/v1/cib', (context) => {
    const document = visibleTo(node, context.get('caller'));
    if (document === undefined) return context.json(nothingVisible, 403);
    const xpath = context.req.query('xpath');
    if (xpath === undefined) return context.text(serialiseXmlDocument(document));
    const found = queryXml(document, xpath);
    if (!found.ok) return context.json({ kind: 'usage', what: found.error.what }, 400);
    return context.text(found.value.map((element) => serialiseXml(element)).join('\n'));
  });
  api.post('/v1/edit', async (context) => {
    const { edit } = (await context.req.json()) as EditRequest;
    const caller = context.get('caller');
    const failure = refusedBy(node, caller, (cib, acl) => editRefusal(cib, acl, edit));
    if (failure !== undefined) return context.json({ ok: false, failure });
    return context.json(await node.edit(edit, who(caller, context.req.header('x-haven-by'))));
  });
  api.post('/v1/command', async (context) => {
    const command = (await context.req.json()) as Command;
    const caller = context.get('caller');
    const failure = refusedBy(node, caller, (cib, acl) => commandRefusal(cib, acl, command));
    if (failure !== undefined) return context.json({ ok: false, failure });
    return context.json(await node.command(command, who(caller, context.req.header('x-haven-by'))));
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
  addMembership(api, node);
  addHistory(api, node);
  addForesight(api, node);
  return api;
}

function addMembership(api: Hono<Surroundings>, node: NodeService): void {
  api.get('/v1/nodes', (context) => context.json(node.nodeList()));
  api.post('/v1/invitations', async (context) => {
    const { lifetimeMs } = (await context.req.json()) as { readonly lifetimeMs: number };
    const caller = context.get('caller');
    const failure = refusedBy(node, caller, invitationRefusal);
    if (failure !== undefined) return context.json({ ok: false, failure });
    return context.json(node.invite(lifetimeMs, who(caller, context.req.header('x-haven-by'))));
  });
}

function addHistory(api: Hono<Surroundings>, node: NodeService): void {
  api.get('/v1/fencing', (context) => context.json(node.fencing()));
  api.get('/v1/history', (context) => context.json(node.history()));
  api.get('/v1/history/:number/input', (context) => {
    const input = attempt(() => node.historyInput(Number(context.req.param('number'))));
    if (!input.ok) return context.json(input.error, statusOf(input.error));
    return input.value === undefined ? context.notFound() : context.text(input.value);
  });
}

function addForesight(api: Hono<Surroundings>, node: NodeService): void {
  api.post('/v1/simulate', async (context) => {
    const request = (await context.req.json()) as SimulateRequest;
    const answer = attempt(() => foresee(documentOf(node), request, node.history()));
    return answer.ok ? context.json(answer.value) : context.json(answer.error, statusOf(answer.error));
  });
  api.get('/v1/why', (context) => {
    const { resource = '', node: on } = context.req.query();
    const answer = attempt(() => explain(documentOf(node), { resource, node: on }));
    return answer.ok ? context.json(answer.value) : context.json(answer.error, statusOf(answer.error));
  });
}

/** Listens; the socket belongs to root and to the group `haclient` where there is one. */
export async function listenOnSocket(node: NodeService, path: string, callerOf: CallerOf): Promise<Server> {
  rmSync(path, { force: true });
  const server = createAdaptorServer({ fetch: apiOf(node, callerOf).fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  const group = groupId('haclient');
  if (group !== undefined) chownSync(path, 0, group);
  chmodSync(path, group === undefined ? 0o600 : 0o660);
  return server;
}

function statusOf({ kind }: Failure): 400 | 404 {
  return kind === 'not-found' ? 404 : 400;
}

function attempt<T>(act: () => T): Result<T, Failure> {
  try {
    return ok(act());
  } catch (thrown) {
    if (thrown instanceof CommandFailure) return err(thrown.failure);
    throw thrown;
  }
}

function groupId(name: string): number | undefined {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}

const nothingVisible: Failure = {
  kind: 'permission',
  what: 'the access control lists let you see nothing of the document',
  fix: 'Ask for a role: an acl_target or acl_group in the acls section',
};

/** Nobody's list is looked up for who is not restricted: reading the document again has its price. */
function refusedBy(
  node: NodeService,
  caller: Subject,
  judge: (cib: XmlElement, acl: Acl) => Failure | undefined,
): Failure | undefined {
  if (unrestrictedUsers.includes(caller.user)) return undefined;
  const cib = documentOf(node);
  return judge(cib, aclFor(cib, caller));
}

function visibleTo(node: NodeService, caller: Subject): XmlElement | undefined {
  const cib = documentOf(node);
  return visiblePart(cib, aclFor(cib, caller));
}

function documentOf(node: NodeService): XmlElement {
  const parsed = parseXml(node.document());
  assert(parsed.ok, "the node's own document can be read");
  return parsed.value;
}

/** The user is the kernel's word; what it was done with is the caller's. */
function who({ user }: Subject, header: string | undefined): string {
  const [name, ...tool] = header?.slice(0, 200).split('@') ?? [];
  // Root may act in another's name: a front end that has asked for a password.
  const shown = user === 'root' && name !== undefined ? name : user;
  return [shown, ...tool].join('@');
}
