import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient } from '../../../api/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { type AnswerFlags, answer } from '../../cluster/session.ts';

const unit = 'haven';
const answerMsMax = 30_000;
const pollMs = 100;

/** By the service manager: a daemon that this command started itself would end with the terminal. */
export async function start(flags: AnswerFlags): Promise<void> {
  const { readClusterConfiguration, defaultConfigurationFile } = await import('../../../daemon/index.ts');
  const { cluster } = readClusterConfiguration(defaultConfigurationFile);
  if (!existsSync('/run/systemd/system')) {
    const what = 'systemd does not run here, and only a service manager can keep the daemon alive';
    throw new CommandFailure({ kind: 'unavailable', what, fix: 'Let yours run, in the foreground: haven daemon' });
  }
  const done = spawnSync('systemctl', ['start', unit], { encoding: 'utf8' });
  if (done.status !== 0) {
    const why = done.error?.message ?? done.stderr.trim();
    const fix = 'Install packaging/systemd/haven.service, and look into: journalctl -u haven';
    throw new CommandFailure({ kind: 'failed', what: `cannot start the unit ${unit}`, why, fix });
  }
  const node = await answeringNode();
  answer(flags, `${node} of cluster '${cluster}' is up`, { node, cluster });
}

async function answeringNode(): Promise<string> {
  const client = new ApiClient();
  const deadline = performance.now() + answerMsMax;
  for (;;) {
    try {
      return (await client.status()).node;
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
    }
    await pause(pollMs);
  }
}
