// 250 virtual routers at 10 advertisements a second each: does the backup stay quiet, and what does it cost both?
import { createLab, type Host } from '../../lab/index.ts';
import { monotonicMs } from '../../linux/index.ts';
import { type Cost, type Program, programs, Rival, until, wait } from './rival.ts';

export type LoadOptions = { readonly instances: number; readonly windowMs: number };

type Measured = { readonly cpuPercent: number; readonly rssKib: number; readonly pssKib: number };
export type LoadResult = {
  readonly program: Program;
  readonly master: Measured;
  readonly backup: Measured;
  readonly falseTakeOvers: number;
};

/** Both programs one after the other in the same lab: side by side they would starve each other. */
export async function measureLoad(options: LoadOptions): Promise<LoadResult[]> {
  const lab = await createLab({ hosts: programs.flatMap((program) => Rival.hostNames(program)) });
  try {
    const results: LoadResult[] = [];
    for (const program of programs) results.push(await measure(new Rival(lab, program), options));
    return results;
  } finally {
    await lab.down();
  }
}

async function measure(rival: Rival, { instances, windowMs }: LoadOptions): Promise<LoadResult> {
  await rival.configure(rival.first, configuration(instances, 200));
  await rival.configure(rival.second, configuration(instances, 100));
  rival.start(rival.first);
  await until(`${instances} addresses on ${rival.first.name}`, async () => {
    return (await rival.addressesOf(rival.first, '10.9.')) === instances;
  });
  rival.start(rival.second);
  await until(`${instances} backups on ${rival.second.name}`, async () => {
    return (await rival.logged(rival.second, /Entering BACKUP STATE/g)) >= instances;
  });
  await wait(settleMs);
  const before = { master: sample(rival, rival.first), backup: sample(rival, rival.second) };
  const takenBefore = await rival.logged(rival.second, /Entering MASTER STATE/g);
  await wait(windowMs);
  const after = { master: sample(rival, rival.first), backup: sample(rival, rival.second) };
  const taken = await rival.logged(rival.second, /Entering MASTER STATE/g);
  await rival.stop();
  return {
    program: rival.program,
    master: between(before.master, after.master),
    backup: between(before.backup, after.backup),
    falseTakeOvers: taken - takenBefore,
  };
}

/** The second burst of announcements is over. */
const settleMs = 6000;

type Sample = Cost & { readonly atMs: number };

function sample(rival: Rival, host: Host): Sample {
  return { ...rival.cost(host), atMs: monotonicMs() };
}

function between(before: Sample, after: Sample): Measured {
  const cpuPercent = (100 * (after.cpuMs - before.cpuMs)) / (after.atMs - before.atMs);
  return { cpuPercent, rssKib: after.rssKib, pssKib: after.pssKib };
}

function configuration(instances: number, priority: number): string {
  const blocks = Array.from({ length: instances }, (_, index) => {
    const virtualRouterId = index + 1;
    return `vrrp_instance I${virtualRouterId} {
  interface eth0
  version 3
  virtual_router_id ${virtualRouterId}
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress {
    10.9.0.${virtualRouterId}/32
  }
}`;
  });
  return `${blocks.join('\n')}\n`;
}
