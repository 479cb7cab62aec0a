import { z } from 'zod';
import type { Operation } from './operation.ts';
import { anybody } from './shared.ts';

const health = z.object({ status: z.string() });

export const system = {
  getHealth: {
    method: 'get',
    path: '/health',
    service: 'gateway',
    tag: 'System',
    summary: 'Whether this gateway serves requests',
    who: anybody,
    success: { status: 200, schema: health },
    also: [
      {
        status: 503,
        when: 'It does not serve requests: it starts, stops, or a part of it stands still',
        schema: health,
      },
    ],
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
