import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const apis: Record<string, object> = {
  '/version': { major: '1', minor: '34', gitVersion: 'v1.34.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'secrets', singularName: 'secret', namespaced: true, kind: 'Secret', verbs: ['get'] },
      { name: 'configmaps', singularName: 'configmap', namespaced: true, kind: 'ConfigMap', verbs: ['get'] },
    ],
  },
};

type Present = {
  secrets?: Record<string, Record<string, string>>;
  configmaps?: Record<string, Record<string, string>>;
};

/** As much of a Kubernetes API as Helm asks for Secrets and ConfigMaps that are there: by name, with their data as text. */
export async function startFakeApiServer({ secrets = {}, configmaps = {} }: Present) {
  const objects: Record<string, object> = {};
  for (const [name, values] of Object.entries(secrets)) objects[`secrets/${name}`] = secretOf(name, values);
  for (const [name, data] of Object.entries(configmaps)) {
    objects[`configmaps/${name}`] = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  }
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    const object = /^\/api\/v1\/namespaces\/[^/]+\/(\w+\/[^/]+)$/.exec(path)?.[1] ?? '';
    const found = apis[path] ?? objects[object];
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(found ?? { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 }),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

function secretOf(name: string, values: Record<string, string>) {
  const data = Object.entries(values).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: Object.fromEntries(data) };
}
