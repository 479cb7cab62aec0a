import { formatMoney, type Money, toMajorUnits, toMinorUnits } from '@orderflow/contracts/money';
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
  /** What the customer was shown, as money or in major units; another one than the catalogue's is refused. */
  price?: Money | number;
};

export type PricedOrder = { lines: OrderLine[]; total: Money; sellerId: string; confirmation: Confirmation };

/**
 * Prices an order by the catalogue. Throws `unknown_product`, `price_changed`, `mixed_sellers`,
 * `mixed_currencies`, or `invalid_request` for more than an order can hold or JSON can carry.
 */
export function priceOrder(items: WantedItem[], catalogue: Map<string, CatalogueProduct>): PricedOrder {
  const ordered = items.map((item) => ({ item, product: orderable(item, catalogue) }));
  refuseOtherPrices(ordered);
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

/** The product, when it is for sale. */
function orderable({ productId }: WantedItem, catalogue: Map<string, CatalogueProduct>) {
  const product = catalogue.get(productId.toLowerCase());
  if (!product?.active) {
    throw new ProblemError('unknown_product', `There is no product ${productId} for sale.`);
  }
  return product;
}

/** Throws `price_changed` when a product does not cost what the customer was shown, with both prices of each. */
function refuseOtherPrices(ordered: { item: WantedItem; product: CatalogueProduct }[]): void {
  const others = ordered.flatMap(({ item: { price: shown }, product: { id, name, price, currency } }) => {
    const current = { amount: price, currency };
    return shown === undefined || isSame(shown, current) ? [] : [{ id, name, shown, current }];
  });
  if (others.length === 0) return;
  const told = others.map(
    ({ name, shown, current }) =>
      `${name} costs ${formatMoney(current)}, not ${typeof shown === 'number' ? shown : formatMoney(shown)}`,
  );
  throw new ProblemError(
    'price_changed',
    `${told.join('; ')}. Show the buyer the price of now, then order again.`,
    {
      prices: others.map(({ id, shown, current }) => ({
        productId: id,
        expected: typeof shown === 'number' ? inMinorUnits(shown, current.currency) : shown,
        current,
      })),
    },
  );
}

// Six decimals: more than any currency has, and few enough to take 0.1 + 0.2 for 0.3.
const isSame = (shown: Money | number, current: Money): boolean =>
  typeof shown === 'number'
    ? Number(shown.toFixed(6)) === toMajorUnits(current)
    : shown.amount === current.amount && shown.currency === current.currency;

const inMinorUnits = (major: number, currency: string): Money => ({
  amount: toMinorUnits(major, currency),
  currency,
});

function toLine({ id, sku, name, price, currency }: CatalogueProduct, wanted: number): OrderLine {
  const allowed = quantity.safeParse(wanted);
  if (!allowed.success) {
    throw new ProblemError('invalid_request', `${wanted} of ${name} are too many for one order.`);
  }
  return { productId: id, quantity: wanted, sku, name, unitPrice: { amount: price, currency } };
}
