// /etc/haven/tls: ca.pem and ca.key (the same on every node), node.pem and node.key (this node's own).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterConfiguration } from '../configuration.ts';
import { ownName } from '../ring-settings.ts';
import {
  type Authority,
  createAuthority,
  createIdentity,
  type Holder,
  isCurrent,
  type NodeIdentity,
} from './authority.ts';

export type Certificates = { readonly authority: Authority; readonly identity: NodeIdentity };

const names = { authority: 'ca', identity: 'node' } as const;

/**
 * What a node shows and trusts. Its own certificate is made here when it is not there, ends soon or is for other addresses.
 * Undefined: the cluster has no authority (ca.pem and ca.key are not there), and no administration between nodes.
 */
export async function openCertificates(directory: string, holder: Holder): Promise<Certificates | undefined> {
  const authority = readPair(directory, names.authority);
  if (authority === undefined) return undefined;
  const known = readPair(directory, names.identity);
  if (known !== undefined && isCurrent(known.certificate, authority.certificate, holder))
    return { authority, identity: known };
  const identity = await createIdentity(authority, holder);
  writePair(directory, names.identity, identity);
  return { authority, identity };
}

/** This machine's, as a node of the cluster. */
export function certificatesOf(configuration: ClusterConfiguration): Promise<Certificates | undefined> {
  const { nodes, certificateDirectory } = configuration;
  const name = ownName(configuration);
  const addresses = nodes.find((node) => node.name === name)?.addresses ?? [];
  return openCertificates(certificateDirectory, { name, addresses });
}

/** The authority that is there, or a new one. */
export async function ensureAuthority(directory: string, cluster: string): Promise<void> {
  if (readPair(directory, names.authority) !== undefined) return;
  writePair(directory, names.authority, await createAuthority(cluster));
}

/** What a node is given when it joins. */
export function storeCertificates(directory: string, { authority, identity }: Certificates): void {
  writePair(directory, names.authority, authority);
  writePair(directory, names.identity, identity);
}

type Pair = { readonly certificate: string; readonly key: string };

function readPair(directory: string, name: string): Pair | undefined {
  const [certificate, key] = ['pem', 'key'].map((suffix) => join(directory, `${name}.${suffix}`));
  if (certificate === undefined || key === undefined || !existsSync(certificate) || !existsSync(key)) return undefined;
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

function writePair(directory: string, name: string, { certificate, key }: Pair): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, `${name}.key`), key, { mode: 0o600 });
  writeFileSync(join(directory, `${name}.pem`), certificate, { mode: 0o644 });
}
