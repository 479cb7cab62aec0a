import { z } from 'zod';
import { address, personName, phone } from '../order.ts';

export const createCustomerBody = z.strictObject({
  name: personName,
  email: z.email().max(254),
  phone: phone.optional(),
  address: address.optional(),
});
export const editCustomerBody = createCustomerBody.omit({ email: true }).partial();

export const customerView = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string(),
  phone: z.string().nullable(),
  address: address.nullable(),
  guest: z.boolean(),
  createdAt: z.iso.datetime(),
});
export type CustomerView = z.infer<typeof customerView>;
