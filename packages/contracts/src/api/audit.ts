import { z } from 'zod';
import { auditEventView, auditLine, listAuditEventsQuery, listAuditQuery } from '../http/audit.ts';
import {
  deadLetterDetail,
  deadLetterOverview,
  deadLetterOverviewQuery,
  deadLetterSelection,
  deadLettersMoved,
  discardDeadLettersBody,
} from '../http/dead-letters.ts';
import { pageOf } from '../http/page.ts';
import { checkBody, checkView, invariantsView, listViolationsQuery, violationView } from '../invariants.ts';
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
  getInvariants: {
    method: 'get',
    path: '/api/invariants',
    service: 'auditor',
    tag: 'Audit',
    summary: 'Whether every order, cent and item is accounted for, as the continuous check has it',
    who: operators,
    success: { status: 200, schema: invariantsView },
  },
  checkInvariants: {
    method: 'post',
    path: '/api/invariants/checks',
    service: 'auditor',
    tag: 'Audit',
    summary: 'Checks every invariant now; one check at a time',
    who: operators,
    body: checkBody,
    success: { status: 200, schema: checkView },
    errors: ['conflict'],
  },
  listViolations: {
    method: 'get',
    path: '/api/invariants/violations',
    service: 'auditor',
    tag: 'Audit',
    summary: 'What was ever found wrong, when it began and ended, newest first',
    who: operators,
    query: listViolationsQuery,
    success: { status: 200, schema: pageOf(violationView) },
  },
} as const satisfies Record<string, Operation>;
