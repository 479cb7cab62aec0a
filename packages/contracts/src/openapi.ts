import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { type Caller, errorsOf, type Operation, tags } from './api/operation.ts';
import { operations } from './api.ts';
import * as auth from './auth.ts';
import { errorCodes, problem } from './errors.ts';
import * as accounts from './http/accounts.ts';
import * as audit from './http/audit.ts';
import * as catalogue from './http/catalogue.ts';
import * as deadLetters from './http/dead-letters.ts';
import * as notifications from './http/notifications.ts';
import * as orders from './http/orders.ts';
import * as payments from './http/payments.ts';
import * as plain from './http/plain.ts';
import { money, priceCurrency } from './money.ts';
import { address } from './order.ts';

/** Schemas that have a name of their own in the document; others stand where they are used. */
const schemas = {
  Account: auth.accountView,
  Address: address,
  AuditEvent: audit.auditEventView,
  AuditLine: audit.auditLine,
  Currency: priceCurrency,
  Customer: accounts.customerView,
  DeadLetter: deadLetters.deadLetterView,
  GuestOrder: plain.guestOrderBody,
  Inventory: catalogue.inventoryView,
  Money: money,
  Movement: catalogue.movementView,
  NewOrder: orders.placeOrderBody,
  NewProduct: catalogue.createProductBody,
  Notification: notifications.notificationView,
  Order: orders.orderView,
  Payment: payments.paymentView,
  Problem: problem,
  Product: catalogue.productView,
  Reservation: catalogue.reservationView,
  SellerSettings: orders.sellerSettings,
  Timeline: audit.timelineView,
  TimelineEntry: audit.timelineEntry,
  Tokens: auth.tokensView,
};

const callers: Record<Caller, string> = {
  public: 'anybody',
  customer: 'customers',
  seller: 'sellers',
  admin: 'admins',
  service: 'other parts of OrderFlow',
};

const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .meta({
    description:
      'Sent again with the same body within 24 hours, the request gets its first answer again instead of being done ' +
      'twice. Without a key one is made up, and named by an answer whose outcome is unknown.',
  });

/** The OpenAPI 3.1 document of everything that the gateway serves. */
export function openApiDocument({ demo }: { demo: boolean }) {
  const served = operations.filter((operation) => demo || !operation.demo);
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'OrderFlow',
      version: '1',
      description:
        'Orders from the cart to the door. Money is in minor units, times are ISO 8601 in UTC, ids are UUIDs. ' +
        'Lists are walked with `nextCursor`. Every error is a problem document (RFC 9457) whose `traceId` finds ' +
        'the request in the logs.',
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags)
      .filter(([tag]) => served.some((operation) => operation.tag === tag))
      .map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }],
    paths: pathsOf(served),
    components: {
      schemas,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The accessToken of POST /api/auth/login.',
        },
      },
    },
  };
  return createDocument(document, {
    override: ({ jsonSchema, zodSchema, io }) => {
      // Answers may get further fields one day, and who reads them should not mind.
      const { def } = zodSchema._zod;
      if (io === 'output' && def.type === 'object' && !def.catchall) delete jsonSchema.additionalProperties;
    },
  });
}

function pathsOf(served: typeof operations): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of served) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: described(operation) };
  }
  return paths;
}

function described(operation: (typeof operations)[number]): ZodOpenApiOperationObject {
  const { id, tag, summary, who, params, query, headers, body } = operation;
  const header = operation.idempotencyKey
    ? z.object({ ...headers?.shape, 'Idempotency-Key': idempotencyKey })
    : headers;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `For ${who.map((caller) => callers[caller]).join(', ')}.`,
    ...(who.includes('public') && { security: who.length > 1 ? [{}, { bearer: [] }] : [] }),
    requestParams: { ...(params && { path: params }), ...(query && { query }), ...(header && { header }) },
    ...(body && { requestBody: requestBody(operation, body) }),
    responses: { ...success(operation), ...others(operation), ...failures(operation) },
  };
}

const requestBody = ({ bodyTypes = ['application/json'] }: Operation, body: z.ZodType) => ({
  required: !body.safeParse({}).success,
  content: Object.fromEntries(bodyTypes.map((type) => [type, { schema: body }])),
});

const TEXT = { type: 'string' as const };

function success({ success: { status, schema, contentType, alsoAs } }: Operation): ZodOpenApiResponsesObject {
  const content = schema
    ? { [contentType ?? 'application/json']: { schema }, ...(alsoAs && { [alsoAs]: { schema: TEXT } }) }
    : contentType && { [contentType]: { schema: TEXT } };
  return {
    [`${status as 200}`]: { description: descriptions[status] ?? 'Done', ...(content && { content }) },
  };
}

const others = ({ also = [] }: Operation): ZodOpenApiResponsesObject =>
  Object.fromEntries(
    also.map(({ status, when, schema }) => [
      `${status}`,
      { description: when, ...(schema && { content: { 'application/json': { schema } } }) },
    ]),
  );

const descriptions: Record<number, string> = {
  200: 'Done',
  201: 'Made; `Location` is its address',
  202: 'Accepted: it goes on after this answer',
  204: 'Done; there is nothing to say',
};

const retryAfter = z.int().min(0).meta({ description: 'Seconds until trying again makes sense' });

const keyToRepeatWith = z.string().optional().meta({
  description: 'With `outcome_unknown`: sent again with this key, the request is not done twice',
});

/** One problem response for each status, which says which codes it stands for. */
function failures(operation: Operation): ZodOpenApiResponsesObject {
  const codes = errorsOf(operation);
  const statuses = [...new Set(codes.map((code) => errorCodes[code].status))].sort();
  const responses: ZodOpenApiResponsesObject = {};
  for (const status of statuses) {
    const meant = codes.filter((code) => errorCodes[code].status === status);
    responses[`${status}`] = {
      description: meant.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('. '),
      ...((status === 429 || status > 502 || meant.includes('unknown_product')) && {
        headers: z.object({
          'Retry-After': retryAfter,
          ...(status === 503 && operation.idempotencyKey && { 'Idempotency-Key': keyToRepeatWith }),
        }),
      }),
      content: { 'application/problem+json': { schema: problem } },
    };
  }
  return responses;
}
