import { newId } from '@orderflow/contracts/ids';
import { listen } from '@orderflow/service-kit/lifecycle';
import { silentLog } from '@orderflow/testing/scope';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { onTestFinished } from 'vitest';
import { StripeError, stripeErrors } from './stripe-errors.ts';

export const apiKey = 'sk_test_orderflow';

type Params = Record<string, string> & { metadata?: Record<string, string> };
type Intent = ReturnType<typeof newIntent>;
type Refund = ReturnType<typeof newRefund>;
type Dispute = ReturnType<typeof newDispute>;
/** What Stripe keeps of a request: the answer, whether it was good or an error. */
type Kept = { params: string; status: number; body: unknown };

/**
 * How Stripe can fail: before it does anything; with a 500 that it keeps as the answer; too many requests; having
 * done it, without an answer.
 */
export type Fault = 'error' | 'kept error' | 'rate limit' | 'lost answer' | 'hang';

const id = (prefix: string) => `${prefix}_${newId().replaceAll('-', '')}`;

/** The part of Stripe that the adapter asks, with a memory: https://docs.stripe.com/api. Listens until the test ends. */
export async function stripeServer() {
  const kept = new Map<string, Kept>();
  const underWay = new Set<string>();
  const intents = new Map<string, Intent>();
  const refunds = new Map<string, Refund>();
  const disputes = new Map<string, Dispute>();
  const requests: { method: string; path: string; params: Params }[] = [];
  const state: { fault?: Fault; away?: boolean; status?: string; held?: Promise<unknown> } = {};

  /** A POST by the rules of https://docs.stripe.com/api/idempotent_requests. */
  const once =
    (validate: (params: Params) => void, work: (params: Params) => unknown): RequestHandler =>
    async (req, res) => {
      const key = req.get('idempotency-key')!;
      const params = JSON.stringify([req.path, req.body]);
      if (state.fault === 'rate limit') throw stripeErrors.rateLimit();
      if (state.fault === 'error') throw stripeErrors.internal();
      const first = kept.get(key);
      if (first) {
        if (first.params !== params) throw stripeErrors.otherParameters();
        res.set('idempotent-replayed', 'true');
        return answer(res, first);
      }
      if (underWay.has(key)) throw stripeErrors.keyInUse();
      validate(req.body);
      underWay.add(key);
      await state.held;
      const result = { params, ...resultOf(() => work(req.body)) };
      underWay.delete(key);
      kept.set(key, state.fault === 'kept error' ? { params, ...stripeErrors.internal().answer() } : result);
      answer(res, kept.get(key)!);
    };

  function answer(res: Response, { status, body }: Kept): void {
    if (state.fault === 'hang') return;
    if (state.fault === 'lost answer') res.destroy();
    else res.status(status).json(body);
  }

  function charge(params: Params): Intent {
    const intent = newIntent(params, state.status ?? 'succeeded');
    intents.set(intent.id, intent);
    const error = stripeErrors.declined(params.payment_method!, intent);
    if (!error) return intent;
    intent.status = 'requires_payment_method';
    intent.last_payment_error = error.details;
    throw error;
  }

  function validateRefund({ payment_intent, amount }: Params): void {
    const intent = intents.get(payment_intent!);
    if (!intent) throw stripeErrors.missing('payment_intent', payment_intent!);
    const left = intent.amount - refundedOf(intent);
    if (left === 0) throw stripeErrors.refundedAlready(intent.latest_charge);
    if (Number(amount) > left) throw stripeErrors.refundTooLarge();
  }

  function refund(params: Params): Refund {
    const made = newRefund(params, intents.get(params.payment_intent!)!, state.status ?? 'succeeded');
    refunds.set(made.id, made);
    return made;
  }

  const refundsOf = (intent: Intent) =>
    [...refunds.values()].filter((r) => r.payment_intent === intent.id && r.status !== 'failed');
  const refundedOf = (intent: Intent) => refundsOf(intent).reduce((sum, { amount }) => sum + amount, 0);

  const app = express();
  app.use(express.urlencoded({ extended: true }), (req, _res, next) => {
    requests.push({ method: req.method, path: req.path, params: req.body ?? {} });
    if (state.away) throw stripeErrors.internal();
    if (req.get('authorization') !== `Bearer ${apiKey}`) throw stripeErrors.badKey();
    next();
  });
  app.post('/v1/payment_intents', once(stripeErrors.validateIntent, charge));
  app.post('/v1/refunds', once(validateRefund, refund));
  app.get('/v1/payment_intents/search', (req, res) => {
    const key = /^metadata\['key'\]:'([^']+)'$/.exec(String(req.query.query))?.[1];
    const data = [...intents.values()].filter(({ metadata }) => metadata.key === key);
    res.json({ object: 'search_result', data, has_more: false, next_page: null, url: req.path });
  });
  app.get('/v1/payment_intents/:id', read(intents));
  app.get('/v1/refunds', (req, res) => {
    const { charge, payment_intent } = req.query;
    const data = [...refunds.values()]
      .filter((made) => made.charge === charge || made.payment_intent === payment_intent)
      .reverse();
    res.json({ object: 'list', data, has_more: false, url: req.path });
  });
  app.get('/v1/refunds/:id', read(refunds));
  app.get('/v1/disputes', (req, res) => {
    const data = [...disputes.values()]
      .filter(({ payment_intent }) => payment_intent === req.query.payment_intent)
      .reverse()
      .slice(0, Number(req.query.limit));
    res.json({ object: 'list', data, has_more: false, url: req.path });
  });
  app.use((error: unknown, _req: Request, res: Response, _next: unknown) => {
    const { status, body } = (error instanceof StripeError ? error : stripeErrors.internal()).answer();
    res.status(status).json(body);
  });

  const server = await listen(app, { port: 0, host: '127.0.0.1', log: silentLog });
  onTestFinished(() => server.close());
  return {
    url: `http://127.0.0.1:${server.port}`,
    /** How it fails, whether at everything, what becomes of charges and refunds at first, and what they wait for. */
    state,
    intents: () => [...intents.values()],
    refunds: () => [...refunds.values()],
    requests,
    /** What Stripe does after 24 hours. */
    forgetKeys: () => kept.clear(),
    /** The charge of an intent, as its events show it. */
    chargeOf: (intent: Intent) => ({
      id: intent.latest_charge,
      object: 'charge',
      amount_refunded: refundedOf(intent),
      refunded: refundedOf(intent) === intent.amount,
      metadata: intent.metadata,
      payment_intent: intent.id,
    }),
    /** A charge that Stripe has, whoever asked for it. */
    chargeByHand: (params: { amount: string; currency: string }, metadata: Record<string, string> = {}) =>
      Object.assign(charge({ payment_method: 'pm_card_visa', ...params }), { metadata }),
    /** A refund by somebody at Stripe's dashboard: of all, or of a part. */
    refundByHand(intent: Intent, amount = intent.amount): Refund {
      const params = { payment_intent: intent.id, amount: String(amount) };
      validateRefund(params);
      return refund(params);
    },
    /** The customer contests a charge at the card's bank. */
    dispute(intent: Intent, amount = intent.amount): Dispute {
      const dispute = newDispute(intent, amount);
      disputes.set(dispute.id, dispute);
      return dispute;
    },
  };
}

