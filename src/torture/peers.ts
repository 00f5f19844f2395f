// The live document before Pacemaker's own tools, during the faults: crm_verify accepts it, and crm_simulate would do with
// it what Haven would.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseXml } from '../cib/index.ts';
import { compareDecisions, peerAvailable, tellDifference } from '../interop/index.ts';
import type { Stage } from '../stage/index.ts';

export class PeerOpinion {
  readonly #folder: string;
  asked = 0;
  equal = 0;
  /** Why a document was not for both programs, and how often. */
  readonly apart = new Map<string, number>();
  /** What crm_verify had against a document, and on what the two decided differently; the documents are in the folder. */
  readonly objections: string[] = [];

  /** Overwrites files in `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Asks on the document as one node has it now; a node that does not answer is passed over. */
  async ask(stage: Stage, node: string): Promise<void> {
    if (!peerAvailable) return;
    const text = await documentOf(stage, node);
    const parsed = text === undefined ? undefined : parseXml(text);
    if (text === undefined || parsed === undefined) return;
    this.asked++;
    const objection = parsed.ok ? verify(text, join(this.#folder, 'verified.xml')) : parsed.error.what;
    if (objection !== undefined) return this.#object(node, `crm_verify: ${objection}`, text);
    if (!parsed.ok) return;
    const now = String(Math.floor(Date.now() / 1000));
    const dated = parsed.value.with({ 'execution-date': now });
    const outcome = compareDecisions(dated, join(this.#folder, 'compared.xml'));
    switch (outcome.kind) {
      case 'equal':
        this.equal++;
        return;
      case 'apart':
        this.apart.set(outcome.why, (this.apart.get(outcome.why) ?? 0) + 1);
        return;
      case 'different':
        return this.#object(node, tellDifference(now, outcome), outcome.cib);
    }
  }

  #object(node: string, why: string, text: string): void {
    const file = join(this.#folder, `objection-${this.objections.length + 1}.xml`);
    writeFileSync(file, text);
    this.objections.push(`document of ${node}, kept as ${file}: ${why}`);
  }
}

/** Undefined while the host is off, or its daemon not up. */
async function documentOf(stage: Stage, node: string): Promise<string | undefined> {
  try {
    return await stage.api(node).document();
  } catch {
    return undefined;
  }
}

/** What `crm_verify -x` says; undefined when it accepts the document. */
function verify(text: string, path: string): string | undefined {
  writeFileSync(path, text);
  const done = spawnSync('crm_verify', ['-V', '-x', path], { encoding: 'utf8', timeout: 60_000 });
  return done.status === 0 ? undefined : `exit code ${done.status}: ${done.stderr.trim()}`;
}
