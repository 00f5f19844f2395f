// The folder of tools that this node's agents find first: crm_attribute and its kind speak to this daemon, and the other
// tools of the standard cluster stack stay where agents look for them (HA_SBIN_DIR).
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { poolOfOne, programPath } from '../../linux/index.ts';

const ours = ['crm_attribute', 'crm_master', 'attrd_updater', 'crm_node'];
const standardFolder = '/usr/sbin';
/** Names of the cluster stack's programs. */
const standardNames = /^(crm|cib|stonith|attrd_|pcmk|corosync-)/;

/** Makes the folder anew. `socket`: of this node's API. Throws what the file system throws. */
export function installAgentTools(
  folder: string,
  { node, socket }: { readonly node: string; readonly socket: string },
) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const tool of ours) {
    const words = [process.execPath, programPath(), 'agent-tool', tool, node].map(quoted).join(' ');
    const settings = Object.entries({ HAVEN_API: socket, ...poolOfOne }).map(
      ([name, value]) => `${name}=${quoted(value)}`,
    );
    const script = `#!/bin/sh\n${settings.join(' ')} exec ${words} "$@"\n`;
    writeFileSync(join(folder, tool), script, { mode: 0o755 });
  }
  for (const name of readdirSync(standardFolder)) {
    if (standardNames.test(name) && !ours.includes(name)) symlinkSync(join(standardFolder, name), join(folder, name));
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
