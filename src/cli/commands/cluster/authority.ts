import { type AnswerFlags, answer } from '../../cluster/session.ts';

/** For clusters that were made before they had certificates. */
export async function authority(flags: AnswerFlags): Promise<void> {
  const { defaultConfigurationFile, ensureAuthority, readClusterConfiguration } = await import(
    '../../../daemon/index.ts'
  );
  const { cluster, certificateDirectory: directory } = readClusterConfiguration(defaultConfigurationFile);
  await ensureAuthority(directory, cluster);
  const next = `copy ${directory}/ca.pem and ca.key to every other node, and restart the daemons one by one`;
  answer(flags, `The cluster's authority is in ${directory}; ${next}.`, { directory });
}
