import {
  DescribeInferenceComponentCommand,
  type DescribeInferenceComponentCommandOutput,
  DescribeModelCommand,
  type DescribeModelCommandOutput,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { outcomeOf } from '../../shared/aws/classify.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import type { Patient } from './finding.ts';

export const MODEL_ADVICE = 'create the model again under its name';

/** Undefined: there is none of this name. */
export function describeModel(
  { account }: Patient,
  ModelName: string,
): Promise<Outcome<DescribeModelCommandOutput | undefined>> {
  const client = account.runtime.clientOf(SageMakerClient);
  return orNone('SageMaker.DescribeModel', () => client.send(new DescribeModelCommand({ ModelName })));
}

/** Undefined: there is none of this name. */
export function describeComponent(
  { account }: Patient,
  InferenceComponentName: string,
): Promise<Outcome<DescribeInferenceComponentCommandOutput | undefined>> {
  const client = account.runtime.clientOf(SageMakerClient);
  const command = new DescribeInferenceComponentCommand({ InferenceComponentName });
  return orNone('SageMaker.DescribeInferenceComponent', () => client.send(command));
}

async function orNone<T>(call: string, send: () => Promise<T>): Promise<Outcome<T | undefined>> {
  const outcome = await outcomeOf(call, send);
  return outcome.ok || outcome.failure.class !== 'missing' ? outcome : { ok: true, value: undefined };
}
