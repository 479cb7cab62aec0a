import type { TimelineView } from '@orderflow/contracts/http/audit';
import type { ProductView } from '@orderflow/contracts/http/catalogue';
import type { OrderView } from '@orderflow/contracts/http/orders';
import type { PaymentView } from '@orderflow/contracts/http/payments';
import { newId } from '@orderflow/contracts/ids';

export type Answer<T> = { status: number; body: T; headers: Headers };

/** The HTTP API through the gateway, as a client program with this token would call it; without one it is nobody. */
export function createApi(gatewayUrl: string, token?: string, { isCustomer = false } = {}) {
  async function call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(gatewayUrl + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : undefined) as T,
    };
  }

  async function must<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await call<T>(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  return {
    call,
    must,
    token,
    /** A product with so many items, of a seller who confirms automatically unless named. */
    createProduct: (stock: number, { sellerId = 'shop', amount = 2999 } = {}) =>
      must<ProductView>('POST', '/api/products', {
        sku: `sku-${newId()}`,
        name: 'Lamp',
        price: { amount, currency: 'EUR' },
        sellerId,
        stock,
      }),
    placeOrder: (
      productId: string,
      options: { quantity?: number; paymentMethod?: string; email?: string; phone?: string } = {},
    ) =>
      call<OrderView>('POST', '/api/orders', {
        // A customer's token says who orders; OrderFlow's own parts order for somebody.
        ...(!isCustomer && {
          customer: {
            name: 'Ada',
            email: options.email ?? `ada-${newId()}@example.com`,
            phone: options.phone,
          },
        }),
        items: [{ productId, quantity: options.quantity ?? 1 }],
        paymentMethod: options.paymentMethod,
      }),
    order: (id: string) => must<OrderView>('GET', `/api/orders/${id}`),
    product: (id: string) => must<ProductView>('GET', `/api/products/${id}`),
    timeline: (id: string) => must<TimelineView>('GET', `/api/orders/${id}/timeline`),
    payment: (id: string) => must<PaymentView>('GET', `/api/orders/${id}/payment`),
  };
}

export type Api = ReturnType<typeof createApi>;
