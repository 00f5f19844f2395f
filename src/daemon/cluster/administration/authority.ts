// The cluster's certificates: an authority of its own, made once, whose key every member has (as it has the authkey), and a
// certificate for each node, by which nodes know one another over TLS. X.509 as RFC 5280 says, ECDSA on P-256.
import { createHash, X509Certificate as NodeCertificate, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { CommandFailure } from '../../../kit/index.ts';

/** PEM each. */
export type Authority = { readonly certificate: string; readonly key: string };
export type NodeIdentity = { readonly certificate: string; readonly key: string };

export type Holder = { readonly name: string; readonly addresses: readonly string[] };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** Clocks of nodes need not agree; those of a day apart would make certificates that are not valid yet. */
export const clockSkewMsMax = dayMs;
const authorityDays = 20 * 365;
const nodeDays = 10 * 365;
/** A certificate that ends sooner is made anew when the daemon starts. */
const renewalDays = 365;

export async function createAuthority(cluster: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`Haven cluster ${cluster}`] }],
    ...validity(authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await privatePem(keys.privateKey) };
}

/** A key that never leaves its node, and the request (PKCS #10, RFC 2986) for its certificate. */
export async function createRequest(name: string): Promise<{ readonly key: string; readonly request: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: algorithm,
  });
  return { key: await privatePem(keys.privateKey), request: request.toString('pem') };
}

/** @throws CommandFailure `usage`: what was given is no request, or is not signed by its own key. */
export async function certify(authority: Authority, holder: Holder, request: string): Promise<string> {
  const wanted = await readRequest(request);
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(authority.key), algorithm, false, [
    'sign',
  ]);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [holder.name] }],
    issuer: issuer.subjectName,
    ...validity(nodeDays),
    signingAlgorithm: algorithm,
    publicKey: wanted.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: holder.name },
        ...holder.addresses.filter((address) => isIP(address) !== 0).map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

export async function createIdentity(authority: Authority, holder: Holder): Promise<NodeIdentity> {
  const { key, request } = await createRequest(holder.name);
  return { key, certificate: await certify(authority, holder, request) };
}

/** Whether the certificate is the authority's, for this holder, and far from its end. */
export function isCurrent(certificate: string, authority: string, { name, addresses }: Holder): boolean {
  const own = new NodeCertificate(certificate);
  const issued = own.verify(new NodeCertificate(authority).publicKey);
  const lasts = Date.parse(own.validTo) - Date.now() > renewalDays * dayMs;
  return issued && lasts && own.checkHost(name) !== undefined && addresses.every((address) => own.checkIP(address));
}

/** SHA-256 of the certificate, base64url: what a token pins. */
export function fingerprintOf(certificate: Uint8Array | string): string {
  const raw = typeof certificate === 'string' ? new NodeCertificate(certificate).raw : certificate;
  return createHash('sha256').update(raw).digest('base64url');
}

async function readRequest(text: string): Promise<Pkcs10CertificateRequest> {
  try {
    const request = new Pkcs10CertificateRequest(text);
    if (await request.verify()) return request;
  } catch {
    // Said below, with what is not signed by its own key.
  }
  throw new CommandFailure({
    kind: 'usage',
    what: 'the certificate request cannot be read, or is not signed by its key',
  });
}

function validity(days: number) {
  const nowMs = Date.now();
  return { notBefore: new Date(nowMs - clockSkewMsMax), notAfter: new Date(nowMs + days * dayMs) };
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
