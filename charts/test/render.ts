import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A Kubernetes object, as far as tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: manifests are of forty shapes, and a wrong path shows as a failed test
export type Manifest = { kind: string; metadata: { name: string; labels: Record<string, string> } } & any;

export const chart = fileURLToPath(new URL('../orderflow', import.meta.url));

const KUBE_VERSION = '1.34.0';

/** The objects that `helm template of charts/orderflow` makes with these options. Throws with Helm's words on stderr. */
export function render(...options: string[]): Manifest[] {
  return parse(
    execFileSync('helm', ['template', 'of', chart, '--kube-version', KUBE_VERSION, ...options], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    }),
  );
}

/** Reads YAML documents, by a chart that turns each into JSON: Helm is here, a YAML parser need not be. */
export function parse(yaml: string): Manifest[] {
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-chart-'));
  try {
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: json\nversion: 0.0.0\n');
    writeFileSync(join(folder, 'input.yaml'), `\n${yaml}`);
    execFileSync('mkdir', [join(folder, 'templates')]);
    writeFileSync(
      join(folder, 'templates/all.yaml'),
      '{{ range splitList "\\n---\\n" (.Files.Get "input.yaml") }}{{ with fromYaml . }}\n---\n{{ toJson . }}{{ end }}{{ end }}',
    );
    return execFileSync('helm', ['template', folder], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What Helm says when it refuses to render. Throws when it does not refuse. */
export function refusal(...options: string[]): string {
  try {
    render(...options);
  } catch (error) {
    return String((error as { stderr: string }).stderr);
  }
  throw new Error(`Helm took ${options.join(' ')}`);
}

/** Every pod template among the objects, with the name of its owner. */
export function podsOf(manifests: Manifest[]) {
  return manifests.flatMap((manifest) => {
    const pod = manifest.kind === 'Pod' ? manifest : templateOf(manifest);
    if (!pod?.spec) return [];
    const {
      spec,
      metadata: { labels },
    } = pod;
    const containers: Manifest[] = [...(spec.initContainers ?? []), ...spec.containers];
    return [{ owner: `${manifest.kind} ${manifest.metadata.name}`, labels, spec, containers }];
  });
}

/** The pod template of a Deployment, StatefulSet, Job or CronJob. */
const templateOf = ({ kind, spec }: Manifest): Manifest | undefined =>
  kind === 'CronJob' ? spec.jobTemplate.spec.template : spec?.template;
