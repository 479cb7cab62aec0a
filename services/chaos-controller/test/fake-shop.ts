import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { ProductView } from '@orderflow/contracts/http/catalogue';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { onTestFinished } from 'vitest';

/** How `POST /api/orders` goes wrong; `lose` takes the order and breaks the connection. */
export type Mood = 'well' | 'busy' | 'forbid' | 'fail' | 'hang' | 'lose';

type Reply = { status: number; body?: unknown; headers?: Record<string, string> };

const price = { amount: 100, currency: 'EUR' };

/** A gateway with an order service behind it, both of them as the contracts have them, that goes wrong when told to. */
export async function aShop() {
  const orders = new Map<string, OrderView>();
  const byKey = new Map<string, string>();
  const products: ProductView[] = [];
  const tries: { key: string; body: unknown; authorization: string | undefined }[] = [];
  const adjustments: unknown[] = [];
  const shop = {
    mood: 'well' as Mood,
    /** Everything but orders answers nothing at all. */
    deaf: false,
    /** What becomes of an order, at once; undefined leaves it open. */
    end: 'PAID' as OrderView['status'] | undefined,
    /** An order is placed for every try, as by a system that keeps no keys. */
    forgetful: false,
    pageSize: 200,
  };

  function place(key: string, customer: { name: string; email: string }): OrderView {
    const known = byKey.get(key);
    if (known && !shop.forgetful) return orders.get(known)!;
    const now = new Date().toISOString();
    const order: OrderView = {
      id: newId(),
      reference: null,
      status: shop.end ?? 'CONFIRMED',
      cancelReason: null,
      message: null,
      paymentStatus: 'NONE',
      customer: { id: customerIdOf(customer.email), ...customer, phone: null },
      sellerId: 'orderflow-drills',
      items: [],
      total: price,
      shippingAddress: null,
      trackingNumber: null,
      confirmation: 'automatic',
      confirmationRequested: true,
      expiresAt: null,
      version: 1,
      placedAt: now,
      updatedAt: now,
    };
    orders.set(order.id, order);
    byKey.set(key, order.id);
    return order;
  }

  async function placed(req: IncomingMessage, res: ServerResponse): Promise<Reply | undefined> {
    const key = String(req.headers['idempotency-key']);
    const body = (await json(req)) as { customer: { name: string; email: string } };
    tries.push({ key, body, authorization: req.headers.authorization });
    switch (shop.mood) {
      case 'well':
        return { status: 201, body: place(key, body.customer) };
      case 'busy':
        return { status: 503, headers: { 'retry-after': '1' } };
      case 'forbid':
        return { status: 403 };
      case 'fail':
        return { status: 500 };
      case 'hang':
        return undefined;
      case 'lose':
        place(key, body.customer);
        res.destroy();
        return undefined;
    }
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<Reply | undefined> {
    const { pathname, searchParams } = new URL(req.url!, 'http://shop');
    const id = pathname.split('/').at(-1)!;
    const asked = `${req.method} ${pathname.replace(/[0-9a-f-]{36}$/, '{id}')}`;
    if (asked === 'POST /api/orders') return placed(req, res);
    if (shop.deaf) return undefined;
    switch (asked) {
      case 'GET /health':
        return { status: 200, body: { status: 'ok' } };
      case 'PUT /api/sellers/orderflow-drills/settings':
        return { status: 200, body: await json(req) };
      case 'GET /api/products':
        return { status: 200, body: { items: products, nextCursor: null } };
      case 'POST /api/products':
        products.push(aProduct((await json(req)) as Partial<ProductView>));
        return { status: 201, body: products.at(-1) };
      case 'PATCH /api/products/{id}': {
        const product = products.find((one) => one.id === id)!;
        return { status: 200, body: Object.assign(product, await json(req)) };
      }
      case 'POST /api/inventory/{id}': {
        adjustments.push(await json(req));
        const { sku, name, stock } = products.find((product) => product.id === id)!;
        return { status: 200, body: { productId: id, sku, name, ...stock } };
      }
      case 'GET /api/orders/{id}':
        return orders.has(id) ? { status: 200, body: orders.get(id) } : notFound;
      case 'GET /api/orders': {
        const theirs = [...orders.values()].filter(
          ({ customer }) => customer.id === searchParams.get('customerId'),
        );
        const first = Number(searchParams.get('cursor') ?? 0);
        const next = first + shop.pageSize;
        const nextCursor = next < theirs.length ? String(next) : null;
        return { status: 200, body: { items: theirs.slice(first, next), nextCursor } };
      }
      default:
        return notFound;
    }
  }

  const server = createServer(async (req, res) => {
    const reply = await answer(req, res);
    if (!reply) return;
    res.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    res.end(JSON.stringify(reply.body ?? {}));
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const die = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(die);

  return Object.assign(shop, {
    url: `http://127.0.0.1:${port}`,
    orders,
    byKey,
    products,
    tries,
    adjustments,
    place,
    die,
    comeBack: () => listen(port),
  });
}

const notFound: Reply = {
  status: 404,
  body: {
    type: 'urn:orderflow:problem:not_found',
    title: 'There is no such thing',
    status: 404,
    detail: 'There is no such order.',
    code: 'not_found',
    traceId: 'a',
  },
};

export const aProduct = (changes: Partial<ProductView> = {}): ProductView => ({
  id: newId(),
  sku: 'ORDERFLOW-DRILL',
  name: 'Drill item',
  description: '',
  price,
  sellerId: 'orderflow-drills',
  imageUrl: null,
  active: true,
  version: 1,
  createdAt: new Date().toISOString(),
  ...changes,
  stock: { received: 1_000_000, onHand: 1_000_000, reserved: 0, available: 1_000_000, shipped: 0 },
});
