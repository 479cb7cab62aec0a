import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { createApi } from '../../e2e/api.ts';

/**
 * Makes records of each kind, and says in schemathesis' configuration which ids they have: ids drawn at random are
 * never those of anything, and then only refusals would be looked at.
 */
export async function recordsAsConfig({ gatewayUrl, token }: { gatewayUrl: string; token: string }) {
  const api = createApi(gatewayUrl, token);
  const product = await api.createProduct(1_000);
  const placed = await eventually(async () => {
    const { status, body } = await api.placeOrder(product.id, { paymentMethod: 'pm_card_visa' });
    if (status !== 201) throw new Error(`an order was answered with ${status}: ${JSON.stringify(body)}`);
    return body;
  });
  await eventually(async () => {
    const { status } = await api.order(placed.id);
    if (status !== 'PAID') throw new Error(`the order ${placed.id} is ${status}, not PAID`);
  });
  const payment = await api.payment(placed.id);
  const told = await eventually(async () => {
    const path = `/api/notifications?orderId=${placed.id}`;
    const [first] = (await api.must<{ items: { id: string }[] }>('GET', path)).items;
    if (!first) throw new Error(`nobody was told of the order ${placed.id}`);
    return first;
  });
  const drill = await finishedDrill(api);
  const seller = `seller-${newId()}`;

  const rows: [path: string, parameter: string, id: string][] = [
    ['^/api/products/', 'id', product.id],
    ['^/api/inventory/', 'productId', product.id],
    ['^/api/reservations/', 'orderId', placed.id],
    ['^/api/orders/', 'id', placed.id],
    ['^/orders/', 'id', placed.id],
    ['^/api/payments/', 'id', payment.id],
    ['^/api/notifications/', 'id', told.id],
    ['^/api/customers/', 'id', placed.customer.id],
    ['^/api/sellers/', 'id', seller],
    ['^/api/drills/', 'id', drill.id],
  ];
  return rows
    .map(
      ([path, parameter, id]) =>
        `[[operations]]\ninclude-path-regex = ${JSON.stringify(path)}\nparameters = { "path.${parameter}" = ${JSON.stringify(id)} }\n`,
    )
    .join('\n');
}

/** One that only says what it would do, so that there is a report. */
async function finishedDrill(api: ReturnType<typeof createApi>): Promise<{ id: string }> {
  const spec = {
    hypothesis: 'A report can be read.',
    target: { kind: 'service', service: 'order' },
    fault: { type: 'crash' },
  };
  const drill = await api.must<{ id: string }>('POST', '/api/drills', { name: 'check-api', spec });
  await eventually(async () => {
    const { phase } = await api.must<{ phase: string }>('GET', `/api/drills/${drill.id}`);
    if (!['Refused', 'Inconclusive'].includes(phase)) throw new Error(`the drill ${drill.id} is ${phase}`);
  });
  return drill;
}
