import {
  abortDrillBody,
  drillReportQuery,
  listDrillsQuery,
  startDrillBody,
} from '@orderflow/contracts/drills';
import { answerOnce, send } from '@orderflow/messaging/idempotency';
import { actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, decodeCursor, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { abortDrill } from './operations/abort-drill.ts';
import { listDrills, readDrill } from './operations/read-drill.ts';
import { startOnlyDrill } from './operations/start-drill.ts';
import { reportMarkdown } from './report-markdown.ts';
import { toDrillView } from './views.ts';

/** Drills: to begin them, to watch them, to end them, and what came of them. */
export function mountRoutes(app: Express, { db, scope }: Deps) {
  const operator = (req: Request) => actorName(requireActor(req, 'admin', 'service'));

  async function drillOf(req: Request) {
    const id = idParam(req);
    const row = await readDrill(db, id);
    if (!row) throw new ProblemError('not_found', `There is no drill ${id}.`);
    return row;
  }

  app.post('/api/drills', async (req, res) => {
    const by = operator(req);
    const { name, spec } = bodyOf(startDrillBody, req);
    const reply = await answerOnce(db, req, async (tx) => {
      const row = await startOnlyDrill(tx, { name, spec, startedBy: `rest by ${by}` });
      tx.afterCommit(() => scope.log.info({ drill: row.id, name, by }, 'a drill was asked for'));
      return { status: 202, headers: { location: `/api/drills/${row.id}` }, body: toDrillView(row) };
    });
    send(res, reply);
  });

  app.get('/api/drills', async (req, res) => {
    operator(req);
    const { name, cursor, limit } = queryOf(listDrillsQuery, req);
    const before = cursor === undefined ? undefined : decodeCursor(z.uuid(), cursor);
    const rows = await listDrills(db, { name, before, limit: limit + 1 });
    res.json(toPage(rows, { limit }, toDrillView));
  });

  app.get('/api/drills/:id', async (req, res) => {
    operator(req);
    res.json(toDrillView(await drillOf(req)));
  });

  app.get('/api/drills/:id/report', async (req, res) => {
    operator(req);
    const { format } = queryOf(drillReportQuery, req);
    const { id, report, state } = await drillOf(req);
    if (!report) {
      throw new ProblemError(
        'conflict',
        `Drill ${id} is not over: it is ${state.phase}. Read it again later.`,
      );
    }
    const wanted = format ?? (req.accepts('json', 'text/markdown') === 'text/markdown' ? 'markdown' : 'json');
    if (wanted === 'json') res.json(report);
    else res.type('text/markdown').send(reportMarkdown(report));
  });

  app.post('/api/drills/:id/abort', async (req, res) => {
    const by = operator(req);
    const { reason } = bodyOf(abortDrillBody, req);
    const reply = await answerOnce(db, req, async (tx) => {
      const row = await abortDrill(tx, idParam(req), `Ended by ${by}: ${reason}`);
      tx.afterCommit(() => scope.log.warn({ drill: row.id, by, reason }, 'a drill is to be aborted'));
      return { status: 202, body: toDrillView(row) };
    });
    send(res, reply);
  });
}
