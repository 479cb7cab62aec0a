import type { Customers } from './customers.ts';
import type { Fault } from './faults.ts';
import type { Judge } from './judge.ts';
import type { Kube } from './kube.ts';
import { streamOrders } from './order-stream.ts';
import type { Line } from './report.ts';
import { until } from './until.ts';

type Stage = {
  kube: Kube;
  customers: Customers;
  judge: Judge;
  upgrade: () => Promise<void>;
  rate: number;
  /** A fault that stops orders for more seconds has failed. */
  within: number;
  signal: AbortSignal;
  say: (text: string) => void;
};

/** Does a fault while orders stream in, until some more were taken after all was well again; then looks at every order. */
export async function rehearse(fault: Fault, stage: Stage): Promise<Line> {
  const { kube, customers, judge, upgrade, rate, within, signal, say } = stage;
  const muteBefore = customers.mute.length;
  const means = { kube, upgrade, signal, say };
  const undo = await fault.prepare?.(means);
  const stream = streamOrders({ customers, rate, signal });
  const wrong: string[] = [];
  let faultAt = Date.now();
  try {
    await stream.flows(rate * 2, 60);
    faultAt = Date.now();
    const over = await fault.inject(means);
    await until('the pods are back', over, { seconds: 180, signal });
    await stream.flows(rate * 3, 90);
  } catch (error) {
    signal.throwIfAborted();
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  const verdict = await judge.judge(await stream.stop(), faultAt);
  await undo?.();
  wrong.push(...verdict.wrong);
  if (verdict.seconds > within) {
    wrong.push(`Orders completed again after ${verdict.seconds.toFixed(1)} s; ${within} s are allowed.`);
  }
  const mute = customers.mute.slice(muteBefore);
  // That nobody knows what became of a request is all that can be said when the service died of it or with it.
  const silent = [...new Set(mute)].filter((text) => !text.startsWith('504'));
  if (silent.length > 0) wrong.push(`Did not say when to come again: ${silent.slice(0, 5).join(', ')}`);
  return { name: fault.name, passed: wrong.length === 0, ...verdict, mute: mute.length, wrong };
}
