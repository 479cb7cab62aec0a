import cors from 'cors';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * Security headers for pages and answers alike. Scripts come from here and nowhere else, none of them in a page; styles
 * may stand in a page, since Swagger UI writes some there. What a service sets itself counts instead.
 */
export const securityHeaders = ({ corsOrigins }: { corsOrigins: string[] }): RequestHandler =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'https:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    // Other hosts of the domain are not ours to speak for.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
    crossOriginResourcePolicy: { policy: corsOrigins.length > 0 ? 'cross-origin' : 'same-origin' },
    // For browsers long gone.
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    xDnsPrefetchControl: false,
  });

/** Lets pages of these origins call the API. Tokens travel in a header, so no cookies are allowed with it. */
export const crossOrigin = (origins: string[]): RequestHandler =>
  cors({
    origin: origins,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'idempotency-key',
      'if-match',
      'if-none-match',
      'last-event-id',
      'traceparent',
      'x-correlation-id',
    ],
    exposedHeaders: [
      'etag',
      'idempotency-key',
      'location',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
      'x-correlation-id',
    ],
    maxAge: 600,
  });
