/** One probe of a service: `failureThreshold` failures in a row count. */
export type Probe = { path: string; periodMs: number; timeoutMs: number; failureThreshold: number };

export type Probes = { startup: Probe; liveness: Probe };

/** The probes that the chart gives the kubelet (charts/service/templates/deployment.yaml); a test compares the two. */
export const probes: Probes = {
  startup: { path: '/livez', periodMs: 1_000, timeoutMs: 2_000, failureThreshold: 180 },
  liveness: { path: '/livez', periodMs: 10_000, timeoutMs: 5_000, failureThreshold: 6 },
};
