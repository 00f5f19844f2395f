// The service of lab hosts that probers ask: says which host it is, over UDP (an echo), TCP (a greeting) and HTTP. It
// listens on every address, so it answers for a virtual one as soon as the host has it, and from that address.

import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { type IpSocket, openUdpSocket, orFail, setRealTime, settleWatchMethod } from '../linux/index.ts';
import { echoHttpPort, echoPort, responderReadyFile } from './prober/options.ts';

/** As the prober's: it is hosts that are judged by it, not how busy the machine is that they are on. */
const realTimePriority = 2;

export async function runResponder(): Promise<void> {
  await settleWatchMethod();
  void setRealTime(realTimePriority);
  const name = hostname();
  for (const family of ['ipv4', 'ipv6'] as const) echoOn(orFail(openUdpSocket({ family, port: echoPort })), name);
  await Promise.all([
    listening(
      createServer((socket) => {
        socket.on('error', () => {});
        socket.end(`${name}\n`);
      }),
      echoPort,
    ),
    listening(
      createHttpServer((_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain', 'x-haven-host': name, connection: 'close' });
        response.end(`${name}\n`);
      }),
      echoHttpPort,
    ),
  ]);
  writeFileSync(responderReadyFile, `${process.pid}\n`);
}

/** What came back is what was sent, followed by our name. */
function echoOn(socket: IpSocket, name: string): void {
  const suffix = Buffer.from(name);
  orFail(
    socket.listen({
      onMessage: ({ bytes, source, destination }) => {
        const reply = Buffer.concat([bytes.subarray(0, 4), suffix]);
        // It fails when the address has just left this host: then we have nothing to say for it.
        void socket.send(reply, destination === undefined ? { to: source } : { to: source, source: destination });
      },
      onError: () => {},
    }),
  );
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '::', resolve);
  });
}
