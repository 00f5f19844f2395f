import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import type { VrrpConfiguration } from '../configuration.ts';
import { parseConfiguration, textSurroundings } from '../keepalived-conf/index.ts';
import type { Notification, NotifiedState } from '../notification.ts';
import { Mailer } from './mailer.ts';

/** A relay that keeps what it is told, and refuses one recipient. */
async function relay(): Promise<{ server: Server; port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    let inData = false;
    let text = '';
    socket.write('220-welcome\r\n220 relay\r\n');
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        heard.push(line);
        if (inData && line !== '.') continue;
        inData = line === 'DATA';
        socket.write(inData ? '354 go on\r\n' : line.includes('nosuch') ? '550 no such user\r\n' : '250 fine\r\n');
      }
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, heard };
}

function read(port: number, more = ''): VrrpConfiguration {
  const text = `global_defs {
 notification_email {
  a@example.com
  nosuch@example.com
 }
 notification_email_from ka@example.com
 smtp_server 127.0.0.1 ${port}
 smtp_connect_timeout 60
 router_id RID
${more}}
vrrp_instance V {
 interface eth0
 virtual_router_id 1
 virtual_ipaddress {
  10.0.0.1
 }
 smtp_alert
}
`;
  const parsed = parseConfiguration('/x', textSurroundings({ '/x': text }));
  assert.deepEqual(parsed?.findings, []);
  assert.ok(parsed);
  return parsed.configuration;
}

function news(state: NotifiedState): Notification {
  return { subject: 'INSTANCE', name: 'V', state, priority: 100 };
}

test('each change after the start is mailed, in order, in the words of the peer', async (context) => {
  const { server, port, heard } = await relay();
  context.after(() => server.close());
  const told: string[] = [];
  const mailer = new Mailer(read(port), (_, message) => told.push(message));
  for (const state of ['BACKUP', 'MASTER', 'MASTER_PRIORITY', 'FAULT', 'BACKUP', 'STOP'] as const)
    mailer.notify(news(state));
  await mailer.whenIdle();
  assert.deepEqual(told, []);
  assert.deepEqual(
    heard.filter((line) => /^(Subject|=>)/.test(line)),
    [
      'Subject: [RID] VRRP Instance V - Entering MASTER state',
      '=> VRRP Instance is now owning VRRP VIPs <=',
      'Subject: [RID] VRRP Instance V - Entering FAULT state',
      '=> VRRP Instance is no longer owning VRRP VIPs <=',
      'Subject: [RID] VRRP Instance V - Entering BACKUP state',
      '=> VRRP Instance is no longer owning VRRP VIPs <=',
    ],
  );
  assert.ok(heard.includes('MAIL FROM:<ka@example.com>') && heard.includes('RCPT TO:<a@example.com>'));
});

test('no_email_faults leaves FAULT out; a relay that is not there is told', async () => {
  const { server, port, heard } = await relay();
  const told: string[] = [];
  const mailer = new Mailer(read(port, ' no_email_faults\n'), (_, message) => told.push(message));
  mailer.notify(news('FAULT'));
  mailer.notify(news('MASTER'));
  await mailer.whenIdle();
  assert.equal(heard.filter((line) => line.startsWith('Subject')).length, 1);
  await new Promise((resolve) => server.close(resolve));
  mailer.notify(news('BACKUP'));
  await mailer.whenIdle();
  assert.match(
    told.join(),
    /The mail '\[RID\] VRRP Instance V - Entering BACKUP state' was not sent: 127.0.0.1 port \d+: .*ECONNREFUSED/,
  );
});
