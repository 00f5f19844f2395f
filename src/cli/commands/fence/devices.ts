import type { Instant, XmlElement } from '../../../cib/index.ts';
import { fencingRequestOf } from '../../../controller/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { nodeNamed } from '../../edits/names.ts';
import { alignedRows } from '../../terminal/columns.ts';

export async function devices(flags: AnswerFlags): Promise<void> {
  const found = requestFor(await new ClusterSession().document(), { id: '', name: '' }).devices.map(
    ({ id, agent, hosts, targets }) => ({
      id,
      agent,
      hosts: hosts.map(({ name }) => name),
      targets: targets.kind === 'listed' ? [...targets.plugs.keys()] : targets.kind,
    }),
  );
  show(flags, found, () =>
    found.length === 0
      ? ['there are no fence devices']
      : alignedRows(
          found.map(({ id, agent, hosts, targets }) => [
            id,
            agent,
            wordsFor(targets),
            `run by ${hosts.join(' ') || 'nobody'}`,
          ]),
          0,
        ),
  );
}

/** Devices that have to be asked whether they know the node are asked when it is fenced. */
export async function list(flags: AnswerFlags, node: string): Promise<void> {
  const document = await new ClusterSession().document();
  const element = nodeNamed(document, node);
  const { levels } = requestFor(document, { id: element.id ?? node, name: node });
  show(flags, levels, () =>
    levels.length === 0
      ? [`no device can fence ${node}`]
      : levels.map((level, place) => `${place + 1}  ${level.join(' and ')}`),
  );
}

function wordsFor(targets: 'asked' | 'any' | readonly string[]): string {
  if (targets === 'any') return 'fences any node';
  return targets === 'asked' ? 'fences whom it knows, when asked' : `fences ${targets.join(' ')}`;
}

function requestFor(document: XmlElement, target: { readonly id: string; readonly name: string }) {
  const now: Instant = { epochSeconds: Math.floor(Date.now() / 1000), offsetSeconds: 0 };
  return fencingRequestOf(document, now, { target, action: 'off', request: '', by: '', delayMs: 0 });
}
