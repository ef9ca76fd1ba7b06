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
    ['transient', 'InternalServiceException', 'An internal error occurred', 400],
    ['transient', 'TimeoutError', 'socket hang up', undefined],
    ['transient', 'AbortError', 'Request aborted', undefined],
    ['missing', 'ObjectNotFoundException', 'No scalable target registered for namespace', 400],
    ['quota', 'LimitExceededException', 'The number of targets exceeds', 400],
    ['unknown', 'BrandNewException', 'something new', 400],
    // Creating and updating endpoints.
    [
      'quota',
      'ResourceLimitExceeded',
      "The account-level service limit 'ml.g6.48xlarge for endpoint usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota.",
      400,
    ],
    [
      'quota',
      'ValidationException',
      "Failed to set desired instance count to 110. Reason: The account-level service limit 'ml.g5.xlarge for endpoint usage' is 1000 Instances, with current utilization of 997 Instances and a request delta of 20 Instances. (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceLimitExceeded)",
      400,
    ],
    ['exists', 'ValidationException', `Cannot create already existing endpoint configuration "${ARN}".`, 400],
    [
      'capacity',
      'ValidationException',
      'Unable to locate at least 2 availability zone(s) with the requested instance type ml.p5.48xlarge that overlap with SageMaker AI subnets.',
      400,
    ],
    ['missing', 'ValidationException', `Could not find model "${ARN}".`, 400],
    ['missing', 'ValidationException', `Could not find inference component "${ARN}".`, 400],
    ['missing', 'ValidationException', `The resource ${ARN} does not exist.`, 400],
    // Not found either, but nothing that we asked for by name: no sign that an endpoint is gone.
    ['rejected', 'ValidationException', 'Could not find model data at s3://models/chat/model.tar.gz.', 400],
    [
      'rejected',
      'ValidationException',
      'Could not access model data at s3://models/chat/model.tar.gz. Please ensure that the role exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".',
      400,
    ],
    ['rejected', 'ValidationException', 'The role arn:aws:iam::123456789012:role/model does not exist.', 400],
    [
      'rejected',
      'ValidationException',
      'ManagedInstanceScaling is only supported for inference component endpoints.',
      400,
    ],
    [
      'rejected',
      'ValidationException',
      'One or more endpoint features are not supported using this configuration.',
      400,
    ],
    // Permission and keys.
    [
      'permission',
      'ValidationException',
      'User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: kms:CreateGrant on resource: arn:aws:kms:eu-central-1:123456789012:key/a because no identity-based policy allows the kms:CreateGrant action',
      400,
    ],
    [
      'permission',
      'KMSAccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist',
      400,
    ],
    ['permission', 'FailedResourceAccessException', 'Unable to assume IAM role', 400],
    ['permission', 'ExpiredTokenException', 'The security token included in the request is expired', 403],
    // Application Auto Scaling.
    ['rejected', 'ValidationException', 'Maximum capacity cannot be less than minimum capacity', 400],
    [
      'in-progress',
      'ValidationException',
      "Resource ID 'endpoint/chat/variant/AllTraffic' is not scalable. Reason: the endpoint is updating.",
      400,
    ],
    [
      'missing',
      'ObjectNotFoundException',
      'No scalable target found for service namespace: sagemaker, resource ID: endpoint/chat/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount',
      400,
    ],
    ['transient', 'LimitExceededException', 'Rate exceeded', 429],
    // The network's own answers.
    ['transient', 'SyntaxError', 'Unexpected token \'<\', "<html>" is not valid JSON', 502],
    ['transient', 'SyntaxError', 'Unexpected end of JSON input', undefined],
    ['unknown', 'SyntaxError', 'Unexpected token \'<\', "<html>" is not valid JSON', 403],
    ['transient', 'ECONNRESET', 'read ECONNRESET', undefined],
  ])('%s: %s %s', (expected, code, message, status) => {
    expect(classify(awsError(code, message, status), 'SageMaker.X').class).toBe(expected);
  });

  it.each<[FailureClass, string]>([
    [
      'in-progress',
      'Cannot update in-progress endpoint "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/AccessDenied".',
    ],
    [
      'in-progress',
      'Cannot update in-progress endpoint "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/CapacityError".',
    ],
    [
      'exists',
      'Cannot create already existing endpoint "arn:aws:sagemaker:eu-central-1:1:endpoint/Could-not-find-model".',
    ],
    [
      'rejected',
      "1 validation error detected: Value 'kms:x ResourceLimitExceeded' at 'tags.1.member.value' failed to satisfy constraint",
    ],
    ['rejected', 'Could not access model data at s3://kms:CreateGrant/InsufficientInstanceCapacity.'],
  ])('lets no name in a text decide: %s: %s', (expected, message) => {
    expect(classify(awsError('ValidationException', message, 400), 'SageMaker.X').class).toBe(expected);
  });

  it('only a 4xx answer is definite: after a timeout or a 5xx the call may have been carried out', () => {
    const definite = (status?: number) => classify(awsError('X', 'm', status), 'SageMaker.DeleteEndpoint').definite;
    expect([definite(400), definite(403), definite(429)]).toEqual([true, true, true]);
    expect([definite(408), definite(500), definite(503), definite()]).toEqual([false, false, false, false]);
    const failure = classify(awsError('InternalFailure', 'm', 400), 'SageMaker.DeleteEndpoint');
    expect(failure.definite, 'the service failed, whatever status came with it').toBe(false);
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
    [
      'capacity',
      'Unable to locate at least 2 availability zone(s) with the requested instance type ml.p4d.24xlarge that overlap with SageMaker subnets.',
    ],
    [
      'capacity',
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type or after some time.. Try changing the instance type or reference the troubleshooting page https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-troubleshooting.html',
    ],
    [
      'quota',
      "Failed to set desired instance count to 4. Reason: The account-level service limit 'ml.g5.xlarge for endpoint usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 2 Instances. (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceLimitExceeded)",
    ],
    [
      'rejected',
      'The customer:primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
    ],
    [
      'rejected',
      'Please make sure all images included in the model for the production variant AllTraffic exist, and that the execution role used to create the model has permissions to access them.',
    ],
    [
      'rejected',
      "CannotStartContainerError. Please ensure the model container for variant AllTraffic starts correctly when invoked with 'docker run <image> serve'",
    ],
    [
      'rejected',
      'Failed to extract model data archive from URL "s3://models/model.tar.gz". The model data archive is too large. Please reduce the size of the model data archive or move to an instance type with more memory.',
    ],
    [
      'rejected',
      'Failed to extract model data archive for container "container_1" from URL "s3://models/deploy.tar.gz". Please ensure that the object located at the URL is a valid tar.gz archive.',
    ],
    // Names decide nothing: a bucket called kms is no key, each of whose refusals would be tried again without end.
    ['rejected', 'Failed to download model data for container "container_1" from URL: "s3://team-kms/model.tar.gz".'],
    ['unknown', 'Something failed for "InsufficientInstanceCapacity" and arn:aws:kms:eu-central-1:1:key/a'],
    ['unknown', ''],
    ['unknown', 'Something that nobody has seen before'],
    // It ran and is billed: without a limit, trying again costs without end.
    ['unknown', 'Request to service failed. If failure persists after retry, contact customer support.'],
    ['unknown', 'An internal server error occurred. Please try again.'],
  ])('%s: %s', (expected, reason) => {
    expect(classifyFailureReason(reason)).toBe(expected);
  });
});
