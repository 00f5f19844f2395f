import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandFailure } from '../../../kit/index.ts';
import { readDocument, requireValid } from './document.ts';

const vip = '<primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"/>';
const documentOf = (schema: string) => `<cib${schema} admin_epoch="0" epoch="1" num_updates="0">
<configuration><crm_config/><nodes/>
<resources>${vip}</resources>
<constraints><rsc_order id="o" first="vip" then="db"/></constraints>
</configuration><status/></cib>`;

/** What is said of a file with these bytes; empty when a cluster may decide on it. */
function said(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'haven-document-'));
  const file = join(folder, 'cib.xml');
  try {
    writeFileSync(file, content);
    requireValid(readDocument(file).cib, file);
    return '';
  } catch (problem) {
    assert.ok(problem instanceof CommandFailure);
    return problem.message.replaceAll(`${folder}/`, '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a document that its schema forbids is refused with the place of each mistake; one without a schema is not', () => {
  assert.match(
    said(documentOf(' validate-with="pacemaker-3.9"')),
    /^cib\.xml:4:14 \/cib\/.* then="db" refers to nothing/,
  );
  assert.equal(said(documentOf(' validate-with="none"')), '');
  assert.equal(said(documentOf('')), '');
});

test('bytes that are no text are refused, and not read as other names', () => {
  const latin = Buffer.from(documentOf('').replace('"db"', '"dé"'), 'latin1');
  assert.match(said(latin), /^cib\.xml:4: error: this is no UTF-8 text/);
});
