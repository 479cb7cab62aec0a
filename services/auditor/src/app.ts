import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { PrismaClient } from './generated/prisma/client.ts';
import { mountRoutes } from './routes.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  prisma: PrismaClient;
};

export const createApp = ({ scope, prisma }: Deps) =>
  createHttpApp({ ...scope, routes: (app) => mountRoutes(app, { prisma }) });
