import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildCommand } from '@stricli/core';
import { CommandFailure } from '../../../kit/index.ts';

/** As corosync-keygen(8) makes them. */
const keyBytes = 256;

type KeygenFlags = { readonly keyFile: string };

export const keygenCommand = buildCommand({
  docs: { brief: "Make the cluster's authkey, to be copied to every node" },
  parameters: {
    flags: {
      keyFile: {
        kind: 'parsed',
        parse: String,
        default: '/etc/haven/authkey',
        placeholder: 'FILE',
        brief: 'Where to write it',
      },
    },
    aliases: { k: 'keyFile' },
  },
  func({ keyFile }: KeygenFlags) {
    try {
      mkdirSync(dirname(keyFile), { recursive: true, mode: 0o755 });
      // 'wx': a key in use is never overwritten.
      writeFileSync(keyFile, randomBytes(keyBytes), { flag: 'wx', mode: 0o400 });
    } catch (thrown) {
      throw new CommandFailure(failureOf(thrown as NodeJS.ErrnoException, keyFile));
    }
    process.stdout.write(`Wrote a key of ${keyBytes * 8} bits to ${keyFile}, readable by its owner only.\n`);
    process.stdout.write('Copy it to every node of the cluster, in a way that nobody else can read.\n');
  },
});

function failureOf({ code, message }: NodeJS.ErrnoException, file: string) {
  const what = `cannot write the authkey ${file}`;
  if (code === 'EEXIST') {
    const fix = 'Copy that one to the other nodes, or move it away first';
    return { kind: 'exists', what: `there is an authkey already: ${file}`, fix } as const;
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return { kind: 'permission', what, why: message, fix: 'Run it as root, or give -k FILE' } as const;
  }
  return { kind: 'failed', what, why: message } as const;
}
