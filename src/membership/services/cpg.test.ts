import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpgEffect, type CpgEvent, initialCpg, step } from './cpg.ts';
import { encodeCpg } from './cpg-message.ts';

const process = { processId: 7, group: 'g' };

function play(events: readonly CpgEvent[]): CpgEffect[] {
  let state = initialCpg(1);
  return events.flatMap((event) => {
    const done = step(state, event);
    state = done.state;
    return done.effects;
  });
}

function says(from: number, kind: 'proc-join' | 'join-list'): CpgEvent {
  const body =
    kind === 'proc-join'
      ? encodeCpg({ kind, ...process, reason: 1 }, from)
      : encodeCpg({ kind, processes: [process] }, from);
  return { kind: 'message', from, body };
}

function syncWith(transitional: readonly number[], members: readonly number[]): CpgEvent[] {
  const lists = members.map((nodeId) => says(nodeId, 'join-list'));
  return [{ kind: 'sync-init', transitional, members }, { kind: 'sync-process' }, ...lists, { kind: 'sync-activate' }];
}

test('who was away while no sync was completed left the group and joined it anew', () => {
  const together: CpgEvent[] = [
    { kind: 'sync-init', transitional: [1], members: [1, 2] },
    { kind: 'sync-activate' },
    { kind: 'join', process },
    says(1, 'proc-join'),
    says(2, 'proc-join'),
  ];
  const away: CpgEvent[] = [{ kind: 'sync-init', transitional: [1], members: [1] }, { kind: 'sync-abort' }];
  const changes = play([...together, ...away, ...syncWith([1, 2], [1, 2])])
    .filter((effect) => effect.kind === 'group-changed')
    .slice(2)
    .map(({ joined, left }) => ({
      joined: joined.map(({ nodeId }) => nodeId),
      left: left.map(({ nodeId }) => nodeId),
    }));
  assert.deepEqual(changes, [
    { joined: [], left: [2] },
    { joined: [2], left: [] },
  ]);
  assert.equal(
    play([...together, ...syncWith([1, 2], [1, 2])]).filter(({ kind }) => kind === 'group-changed').length,
    2,
  );
});
