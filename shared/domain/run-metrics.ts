/**
 * Metrics of the scaler itself, by embedded metric format in namespace `EndpointScaler`, with the function as the only
 * dimension: an endpoint dimension would cost a custom metric per endpoint.
 */
export const RUN_METRICS = {
  /** One per finished run; its absence is the alarm. */
  Heartbeat: 'Count',
  RunDuration: 'Milliseconds',
  EndpointsConsidered: 'Count',
  /** Unexpected failures of one endpoint's work. */
  Problems: 'Count',
  /** Calls that AWS refused or that did not come through. */
  CallsRefused: 'Count',
  DecisionsRefused: 'Count',
  RefusedParks: 'Count',
  Parks: 'Count',
  Wakes: 'Count',
  CapacityChanges: 'Count',
  UnknownActivity: 'Count',
  LateEndpoints: 'Count',
  ReadyLateness: 'Seconds',
  TimeToReady: 'Seconds',
  HoursAtZero: 'None',
  InvalidDocuments: 'Count',
  StuckAlarms: 'Count',
  EventsLost: 'Count',
  EventsUnknown: 'Count',
  EventsMalformed: 'Count',
  TicksStale: 'Count',
} as const;

export type RunMetric = keyof typeof RUN_METRICS;
export type MetricUnitName = (typeof RUN_METRICS)[RunMetric];
