// The faults, and what the client noticed of each. Who serves is asked of the hosts and of the client, in the same way for
// both programs.
import { setTimeout as pause } from 'node:timers/promises';
import { Client, clientName, virtualAddress } from '../../stage/index.ts';
import { poll, type Rival } from './rival.ts';

export const faults = ['power-off', 'cut', 'standby', 'service crash', 'cold start'] as const;
export type Fault = (typeof faults)[number];

export type Measured = {
  readonly program: string;
  readonly fault: Fault;
  /** The longest time for which the client got no answer from the address, and no page. */
  readonly addressMs: number;
  readonly webMs: number;
};

const calmMs = 1500;

/** Each of these faults so many times, each from a whole cluster. */
export async function strikeAll(
  rival: Rival,
  {
    repetitions,
    chosen,
    onMeasured,
  }: {
    readonly repetitions: number;
    readonly chosen: readonly Fault[];
    readonly onMeasured: (measured: Measured) => void;
  },
): Promise<void> {
  await poll('the site is served', async () => (await serving(rival)) !== undefined);
  const client = await Client.start(rival.lab, { host: clientName, address: virtualAddress });
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const fault of chosen) {
      const isReady = async () => (await rival.isWhole()) && (await serving(rival)) !== undefined;
      // What came back may still be given something else to do.
      await poll(`whole before ${fault}`, async () => {
        if (!(await isReady())) return false;
        await pause(calmMs);
        return isReady();
      });
      const each = await strike(rival, client, fault);
      onMeasured(each);
      console.log(`${each.program}: ${fault}: address out ${each.addressMs} ms, web ${each.webMs} ms`);
    }
  }
  await client.stop();
}

async function strike(rival: Rival, client: Client, fault: Fault): Promise<Measured> {
  const holder = (await serving(rival)) ?? '';
  client.takeOutages();
  const mend = await act(rival, holder, fault);
  const moved = fault !== 'service crash' && fault !== 'cold start';
  const isBack = async () => {
    const now = await serving(rival);
    return now !== undefined && !(moved && now === holder);
  };
  await pause(50);
  await poll(`served after ${fault}`, isBack);
  await pause(calmMs);
  await poll(`still served after ${fault}`, isBack);
  const { address, web } = client.takeOutages();
  await mend();
  const longest = (all: typeof web) => Math.round(Math.max(0, ...all.map(({ durationMs }) => durationMs)));
  return { program: rival.program, fault, addressMs: longest(address), webMs: longest(web) };
}

/** Answers how to mend it. */
async function act(rival: Rival, holder: string, fault: Fault): Promise<() => Promise<void>> {
  const { lab, nodes } = rival;
  const nothing = async () => {};
  switch (fault) {
    case 'power-off':
      await lab.kill(holder);
      return () => lab.boot(holder);
    case 'cut':
      await lab.cut(holder, { mode: 'silent' });
      return () => lab.heal(holder);
    case 'standby':
      await rival.setStandby(holder, 'on');
      return () => rival.setStandby(holder, 'off');
    case 'service crash':
      await lab.host(holder).run(['pkill', '-KILL', '-x', 'apache2']);
      return nothing;
    case 'cold start':
      await Promise.all(nodes.map((node) => lab.kill(node)));
      await Promise.all(nodes.map((node) => lab.boot(node)));
      return nothing;
  }
}

/** The host whose page the client gets at the address. */
async function serving({ lab }: Rival): Promise<string | undefined> {
  const words = ['curl', '-s', '-m', '1', `http://${virtualAddress}/index.html`];
  const { code, stdout } = await lab.host(clientName).run(words);
  return code === 0 ? /^Served by (\S+)/.exec(stdout)?.[1] : undefined;
}
