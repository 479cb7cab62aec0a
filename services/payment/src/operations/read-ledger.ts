import { anyNumber, type LedgerSql } from '@orderflow/service-kit/ledgers';

/** What went back by hand at the provider. */
const OUTSIDE = "coalesce((outside->>'refunded')::bigint, 0)";

// What was charged stays captured, also when it has gone back since. The unique index on order_id serves it.
const LEDGER = (which: string, limit: string) => `
  SELECT order_id AS "orderId", status, ${anyNumber('amount')} AS amount, currency,
    ${anyNumber("CASE WHEN status IN ('CAPTURED', 'REFUNDING', 'REFUNDED') THEN amount ELSE 0 END")} AS captured,
    ${anyNumber(`CASE WHEN status = 'REFUNDED' THEN amount - ${OUTSIDE} ELSE 0 END`)} AS refunded,
    ${anyNumber(OUTSIDE)} AS "refundedOutside",
    outside->'dispute'->>'status' AS dispute, blocked->>'code' AS blocked, resolution,
    status IN ('CHARGING', 'REFUNDING') AS "unknownOutcome", id AS "paymentId", customer_id AS "customerId",
    seller_id AS "sellerId", payment_method AS "paymentMethod", provider_reference AS "providerReference",
    refund_reference AS "refundReference", decline_code AS "declineCode", cancel_cause IS NOT NULL AS cancelled,
    next_attempt_at IS NOT NULL AS "callDue", cause->>'correlationId' AS "correlationId",
    cancel_cause->>'correlationId' AS "cancelCorrelationId", sequence, updated_at AS "updatedAt"
  FROM payments WHERE ${which} ORDER BY order_id ${limit}`;

/** What is owed, was taken and was given back, by payment's own rows. */
export const paymentLedger: LedgerSql = {
  named: LEDGER('order_id = ANY($1::uuid[])', ''),
  range: LEDGER('order_id > $1 AND order_id <= $2', 'LIMIT $3'),
};
