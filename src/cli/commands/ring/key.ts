import { resolve } from 'node:path';
import { buildCommand, buildRouteMap } from '@stricli/core';
import { socketFlag } from './flags.ts';
import { keyLines } from './status-text.ts';

type KeyFlags = { readonly socket: string };
type KeyVerb = 'add' | 'use' | 'drop';

export const keyRoutes = buildRouteMap({
  routes: {
    add: keyCommand('add', 'Hear another key too; on every node before any of them uses it'),
    use: keyCommand('use', 'Send with a key that was added; on every node before the old one is dropped'),
    drop: keyCommand('drop', 'Hear a key no longer; refused while a member sends with it'),
  },
  docs: { brief: 'Roll the key of the running ring without an outage: add, use, drop, each on every node in turn' },
});

function keyCommand(verb: KeyVerb, brief: string) {
  return buildCommand({
    docs: { brief },
    parameters: {
      flags: { socket: socketFlag },
      positional: {
        kind: 'tuple',
        parameters: [{ parse: String, placeholder: 'file', brief: "The key's file, on this node" }],
      },
    },
    async func({ socket }: KeyFlags, file: string) {
      const { askRing } = await import('../../../daemon/index.ts');
      const { keys } = await askRing(socket, { kind: 'key', verb, file: resolve(file) });
      process.stdout.write(`${keyLines(keys).join('\n')}\n`);
    },
  });
}
