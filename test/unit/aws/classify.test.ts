import { describe, expect, it } from 'vitest';
import { classify, classifyFailureReason, outcomeOf } from '../../../shared/aws/classify.ts';
import type { FailureClass } from '../../../shared/ports/outcome.ts';

const ARN = 'arn:aws:sagemaker:eu-central-1:123456789012:endpoint/chat';

function awsError(code: string, message: string, status?: number): Error {
  return Object.assign(new Error(message), {
    name: code,
    ...(status !== undefined && { $metadata: { httpStatusCode: status } }),
  });
}

describe('classify, by literal answers of AWS', () => {
  it.each<[FailureClass, string, string, number | undefined]>([
    // ValidationException means five things.
    ['missing', 'ValidationException', `Could not find endpoint "${ARN}".`, 400],
    ['in-progress', 'ValidationException', `Cannot update in-progress endpoint "${ARN}".`, 400],
    ['exists', 'ValidationException', `Cannot create already existing endpoint "${ARN}".`, 400],
    [
      'permission',
      'ValidationException',
      "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission. Add it to the identity's policies.",
      400,
    ],
    [
      'rejected',
      'ValidationException',
      "1 validation error detected: Value 'a_b' at 'endpointName' failed to satisfy constraint",
      400,
    ],
    [
      'missing',
      'ValidationException',
      'Could not find endpoint configuration "arn:aws:sagemaker:eu-central-1:123456789012:endpoint-config/chat".',
      400,
    ],
    [
      'quota',
      'ResourceLimitExceeded',
      "The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 1 Instances.",
      400,
    ],
    [
      'capacity',
      'InsufficientInstanceCapacity',
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.',
      400,
    ],
    [
      'permission',
      'AccessDeniedException',
      'User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: sagemaker:DeleteEndpoint',
      400,
    ],
    ['transient', 'ThrottlingException', 'Rate exceeded', 400],
    ['transient', 'ConcurrentUpdateException', 'You already have a pending update', 400],
    ['transient', 'InternalFailure', 'The request processing has failed', 500],
    ['transient', 'ServiceUnavailable', 'try later', 503],
    ['transient', 'TimeoutError', 'socket hang up', undefined],
    ['transient', 'AbortError', 'Request aborted', undefined],
    ['missing', 'ObjectNotFoundException', 'No scalable target registered for namespace', 400],
    ['quota', 'LimitExceededException', 'The number of targets exceeds', 400],
    ['unknown', 'BrandNewException', 'something new', 400],
  ])('%s: %s %s', (expected, code, message, status) => {
    expect(classify(awsError(code, message, status), 'SageMaker.X').class).toBe(expected);
  });

  it('only a 4xx answer is definite: after a timeout or a 5xx the call may have been carried out', () => {
    const definite = (status?: number) => classify(awsError('X', 'm', status), 'SageMaker.DeleteEndpoint').definite;
    expect([definite(400), definite(403), definite(429)]).toEqual([true, true, true]);
    expect([definite(408), definite(500), definite(503), definite()]).toEqual([false, false, false, false]);
  });

  it('reads the code of a network error beside its name', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(classify(error, 'SageMaker.X')).toMatchObject({ class: 'transient', code: 'ECONNREFUSED', definite: false });
  });

  it('lets mistakes of our own through', async () => {
    await expect(outcomeOf('X', () => Promise.reject(new TypeError('x is undefined')))).rejects.toThrow(TypeError);
    await expect(outcomeOf('X', () => Promise.reject(awsError('Throttling', 'm', 400)))).resolves.toMatchObject({
      ok: false,
    });
  });
});

describe('classifyFailureReason, by FailureReasons of Failed endpoints', () => {
  it.each<[FailureClass, string]>([
    [
      'capacity',
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type or after some time.',
    ],
    ['capacity', 'CapacityError: Unable to provision requested ML compute capacity.'],
    [
      'quota',
      "The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 0 Instances (ResourceLimitExceeded)",
    ],
    [
      'rejected',
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
    ],
    [
      'rejected',
      'Failed to download model data for container "container_1" from URL: "s3://bucket/model.tar.gz". Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.',
    ],
    ['rejected', "The image '123456789012.dkr.ecr.eu-central-1.amazonaws.com/llm:1' does not exist."],
    ['permission', 'KMS key arn:aws:kms:eu-central-1:1:key/a is not accessible'],
    ['permission', 'User is not authorized to perform: ec2:CreateNetworkInterface'],
    ['unknown', 'Something that nobody has seen before'],
    // It ran and is billed: without a limit, trying again costs without end.
    ['unknown', 'Request to service failed. If failure persists after retry, contact customer support.'],
    ['unknown', 'An internal server error occurred. Please try again.'],
  ])('%s: %s', (expected, reason) => {
    expect(classifyFailureReason(reason)).toBe(expected);
  });
});
