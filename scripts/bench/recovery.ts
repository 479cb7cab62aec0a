import type { System } from '@orderflow/local-runtime/system';
import { eventually } from '@orderflow/testing/eventually';
import type { Api } from '../../e2e/api.ts';

/** The services an order cannot be paid without. */
const inTheWay = ['gateway', 'order', 'inventory', 'payment', 'bank'];

/**
 * Kills each service on an order's way and measures until an order placed after that is paid.
 * Gives the longest of these times and how many orders were accepted.
 */
export async function measureRecovery(
  system: System,
  api: Api,
  productId: string,
  say: (text: string) => void,
) {
  let placed = 0;
  let worstSeconds = 0;

  async function completeOne(): Promise<void> {
    const answer = await api.placeOrder(productId, { paymentMethod: 'pm_card_visa' });
    if (answer.status !== 201) throw new Error(`the order was answered with ${answer.status}`);
    placed += 1;
    await eventually(
      async () => {
        const { status } = await api.order(answer.body.id);
        if (status !== 'PAID') throw new Error(`an order stays ${status}`);
      },
      { timeoutMs: 30_000 },
    );
  }

  for (const name of inTheWay) {
    const service = system.services.get(name)!;
    const { exited } = service;
    const killedAt = performance.now();
    service.kill('SIGKILL');
    await exited;
    await eventually(completeOne, { timeoutMs: 30_000 });
    const seconds = (performance.now() - killedAt) / 1000;
    say(`${name} killed: an order completes after ${seconds.toFixed(1)} s`);
    worstSeconds = Math.max(worstSeconds, seconds);
  }
  return { placed, worstSeconds };
}
