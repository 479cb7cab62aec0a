import { newId } from '@orderflow/contracts/ids';
import type { Express } from 'express';
import type Stripe from 'stripe';
import request from 'supertest';
import { webhookSecret } from './payment-service.ts';

export const webhookPath = '/api/payments/webhooks/stripe';

/** Delivers events to the webhook as Stripe signs them. */
export const signedDeliveries =
  ({ app, stripe }: { app: Express; stripe: Stripe }) =>
  (type: string, object: object, { id = `evt_${newId()}` } = {}) => {
    const created = Math.floor(Date.now() / 1000);
    const payload = JSON.stringify({ id, object: 'event', type, created, data: { object } });
    const header = stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret });
    return request(app)
      .post(webhookPath)
      .set('content-type', 'application/json')
      .set('stripe-signature', header)
      .send(payload);
  };
