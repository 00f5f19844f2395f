import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join as joinPath } from 'node:path';
import { CommandFailure } from '../../../kit/index.ts';
import { type AnswerFlags, answer } from '../../cluster/session.ts';
import { twoNodesText } from './init.ts';

export type JoinFlags = AnswerFlags & { readonly name?: string; readonly address?: string; readonly force: boolean };

export async function join(flags: JoinFlags, token: string): Promise<void> {
  const daemon = await import('../../../daemon/index.ts');
  const invitation = daemon.parseToken(token);
  if (!invitation.ok) throw new CommandFailure(invitation.error);
  const file = daemon.defaultConfigurationFile;
  if (existsSync(file)) {
    const { cluster } = daemon.readClusterConfiguration(file);
    const what = `this machine is a node of the cluster '${cluster}' already`;
    throw new CommandFailure({ kind: 'exists', what, fix: 'Leave it first: haven cluster leave' });
  }
  refuseOldState(flags);
  const joined = await daemon.joinCluster(invitation.value, { name: flags.name, addresses: flags.address?.split(',') });
  const configuration = daemon.parseClusterConfiguration(joined.configuration, file);
  const { cluster, keyFile, certificateDirectory, stateDirectory, nodes } = configuration;
  for (const path of [file, keyFile]) mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(joinPath(stateDirectory, 'cib'), { recursive: true, force: true });
  daemon.storeCertificates(certificateDirectory, joined);
  rmSync(keyFile, { force: true });
  writeFileSync(keyFile, Buffer.from(joined.key, 'base64'), { mode: 0o400 });
  daemon.writeClusterConfiguration(configuration);
  const names = nodes.map(({ name }) => name).join(', ');
  const note = nodes.length === 2 ? `\n${twoNodesText}` : '';
  answer(flags, `${joined.name} is a node of '${cluster}' (${names}). Next: haven cluster start${note}`, {
    cluster,
    node: joined.name,
    nodes: nodes.map(({ name }) => name),
  });
}

/** A document of another cluster must not be taken for this one's. */
function refuseOldState({ force }: JoinFlags): void {
  const folder = '/var/lib/haven/cib';
  if (force || !existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new CommandFailure({
    kind: 'exists',
    what: `there is the document of another cluster in ${folder}`,
    fix: 'Save it if it is wanted, and give --force to have it removed',
  });
}
