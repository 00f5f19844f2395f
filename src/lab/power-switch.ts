// A power switch for lab hosts, with a fence agent of its own that speaks the fence agent API: parameters on standard input,
// metadata on demand, 0 for done (and on), 2 for off. The program that reaches the switch from a host, `lab-power SWITCH ACTION
// PLUG`, lays the request into a folder there; the switch, which is outside and has the lab in its hands, carries it out and
// lays its answer beside it. What packaged agents talk to (a BMC by ipmitool, a hypervisor by ssh) is that program, too.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import { whileThere } from './vanishing.ts';

const pollMs = 10;
const folder = '/run/power';
/** The agent's name, as the type of a fence device. */
export const powerSwitchAgent = 'fence_lab';
const actions = ['reboot', 'off', 'on', 'status', 'monitor', 'list', 'metadata'];

/** Waits for as long as it is let: timeouts are the cluster's. */
const client = `#!/bin/sh
mkdir -p ${folder}
echo "$*" >${folder}/$$.new
mv ${folder}/$$.new ${folder}/$$.asked
while [ ! -e ${folder}/$$.answer ]; do sleep 0.05; done
read -r code words <${folder}/$$.answer
rm ${folder}/$$.answer
[ "$code" = 0 ] || exec >&2
[ -z "$words" ] || echo "$words" | tr ' _' '\\n '
exit "$code"
`;

const agent = `#!/bin/sh
while read -r line; do
  case "$line" in action=*) action=\${line#action=};; plug=*) plug=\${line#plug=};; switch=*) switch=\${line#switch=};; esac
done
if [ "$action" = metadata ]; then cat <<'END'
<?xml version="1.0" ?>
<resource-agent name="${powerSwitchAgent}" shortdesc="Power switch of the lab">
<longdesc>Powers hosts of the lab off and on.</longdesc>
<parameters>
<parameter name="action" required="1"><content type="string" default="reboot"/></parameter>
<parameter name="plug" required="1"><content type="string"/></parameter>
<parameter name="switch" required="1"><content type="string"/><shortdesc lang="en">Which of the switches</shortdesc></parameter>
</parameters>
<actions>${actions.map((name) => `<action name="${name}"/>`).join('')}</actions>
</resource-agent>
END
exit 0; fi
exec lab-power "$switch" "$action" "$plug"
`;

export class PowerSwitch {
  readonly #lab: Lab;
  readonly #plugs: readonly string[];
  readonly #stopped = new AbortController();
  readonly #watching: Promise<void>;
  readonly #broken = new Set<string>();
  /** What was asked for of plugs, in order: `pdu1 off n3 from n1`. */
  readonly asked: string[] = [];
  /** What was done to plugs, in order. */
  readonly pressed: { readonly plug: string; readonly action: string }[] = [];

  private constructor(lab: Lab, plugs: readonly string[]) {
    this.#lab = lab;
    this.#plugs = plugs;
    this.#watching = this.#watch();
  }

  static async install(lab: Lab, plugs: readonly string[]): Promise<PowerSwitch> {
    const programs = plugs.flatMap((name) => [
      lab.host(name).writeFile(`/usr/local/sbin/${powerSwitchAgent}`, agent, 0o755),
      lab.host(name).writeFile('/usr/local/bin/lab-power', client, 0o755),
    ]);
    await Promise.all(programs);
    return new PowerSwitch(lab, plugs);
  }

  /** These devices refuse from now on, all others work. */
  refuse(...devices: readonly string[]): void {
    this.#broken.clear();
    for (const device of devices) this.#broken.add(device);
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      for (const host of this.#plugs) await this.#serve(host);
      await pause(pollMs);
    }
  }

  async #serve(host: string): Promise<void> {
    const place = `/proc/${this.#pid(host)}/root${folder}`;
    for (const name of whileThere(() => readdirSync(place)) ?? []) {
      if (!name.endsWith('.asked')) continue;
      const asked = join(place, name);
      const taken = asked.replace('.asked', '.taken');
      const request = whileThere(() => {
        renameSync(asked, taken);
        return readFileSync(taken, 'utf8');
      });
      if (request === undefined) continue;
      const [device = '', action = '', plug = ''] = request.trim().split(' ');
      const answer = await this.#carryOut(device, { action, plug, host });
      whileThere(() => {
        writeFileSync(taken, `${answer}\n`);
        renameSync(taken, asked.replace('.asked', '.answer'));
      });
    }
  }

  /** The exit code and what the agent prints, a line a word. */
  async #carryOut(
    device: string,
    { action, plug, host }: { readonly action: string; readonly plug: string; readonly host: string },
  ): Promise<string> {
    if (action === 'list') return `0 ${this.#plugs.join(' ')}`;
    if (action === 'monitor') return '0';
    const isOn = this.#pid(plug) !== undefined;
    if (action === 'status') return isOn ? '0' : '2';
    this.asked.push(`${device} ${action} ${plug} from ${host}`);
    if (this.#broken.has(device)) return `1 ${device}_does_not_answer`;
    this.pressed.push({ plug, action });
    if (action !== 'on' && isOn) await this.#lab.kill(plug);
    if (action !== 'off' && (action === 'reboot' || !isOn)) await this.#lab.boot(plug);
    return '0';
  }

  /** Of the host's init; undefined while it is off. */
  #pid(host: string): number | undefined {
    return whileThere(() => this.#lab.host(host).pid);
  }
}
