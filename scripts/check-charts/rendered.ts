/** The documents of a stream of YAML. */
const documentsOf = (yaml: string): string[] => yaml.split(/^---$/m).filter((each) => /^kind:/m.test(each));

/** The documents whose API the cluster serves: a plain one has no ServiceMonitor, HTTPRoute or ScaledObject. */
export function servedBy(apiVersions: string[], yaml: string): string {
  return documentsOf(yaml)
    .filter((document) => apiVersions.includes(/^apiVersion: (\S+)/m.exec(document)?.[1] ?? ''))
    .join('---\n');
}
