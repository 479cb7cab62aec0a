import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peers, throughRelays } from './through-relays.ts';
import { startUnderLoad, type UnderLoad } from './under-load.ts';

let relays: Awaited<ReturnType<typeof throughRelays>>;
let run: UnderLoad;
beforeAll(async () => {
  relays = await throughRelays();
  run = await startUnderLoad({ PROXY_TIMEOUT_MS: '2000' }, relays.servicesAt);
}, 120_000);
afterAll(async () => {
  await run?.system.stop();
  relays?.close();
}, 60_000);

/** What a worker may need to see that a peer is silent, to open new connections and to do what was left. */
const within = { timeoutMs: 30_000, everyMs: 100 };

test.each(peers)(
  'when all connections to %s fall silent under load, every order comes to its end in 30 s',
  async (peer) => {
    await run.place(10);
    const placing = run.place(10);
    await eventually(() => expect(relays.silence(peer)).toBeGreaterThan(0), { everyMs: 5 });
    await placing;
    await run.place(5);
    await eventually(async () => expect(await run.ledgers.incomplete(run.accepted.size)).toBe(0), within);
    // The chaos-controller takes no part in orders.
    const drills = () => run.system.api.call('GET', '/api/drills');
    await eventually(async () => expect((await drills()).status).toBe(200), within);
  },
  90_000,
);

test('and nothing is lost, doubled or left', () => run.survived(), 60_000);
