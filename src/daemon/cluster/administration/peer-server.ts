// Administration between nodes: the node's API over TLS, for members, and the one thing that a machine which is no member
// may ask for: to be let in. A member is whoever shows a certificate of the cluster's authority with the name of a node that
// is in the list now.
//
//   POST /v1/join      AdmissionRequest -> Admission, with an invitation instead of a certificate
//   everything else    as on the socket (api/server.ts), as root
import type { Server } from 'node:http';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { apiOf, type NodeService } from '../../../api/index.ts';
import { CommandFailure, type Failure, type Result } from '../../../kit/index.ts';
import type { Authority } from './authority.ts';
import type { Certificates } from './certificate-files.ts';

export type AdmissionRequest = {
  readonly secret: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** For the certificate, PKCS #10 in PEM. */
  readonly request: string;
};

/** All that makes a machine a node. */
export type Admission = {
  /** Text of cluster.json. */
  readonly configuration: string;
  /** The authkey, base64. */
  readonly key: string;
  readonly authority: Authority;
  readonly certificate: string;
};

export type PeerServerOptions = {
  readonly address: string;
  readonly port: number;
  readonly certificates: Certificates;
  readonly node: NodeService;
  readonly admit: (request: AdmissionRequest) => Promise<Result<Admission, Failure>>;
};

const joinBytesMax = 64 << 10;
const root = { user: 'root', groups: [] };

/** @throws CommandFailure `config` when the port is taken. */
export async function listenForPeers(options: PeerServerOptions): Promise<Server> {
  const { address, port, certificates } = options;
  const { authority, identity } = certificates;
  const serverOptions = {
    key: identity.key,
    cert: identity.certificate + authority.certificate,
    ca: authority.certificate,
    requestCert: true,
    // Who has none may still ask to be let in.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  } as const;
  const server = createAdaptorServer({ fetch: peerApi(options).fetch, createServer, serverOptions }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) => {
      const what = `cannot listen on ${address}, TCP port ${port}`;
      reject(new CommandFailure({ kind: 'config', what, why: thrown.code ?? thrown.message }));
    });
    server.listen(port, address, resolve);
  });
  return server;
}

function peerApi({ node, admit }: PeerServerOptions): Hono<{ Bindings: HttpBindings }> {
  const api = new Hono<{ Bindings: HttpBindings }>();
  api.post('/v1/join', bodyLimit({ maxSize: joinBytesMax }), async (context) => {
    const admission = await admit((await context.req.json()) as AdmissionRequest);
    return admission.ok ? context.json(admission.value) : context.json(admission.error, 403);
  });
  api.use(async (context, next) => {
    const { path } = context.req;
    const refusal = strangerRefusal(node, { socket: context.env.incoming.socket, path });
    if (refusal !== undefined) return context.json(refusal, 403);
    await next();
    return undefined;
  });
  return api.route(
    '/',
    apiOf(node, async () => root),
  );
}

/** The list itself is for whoever ever was a node: how else would one that was away learn that it is none any more? */
function strangerRefusal(
  node: NodeService,
  asked: { readonly socket: unknown; readonly path: string },
): Failure | undefined {
  const { socket, path } = asked;
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    const why = 'no certificate of its authority was shown';
    return { kind: 'permission', what: 'this is for nodes of the cluster', why };
  }
  const name = String(socket.getPeerCertificate().subject.CN);
  if (path === '/v1/nodes' || node.nodeList().nodes.some((each) => each.name === name)) return undefined;
  return { kind: 'permission', what: `'${name}' is not in the cluster's node list` };
}
