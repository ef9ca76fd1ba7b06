import type {
  PutScalingPolicyCommandInput,
  TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling';
import { metricFacts } from '../domain/metric-names.ts';
import type { ScalingSpec, TargetTracking } from '../domain/policy.ts';
import type { JsonObject } from '../domain/recipe.ts';
import { SECOND } from '../domain/time.ts';
import { canonicalJson, toJsonObject } from './json.ts';

export interface PolicyPlace {
  readonly name: string;
  readonly variant: string;
}

/** Type and configuration of one of our policies, as PutScalingPolicy takes it. */
export type PolicyRequest = Pick<
  PutScalingPolicyCommandInput,
  'PolicyType' | 'TargetTrackingScalingPolicyConfiguration'
>;

/** Step policies are validated with the documents but not applied: the use case announces that and never asks for one. */
export function policyRequest(spec: ScalingSpec, place: PolicyPlace): PolicyRequest {
  if (spec.kind !== 'target-tracking') throw new TypeError(`a scaling policy of kind ${spec.kind} cannot be put`);
  return {
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: targetTracking(spec, place),
  };
}

function targetTracking(spec: TargetTracking, place: PolicyPlace): TargetTrackingScalingPolicyConfiguration {
  const common = {
    TargetValue: spec.target,
    ScaleInCooldown: Math.round(spec.scaleInCooldown / SECOND),
    ScaleOutCooldown: Math.round(spec.scaleOutCooldown / SECOND),
  };
  const facts = metricFacts(spec.metric);
  if (facts?.predefined !== undefined) {
    return {
      ...common,
      PredefinedMetricSpecification: {
        // The SDK's enum lags behind the service; the name is the service's own.
        PredefinedMetricType: facts.predefined as 'SageMakerVariantInvocationsPerInstance',
      },
    };
  }
  const endpoint = { Name: 'EndpointName', Value: place.name };
  const variant = { Name: 'VariantName', Value: place.variant };
  return {
    ...common,
    CustomizedMetricSpecification: {
      MetricName: facts?.metric ?? spec.metric,
      Namespace: facts?.namespace ?? 'AWS/SageMaker',
      Dimensions: facts?.dimensions === 'endpoint' ? [endpoint] : [endpoint, variant],
      Statistic: facts?.statistic ?? 'Average',
    },
  };
}

/** Application Auto Scaling shows what was put, with `DisableScaleIn` filled in. */
export function sameConfiguration(shown: object, wanted: object): boolean {
  return canonicalJson(withDefaults(shown)) === canonicalJson(withDefaults(wanted));
}

function withDefaults(request: object): JsonObject {
  const json = toJsonObject(request);
  const tracking = json['TargetTrackingScalingPolicyConfiguration'];
  if (tracking === undefined) return json;
  // Both sides come from our own requests or AWS's answers: the member is an object wherever it is there.
  const configuration = tracking as JsonObject;
  return { ...json, TargetTrackingScalingPolicyConfiguration: { DisableScaleIn: false, ...configuration } };
}
