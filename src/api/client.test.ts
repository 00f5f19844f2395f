import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiClient } from './client.ts';

test('each request has a connection of its own: the daemon may have closed an earlier one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haven-client-'));
  const path = join(folder, 'api.sock');
  const met = new Set<object>();
  const server = createServer(({ socket }, response) => {
    if (met.has(socket)) socket.destroy();
    met.add(socket);
    response.end('<cib/>');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const client = new ApiClient(path);
    for (let times = 0; times < 3; times++) assert.equal(await client.document(), '<cib/>');
    assert.equal(met.size, 3);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
