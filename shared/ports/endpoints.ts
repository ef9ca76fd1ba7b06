import type { EndpointKind } from '../domain/policy.ts';
import type { JsonObject } from '../domain/recipe.ts';
import type { EndpointStatus } from '../domain/record.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import type { ActivityTrouble } from '../domain/scaling-activity.ts';
import type { Instant } from '../domain/time.ts';
import type { FailureClass, Outcome } from './outcome.ts';

export interface VariantView {
  readonly name: string;
  readonly desired: number;
  /** CurrentInstanceCount; of a serverless variant, as `desired`, provisioned concurrency. */
  readonly serving: number;
  /** Serverless: what provisioned concurrency cannot exceed. */
  readonly maxConcurrency?: number | undefined;
  readonly weight: number;
  readonly instanceType?: string;
}

export interface EndpointView {
  readonly name: string;
  readonly arn: string;
  readonly status: Exclude<EndpointStatus, 'Absent'>;
  readonly configName: string;
  readonly creationTime: Instant;
  readonly lastModifiedTime: Instant;
  readonly failureReason?: string;
  /** What the failure reason means; only with a failure reason. */
  readonly failureClass?: FailureClass;
  readonly variants: readonly VariantView[];
  /** Variants that get a copy of the traffic; absent: there are none. */
  readonly shadows?: readonly VariantView[];
  readonly deploymentConfig?: JsonObject;
  /** Image as the model names it → image by digest, as far as SageMaker tells. */
  readonly imageDigests?: Readonly<Record<string, string>>;
}

/** An inference component; its copies are placed on the endpoint's instances. */
export interface ComponentView {
  readonly name: string;
  readonly endpoint: string;
  readonly status: EndpointStatus;
  readonly desired: number;
  readonly serving: number;
  readonly failureReason?: string;
  /** What the failure reason amounts to. */
  readonly trouble?: ActivityTrouble;
}

/** What the sweep over all endpoints tells of each: no variants, no tags. */
export type EndpointSummary = Pick<EndpointView, 'name' | 'arn' | 'status' | 'creationTime' | 'lastModifiedTime'>;

export interface EndpointConfigView {
  readonly name: string;
  readonly arn: string;
  /** A config that was made anew under its name is another one. */
  readonly createdAt: Instant;
  /** The whole DescribeEndpointConfig answer in CreateEndpointConfig's shape. */
  readonly config: JsonObject;
  readonly kind: EndpointKind;
  readonly models: readonly string[];
  readonly variants: readonly {
    readonly name: string;
    readonly instanceType?: string;
    /** Types of its instance pools, best first: SageMaker walks them by itself. `instanceType` is the first of them. */
    readonly pools?: readonly string[];
    readonly initialCount: number;
    /** The least number of instances under ManagedInstanceScaling; absent: it is not enabled. */
    readonly managedMin?: number;
    readonly reserved: boolean;
  }[];
}

export interface CreateEndpointRequest {
  readonly name: string;
  readonly configName: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly deploymentConfig?: JsonObject;
}

/** SageMaker endpoints in our words. `undefined` inside an ok outcome means: surely not there. */
export interface EndpointControl {
  describe(name: string): Promise<Outcome<EndpointView | undefined>>;
  /** All endpoints of the account and region, 100 a call. */
  list(): Promise<Outcome<readonly EndpointSummary[]>>;
  describeConfig(name: string): Promise<Outcome<EndpointConfigView | undefined>>;
  /** When the model was made. */
  modelCreatedAt(name: string): Promise<Outcome<Instant | undefined>>;
  tags(arn: string): Promise<Outcome<Readonly<Record<string, string>>>>;
  /** Sent once, no retry; aborted before the lease ends. */
  create(request: CreateEndpointRequest, abortAt: Instant): Promise<Outcome<void>>;
  /** Sent once, no retry; aborted before the lease ends. */
  delete(name: string, abortAt: Instant): Promise<Outcome<void>>;
  /** Names of the inference components of an endpoint. */
  components(endpoint: string): Promise<Outcome<readonly string[]>>;
  describeComponent(name: string): Promise<Outcome<ComponentView | undefined>>;
  setDesired(name: string, target: ScalableTarget, count: number): Promise<Outcome<void>>;
  /** Of the traffic between variants, by variant; AWS takes all of them in one call, apart from a count. */
  setWeights(name: string, weights: Readonly<Record<string, number>>): Promise<Outcome<void>>;
}
