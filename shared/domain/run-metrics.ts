/** By embedded metric format; template.yaml's alarms and dashboard read it. */
export const METRIC_NAMESPACE = 'EndpointScaler';

/**
 * Metrics of the scaler itself, with the dimensions `service` (the stack's tag prefix) and `function`: an endpoint
 * dimension would cost a custom metric per endpoint.
 */
export const RUN_METRICS = {
  /** One per tick whose work was finished; its absence is the alarm. */
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
  /** Age of the longest lateness in the fleet; absent when nothing is late. */
  OldestUnmetWindow: 'Seconds',
  /** Parked endpoints that cannot be recreated; absent when there is none. */
  OrphanedEndpoints: 'Count',
  /** Tables of earlier stacks of the same tag prefix, looked for hourly; absent when there is none. */
  LeftTables: 'Count',
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
