import { createRequire } from 'node:module';
import { openApiDocument } from '@orderflow/contracts/openapi';
import type { Express } from 'express';

const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OrderFlow API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript; the same is in <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

// A file of its own: the page may hold no scripts.
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, displayRequestDuration: true, validatorUrl: null });
`;

/** The API described, for programs at /openapi.json and for people at /docs, without anything from elsewhere. */
export function mountDocs(app: Express, { demo }: { demo: boolean }) {
  let document: Buffer | undefined;
  app.get('/openapi.json', (_req, res) => {
    // One for all: what slow readers have not read yet is not copied for each of them.
    document ??= Buffer.from(JSON.stringify(openApiDocument({ demo })));
    res.type('json').send(document);
  });

  app.get('/docs', (_req, res) => {
    res.type('html').send(page);
  });
  app.get('/docs/start.js', (_req, res) => {
    res.type('js').send(start);
  });
  const { resolve } = createRequire(import.meta.url);
  for (const name of assets) {
    const file = resolve(`swagger-ui-dist/${name}`);
    app.get(`/docs/${name}`, (_req, res) => res.sendFile(file, { maxAge: '1h' }));
  }
}