const read =
  (objects: Map<string, object>): RequestHandler =>
  (req, res) => {
    const object = objects.get(String(req.params.id));
    if (!object) throw stripeErrors.missing('id', String(req.params.id));
    res.json(object);
  };

function resultOf(work: () => unknown): Omit<Kept, 'params'> {
  try {
    return { status: 200, body: work() };
  } catch (error) {
    if (error instanceof StripeError) return error.answer();
    throw error;
  }
}

const newIntent = ({ amount, currency, payment_method, metadata = {} }: Params, status: string) => ({
  id: id('pi'),
  object: 'payment_intent',
  amount: Number(amount),
  currency,
  payment_method,
  latest_charge: id('ch'),
  last_payment_error: null as null | Record<string, unknown>,
  metadata,
  status,
});

const newDispute = (intent: Intent, amount: number) => ({
  id: id('dp'),
  object: 'dispute',
  amount,
  currency: intent.currency,
  charge: intent.latest_charge,
  payment_intent: intent.id,
  reason: 'fraudulent',
  status: 'needs_response',
});

const newRefund = ({ amount, metadata = {} }: Params, intent: Intent, status: string) => ({
  id: id('re'),
  object: 'refund',
  amount: Number(amount),
  currency: intent.currency,
  charge: intent.latest_charge,
  payment_intent: intent.id,
  metadata,
  status,
});
