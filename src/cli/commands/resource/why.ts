import { clockInstant, currentDocument, explanation, reasonsFor } from '../../../api/index.ts';
import { simulate } from '../../../scheduler/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { nodeNamed } from '../../edits/names.ts';

type WhyFlags = AnswerFlags & { readonly node?: string };

/** The scheduler is asked about the document of this moment, with its reasons kept. */
export async function why({ node, ...flags }: WhyFlags, id: string): Promise<void> {
  const cib = currentDocument(await new ClusterSession().document());
  if (node !== undefined) nodeNamed(cib, node);
  const simulation = simulate({ cib, now: clockInstant(), reasons: true, secrets: 'compared' });
  show(flags, reasonsFor(simulation, id, node), () => [explanation(simulation, id, node).trimEnd()]);
}
