// `npm start`: the pair at work, until Ctrl-C. Whatever is done to it from another terminal shows here as the client sees it.
import { once } from 'node:events';
import { Client, describeSeen } from '../../../../stage/index.ts';
import { clientName, makePair, servers, virtualAddress, waitForHolder } from './pair.ts';

export async function runLive(labName: string): Promise<void> {
  process.stdout.write(`Making two servers and a client in lab '${labName}' …\n`);
  const lab = await makePair(labName);
  try {
    await waitForHolder(lab, servers[0]);
    const client = await Client.start(lab, { host: clientName, address: virtualAddress });
    process.stdout.write(instructions(labName));
    client.onAddressSeen(({ by, event }) => {
      const line = by === 'question' || event.kind === 'double' ? describeSeen(event) : undefined;
      if (line !== undefined) process.stdout.write(`${new Date().toLocaleTimeString('en-GB')}  ${line}\n`);
    });
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    process.stdout.write('\nTaking the lab down …\n');
    await client.stop();
  } finally {
    await lab.down();
  }
}

function instructions(labName: string): string {
  const option = `--lab ${labName}`;
  return `
${virtualAddress} is held by two servers with haven vrrp (a keepalived.conf) and apache; a client asks it each millisecond.

Break it from another terminal:
  bin/haven lab kill ${servers[0]} ${option}            power off the holder; 'boot' brings it back
  bin/haven lab cut ${servers[0]} --silent ${option}    cut its cable; 'heal' mends it
  bin/haven lab exec ${servers[0]} ${option} -- tcpdump -ni eth0 proto 112
  bin/haven lab status ${option}
Ctrl-C ends it.

`;
}
