import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { parseWebhookUrl, resolveWebhook } from '../../../src/server/webhooks/webhook-address.ts';
import { openPublishingRig } from '../../support/publishing-rig.ts';
import { openTestSqlite } from '../../support/server-store.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Listener extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  status: number;
}

async function listen(): Promise<Listener> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(pieces).toString('utf8') });
      response.statusCode = listener.status;
      response.setHeader('location', 'http://127.0.0.1:1/elsewhere');
      response.end('x'.repeat(100_000));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const listener: Listener = {
    url: `http://127.0.0.1:${port}/hook?key=abc`,
    received,
    status: 204,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return listener;
}

const CREATE = 'mutation($url: String!) { createWebhook(url: $url) { id secret } }';
const LIST = '{ webhooks { id origin waiting dead } }';
const HOUR_MS = 3_600_000;

describe('webhooks', () => {
  it('tell what happened to which session, signed, and nothing of what is in it', async () => {
    await using listener = await listen();
    await using rig = await openPublishingRig(await openTestSqlite(), { mayBePrivate: true });
    const { secret } = (await rig.ask('ann', CREATE, { url: listener.url })).data.createWebhook;
    const { id } = (await rig.publish('ann')).data.syncSession.session;
    await rig.publish('ann');
    await rig.ask('ann', 'mutation($id: ID!) { withdrawSession(id: $id) { session { id } } }', { id });
    await rig.publish('bob');

    await rig.publishing.work();

    const events = listener.received.map(
      ({ body }) => JSON.parse(body) as { event: string; session: { version: number; sessionId: string } },
    );
    expect(events.map(({ event, session }) => `${event} ${session.sessionId} ${session.version}`).toSorted()).toEqual([
      'session.created a1b2c3d4e5f60718 1',
      'session.updated a1b2c3d4e5f60718 2',
      'session.withdrawn a1b2c3d4e5f60718 2',
    ]);
    for (const { headers, body } of listener.received) {
      const signature = createHmac('sha256', secret)
        .update(`${String(headers['cairn-timestamp'])}.${body}`)
        .digest('hex');
      expect(headers['cairn-signature']).toBe(`v1=${signature}`);
      expect(body).not.toMatch(/login|home|cookie/);
    }
    await rig.publishing.work();
    expect(listener.received).toHaveLength(3);
  });

  it('come again with growing pauses, and are given up in the end', async () => {
    await using listener = await listen();
    await using rig = await openPublishingRig(await openTestSqlite(), { mayBePrivate: true });
    await rig.ask('ann', CREATE, { url: listener.url });
    listener.status = 302;
    await rig.publish('ann');

    await rig.publishing.work();
    await rig.publishing.work();
    expect(listener.received).toHaveLength(1);
    for (let at = 0; at < 12; at += 1) {
      rig.pass(7 * HOUR_MS);
      await rig.publishing.work();
    }

    expect(listener.received).toHaveLength(10);
    expect((await rig.ask('ann', LIST)).data.webhooks).toEqual([
      expect.objectContaining({ origin: new URL(listener.url).origin, waiting: 0, dead: 1 }),
    ]);
  });

  it('are delivered after a node ended in the middle, and once by two nodes', async () => {
    await using listener = await listen();
    await using rig = await openPublishingRig(await openTestSqlite(), { mayBePrivate: true });
    await rig.ask('ann', CREATE, { url: listener.url });
    await rig.publish('ann');
    await rig.store.db.updateTable('webhook_deliveries').set({ attempts: 1, next_at_ms: 0 }).execute();

    await Promise.all([rig.publishing.work(), rig.publishing.work()]);

    expect(listener.received).toHaveLength(1);
  });

  it('do not keep their address or secret readable', async () => {
    await using rig = await openPublishingRig(await openTestSqlite());
    const { secret } = (await rig.ask('ann', CREATE, { url: 'https://hooks.example.org/T0/secret-path' })).data
      .createWebhook;

    const rows = JSON.stringify(await rig.store.db.selectFrom('webhooks').selectAll().execute(), (_, value: unknown) =>
      typeof value === 'object' && value !== null && 'data' in value
        ? Buffer.from(value.data as number[]).toString('latin1')
        : value,
    );

    expect(rows).not.toContain('hooks.example');
    expect(rows).not.toContain(secret);
  });
});

describe('parseWebhookUrl()', () => {
  it.each([
    'http://example.org/',
    'https://user:pass@example.org/',
    'https://127.0.0.1/',
    'https://10.1.2.3/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00::1]/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://017700000001/',
    'file:///etc/passwd',
    'gopher://example.org/',
    'nothing',
    `https://example.org/${'x'.repeat(3_000)}`,
  ])('refuses %s', (text) => {
    expect(() => parseWebhookUrl(text, { mayBePrivate: false })).toThrow(
      expect.objectContaining({ code: 'USAGE_INVALID' }) as Error,
    );
  });

  it('takes what is on the internet', () => {
    expect(parseWebhookUrl('https://example.org/hook?x=1', { mayBePrivate: false }).href).toBe(
      'https://example.org/hook?x=1',
    );
  });
});

describe('resolveWebhook()', () => {
  it('refuses a name that leads into a private network, also beside others', async () => {
    const url = new URL('https://rebind.example/');
    const lookup = async () => [
      { address: '93.184.215.14', family: 4 },
      { address: '192.168.1.1', family: 4 },
    ];

    await expect(resolveWebhook(url, { mayBePrivate: false }, lookup)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(await resolveWebhook(url, { mayBePrivate: true }, lookup)).toEqual({ address: '93.184.215.14', family: 4 });
  });
});
