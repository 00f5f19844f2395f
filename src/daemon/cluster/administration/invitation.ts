// Invitations: what an administrator carries from a member to a machine that is to join. A token says where the member is,
// by which fingerprint it is known, and a secret that is good once and for a while; the member keeps only the secret's hash,
// and judges its end by its own clock.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { err, type Failure, ok, type Result } from '../../../kit/index.ts';

export type Invitation = {
  readonly cluster: string;
  /** Of the member that invites. */
  readonly address: string;
  readonly port: number;
  /** Of the cluster's authority (authority.ts). */
  readonly fingerprint: string;
  readonly secret: string;
};

export const invitationMsDefault = 3_600_000;
export const invitationMsMax = 7 * 86_400_000;
const openMax = 100;
const secretBytes = 18;
const checkBytes = 4;
const prefix = 'haven1.';

export function formatToken(invitation: Invitation): string {
  const { cluster, address, port, fingerprint, secret } = invitation;
  const text = Buffer.from(JSON.stringify([cluster, address, port, fingerprint, secret]));
  return prefix + Buffer.concat([checkOf(text), text]).toString('base64url');
}

/** Errors: `usage`, in words for who typed it. */
export function parseToken(token: string): Result<Invitation, Failure> {
  const bytes = Buffer.from(token.trim().slice(prefix.length), 'base64url');
  const text = bytes.subarray(checkBytes);
  if (!token.trim().startsWith(prefix) || !checkOf(text).equals(bytes.subarray(0, checkBytes))) {
    return err({
      kind: 'usage',
      what: 'that is no invitation, or a part of it is missing',
      fix: "Copy the whole line that 'haven cluster invite' printed",
    });
  }
  const [cluster, address, port, fingerprint, secret] = JSON.parse(text.toString('utf8')) as [
    string,
    string,
    number,
    string,
    string,
  ];
  return ok({ cluster, address, port, fingerprint, secret });
}

type Open = { readonly hash: Buffer; readonly endsMs: number };

/** Those that were given out and not used; in memory, so that a restart of the daemon ends them. */
export class OpenInvitations {
  #open: readonly Open[] = [];

  /** A new secret, good until `endsMs`. The oldest is forgotten when there are too many. */
  open(endsMs: number): string {
    const secret = randomBytes(secretBytes).toString('base64url');
    this.#open = [...this.#open, { hash: hashOf(secret), endsMs }].slice(-openMax);
    return secret;
  }

  /** Whether it is good; it stays so until `close`, so that a name that is taken does not cost the invitation. */
  judge(secret: string, nowMs: number): 'good' | 'expired' | 'unknown' {
    const found = this.#find(secret);
    if (found === undefined) return 'unknown';
    return nowMs < found.endsMs ? 'good' : 'expired';
  }

  close(secret: string): void {
    const found = this.#find(secret);
    this.#open = this.#open.filter((each) => each !== found);
  }

  #find(secret: string): Open | undefined {
    const hash = hashOf(secret);
    return this.#open.find((each) => timingSafeEqual(each.hash, hash));
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function checkOf(text: Uint8Array): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, checkBytes);
}
