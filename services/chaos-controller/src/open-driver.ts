import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Config } from './config.ts';
import type { Driver } from './driver.ts';

export type OpenDriver = {
  driver: Driver;
  /** Drills that are not asked for by REST; gives what stops looking for them. Undefined where there are none. */
  watchResources?: (deps: { db: Database; scope: Pick<ServiceScope, 'log' | 'health'> }) => {
    stop(): Promise<void>;
  };
};

/** The driver that the configuration names. Only that one is loaded: the client of Kubernetes is a large one. */
export async function openDriver(config: Config, log: ServiceScope['log']): Promise<OpenDriver> {
  switch (config.DRIVER) {
    case 'kubernetes': {
      const { openKubernetesDriver } = await import('./kubernetes/driver.ts');
      const { startDrillResources } = await import('./kubernetes/drill-resources.ts');
      const { RELEASE: release, NAMESPACE: namespace, KUBECONFIG: kubeconfig } = config;
      const { driver, api } = openKubernetesDriver({ release, namespace, kubeconfig, log });
      return { driver, watchResources: (deps) => startDrillResources({ ...deps, api, release, driver }) };
    }
    case 'local': {
      const { createLocalDriver } = await import('./local/driver.ts');
      return {
        driver: createLocalDriver({ url: config.SUPERVISOR_URL, token: config.SUPERVISOR_TOKEN, log }),
      };
    }
    default:
      return config satisfies never;
  }
}
