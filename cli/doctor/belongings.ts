/** What a wake needs beside SageMaker's own: pure reading of names and verdicts on what AWS answers about them. */

export interface Verdict {
  readonly level: 'warning' | 'error';
  readonly found: string;
  readonly advice: string;
}

export interface ImageName {
  readonly account: string;
  readonly region: string;
  readonly repository: string;
  readonly id: { readonly imageDigest: string } | { readonly imageTag: string };
}

const ECR_IMAGE = /^(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.[a-z.]+\/([^:@]+)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]+))?$/;

/** Undefined: no registry of ECR, which nobody can be asked about. */
export function parseImage(image: string): ImageName | undefined {
  const [, account, region, repository, tag, digest] = ECR_IMAGE.exec(image) ?? [];
  if (account === undefined || region === undefined || repository === undefined) return undefined;
  return {
    account,
    region,
    repository,
    id: digest === undefined ? { imageTag: tag ?? 'latest' } : { imageDigest: digest },
  };
}

export interface S3Place {
  readonly bucket: string;
  readonly key: string;
  readonly prefix: boolean;
}

export function parseS3(uri: string): S3Place | undefined {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(uri) ?? [];
  return bucket === undefined ? undefined : { bucket, key, prefix: key === '' || key.endsWith('/') };
}

export function judgeKey(state: string | undefined): Verdict | undefined {
  if (state === 'Enabled') return undefined;
  const advice =
    state === 'PendingDeletion' || state === 'PendingReplicaDeletion'
      ? 'cancel its deletion (kms:CancelKeyDeletion) and enable it'
      : 'enable it';
  return { level: 'error', found: `its state is ${state ?? 'unknown'}: volumes cannot be encrypted with it`, advice };
}

const SAGEMAKER = 'sagemaker.amazonaws.com';

/** Whether SageMaker may take the role on. `document`: as IAM answers it, percent-encoded JSON. */
export function judgeTrust(document: string | undefined): Verdict | undefined {
  const advice = `let ${SAGEMAKER} do sts:AssumeRole in its trust policy`;
  let policy: unknown;
  try {
    policy = JSON.parse(decodeURIComponent(document ?? ''));
  } catch {
    return { level: 'warning', found: 'its trust policy cannot be read', advice };
  }
  const statements = listOf((policy as { Statement?: unknown }).Statement) as readonly {
    Effect?: unknown;
    Principal?: { Service?: unknown } | string;
    Action?: unknown;
  }[];
  const trusts = statements.some(({ Effect, Principal, Action }) => {
    const who = typeof Principal === 'string' ? [Principal] : listOf(Principal?.Service);
    const what = listOf(Action).map((action) => String(action).toLowerCase());
    return (
      Effect === 'Allow' &&
      (who.includes(SAGEMAKER) || who.includes('*')) &&
      what.some((action) => ['sts:assumerole', 'sts:*', '*'].includes(action))
    );
  });
  return trusts ? undefined : { level: 'error', found: `${SAGEMAKER} may not take it on`, advice };
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export interface Evaluation {
  readonly action: string;
  readonly resource: string;
  readonly decision: string;
}

/** A policy of the bucket or repository may allow what the role's own do not, so only an explicit deny is certain. */
export function judgeRights(evaluations: readonly Evaluation[]): Verdict | undefined {
  const refused = evaluations.filter(({ decision }) => decision !== 'allowed');
  if (refused.length === 0) return undefined;
  const explicit = refused.some(({ decision }) => decision === 'explicitDeny');
  const what = refused.map(({ action, resource }) => `${action} on ${resource}`).join(', ');
  return {
    level: explicit ? 'error' : 'warning',
    found: explicit ? `its policies deny ${what}` : `its own policies do not allow ${what}`,
    advice: explicit ? 'take the deny away' : 'allow it there, unless the policy of the bucket or repository does',
  };
}

export function roleNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
