// What agents do to the daemon that runs them: they flood it, or leave processes behind that hold on to their pipes.
import type { Fault, Strike } from './strike.ts';

/** The only agent of the stage that is a program. */
const agent = '/usr/lib/ocf/resource.d/heartbeat/apache';
const original = `${agent}.original`;

const floodBytes = 8_000_000;
const childrenLeft = 20;

/** Does this before what it is there for. */
const before = (mischief: string) => `#!/bin/sh
${mischief}
exec ${original} "$@"
`;

const flood = before(`yes | head -c ${floodBytes}; yes ocf-exit-reason:flood | head -c ${floodBytes} >&2`);
const litter = before(
  `i=0; while [ $i -lt ${childrenLeft} ]; do setsid sleep 20 & sleep 20 & i=$((i+1)); done 2>/dev/null`,
);

async function put({ stage, target }: Strike, text: string): Promise<void> {
  const host = stage.lab.host(target);
  await host.writeFile(`${agent}.other`, text, 0o755);
  await host.shell(`[ -e ${original} ] || cp -p ${agent} ${original}; mv ${agent}.other ${agent}`);
}

function agentFault(kind: string, text: string): Fault {
  return {
    kind,
    weight: 1,
    lastsMsMax: 4000,
    disturbs: 'nobody',
    strike: (on) => put(on, text),
    mend: async ({ stage, target }) => {
      // What an agent that runs now is about to be stays where it is.
      await stage.lab.host(target).shell(`cp -p ${original} ${agent}.other && mv ${agent}.other ${agent}`);
    },
  };
}

export const ofAgents: readonly Fault[] = [
  agentFault('agents flood their output', flood),
  agentFault('agents leave children', litter),
];
