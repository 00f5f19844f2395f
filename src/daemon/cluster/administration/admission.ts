// A machine joins: it asks the member that the token names, trusts nobody but the authority whose fingerprint is in the
// token, and keeps what it is given.
import { X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { connect, type TLSSocket } from 'node:tls';
import { CommandFailure, type Failure, formatDuration } from '../../../kit/index.ts';
import { clockSkewMsMax, createRequest, fingerprintOf, type NodeIdentity } from './authority.ts';
import type { Invitation } from './invitation.ts';
import type { Admission, AdmissionRequest } from './peer-server.ts';

export type JoinWishes = {
  /** This machine's host name when undefined. */
  readonly name: string | undefined;
  /** The address by which this machine reaches the member when undefined. */
  readonly addresses: readonly string[] | undefined;
};

export type Joined = Admission & { readonly identity: NodeIdentity; readonly name: string };

const answerMsMax = 30_000;

/** @throws CommandFailure: who answers is another, nobody answers, or what the member has against it. */
export async function join(invitation: Invitation, wishes: JoinWishes): Promise<Joined> {
  const name = wishes.name ?? (hostname().split('.')[0] as string);
  const socket = await secureConnection(invitation);
  try {
    mistrust(socket, invitation);
    const { key, request: wanted } = await createRequest(name);
    const addresses = wishes.addresses ?? [socket.localAddress ?? ''];
    const { admission, atMs } = await ask(socket, { secret: invitation.secret, name, addresses, request: wanted });
    const skewMs = Math.abs(Date.now() - atMs);
    // Said after the member has taken us in: the clock can be set, and then all is well.
    if (skewMs > clockSkewMsMax) {
      const what = `this machine's clock is ${formatDuration(skewMs)} away from the cluster's`;
      const why = 'certificates of the one are not valid by the other';
      const fix = `Set it, on a member run 'haven cluster remove ${name}', and join with a new invitation`;
      throw new CommandFailure({ kind: 'config', what, why, fix });
    }
    return { ...admission, name, identity: { key, certificate: admission.certificate } };
  } finally {
    socket.destroy();
  }
}

function secureConnection({ address: host, port }: Invitation): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // Whether it is trusted is looked at below: times of certificates do not count here, and there is one authority.
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: answerMsMax, minVersion: 'TLSv1.3' });
    const fail = (why: string) => {
      socket.destroy();
      const what = `nobody answers at ${host}, TCP port ${port}`;
      reject(
        new CommandFailure({ kind: 'unavailable', what, why, fix: 'Is the daemon there running, and the port open?' }),
      );
    };
    socket.once('timeout', () => fail('no answer in time'));
    socket.once('error', (thrown: NodeJS.ErrnoException) => fail(thrown.code ?? thrown.message));
    socket.once('secureConnect', () => resolve(socket));
  });
}

/** Nothing is said to whoever cannot show a certificate of the authority that the token names. */
function mistrust(socket: TLSSocket, { cluster, address, fingerprint }: Invitation): void {
  const shown = socket.getPeerCertificate(true);
  const issuer = shown.issuerCertificate?.raw;
  const trusted =
    issuer !== undefined &&
    fingerprintOf(issuer) === fingerprint &&
    new X509Certificate(shown.raw).verify(new X509Certificate(issuer).publicKey);
  if (trusted) return;
  throw new CommandFailure({
    kind: 'permission',
    what: `who answers at ${address} is not of the cluster '${cluster}' that invites`,
    why: "its certificate is not of that cluster's authority",
    fix: `Is ${address} still the member's address? Make a new invitation there`,
  });
}

function ask(
  socket: TLSSocket,
  body: AdmissionRequest,
): Promise<{ readonly admission: Admission; readonly atMs: number }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asked = request(
      { method: 'POST', path: '/v1/join', headers, createConnection: () => socket, timeout: answerMsMax },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200) {
            const atMs = Date.parse(response.headers.date ?? '');
            resolve({ admission: JSON.parse(text) as Admission, atMs });
          } else reject(new CommandFailure(refusalOf(text, response.statusCode)));
        });
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.once('error', (thrown) =>
      reject(new CommandFailure({ kind: 'unavailable', what: 'the member did not answer', why: thrown.message })),
    );
    asked.end(JSON.stringify(body));
  });
}

function refusalOf(text: string, status: number | undefined): Failure {
  try {
    return JSON.parse(text) as Failure;
  } catch {
    return { kind: 'failed', what: `the member answered ${status}` };
  }
}
