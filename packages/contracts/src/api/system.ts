import { z } from 'zod';
import type { Operation } from './operation.ts';
import { anybody } from './shared.ts';

export const system = {
  getHealth: {
    method: 'get',
    path: '/health',
    service: 'gateway',
    tag: 'System',
    summary: 'Whether this gateway serves requests; 503 while it does not',
    who: anybody,
    success: { status: 200, schema: z.object({ status: z.string() }) },
  },
  getOpenApi: {
    method: 'get',
    path: '/openapi.json',
    service: 'gateway',
    tag: 'System',
    summary: 'This document',
    who: anybody,
    success: { status: 200, schema: z.record(z.string(), z.unknown()) },
  },
} as const satisfies Record<string, Operation>;
