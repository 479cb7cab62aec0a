import { createSeals, type Seals } from './seals.ts';

/** How the order service hands a payment method to the payment service, for one order; nobody between them can read it. */
export const paymentMethodSeals = (secret: string): Seals =>
  createSeals({ secret, purpose: 'payment methods of orders' });
