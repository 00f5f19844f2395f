// `npm run bench -- ring [speed|detection|steadiness] [--rounds N] [--seconds N] [--nodes 3,8,16]`: ordered messages beside real Corosync on the same
// machine in one run, detection of a power-off, and membership changes that had no reason while the machine is busy.
import { randomBytes } from 'node:crypto';
import { detection } from './detection.ts';
import { speed } from './speed.ts';
import { steadiness } from './steadiness.ts';

const words = process.argv.slice(2);
const parts = words.filter((word) => ['speed', 'detection', 'steadiness'].includes(word));
const number = (option: string, otherwise: number) => {
  const at = words.indexOf(option);
  return at >= 0 ? Number(words[at + 1]) : otherwise;
};
const wanted = (part: string) => parts.length === 0 || parts.includes(part);
const key = randomBytes(96).toString('hex');

if (wanted('speed')) await speed(key, number('--rounds', 3));
const nodesAt = words.indexOf('--nodes');
const nodeCounts = nodesAt >= 0 ? (words[nodesAt + 1] ?? '').split(',').map(Number) : undefined;
if (wanted('detection')) await detection(key, nodeCounts);
if (wanted('steadiness')) await steadiness(key, number('--seconds', 60));
process.exit(0);
