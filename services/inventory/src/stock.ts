export type Stock = {
  productId: string;
  /** Everything that ever came in, net of adjustments: onHand + shipped. */
  received: number;
  /** Physically there, what is reserved included. */
  onHand: number;
  reserved: number;
  shipped: number;
};

export type MovementKind = 'RECEIVED' | 'ADJUSTED' | 'RESERVED' | 'RELEASED' | 'SHIPPED';
export type Movement = {
  productId: string;
  kind: MovementKind;
  quantity: number;
  orderId?: string;
  note?: string;
};

/** What can still be ordered. */
export const available = (stock: Pick<Stock, 'onHand' | 'reserved'>): number => stock.onHand - stock.reserved;

/** The stock after a movement. The columns are nothing but the sum of these. */
export function book(stock: Stock, { kind, quantity }: Movement): Stock {
  const { received, onHand, reserved, shipped } = stock;
  switch (kind) {
    case 'RECEIVED':
    case 'ADJUSTED':
      return { ...stock, received: received + quantity, onHand: onHand + quantity };
    case 'RESERVED':
      return { ...stock, reserved: reserved + quantity };
    case 'RELEASED':
      return { ...stock, reserved: reserved - quantity };
    case 'SHIPPED':
      return {
        ...stock,
        onHand: onHand - quantity,
        reserved: reserved - quantity,
        shipped: shipped + quantity,
      };
    default:
      return kind satisfies never;
  }
}
