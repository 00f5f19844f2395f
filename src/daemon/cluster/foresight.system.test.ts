// What is foreseen on a running cluster, beside what happens when it is done.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import type { Forecast, SimulateRequest, TransitionView } from '../../api/index.ts';
import { ClusterHosts, eventually, type HostName, hostNames, isWhole, nodeOf } from './testing/hosts.ts';

const isInterop = process.env.HAVEN_INTEROP === 'whole';
const skip = process.getuid?.() !== 0 ? 'needs root' : isInterop ? false : 'runs with: npm run interop -- haven';

const haven = [process.execPath, resolve('dist', 'haven.js')];

/** Starts and stops take a while that is the same each time. */
const sleepMs = 300;
const agent = `#!/bin/sh
state=/run/slow-$OCF_RESOURCE_INSTANCE
case $1 in
  start) sleep ${sleepMs / 1000}; touch $state;;
  stop) sleep ${sleepMs / 1000}; rm -f $state;;
  monitor) [ -e $state ] || exit 7;;
  meta-data) echo '<resource-agent name="slow"><version>1.0</version><actions/></resource-agent>';;
esac
exit 0
`;

const pair = (owner: string, name: string, value: string) =>
  `<nvpair id="${owner}-${name}" name="${name}" value="${value}"/>`;
const slow = (id: string) =>
  `<primitive id="${id}" class="ocf" provider="own" type="slow"><operations><op id="${id}-m" name="monitor" interval="10s"/></operations></primitive>`;
const options = `<cluster_property_set id="cib-bootstrap-options">${pair('o', 'stonith-enabled', 'false')}</cluster_property_set>`;
const defaults = `<rsc_defaults><meta_attributes id="rsc-options">${pair('d', 'resource-stickiness', '10')}</meta_attributes></rsc_defaults>`;
const resources = [
  `<group id="g">${slow('a')}${slow('b')}${slow('c')}</group>`,
  slow('alone'),
  `<clone id="everywhere">${slow('each')}</clone>`,
];
const orders = '<constraints><rsc_order id="order" first="g" then="alone"/></constraints>';

test('what is foreseen is what happens: the same moves in the same order, in about the time foreseen', {
  skip,
}, async (t) => {
  const cluster = await ClusterHosts.make();
  let witness: HostName = 'n2';
  const api = () => cluster.api(witness);
  const rest = () => eventually('rest', async () => ({ done: await api().settled(2000), value: 'under way' }));
  const standby = (node: HostName, value: 'on' | 'off') => {
    const id = hostNames.indexOf(node) + 1;
    const set = `<instance_attributes id="nodes-${id}">${pair(`nodes-${id}`, 'standby', value)}</instance_attributes>`;
    return { kind: 'modify', xml: `<node id="${id}">${set}</node>` } as const;
  };
  const stopped = (resource: string, role: string) => {
    const meta = `<meta_attributes id="${resource}-meta">${pair(`${resource}-meta`, 'target-role', role)}</meta_attributes>`;
    return { kind: 'modify', xml: `<group id="${resource}">${meta}</group>` } as const;
  };
  const command = (...words: readonly string[]) => cluster.lab.host(witness).output([...haven, ...words]);
  /** Foresees, does, and compares. */
  const compare = async (
    what: string,
    request: SimulateRequest | (() => Promise<Forecast>),
    act: () => Promise<unknown>,
  ) => {
    await rest();
    const forecast = await (typeof request === 'function' ? request() : api().simulate(request));
    const last = (await api().history()).at(-1)?.number ?? 0;
    await act();
    await eventually(`${what} is begun`, async () => {
      const latest = (await api().history()).at(-1)?.number ?? 0;
      return { done: latest > last, value: latest };
    });
    await rest();
    const done = (await api().history()).filter(({ number, actions }) => number > last && actions.length > 0);
    t.diagnostic(`${what}: foreseen ${forecast.expectedMs} ms, was ${done.map(({ durationMs }) => durationMs)} ms`);
    assertAlike(what, forecast, done);
    return { forecast, done };
  };
  try {
    for (const name of hostNames)
      await cluster.lab.host(name).writeFile('/usr/lib/ocf/resource.d/own/slow', agent, 0o755);
    for (const name of hostNames) cluster.startDaemon(name);
    for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
    await api().edit({
      kind: 'all',
      edits: [
        { kind: 'modify', xml: options },
        { kind: 'create', section: 'configuration', xml: defaults },
        ...resources.map((xml) => ({ kind: 'create', section: 'resources', xml }) as const),
        { kind: 'modify', xml: orders },
      ],
    });
    await rest();
    await compare('standby of n1', { edit: standby('n1', 'on') }, () => api().edit(standby('n1', 'on')));
    await compare('n1 again', { edit: standby('n1', 'off') }, () => api().edit(standby('n1', 'off')));
    await compare('the group stopped', { edit: stopped('g', 'Stopped') }, () => api().edit(stopped('g', 'Stopped')));
    const start = stopped('g', 'Started');
    const { forecast, done } = await compare('the group started', { edit: start }, () => api().edit(start));
    // Four starts in a row, all of them done before: neither takes less than the agents sleep.
    for (const ms of [forecast.expectedMs, done[0]?.durationMs ?? 0]) assert.ok(ms >= 4 * sleepMs, `${ms}`);
    const follower = cluster.lab.host(witness).spawn([...haven, 'events', '--follow']);
    const told: string[] = [];
    follower.child.stdout?.on('data', (chunk: Buffer) => told.push(chunk.toString('utf8')));
    const file = '/tmp/other.xml';
    await cluster.lab.host(witness).writeFile(file, (await command('cib', 'query')).replaceAll('"10s"', '"11s"'));
    const foreseeFile = async () => JSON.parse(await command('simulate', '--apply', file, '--json')) as Forecast;
    const applied = await compare('a file applied', foreseeFile, () => command('cib', 'replace', file));
    assert.equal(applied.forecast.steps.filter(({ action }) => action.endsWith('_monitor_11000')).length, 7);
    await eventually('the follower has told of it', async () => {
      const value = told.join('');
      return { done: applied.done.every(({ number }) => value.includes(`transition ${number} is complete`)), value };
    });
    follower.signal('SIGINT');
    assert.equal(await follower.exited, 130);
    const victim = nodeOf(await api().status(), 'a') as HostName;
    witness = hostNames.find((name) => name !== victim) ?? 'n1';
    const lost = await compare(`${victim} lost`, { fail: [victim] }, () => cluster.lab.kill(victim));
    assert.ok(lost.forecast.changes.length > 0);
  } finally {
    await cluster.down();
  }
});

/** What was begun at the same moment was in no order. */
function momentsOf({ actions }: TransitionView): string[][] {
  const moments = new Map<number, string[]>();
  for (const { what, node, startedMs } of actions) {
    if (startedMs !== undefined) moments.set(startedMs, [...(moments.get(startedMs) ?? []), `${what} on ${node}`]);
  }
  return [...moments].sort(([left], [right]) => left - right).map(([, begun]) => begun.sort());
}

function assertAlike(what: string, forecast: Forecast, done: readonly TransitionView[]): void {
  const foreseen = forecast.steps.map(({ action, node }) => `${action} on ${node}`);
  const happened = done.flatMap(momentsOf);
  const alike = happened.map((moment) => foreseen.splice(0, moment.length).sort());
  assert.deepEqual([...alike, ...foreseen], happened, what);
}
