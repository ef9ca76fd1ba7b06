/**
 * What AWS does not say, or says in two ways. Each has the reading that is simulated unless told otherwise, which is the
 * likelier or the harsher one, and the other one: whatever relies on this account must be right under both.
 */
export const READINGS = {
  /** `ApproximateBacklogSizePerInstance` without an instance: the guide implies a value, field reports see none. */
  backlogPerInstanceAtZero: ['absent', 'published'],
  /** `HasBacklogWithoutCapacity` while there are instances: "0 at all other times", or only where there is something to tell. */
  backlogFlagWithCapacity: ['published', 'absent'],
  /** The guide spells the metric of processed invocations with three s. */
  processedMetric: ['InvocationsProcessed', 'InvocationsProcesssed'],
  /** `UpdateEndpointWeightsAndCapacities` to 0 of a classic real-time variant: the guide says at least 1, the shape 0. */
  classicZero: ['refused', 'accepted'],
  /** `Tags` of `SageMaker Endpoint State Change`: every published sample has none. */
  endpointEventTags: ['empty', 'filled'],
  /** Statuses of which no event is published anywhere (SystemUpdating, UpdateRollbackFailed, OutOfService): like the others, or as the API spells them. */
  eventSpelling: ['snake', 'api'],
  /** The queue of an asynchronous endpoint when it is deleted and made again under its name. */
  asyncQueueOnDelete: ['lost', 'kept'],
  /** Names inside endpoint ARNs: lower-cased in AWS's samples, never promised. */
  endpointArn: ['lower-case', 'as-given'],
  /** When the one invocation of a stream is counted: "sent to a model endpoint", in metrics of requests that are over. */
  streamInvocation: ['begin', 'end'],
  /** Streams on an instance that is taken away, and of an endpoint that is deleted. */
  streamsOnScaleIn: ['cut', 'drained'],
  /** `FailureReason` of an inference component whose change was given up: its shape speaks of status Failed alone. */
  componentFailureReason: ['told', 'only-failed'],
} as const satisfies Readonly<Record<string, readonly [string, string]>>;

export type ReadingName = keyof typeof READINGS;
export type Readings = { readonly [N in ReadingName]: (typeof READINGS)[N][number] };

export const READING_NAMES = Object.keys(READINGS) as readonly ReadingName[];

export const DEFAULT_READINGS = Object.fromEntries(READING_NAMES.map((name) => [name, READINGS[name][0]])) as Readings;
