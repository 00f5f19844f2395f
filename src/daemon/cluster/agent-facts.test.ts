import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMetadata } from '../../agents/index.ts';
import { agentFactsOf, concealed, secretsOf } from './agent-facts.ts';

const parameters = ['state', 'token" private="1', 'passwd', 'fake" reloadable="1'];
const written = parameters.map((name) => `<parameter name="${name}"><content type="string"/></parameter>`).join('');

function metadata(...actions: readonly string[]) {
  const listed = actions.map((name) => `<action name="${name}"/>`).join('');
  const xml = `<resource-agent name="x"><parameters>${written}</parameters><actions>${listed}</actions></resource-agent>`;
  const read = parseMetadata(xml);
  assert.ok(read.ok);
  return read.value;
}

test('what may not be reloaded is known of agents that reload, and what is secret of all', () => {
  assert.deepEqual(agentFactsOf(metadata('start', 'reload-agent')), {
    restartParameters: ['state', 'token', 'passwd'],
    privateParameters: ['token', 'passwd'],
  });
  assert.equal(agentFactsOf(metadata('start', 'reload')).restartParameters, undefined);
  assert.deepEqual(agentFactsOf(undefined), { restartParameters: undefined, privateParameters: [] });
});

test('a secret that an agent prints is not told on, with meta-data or without', () => {
  const values = { state: '/run/x', token: 'a.b*', passwd: 'geheim' };
  const printed = 'login with a.b* and geheim for /run/x failed: geheim';
  assert.equal(
    concealed(printed, secretsOf(values, metadata())),
    'login with ******** and ******** for /run/x failed: ********',
  );
  assert.equal(concealed(printed, secretsOf(values, undefined)), printed.replaceAll('geheim', '********'));
  assert.equal(concealed('geheimnis', ['geheim', 'geheimnis']), '********');
});
