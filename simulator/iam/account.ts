/** What IAM has to know of an account to put a request into context: it is asked before the call takes effect. */
export interface AccountView {
  readonly region: string;
  readonly accountId: string;
  /** Tags of a SageMaker resource by ARN; none when there is no such resource. */
  sageMakerTags(arn: string): Readonly<Record<string, string>>;
  /** Name of the endpoint's config; undefined when there is no such endpoint. */
  configOf(endpoint: string): string | undefined;
  scalableTarget(key: { readonly ResourceId: string; readonly ScalableDimension: string }): TargetFacts | undefined;
  scalableTargetByArn(arn: string): TargetFacts | undefined;
  targetsOf(endpoint: string): readonly TargetFacts[];
  /** Application Auto Scaling makes its role for SageMaker endpoints with the first scalable target of an account. */
  hasScalingRole(): boolean;
  /** Name of a DynamoDB table's partition key. */
  partitionKeyOf(table: string): string | undefined;
}

export interface TargetFacts {
  readonly arn: string;
  readonly resourceId: string;
  readonly dimension: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Names of the alarms that target tracking made, by scaling policy. */
  readonly trackingAlarms: ReadonlyMap<string, readonly string[]>;
}
