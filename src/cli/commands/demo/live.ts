// `npm start`: the cluster at work, until Ctrl-C. Whatever is done to it from another terminal shows here.
import { once } from 'node:events';
import { Client, clientName, describeSeen, Stage, virtualAddress } from '../../../stage/index.ts';

export async function runLive(labName: string): Promise<void> {
  process.stdout.write(`Making three nodes and a client in lab '${labName}' …\n`);
  const stage = await Stage.make(labName);
  try {
    await stage.until('three members', (status) => status.nodes.filter(({ state }) => state === 'online').length === 3);
    await stage.configure();
    const holder = await stage.holder();
    const client = await Client.start(stage.lab, { host: clientName, address: virtualAddress });
    process.stdout.write(instructions(labName, holder));
    client.onAddressSeen(({ by, event }) => {
      const line = by === 'question' || event.kind === 'double' ? describeSeen(event) : undefined;
      if (line !== undefined) process.stdout.write(`${new Date().toLocaleTimeString('en-GB')}  ${line}\n`);
    });
    for (const node of stage.nodes) follow(stage, node);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    process.stdout.write('\nTaking the lab down …\n');
    await client.stop();
  } finally {
    await stage.down();
  }
}

/** Whatever the node's coordinator decides, as long as its daemon is up. */
function follow(stage: Stage, node: string): void {
  stage.api(node).follow(
    (event) => {
      if (event.kind !== 'transition' || event.text.includes('(0 actions)')) return;
      process.stdout.write(`${new Date(event.at).toLocaleTimeString('en-GB')}  ${node}: ${event.text}\n`);
    },
    () => {},
  );
}

function instructions(labName: string, holder: string): string {
  const option = `--lab ${labName}`;
  return `
${virtualAddress} and a web server run in a group, now on ${holder}; a client asks the address each millisecond.

Break it from another terminal:
  bin/haven lab exec ${holder} ${option} -- ${process.execPath} ${process.cwd()}/bin/haven status
  bin/haven lab kill ${holder} ${option}               power off the holder; 'boot' brings it back
  bin/haven lab cut ${holder} --silent ${option}       cut its cable; 'heal' mends it
  bin/haven lab exec ${holder} ${option} -- pkill -KILL apache2
Ctrl-C ends it.

`;
}
