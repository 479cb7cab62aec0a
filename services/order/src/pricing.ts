import { type Money, toMajorUnits } from '@orderflow/contracts/money';
import { type Confirmation, type OrderLine, quantity } from '@orderflow/contracts/order';
import { ProblemError } from '@orderflow/service-kit/problem';

/** A product as this service knows it, with its seller's setting. */
export type CatalogueProduct = {
  id: string;
  sku: string;
  name: string;
  price: number;
  currency: string;
  sellerId: string;
  active: boolean;
  confirmation: Confirmation;
};

export type WantedItem = {
  productId: string;
  quantity: number;
  /** What the customer was shown, in major units; another one than the catalogue's is refused. */
  price?: number;
};

export type PricedOrder = { lines: OrderLine[]; total: Money; sellerId: string; confirmation: Confirmation };

/**
 * Prices an order by the catalogue. Throws `unknown_product`, `price_changed`, `mixed_sellers`,
 * `mixed_currencies`, or `invalid_request` for more than an order can hold or JSON can carry.
 */
export function priceOrder(items: WantedItem[], catalogue: Map<string, CatalogueProduct>): PricedOrder {
  const ordered = items.map((item) => ({ item, product: orderable(item, catalogue) }));
  const { sellerId, currency, confirmation } = ordered[0]!.product;
  if (ordered.some(({ product }) => product.sellerId !== sellerId)) {
    throw new ProblemError('mixed_sellers', 'Place one order for each seller.');
  }
  if (ordered.some(({ product }) => product.currency !== currency)) {
    throw new ProblemError('mixed_currencies', 'Place one order for each currency.');
  }
  const lines = [...Map.groupBy(ordered, ({ product }) => product)].map(([product, same]) =>
    toLine(product, sum(same.map(({ item }) => item.quantity))),
  );
  const amount = sum(lines.map((line) => line.unitPrice.amount * line.quantity));
  if (!Number.isSafeInteger(amount)) {
    throw new ProblemError('invalid_request', 'The total is too large; place several orders.');
  }
  return { lines, total: { amount, currency }, sellerId, confirmation };
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);

/** The product, when it is for sale at the price the customer was shown. */
function orderable({ productId, price }: WantedItem, catalogue: Map<string, CatalogueProduct>) {
  const product = catalogue.get(productId.toLowerCase());
  if (!product?.active) {
    throw new ProblemError('unknown_product', `There is no product ${productId} for sale.`);
  }
  if (price !== undefined && !isPrice(price, product)) {
    throw new ProblemError('price_changed', `${product.name} does not cost ${price}; read its price again.`);
  }
  return product;
}

// Six decimals: more than any currency has, and few enough to take 0.1 + 0.2 for 0.3.
const isPrice = (shown: number, { price, currency }: CatalogueProduct): boolean =>
  Number(shown.toFixed(6)) === toMajorUnits({ amount: price, currency });

function toLine({ id, sku, name, price, currency }: CatalogueProduct, wanted: number): OrderLine {
  const allowed = quantity.safeParse(wanted);
  if (!allowed.success) {
    throw new ProblemError('invalid_request', `${wanted} of ${name} are too many for one order.`);
  }
  return { productId: id, quantity: wanted, sku, name, unitPrice: { amount: price, currency } };
}
