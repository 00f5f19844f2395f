// The live document before Pacemaker's own tools, during the faults: crm_verify accepts it, and crm_simulate would do with
// it what Haven would.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseXml } from '../cib/index.ts';
import { compareDecisions, peerAvailable, tellDifference } from '../interop/index.ts';
import type { Stage } from '../stage/index.ts';

/**
 * crm_verify counts what is so for a moment, and is being mended, among the faults of a document: a host that has just
 * woken still has what the others took, a service taken out of the configuration still runs, or could not be stopped, a lost
 * node is to be fenced.
 */
const passingStates =
  /might be active on \d+ nodes|Detected active orphan|must be stopped manually|will be fenced|is unclean|is unrunnable|for fencing/;
/** What it says beside those, of failures that were struck here and of a cluster without fencing. */
const remarks = /Unexpected result|reaching migration threshold|Blind faith|lack of quorum/;

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
    const objection = parsed.ok ? this.#verify(text) : parsed.error.what;
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
        return this.#tellApart(outcome.why);
      case 'different':
        return this.#object(node, tellDifference(now, outcome), outcome.cib);
    }
  }

  /** What `crm_verify -x` says; undefined when it accepts the document. */
  #verify(text: string): string | undefined {
    const path = join(this.#folder, 'verified.xml');
    writeFileSync(path, text);
    const done = spawnSync('crm_verify', ['-VV', '-x', path], { encoding: 'utf8', timeout: 60_000 });
    if (done.status === 0) return undefined;
    const passing = passingStates.exec(done.stderr)?.[0];
    const complaints = done.stderr.split('\n').filter((line) => /\t(error|warning): /.test(line));
    if (passing === undefined || !complaints.every((line) => passingStates.test(line) || remarks.test(line)))
      return `exit code ${done.status}: ${done.stderr.trim()}`;
    this.#tellApart(`crm_verify: ${passing}`);
    return undefined;
  }

  #tellApart(why: string): void {
    this.apart.set(why, (this.apart.get(why) ?? 0) + 1);
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
