import { statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { fakeCheckout, fakeSpec } from '../fixtures/fake-checkout.ts';
import { isPortFree } from '../ports.ts';
import { probes } from '../probes.ts';
import { type SystemOptions, startSystem } from '../system.ts';

const specs = [
  fakeSpec('shop'),
  fakeSpec('drills', {
    mayControl: true,
    settings: { DRIVER: 'local' },
    addresses: { SUPERVISOR_URL: 'supervisor' },
  }),
];

/** A system of a shop and of who may control it, and how that one calls. */
async function start(options: Partial<SystemOptions> = {}) {
  const checkout = await fakeCheckout({ specs });
  const notes: string[] = [];
  const system = await startSystem({
    ...checkout,
    log: () => {},
    onProgress: (message) => notes.push(message),
    ...options,
  });
  onTestFinished(() => system.stop());
  const call = async (method: string, path: string, body?: unknown, token = system.controlToken) => {
    const response = await fetch(`http://127.0.0.1:${checkout.ports.supervisor}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: Object(await response.json()) };
  };
  return { ...checkout, system, call, notes };
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

test('only who may control the others is told where and by which secret, which only its owner can read', async () => {
  const { system, dataDir, ports } = await start();
  const envOf = async (name: string) => (await fetch(`${system.urls[name]}/env`)).json();
  expect(await envOf('drills')).toMatchObject({
    DRIVER: 'local',
    SUPERVISOR_URL: `http://127.0.0.1:${ports.supervisor}`,
    SUPERVISOR_TOKEN: system.controlToken,
  });
  expect(JSON.stringify(await envOf('shop'))).not.toContain(system.controlToken);
  expect(system.controlToken).not.toBe(system.internalToken);
  expect(statSync(join(dataDir, 'control-token')).mode & 0o777).toBe(0o600);
});

test('it lists every process, but touches neither itself nor who calls it', async () => {
  const { system, call } = await start();
  const { body } = await call('GET', '/processes');
  expect(body.items).toEqual(
    [
      { name: 'shop', kind: 'service' },
      { name: 'drills', kind: 'service' },
      { name: 'postgres', kind: 'postgres' },
      { name: 'redis', kind: 'redis' },
    ].map((process) => ({ ...process, uid: expect.any(String), held: false, ready: true })),
  );

  const { uid } = system.services.get('drills')!;
  expect((await call('POST', '/processes/drills/end', { uid, how: 'kill' })).status).toBe(403);
  const grip = { by: 'd1', how: 'hold', until: inSeconds(60) };
  expect((await call('PUT', '/grips/drills', grip)).status).toBe(403);
  expect((await call('PUT', '/grips/supervisor', grip)).status).toBe(404);
  expect(system.services.get('drills')!.uid).toBe(uid);
});

test('a process that was frozen is continued at its time, and one held down started, though nobody asks', async () => {
  const { system, call, notes } = await start();
  const shop = system.services.get('shop')!;
  const { uid } = shop;
  await call('PUT', '/grips/shop', { by: 'd1', how: 'freeze', until: inSeconds(0.3) });
  expect((await call('GET', '/processes/shop')).body).toMatchObject({ uid, ready: false });
  await eventually(async () =>
    expect((await call('GET', '/processes/shop')).body).toMatchObject({ uid, ready: true }),
  );

  await call('PUT', '/grips/shop', { by: 'd2', how: 'hold', until: inSeconds(0.5) });
  expect((await call('GET', '/processes/shop')).body).toMatchObject({ uid: null, held: true, ready: false });
  await eventually(async () =>
    expect((await call('GET', '/processes/shop')).body).toMatchObject({ held: false, ready: true }),
  );
  expect(shop.uid).not.toBe(uid);

  await call('PUT', '/grips/shop', { by: 'd3', how: 'freeze', until: inSeconds(-1) });
  await eventually(() => expect(notes.filter((note) => note.includes('let go of'))).toHaveLength(3));
});

test('probes spare a process that a drill has frozen, and no other that is frozen', async () => {
  const liveness = { ...probes.liveness, periodMs: 20, timeoutMs: 400, failureThreshold: 3 };
  const startup = { ...probes.startup, periodMs: 20 };
  const { system, call } = await start({ probes: { startup, liveness } });
  const shop = system.services.get('shop')!;
  const { uid } = shop;
  await eventually(async () => expect(await (await fetch(`${system.urls.shop}/probed`)).text()).toBe('true'));
  await call('PUT', '/grips/shop', { by: 'd1', how: 'freeze', until: inSeconds(2.5) });
  await eventually(async () => expect((await call('GET', '/grips')).body.items).toEqual([]));
  expect(shop.uid).toBe(uid);

  shop.kill('SIGSTOP');
  await eventually(() => expect(shop.restarts).toBe(1));
  await eventually(async () =>
    expect((await call('GET', '/processes/shop')).body).toMatchObject({ ready: true }),
  );
});

test('the system stops, with processes that are frozen and held, and leaves nothing', async () => {
  const { system, call, ports, notes } = await start();
  const until = Date.now() + 700;
  const by = { by: 'd1', until: new Date(until).toISOString() };
  await call('PUT', '/grips/shop', { ...by, how: 'freeze' });
  await call('PUT', '/grips/redis', { ...by, how: 'hold' });
  await system.stop();
  // Until after the time at which they would be let go of.
  await eventually(() => expect(Date.now()).toBeGreaterThan(until + 100));
  expect(notes.join()).not.toContain('let go of');
  expect(await Promise.all(Object.values(ports).map(isPortFree))).not.toContain(false);
});

test('what cannot be done is answered with why, and without the token nothing is', async () => {
  const { call, system } = await start();
  const { uid } = system.services.get('shop')!;
  const wrong: [method: string, path: string, body: unknown, status: number][] = [
    ['POST', '/processes/shop/end', { uid, how: 'politely' }, 400],
    ['POST', '/processes/shop/end', { uid: 'another', how: 'kill' }, 410],
    ['POST', '/processes/nobody/end', { uid, how: 'kill' }, 404],
    ['PUT', '/grips/shop', { by: 'd1', how: 'freeze', until: inSeconds(3_600) }, 400],
    ['PUT', '/grips/postgres', { by: 'd1', how: 'freeze', until: inSeconds(5) }, 409],
    ['POST', '/turn', '{"half', 400],
    ['POST', '/turn', 'x'.repeat(20_000), 400],
    ['GET', '/nothing', undefined, 404],
    ['GET', '/%zz', undefined, 400],
  ];
  for (const [method, path, body, status] of wrong) {
    expect({ path, ...(await call(method, path, body)) }).toMatchObject({
      path,
      status,
      body: { why: expect.any(String) },
    });
    expect((await call(method, path, body, 'guessed')).status).toBe(401);
  }
  expect(system.services.get('shop')!.uid).toBe(uid);
});
