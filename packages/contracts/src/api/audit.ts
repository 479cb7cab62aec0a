import { z } from 'zod';
import {
  auditEventView,
  auditLine,
  deadLetterDetail,
  deadLetterOverview,
  deadLetterOverviewQuery,
  deadLetterSelection,
  deadLettersMoved,
  discardDeadLettersBody,
  listAuditEventsQuery,
  listAuditQuery,
  pageOf,
} from '../http.ts';
import type { Operation } from './operation.ts';
import { operators } from './shared.ts';

const letterParams = z.object({ service: z.string().min(1).max(100), id: z.uuid() });

export const audit = {
  listAudit: {
    method: 'get',
    path: '/api/audit',
    service: 'auditor',
    tag: 'Audit',
    summary: 'Who did what when, newest first',
    who: operators,
    query: listAuditQuery,
    success: { status: 200, schema: pageOf(auditLine) },
  },
  listAuditEvents: {
    method: 'get',
    path: '/api/audit/events',
    service: 'auditor',
    tag: 'Audit',
    summary: 'Every event that was ever published, newest first',
    who: operators,
    query: listAuditEventsQuery,
    success: { status: 200, schema: pageOf(auditEventView) },
  },
  listDeadLetters: {
    method: 'get',
    path: '/api/dead-letters',
    service: 'auditor',
    tag: 'Audit',
    summary: 'Events that services gave up on; services that did not answer are named',
    who: operators,
    query: deadLetterOverviewQuery,
    success: { status: 200, schema: deadLetterOverview },
  },
  getDeadLetter: {
    method: 'get',
    path: '/api/dead-letters/{service}/{id}',
    service: 'auditor',
    tag: 'Audit',
    summary: 'A dead letter with its error and its event',
    who: operators,
    params: letterParams,
    success: { status: 200, schema: deadLetterDetail },
  },
  redriveDeadLetters: {
    method: 'post',
    path: '/api/dead-letters/{service}/redrive',
    service: 'auditor',
    tag: 'Audit',
    summary: 'Have events handled again',
    who: operators,
    params: letterParams.omit({ id: true }),
    body: deadLetterSelection,
    success: { status: 200, schema: deadLettersMoved },
  },
  discardDeadLetters: {
    method: 'post',
    path: '/api/dead-letters/{service}/discard',
    service: 'auditor',
    tag: 'Audit',
    summary: 'Give events up for good, with a reason',
    who: operators,
    params: letterParams.omit({ id: true }),
    body: discardDeadLettersBody,
    success: { status: 200, schema: deadLettersMoved },
  },
} as const satisfies Record<string, Operation>;
