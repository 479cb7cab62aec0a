import { z } from 'zod';
import { address, addressBody, personName, phone } from '../order.ts';
import { email } from '../text.ts';

export const createCustomerBody = z.strictObject({
  name: personName,
  email,
  phone: phone.optional(),
  address: addressBody.optional(),
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
